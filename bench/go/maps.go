package main

// Who takes part. The loop over a drawn stream is written out for each map: a call through an interface would be in
// every operation's price.

import (
	"sync"

	"github.com/puzpuzpuz/xsync/v4"
)

type contestant[K key] interface {
	get(K) (uint64, bool)
	set(K, uint64)
	remove(K) bool
	// add adds one to what is there, or to zero, atomically.
	add(K)
	// visit gives how many entries there are, and the sum of their values.
	visit() (int, uint64)
	mixed(ops []op[K], at int) uint64
}

type entrant[K key] struct {
	name string
	make func() contestant[K]
}

func entrants[K key]() []entrant[K] {
	return []entrant[K]{
		{"Go sync.Map", func() contestant[K] { return &standard[K]{} }},
		{"Go xsync.Map", func() contestant[K] { return &striped[K]{xsync.NewMap[K, uint64]()} }},
	}
}

type standard[K key] struct{ m sync.Map }

func (s *standard[K]) get(key K) (uint64, bool) {
	value, ok := s.m.Load(key)
	if !ok {
		return 0, false
	}
	return value.(uint64), true
}

func (s *standard[K]) set(key K, value uint64) { s.m.Store(key, value) }

func (s *standard[K]) remove(key K) bool {
	_, ok := s.m.LoadAndDelete(key)
	return ok
}

func (s *standard[K]) add(key K) {
	for {
		value, ok := s.m.Load(key)
		if !ok {
			if _, loaded := s.m.LoadOrStore(key, uint64(1)); !loaded {
				return
			}
		} else if s.m.CompareAndSwap(key, value, value.(uint64)+1) {
			return
		}
	}
}

func (s *standard[K]) visit() (entries int, sum uint64) {
	s.m.Range(func(_, value any) bool {
		entries++
		sum += value.(uint64)
		return true
	})
	return
}

func (s *standard[K]) mixed(ops []op[K], at int) (sum uint64) {
	for i := range ops {
		switch op := &ops[i]; op.what {
		case get:
			if value, ok := s.m.Load(op.key); ok {
				sum += value.(uint64)
			}
		case set:
			s.m.Store(op.key, uint64(at))
		default:
			if _, ok := s.m.LoadAndDelete(op.key); ok {
				sum++
			}
		}
	}
	return
}

type striped[K key] struct{ m *xsync.Map[K, uint64] }

func (s *striped[K]) get(key K) (uint64, bool) { return s.m.Load(key) }

func (s *striped[K]) set(key K, value uint64) { s.m.Store(key, value) }

func (s *striped[K]) remove(key K) bool {
	_, ok := s.m.LoadAndDelete(key)
	return ok
}

func (s *striped[K]) add(key K) {
	s.m.Compute(key, func(value uint64, _ bool) (uint64, xsync.ComputeOp) {
		return value + 1, xsync.UpdateOp
	})
}

func (s *striped[K]) visit() (entries int, sum uint64) {
	s.m.Range(func(_ K, value uint64) bool {
		entries++
		sum += value
		return true
	})
	return
}

func (s *striped[K]) mixed(ops []op[K], at int) (sum uint64) {
	for i := range ops {
		switch op := &ops[i]; op.what {
		case get:
			if value, ok := s.m.Load(op.key); ok {
				sum += value
			}
		case set:
			s.m.Store(op.key, uint64(at))
		default:
			if _, ok := s.m.LoadAndDelete(op.key); ok {
				sum++
			}
		}
	}
	return
}

// check takes every contestant through all operations: a benchmark of a wrong adapter counts for nothing.
func check[K key](k kind[K]) {
	keys := k.keys(2_000, 7)
	some, others := keys[:1_000], keys[1_000:]
	for _, entrant := range entrants[K]() {
		m := entrant.make()
		must := func(right bool) {
			if !right {
				panic(entrant.name + " answers wrongly")
			}
		}
		fill(m, some)
		entries, sum := m.visit()
		must(entries == 1_000 && sum == 499_500)
		value, ok := m.get(some[77])
		must(ok && value == 77)
		_, ok = m.get(others[0])
		must(!ok)
		m.add(some[77])
		m.add(others[0])
		value, _ = m.get(some[77])
		must(value == 78)
		must(m.remove(others[0]) && !m.remove(others[0]))
		m.mixed([]op[K]{{some[0], remove}, {others[1], set}, {others[1], get}}, 5)
		_, ok = m.get(some[0])
		value, _ = m.get(others[1])
		must(!ok && value == 5)
	}
}

func fill[K key](m contestant[K], keys []K) {
	for i, key := range keys {
		m.set(key, uint64(i))
	}
}
