//! The hash of a key: seeded, 32 bits, cut into disjoint groups.
//!
//! Seeds are random for each process (foldhash's shared seed) and each map (from the system's randomness), so that no
//! client can choose colliding keys and no two processes iterate alike. From the top: the bits that choose shard and
//! segment; then 7 bits of fingerprint (10..17); the low 10 bits choose the bucket within a segment of up to 1,024.

use std::hash::{BuildHasher, Hasher, RandomState};

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

use crate::key::{Key, KeyKind, Lookup, Prepared};
use crate::sync::{AtomicI64, Ordering};

/// A key with its hash: computed once an operation. The key lies here in pieces, as nodes hold it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashed<'a> {
    pub(crate) kind: KeyKind,
    pub(crate) is_buffer: bool,
    pub(crate) bytes: &'a [u8],
    pub(crate) hash: u32,
    /// Sixteen bits that are independent of `hash`.
    pub(crate) tag: u16,
}

impl<'a> Hashed<'a> {
    /// The key in one piece, for who looks it up elsewhere.
    pub(crate) fn key(&self) -> Key<'a> {
        Key::from_parts(self.kind, self.is_buffer, self.bytes)
    }
}
static NEXT_NUMBER: AtomicI64 = AtomicI64::new(1);

/// Makes the hashes of one map.
#[derive(Clone, Debug)]
pub(crate) struct KeyHasher {
    /// One a kind: that parts the kinds for less than hashing the kind would.
    seeds: [u64; KeyKind::ALL.len()],
    shared: &'static SharedSeed,
    /// Unlike that of every other map there was or will be; a snapshot has its map's.
    number: i64,
    /// Bits that are kept; all of them but in tests that force collisions.
    mask: u32,
}

impl KeyHasher {
    pub(crate) fn new(mask: u32) -> Self {
        // Relaxed: all that matters is that no two are the same.
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        if cfg!(feature = "tiny") {
            // What the fuzzer has found once it must find again.
            return Self {
                seeds: KeyKind::ALL.map(|kind| kind as u64),
                shared: SharedSeed::global_fixed(),
                number,
                mask,
            };
        }
        let random = RandomState::new();
        Self {
            seeds: KeyKind::ALL.map(|kind| random.hash_one(kind)),
            shared: SharedSeed::global_random(),
            number,
            mask,
        }
    }

    #[inline]
    fn digest(&self, kind: KeyKind, bytes: &[u8]) -> u64 {
        let mut hasher = FoldHasher::with_seed(self.seeds[kind as usize], self.shared);
        hasher.write(bytes);
        hasher.finish()
    }

    #[inline]
    pub(crate) fn hash<'a>(&self, key: &'a impl Lookup) -> Hashed<'a> {
        match self.prepared(key) {
            Some(prepared) => prepared.hashed(),
            None => self.compute(key),
        }
    }

    #[inline]
    fn compute<'a>(&self, key: &'a impl Lookup) -> Hashed<'a> {
        let (kind, bytes) = (key.kind(), key.as_bytes());
        let hash = if cfg!(any(loom, shuttle)) {
            chosen(bytes)
        } else {
            self.digest(kind, bytes)
        };
        Hashed {
            kind,
            is_buffer: key.is_buffer(),
            bytes,
            hash: (hash ^ (hash >> 32)) as u32 & self.mask,
            tag: (hash >> 48) as u16,
        }
    }

    /// The key with its hash, to be kept.
    pub(crate) fn prepare(&self, key: &Key<'_>) -> Prepared {
        Prepared::new(&self.compute(key), self.number)
    }

    /// What is prepared of the key, if it was for this map.
    #[inline]
    pub(crate) fn prepared<'a>(&self, key: &'a impl Lookup) -> Option<&'a Prepared> {
        key.prepared()
            .filter(|prepared| prepared.map == self.number)
    }
}

/// The 64-bit form that hashbrown wants: bucket bits at the bottom, the fingerprint in the top seven.
#[inline]
pub(crate) const fn spread(hash: u32) -> u64 {
    (hash as u64) | ((hash as u64 >> 10 & 0x7f) << 57)
}

/// Models choose: a key of an int has its lower half as hash, and the sixteen bits above as tag.
fn chosen(bytes: &[u8]) -> u64 {
    let int = u64::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default());
    let (tag, hash) = (int >> 32 & 0xffff, int & 0xffff_ffff);
    tag << 48 | (hash ^ tag << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_maps_hash_differently() {
        let (a, b) = (KeyHasher::new(u32::MAX), KeyHasher::new(u32::MAX));
        let differing = (0..64)
            .filter(|&i| a.hash(&Key::int(i)).hash != b.hash(&Key::int(i)).hash)
            .count();
        assert!(differing > 60, "{differing} of 64 hashes differ");
    }

    #[test]
    fn kind_is_part_of_the_hash() {
        let hasher = KeyHasher::new(u32::MAX);
        assert_ne!(
            hasher.hash(&Key::latin1(b"ab")).hash,
            hasher.hash(&Key::bytes(b"ab")).hash
        );
    }
}
