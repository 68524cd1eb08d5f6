//! What a fuzzer drives: each function takes any bytes and panics when the core does what it must not.
//!
//! `fuzz_targets/` hands them to libFuzzer, `tests/corpus.rs` the kept corpus. The core is built with its feature
//! `tiny`, so that few bytes go through splits and merges, and the same bytes through the same ones in every run.

mod keys;
#[path = "../../crates/threadmap-core/src/tests/oracle.rs"]
mod oracle;

pub use keys::keys;
// The oracle is a file of the core's tests and finds the core's names at the root.
use threadmap_core::{
    BlobKind, Entry, Error, Expected, Guard, Key, KeyKind, Map, Number, Options, Participant,
    Value, Variant,
};

use oracle::{Op, Plain, apply, scan_all};

/// The structures, by the first byte.
const MADE: [(Variant, u32); 4] = [
    (Variant::LockFree, 1),
    (Variant::Sharded, 1),
    (Variant::Sharded, 4),
    (Variant::Snapshot, 1),
];

/// The first byte says which structure, the next four which bits of a hash count: what collides is the input's choice.
/// Every four bytes from there are an operation, done on a map and on a plain one.
///
/// # Panics
/// When they differ.
pub fn operations(data: &[u8]) {
    let Some((&made, data)) = data.split_first() else {
        return;
    };
    let Some((&mask, data)) = data.split_first_chunk() else {
        return;
    };
    let (variant, shards) = MADE[usize::from(made) % MADE.len()];
    let mut options = Options::default();
    options.variant = variant;
    options.shards = shards;
    options.hash_mask = u32::from_le_bytes(mask);
    let (map, me, mut model) = (Map::new(options), Participant::new(), Plain::new());
    for &op in data.as_chunks().0 {
        apply(&Op::made_of(op), &map, &mut model, &me);
    }
    map.check();
    assert_eq!(scan_all(&map, &me, 3), model);
}
