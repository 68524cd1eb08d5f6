// Maps of Go on the grid of crates/threadmap-core/benches/peers: the same keys, laws, mixes and threads, the same
// names of rows, the same form of raw figures. bench/elsewhere.ts calls it.
package main

import (
	"encoding/json"
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

type plan struct {
	only                                  string
	sizes, growTo, growThreads            []int
	rounds, growRounds, iterated, churned int
	slice                                 time.Duration
}

func integers(name string) *[]int {
	var list []int
	flag.Func(name, "numbers with commas", func(text string) error {
		list = nil
		for part := range strings.SplitSeq(text, ",") {
			number, err := strconv.Atoi(part)
			if err != nil {
				return err
			}
			list = append(list, number)
		}
		return nil
	})
	return &list
}

func xsyncVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if strings.Contains(module.Path, "xsync") {
				return module.Version
			}
		}
	}
	return "?"
}

func main() {
	only := flag.String("only", "", "rows whose name has it")
	file := flag.String("json", "", "where the raw figures go")
	sizes, growTo, growThreads := integers("sizes"), integers("grow-to"), integers("grow-threads")
	rounds := flag.Int("rounds", 3, "")
	growRounds := flag.Int("grow-rounds", 3, "")
	iterated := flag.Int("iterated", 0, "")
	churned := flag.Int("churned", 100_000, "")
	slice := flag.Float64("slice-ms", 25, "")
	flag.Float64("warm-ms", 0, "nothing: there is nothing to warm")
	flag.Parse()
	r := run{plan: plan{
		only: *only, sizes: *sizes, growTo: *growTo, growThreads: *growThreads,
		rounds: *rounds, growRounds: *growRounds, iterated: *iterated, churned: *churned,
		slice: time.Duration(*slice * float64(time.Millisecond)),
	}}
	everything(&r, numbers)
	everything(&r, texts)
	names := []string{}
	for _, quantile := range quantiles {
		names = append(names, quantile.name)
	}
	told, err := json.Marshal(map[string]any{
		"drawn":     map[string]string{numbers.name: numbers.drawn(), texts.name: texts.drawn()},
		"facts":     map[string]string{"go": runtime.Version() + ", xsync " + xsyncVersion()},
		"rows":      append([]row{}, r.rows...),
		"quantiles": names,
		"tails":     append([]tail{}, r.tails...),
	})
	if err == nil {
		err = os.WriteFile(*file, append(told, '\n'), 0o644)
	}
	if err != nil {
		panic(err)
	}
}
