package main

// Threads that start together, and what a measurement costs: as in crates/threadmap-core/benches/peers/pool.rs.
// A goroutine is tied to a thread of its own, so eight stand for a pool larger than the machine here too.

import (
	"runtime"
	"sync"
	"time"
)

type lap struct {
	begin, end time.Time
	ops        int
}

// together runs work on so many threads; each gets its number, its begin and everybody's end.
func together(threads int, slice time.Duration, work func(thread int, begin, deadline time.Time) (time.Time, int)) []lap {
	laps := make([]lap, threads)
	var ready, done sync.WaitGroup
	ready.Add(threads)
	done.Add(threads)
	gate := make(chan struct{})
	var once sync.Once
	var deadline time.Time
	for thread := range threads {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			defer done.Done()
			ready.Done()
			<-gate
			begin := time.Now()
			once.Do(func() { deadline = begin.Add(slice) })
			end, ops := work(thread, begin, deadline)
			laps[thread] = lap{begin, end, ops}
		}()
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return laps
}

// price is nanoseconds an operation and thread: wall time times threads by operations.
func price(laps []lap) float64 {
	begin, end, ops := laps[0].begin, laps[0].end, 0
	for _, lap := range laps {
		if lap.begin.Before(begin) {
			begin = lap.begin
		}
		if lap.end.After(end) {
			end = lap.end
		}
		ops += lap.ops
	}
	return float64(end.Sub(begin).Nanoseconds()) * float64(len(laps)) / float64(ops)
}

// Longest and shortest piece of work between two looks at the clock.
const shortest, longest = 16, 512

// untilTheEnd lets work do so many operations, again and again until the time is over.
func untilTheEnd(begin, deadline time.Time, work func(piece int)) (time.Time, int) {
	piece, ops, before := shortest, 0, begin
	for {
		work(piece)
		ops += piece
		now := time.Now()
		if !now.Before(deadline) {
			return now, ops
		}
		switch took := now.Sub(before); {
		case took < 10*time.Microsecond:
			piece = min(piece*2, longest)
		case took >= 100*time.Microsecond:
			piece = max(piece/2, shortest)
		}
		before = now
	}
}
