//! Tests over the whole crate. Segments are tiny here (some ten nodes), so that small maps split and merge all the time.

/// A test for each index: of one shard, of several, without locks.
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
        }
    )*};
}

mod flooding;
mod index;
mod memory;
mod model;
mod oracle;
mod progress;
mod reclamation;
mod threads;

use crate::{Map, Options, Variant};

/// What index a map has.
#[derive(Clone, Copy, Debug)]
enum Made {
    Sharded(u32),
    LockFree,
}

const MADE: [Made; 4] = [
    Made::Sharded(1),
    Made::Sharded(2),
    Made::Sharded(8),
    Made::LockFree,
];

/// A map so made, of whose hashes only the bits of `hash_mask` are used.
fn map_of(made: Made, hash_mask: u32) -> Map {
    let (variant, shards) = match made {
        Made::Sharded(shards) => (Variant::Sharded, shards),
        Made::LockFree => (Variant::LockFree, 1),
    };
    Map::new(Options {
        variant,
        shards,
        hash_mask,
        ..Options::default()
    })
}

/// What forces collisions: nothing, all hashes equal, only low bits (one segment), only high bits (one bucket).
const MASKS: [u32; 4] = [u32::MAX, 0, 0x0000_00ff, 0xff00_0000];
