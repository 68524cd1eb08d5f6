//! How a map is made. Checked once, when it is made; a map's options never change.

use std::thread::available_parallelism;

use crate::error::{Error, Result};
use crate::key::Lookup;
use crate::value::Value;

/// The structures behind the one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// A power of two of reader-writer locks over hash tables.
    Sharded,
    /// No locks at all: a thread that is suspended anywhere delays nobody.
    LockFree,
    /// A persistent trie behind one root: snapshots in constant time, several keys at once.
    Snapshot,
}

/// Options of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The structure.
    pub variant: Variant,
    /// Locks of the sharded variant: a power of two up to [`Options::MAX_SHARDS`]. One is the classic `RWMutex` map.
    pub shards: u32,
    /// The longest key that may be stored, in bytes: at most [`Options::MAX_KEY_BYTES`].
    pub max_key_bytes: usize,
    /// The longest value that may be stored, in bytes.
    pub max_value_bytes: usize,
    /// Bits of the hash that are used: for tests that force collisions.
    #[doc(hidden)]
    pub hash_mask: u32,
}

impl Options {
    /// The most shards.
    pub const MAX_SHARDS: u32 = 4096;
    /// The largest `max_key_bytes`.
    pub const MAX_KEY_BYTES: usize = crate::raw::node::MAX_KEY_BYTES;

    /// Sixteen shards a core: with two threads on 10,000 keys, more gain nothing that can be measured, and an empty
    /// map stays at 4 KiB on two cores (`docs/design/sharded.md`).
    #[must_use]
    pub fn default_shards() -> u32 {
        let cores = available_parallelism().map_or(4, |cores| cores.get() as u32);
        (cores * 16).next_power_of_two().clamp(16, Self::MAX_SHARDS)
    }

    /// Refuses what is over the limits.
    ///
    /// # Errors
    /// [`Error::KeyTooLarge`], [`Error::ValueTooLarge`].
    pub fn admit(&self, key: &impl Lookup, value: &Value<'_>) -> Result<()> {
        let got = key.as_bytes().len();
        if got > self.max_key_bytes {
            return Err(Error::KeyTooLarge {
                got,
                limit: self.max_key_bytes,
            });
        }
        let got = value.len();
        if got > self.max_value_bytes {
            return Err(Error::ValueTooLarge {
                got,
                limit: self.max_value_bytes,
            });
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            variant: Variant::Sharded,
            shards: Self::default_shards(),
            max_key_bytes: 64 << 10,
            max_value_bytes: 64 << 20,
            hash_mask: u32::MAX,
        }
    }
}
