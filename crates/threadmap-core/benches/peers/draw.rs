//! What is drawn before any clock runs: keys, and streams of operations, uniform or by Zipf's law.
//!
//! Invariant: the same seed gives the same keys and streams to all contestants, in every run. (Hashing is seeded at
//! random, by all of them, so no run meets the same buckets.)

use crate::key::Key;

/// `SplitMix64` (Steele, Lea, Flood, 2014): no two of its draws are the same.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Below `end`.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// In `[0, 1)`.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// How often each key is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Law {
    Uniform,
    /// Exponent 0.99, as YCSB has it.
    Zipf,
}

impl Law {
    pub(crate) const ALL: [Self; 2] = [Self::Uniform, Self::Zipf];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Zipf => "zipf",
        }
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Get,
    Set,
    Remove,
}

/// One operation of a stream. The key stands in it, as a caller has its key at hand: no look into a table of keys is
/// part of the price.
#[derive(Clone, Copy)]
pub(crate) struct Op<K> {
    pub(crate) key: K,
    pub(crate) what: What,
}

/// `count` keys that are all different (of 2^53 or 2^80: a collision would cost one entry, not a crash).
pub(crate) fn keys<K: Key>(count: usize, seed: u64) -> Vec<K> {
    let mut random = Random::new(seed);
    (0..count).map(|_| K::draw(&mut random)).collect()
}

/// Those of a universe that are in the map before the clock runs: every second one, so that hot and cold keys of
/// Zipf's law are there alike.
pub(crate) fn live<K: Key>(universe: &[K]) -> Vec<K> {
    universe.iter().step_by(2).copied().collect()
}

/// A stream of `length` operations over the universe, of which `reads` in a hundred are reads and the rest half
/// upserts and half removals, so that half of the universe stays live.
pub(crate) fn stream<K: Key>(
    universe: &[K],
    law: Law,
    reads: u64,
    length: usize,
    seed: u64,
) -> Vec<Op<K>> {
    let mut random = Random::new(seed);
    let zipf = Zipf::new(universe.len(), 0.99);
    (0..length)
        .map(|_| {
            let rank = match law {
                Law::Uniform => random.below(universe.len()),
                Law::Zipf => zipf.draw(&mut random),
            };
            let what = if random.below(100) < reads as usize {
                What::Get
            } else if random.below(2) == 0 {
                What::Set
            } else {
                What::Remove
            };
            Op {
                key: universe[rank],
                what,
            }
        })
        .collect()
}

/// A fingerprint of a stream (FNV-1a): the programs of `bench/go` and `bench/java` must tell the same one, or they do
/// other work.
pub(crate) fn drawn<K: Key>() -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut note = |byte: u8| {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    };
    for op in stream::<K>(&keys(1_000, 1), Law::Zipf, 50, 4_096, 52) {
        note(match op.what {
            What::Get => 0,
            What::Set => 1,
            What::Remove => 2,
        });
        op.key.bytes().into_iter().for_each(&mut note);
    }
    format!("{hash:016x}")
}

/// Zipf's law by rejection-inversion (Hörmann, Derflinger, 1996): no table, so ten million keys cost nothing.
struct Zipf {
    exponent: f64,
    size: f64,
    first: f64,
    last: f64,
    shortcut: f64,
}

impl Zipf {
    fn new(size: usize, exponent: f64) -> Self {
        let mut zipf = Self {
            exponent,
            size: size as f64,
            first: 0.0,
            last: 0.0,
            shortcut: 0.0,
        };
        zipf.first = zipf.integral(1.5) - 1.0;
        zipf.last = zipf.integral(zipf.size + 0.5);
        zipf.shortcut = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.weight(2.0));
        zipf
    }

    fn weight(&self, x: f64) -> f64 {
        (-self.exponent * x.ln()).exp()
    }

    fn integral(&self, x: f64) -> f64 {
        let power = (1.0 - self.exponent) * x.ln();
        power.exp_m1() / power * x.ln()
    }

    fn inverse(&self, y: f64) -> f64 {
        let power = (y * (1.0 - self.exponent)).max(-1.0);
        (power.ln_1p() / power * y).exp()
    }

    /// A rank from 0, the most frequent.
    fn draw(&self, random: &mut Random) -> usize {
        loop {
            let u = self.last + random.fraction() * (self.first - self.last);
            let x = self.inverse(u);
            let k = (x + 0.5).floor().clamp(1.0, self.size);
            if k - x <= self.shortcut || u >= self.integral(k + 0.5) - self.weight(k) {
                return k as usize - 1;
            }
        }
    }
}
