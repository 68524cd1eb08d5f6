//! Who takes part: our map, once a variant, and the maps that Rust programs use.
//!
//! [`Peer`] is what a map must be able to do, written once for each in the way that its own documentation shows;
//! [`Contestant`] is the same behind a pointer, with the hot loops compiled for each map. All maps hash with foldhash
//! (quality, random seeds), as ours does, start empty and unsized, and own their keys.

mod dashmap;
mod flurry;
mod locked;
mod ours;
mod papaya;
mod scc;

use std::sync::Arc;

use foldhash::quality::RandomState;
use hdrhistogram::Histogram;
use threadmap_core::Variant;

use crate::draw::Op;
use crate::key::Key;
use crate::pool::{Lap, Line};
use crate::work;

/// Our variants. A new one joins the whole benchmark with its line here.
const VARIANTS: &[(&str, Variant)] = &[
    ("sharded", Variant::Sharded),
    ("lock-free", Variant::LockFree),
    ("snapshot", Variant::Snapshot),
];

/// What a map does in this benchmark. Values are numbers that fit an `f64`.
pub(crate) trait Peer<K: Key>: Send + Sync + 'static {
    /// What a thread holds for as long as it works; `()` where the map keeps such things by itself.
    type Seat;

    fn seat(&self) -> Self::Seat;
    fn get(&self, seat: &Self::Seat, key: &K) -> Option<u64>;
    /// Stores the value whatever was there.
    fn set(&self, seat: &Self::Seat, key: &K, value: u64);
    /// Whether there was something.
    fn remove(&self, seat: &Self::Seat, key: &K) -> bool;
    /// Adds one to what is there, or to zero, atomically.
    fn add(&self, seat: &Self::Seat, key: &K);
    /// Shows every value to `see`.
    fn visit(&self, seat: &Self::Seat, see: impl FnMut(u64));
}

/// A peer with its loops. Methods run on the calling thread; those that take a [`Line`] wait there for the others.
pub(crate) trait Contestant<K: Key>: Send + Sync {
    fn fill(&self, keys: &[K]);
    fn drain(&self, keys: &[K]);
    fn read(&self, key: &K) -> Option<u64>;
    /// How many entries a full visit sees, and the sum of their values.
    fn visit(&self) -> (u64, u64);
    fn mixed(&self, ops: &[Op<K>], from: usize, line: &Line) -> Lap;
    fn grow(&self, keys: &[K], line: &Line, waits: &mut Histogram<u32>) -> Lap;
    fn churn(&self, ring: &work::Ring<K>, line: &Line) -> Lap;
    fn count(&self, key: &K, line: &Line) -> Lap;
    fn iterate(&self, line: &Line) -> Lap;
}

impl<K: Key, P: Peer<K>> Contestant<K> for P {
    fn fill(&self, keys: &[K]) {
        let seat = self.seat();
        for (value, key) in keys.iter().enumerate() {
            self.set(&seat, key, value as u64);
        }
    }

    fn drain(&self, keys: &[K]) {
        let seat = self.seat();
        for key in keys {
            self.remove(&seat, key);
        }
    }

    fn read(&self, key: &K) -> Option<u64> {
        self.get(&self.seat(), key)
    }

    fn visit(&self) -> (u64, u64) {
        work::visit(self)
    }

    fn mixed(&self, ops: &[Op<K>], from: usize, line: &Line) -> Lap {
        work::mixed(self, ops, from, line)
    }

    fn grow(&self, keys: &[K], line: &Line, waits: &mut Histogram<u32>) -> Lap {
        work::grow(self, keys, line, waits)
    }

    fn churn(&self, ring: &work::Ring<K>, line: &Line) -> Lap {
        work::churn(self, ring, line)
    }

    fn count(&self, key: &K, line: &Line) -> Lap {
        work::count(self, key, line)
    }

    fn iterate(&self, line: &Line) -> Lap {
        work::iterate(self, line)
    }
}

/// A name in the tables, and how to make an empty map.
pub(crate) struct Entrant<K> {
    pub(crate) name: &'static str,
    pub(crate) ours: bool,
    /// The package in `Cargo.lock`.
    pub(crate) package: &'static str,
    pub(crate) make: Box<dyn Fn() -> Arc<dyn Contestant<K>>>,
}

fn entrant<K: Key, P: Peer<K>>(
    name: &'static str,
    package: &'static str,
    make: impl Fn(RandomState) -> P + 'static,
) -> Entrant<K> {
    Entrant {
        name,
        ours: false,
        package,
        make: Box::new(move || Arc::new(make(RandomState::default()))),
    }
}

/// All of them, ours first.
pub(crate) fn entrants<K: Key>() -> Vec<Entrant<K>> {
    let ours = VARIANTS.iter().map(|&(name, variant)| Entrant {
        ours: true,
        ..entrant(name, "threadmap-core", move |_| ours::map(variant))
    });
    let peers = [
        entrant("dashmap", "dashmap", dashmap::Map::<K>::with_hasher),
        entrant("papaya", "papaya", papaya::Map::<K>::with_hasher),
        entrant("scc map", "scc", scc::Map::<K>::with_hasher),
        entrant("scc index", "scc", scc::Index::<K>::with_hasher),
        entrant("flurry", "flurry", flurry::Map::<K>::with_hasher),
        entrant("RwLock", "hashbrown", locked::map::<K>),
    ];
    ours.chain(peers).collect()
}
