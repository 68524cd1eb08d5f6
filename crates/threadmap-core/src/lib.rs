//! One concurrent map for all threads of a process.
//!
//! This crate is the core of the npm package `threadmap`: pure Rust, no Node in it, usable and tested alone. Keys and
//! values are those of JavaScript (so `1`, `"1"` and `1n` are three keys), held outside any heap, and every operation
//! on a key is atomic and linearizable.
//!
//! ```
//! use threadmap_core::{Key, Map, Number, Options, Participant, Value};
//!
//! let map = Map::new(Options::default());
//! std::thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| {
//!             let me = Participant::new(); // this thread's membership: keep it
//!             for _ in 0..1_000 {
//!                 map.add(&Key::latin1(b"hits"), Number::Float(1.0), Number::Float(0.0), &me.pin()).unwrap();
//!             }
//!         });
//!     }
//! });
//! let me = Participant::new();
//! let guard = me.pin();
//! assert!(map.get(&Key::latin1(b"hits"), &guard).unwrap().unwrap().same(&Value::Number(4_000.0)));
//! ```
//!
//! # What a thread may rely on
//! Operations on one key are linearizable over all threads, and what a thread did before it wrote is visible to
//! whoever reads what it wrote. [`Map::scan`] is weakly consistent and exact for entries that are there throughout.
//! A guard keeps what was read under it alive; drop it soon, because memory is not given back while it is held.
//!
//! # Rooms
//! `key`, `value`: what goes in and out. `ops`, `number`: all operations, once. `stamps`: what readers that keep a
//! value look at. `frozen`: maps in files. `tiered`: a map over such a file. `index`: how a variant finds nodes.
//! `raw`: nodes, words, reclamation; all unsafe code is there. `sync`: the door to atomics and locks.
#![deny(unsafe_code)]
#![cfg_attr(
    any(loom, shuttle),
    allow(dead_code, reason = "each checker runs a part")
)]

mod bulk;
mod counters;
mod cut;
mod error;
mod frozen;
mod hash;
mod index;
mod key;
mod map;
mod number;
mod ops;
mod options;
mod raw;
mod snapshot;
mod stamps;
mod step;
mod sync;
mod text;
mod tiered;
mod transaction;
mod value;

pub use cut::{Copying, Progress};
pub use error::{Error, Result};
pub use frozen::reader::FrozenMap;
pub use frozen::writer::{Freezer, Source};
pub use key::{Elements, Key, KeyKind, Lookup, Prepared};
pub use map::{Entries, Entry, Map, Stats};
pub use number::Number;
pub use ops::Expected;
pub use options::{Options, Variant};
pub use raw::epoch::{Guard, Participant};
pub use raw::persistent::store::Remains;
pub use raw::slab::SlabStats;
#[cfg(not(loom))] // no constant atomics, and a million of them
pub use raw::slots::{Slots, Taken};
pub use snapshot::{Content, Snapshot};
pub use stamps::{Kept, STAMPS, StampTable};
pub use text::{Text, narrow};
pub use tiered::TierStats;
pub use transaction::Transaction;
pub use value::{BlobKind, OwnedValue, Value};

#[cfg(test)]
mod tests;
