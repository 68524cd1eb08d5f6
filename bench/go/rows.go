package main

// The rows, named as in Rust, and every contestant in turn in each round of a row.

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"
)

var threadCounts = []int{1, 2, 8}
var readShares = []int{100, 99, 90, 50, 0}
var quantiles = []struct {
	name string
	part float64
}{{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}, {"p99.999", 0.99999}, {"max", 1}}

type row struct {
	Name    string               `json:"name"`
	Threads int                  `json:"threads"`
	Ns      map[string][]float64 `json:"ns"`
}

type tail struct {
	Name string                 `json:"name"`
	Ns   map[string][][]float64 `json:"ns"`
}

type run struct {
	plan  plan
	rows  []row
	tails []tail
}

func (r *run) wants(name string) bool { return strings.Contains(name, r.plan.only) }

// scientific writes powers of ten as Rust does.
func scientific(n int) string {
	exponent := int(math.Log10(float64(n)) + 1e-9)
	mantissa := float64(n) / math.Pow10(exponent)
	return fmt.Sprintf("%ge%d", math.Round(mantissa*1e6)/1e6, exponent)
}

func thousandths(x float64) float64 { return math.Round(x*1e3) / 1e3 }

// measure runs a row if it is asked for: slice runs one contestant once.
func (r *run) measure(name string, threads, rounds int, names []string, slice func(contestant int) float64) {
	name = fmt.Sprintf("%s %dt", name, threads)
	if !r.wants(name) {
		return
	}
	runtime.GOMAXPROCS(max(threads, runtime.NumCPU()))
	ns := map[string][]float64{}
	for round := range rounds {
		for turn := range names {
			if round%2 == 1 {
				turn = len(names) - 1 - turn
			}
			contestant := (turn + round) % len(names)
			at := names[contestant]
			ns[at] = append(ns[at], thousandths(slice(contestant)))
		}
	}
	r.rows = append(r.rows, row{name, threads, ns})
}

func namesOf[K key](all []entrant[K]) (names []string) {
	for _, entrant := range all {
		names = append(names, entrant.name)
	}
	return
}

// filled maps are filled by two threads, as in Rust.
func filled[K key](all []entrant[K], keys []K) (maps []contestant[K]) {
	half := (len(keys) + 1) / 2
	for _, entrant := range all {
		m := entrant.make()
		together(2, 0, func(thread int, begin, _ time.Time) (time.Time, int) {
			fill(m, keys[min(thread*half, len(keys)):min((thread+1)*half, len(keys))])
			return begin, 0
		})
		maps = append(maps, m)
	}
	return
}

func streamLength(size int) int {
	length := 1
	for length < size*2 {
		length *= 2
	}
	length = min(max(length, 1<<16), 1<<22)
	if size > 100_000 {
		length /= 2
	}
	return length
}

func grid[K key](r *run, k kind[K], size int) {
	group := k.name + " " + scientific(size)
	iterate := size == r.plan.iterated && r.wants(fmt.Sprintf("iterate %s 1t", group))
	type mix struct {
		reads int
		law   string
		name  string
	}
	var mixes []mix
	for _, reads := range readShares {
		for _, law := range []string{"uniform", "zipf"} {
			name := fmt.Sprintf("%s %s reads %d%%", group, law, reads)
			wanted := slices.ContainsFunc(threadCounts, func(threads int) bool {
				return r.wants(fmt.Sprintf("%s %dt", name, threads))
			})
			if wanted {
				mixes = append(mixes, mix{reads, law, name})
			}
		}
	}
	if len(mixes) == 0 && !iterate {
		return
	}
	universe := k.keys(size*2, 1)
	present := live(universe)
	all := entrants[K]()
	maps := filled(all, present)
	if iterate {
		r.measure("iterate "+group, 1, r.plan.rounds, namesOf(all), func(contestant int) float64 {
			return price(together(1, 0, func(_ int, _, _ time.Time) (time.Time, int) {
				entries, _ := maps[contestant].visit()
				return time.Now(), entries
			}))
		})
	}
	for _, mix := range mixes {
		keys := universe
		if mix.reads == 100 {
			keys = present
		}
		ops := k.stream(keys, mix.law, mix.reads, streamLength(size), uint64(mix.reads)+2)
		for _, threads := range threadCounts {
			r.measure(mix.name, threads, r.plan.rounds, namesOf(all), func(contestant int) float64 {
				return price(mixed(maps[contestant], ops, threads, r.plan.slice))
			})
		}
	}
}

