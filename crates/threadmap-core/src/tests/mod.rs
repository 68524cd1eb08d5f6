//! Tests over the whole crate. Segments are tiny here (some ten nodes), so that small maps split and merge all the time.

/// A test for each index: of one shard, of several, without locks, persistent.
#[cfg(not(any(loom, shuttle)))]
macro_rules! on_each_index {
    ($($(#[$meta:meta])* fn $name:ident($made:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            fn run($made: $crate::tests::Made) $body

            #[test]
            fn one_shard() {
                run($crate::tests::Made::Sharded(1));
            }

            #[test]
            fn sharded() {
                run($crate::tests::Made::Sharded(4));
            }

            #[test]
            fn lock_free() {
                run($crate::tests::Made::LockFree);
            }

            #[test]
            fn snapshot() {
                run($crate::tests::Made::Snapshot);
            }
        }
    )*};
}

#[cfg(not(any(loom, shuttle)))]
mod bulk;
#[cfg(not(any(loom, shuttle)))]
mod flooding;
#[cfg(not(any(loom, shuttle)))]
mod frozen;
#[cfg(not(any(loom, shuttle)))]
mod index;
#[cfg(not(any(loom, shuttle)))]
mod memory;
#[cfg(not(any(loom, shuttle)))]
mod model;
#[cfg(any(loom, shuttle))]
pub(crate) mod models;
#[cfg(not(any(loom, shuttle)))]
mod oracle;
#[cfg(not(any(loom, shuttle)))]
mod progress;
#[cfg(not(any(loom, shuttle)))]
mod reclamation;
#[cfg(not(any(loom, shuttle)))]
mod scratch;
#[cfg(not(any(loom, shuttle)))]
mod snapshot;
#[cfg(not(any(loom, shuttle)))]
mod stamps;
#[cfg(not(any(loom, shuttle)))]
mod threads;
#[cfg(not(any(loom, shuttle)))]
mod tiered;
#[cfg(not(any(loom, shuttle)))]
mod transaction;

use crate::{Error, Map, Options, Participant, Snapshot, Variant};

/// Says so at the end of its scope, also when an assertion fails there: nobody waits for a test that has failed.
struct AtEnd<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

/// That many seconds, or as many times as long as `THREADMAP_PATIENCE` says: for an emulator or a busy machine.
pub(crate) fn patience(seconds: u64) -> std::time::Duration {
    let times =
        std::env::var("THREADMAP_PATIENCE").map_or(1, |times| times.parse().expect("a number"));
    std::time::Duration::from_secs(seconds * times)
}

/// What index a map has.
#[derive(Clone, Copy, Debug)]
enum Made {
    Sharded(u32),
    LockFree,
    Snapshot,
}

#[cfg(not(any(loom, shuttle)))]
const MADE: [Made; 5] = [
    Made::Sharded(1),
    Made::Sharded(2),
    Made::Sharded(8),
    Made::LockFree,
    Made::Snapshot,
];

impl Made {
    /// Bytes that a node takes for its stamp.
    fn stamp(self) -> u64 {
        if matches!(self, Self::Snapshot) { 8 } else { 0 }
    }
}

/// A map so made, of whose hashes only the bits of `hash_mask` are used.
fn map_of(made: Made, hash_mask: u32) -> Map {
    Map::new(options_of(made, hash_mask))
}

fn options_of(made: Made, hash_mask: u32) -> Options {
    let (variant, shards) = match made {
        Made::Sharded(shards) => (Variant::Sharded, shards),
        Made::LockFree => (Variant::LockFree, 1),
        Made::Snapshot => (Variant::Snapshot, 1),
    };
    Options {
        variant,
        shards,
        hash_mask,
        ..Options::default()
    }
}

#[cfg(not(any(loom, shuttle)))]
/// What forces collisions: nothing, all hashes equal, only low bits (one segment), only high bits (one bucket).
const MASKS: [u32; 4] = [u32::MAX, 0, 0x0000_00ff, 0xff00_0000];

/// A snapshot, asked for again while it is refused: all tests of the process share the epoch, and a thread that stands at
/// a fail-point in another test holds it up for as long as it stands.
fn taken(map: &Map, me: &Participant) -> Snapshot {
    loop {
        match map.snapshot(me) {
            Err(Error::Stalled) => {}
            other => return other.expect("memory"),
        }
    }
}
