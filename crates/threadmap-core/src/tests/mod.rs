//! Tests over the whole crate. Segments are tiny here (14 nodes), so that small maps split and merge all the time.

mod flooding;
mod index;
mod memory;
mod model;
mod reclamation;
mod threads;

use crate::{Map, Options};

/// A map with so many shards, of whose hashes only the bits of `hash_mask` are used.
fn map_of(shards: u32, hash_mask: u32) -> Map {
    Map::new(Options {
        shards,
        hash_mask,
        ..Options::default()
    })
}

/// What forces collisions: nothing, all hashes equal, only low bits (one segment), only high bits (one bucket).
const MASKS: [u32; 4] = [u32::MAX, 0, 0x0000_00ff, 0xff00_0000];