var kept uint64

func mixed[K key](m contestant[K], ops []op[K], threads int, slice time.Duration) []lap {
	sums := make([]uint64, threads)
	laps := together(threads, slice, func(thread int, begin, deadline time.Time) (time.Time, int) {
		at, sum := len(ops)/threads*thread, uint64(0)
		end, done := untilTheEnd(begin, deadline, func(piece int) {
			if at+piece > len(ops) {
				at = 0
			}
			sum += m.mixed(ops[at:at+piece], at)
			at += piece
		})
		sums[thread] = sum
		return end, done
	})
	for _, sum := range sums {
		kept += sum
	}
	return laps
}

// churn removes the oldest entry and inserts a new one: two operations. Each thread has keys of its own.
func churn[K key](r *run, k kind[K]) {
	const times = 4
	all := entrants[K]()
	for _, threads := range threadCounts {
		name := "churn " + k.name
		if !r.wants(fmt.Sprintf("%s %dt", name, threads)) {
			continue
		}
		alive := r.plan.churned / threads
		each := alive * times
		keys := k.keys(each*threads, 3)
		var present []K
		for thread := range threads {
			present = append(present, keys[thread*each:thread*each+alive]...)
		}
		maps := filled(all, present)
		oldest := make([][]int, len(maps))
		for i := range oldest {
			oldest[i] = make([]int, threads)
		}
		r.measure(name, threads, r.plan.rounds, namesOf(all), func(contestant int) float64 {
			m := maps[contestant]
			return price(together(threads, r.plan.slice, func(thread int, begin, deadline time.Time) (time.Time, int) {
				ring := keys[thread*each : (thread+1)*each]
				old := oldest[contestant][thread]
				young := (old + alive) % each
				end, done := untilTheEnd(begin, deadline, func(piece int) {
					for range piece / 2 {
						m.remove(ring[old])
						m.set(ring[young], uint64(young))
						old, young = (old+1)%each, (young+1)%each
					}
				})
				oldest[contestant][thread] = old
				return end, done
			}))
		})
	}
}

func counter[K key](r *run, k kind[K]) {
	key := k.keys(1, 4)[0]
	all := entrants[K]()
	maps := filled(all, nil)
	for _, threads := range threadCounts {
		r.measure("counter "+k.name, threads, r.plan.rounds, namesOf(all), func(contestant int) float64 {
			m := maps[contestant]
			return price(together(threads, r.plan.slice, func(_ int, begin, deadline time.Time) (time.Time, int) {
				return untilTheEnd(begin, deadline, func(piece int) {
					for range piece {
						m.add(key)
					}
				})
			}))
		})
	}
}

func grow[K key](r *run, k kind[K]) {
	all := entrants[K]()
	for _, size := range r.plan.growTo {
		for _, threads := range r.plan.growThreads {
			name := fmt.Sprintf("grow %s %s", k.name, scientific(size))
			if !r.wants(fmt.Sprintf("%s %dt", name, threads)) {
				continue
			}
			keys := k.lined(k.keys(size, 5))
			share := (size + threads - 1) / threads
			told := map[string][][]float64{}
			r.measure(name, threads, r.plan.growRounds, namesOf(all), func(contestant int) float64 {
				m := all[contestant].make()
				waits := make([]int32, size)
				laps := together(threads, 0, func(thread int, begin, _ time.Time) (time.Time, int) {
					from, to := thread*share, min((thread+1)*share, size)
					before := begin
					for i := from; i < to; i++ {
						m.set(keys[i], 1)
						now := time.Now()
						waits[i] = int32(min(now.Sub(before), math.MaxInt32))
						before = now
					}
					return before, to - from
				})
				slices.Sort(waits)
				at := all[contestant].name
				told[at] = append(told[at], atQuantiles(waits))
				return price(laps)
			})
			r.tails = append(r.tails, tail{fmt.Sprintf("%s %dt", name, threads), told})
		}
	}
}

func atQuantiles(sorted []int32) (waits []float64) {
	for _, quantile := range quantiles {
		place := int(math.Ceil(quantile.part*float64(len(sorted)))) - 1
		waits = append(waits, float64(sorted[place]))
	}
	return
}

func everything[K key](r *run, k kind[K]) {
	check(k)
	for _, size := range r.plan.sizes {
		grid(r, k, size)
	}
	churn(r, k)
	counter(r, k)
	grow(r, k)
}
