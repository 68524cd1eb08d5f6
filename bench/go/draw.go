package main

// What is drawn before any clock runs: the keys and the streams of operations of crates/threadmap-core/benches/peers
// (draw.rs, key.rs), number by number, so that all languages do the same work.

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/bits"
	"strings"
)

// splitMix64 (Steele, Lea, Flood, 2014): no two of its draws are the same.
type splitMix64 uint64

func (r *splitMix64) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	x := uint64(*r)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (r *splitMix64) below(end int) int {
	high, _ := bits.Mul64(r.next(), uint64(end))
	return int(high)
}

func (r *splitMix64) fraction() float64 {
	return float64(r.next()>>11) / (1 << 53)
}

type key interface{ ~uint64 | ~string }

// kind says how keys of a type are drawn and named.
type kind[K key] struct {
	name string
	draw func(*splitMix64) K
	// lined gives the same keys, whose text lies in the order of the list: a caller has its key at hand.
	lined func([]K) []K
}

var numbers = kind[uint64]{
	name:  "u64",
	draw:  func(r *splitMix64) uint64 { return r.next() >> 11 },
	lined: func(keys []uint64) []uint64 { return keys },
}

const letters = "abcdefghijklmnopqrstuvwxyz012345"

const textLength = 16

var texts = kind[string]{
	name: "str16",
	draw: func(r *splitMix64) string {
		halves := [2]uint64{r.next(), r.next()}
		var text [textLength]byte
		for i := range text {
			text[i] = letters[halves[i/8]>>(5*(i%8))&31]
		}
		return string(text[:])
	},
	lined: func(keys []string) []string {
		all := strings.Join(keys, "")
		lined := make([]string, len(keys))
		for i := range keys {
			lined[i] = all[i*textLength : (i+1)*textLength]
		}
		return lined
	},
}

func (k kind[K]) keys(count int, seed uint64) []K {
	random := splitMix64(seed)
	keys := make([]K, count)
	for i := range keys {
		keys[i] = k.draw(&random)
	}
	return keys
}

// live are the keys that are in the map before the clock runs: every second one.
func live[K key](universe []K) []K {
	present := make([]K, 0, (len(universe)+1)/2)
	for i := 0; i < len(universe); i += 2 {
		present = append(present, universe[i])
	}
	return present
}

type what uint8

const (
	get what = iota
	set
	remove
)

type op[K key] struct {
	key  K
	what what
}

// stream draws operations: so many reads in a hundred, the rest half upserts and half removals.
func (k kind[K]) stream(universe []K, law string, reads, length int, seed uint64) []op[K] {
	random := splitMix64(seed)
	zipf := newZipf(len(universe), 0.99)
	keys, whats := make([]K, length), make([]what, length)
	for i := range keys {
		var rank int
		if law == "zipf" {
			rank = zipf.draw(&random)
		} else {
			rank = random.below(len(universe))
		}
		keys[i] = universe[rank]
		switch {
		case random.below(100) < reads:
			whats[i] = get
		case random.below(2) == 0:
			whats[i] = set
		default:
			whats[i] = remove
		}
	}
	ops := make([]op[K], length)
	for i, key := range k.lined(keys) {
		ops[i] = op[K]{key, whats[i]}
	}
	return ops
}

// drawn is a fingerprint of a stream (FNV-1a): the programs in all languages must tell the same one.
func (k kind[K]) drawn() string {
	hash := fnv.New64a()
	for _, op := range k.stream(k.keys(1_000, 1), "zipf", 50, 4_096, 52) {
		hash.Write([]byte{byte(op.what)})
		switch key := any(op.key).(type) {
		case uint64:
			binary.Write(hash, binary.LittleEndian, key)
		case string:
			hash.Write([]byte(key))
		}
	}
	return fmt.Sprintf("%016x", hash.Sum64())
}

// zipf draws by rejection-inversion (Hörmann, Derflinger, 1996).
type zipf struct{ exponent, size, first, last, shortcut float64 }

func newZipf(size int, exponent float64) *zipf {
	z := &zipf{exponent: exponent, size: float64(size)}
	z.first = z.integral(1.5) - 1
	z.last = z.integral(z.size + 0.5)
	z.shortcut = 2 - z.inverse(z.integral(2.5)-z.weight(2))
	return z
}

func (z *zipf) weight(x float64) float64 { return math.Exp(-z.exponent * math.Log(x)) }

func (z *zipf) integral(x float64) float64 {
	power := (1 - z.exponent) * math.Log(x)
	return math.Expm1(power) / power * math.Log(x)
}

func (z *zipf) inverse(y float64) float64 {
	power := max(y*(1-z.exponent), -1)
	return math.Exp(math.Log1p(power) / power * y)
}

// draw gives a rank from 0, the most frequent.
func (z *zipf) draw(random *splitMix64) int {
	for {
		u := z.last + random.fraction()*(z.first-z.last)
		x := z.inverse(u)
		k := min(max(math.Floor(x+0.5), 1), z.size)
		if k-x <= z.shortcut || u >= z.integral(k+0.5)-z.weight(k) {
			return int(k) - 1
		}
	}
}
