//! The sharded variant: a power of two of reader-writer locks, each over its own segments.
//!
//! A shard is chosen by the top bits of the hash and guards only the *finding* of nodes: values are read and changed
//! by compare-and-swap on the node after the lock is gone, so updates of existing entries never wait for each other,
//! and no lock is held while anything but this file and `segment.rs` runs. One shard is the classic `RWMutex` map.
//! Any thread may call anything here; each call holds at most one lock, for at most one segment's worth of work.

use crossbeam_utils::CachePadded;

use super::segment::{Inserted, Segments};
use super::{Index, Trail};
use crate::hash::Hashed;
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};
use crate::sync::{RwLock, read, write};

/// The shards of one map.
pub(crate) struct Sharded {
    /// Padded: two shards' locks in one cache line would make their users wait for each other.
    shards: Box<[CachePadded<RwLock<Segments>>]>,
    bits: u32,
}

impl Sharded {
    /// # Panics
    /// When `shards` is not a power of two; `Options` checks it.
    pub(crate) fn new(shards: u32) -> Self {
        assert!(
            shards.is_power_of_two(),
            "the number of shards is a power of two"
        );
        let bits = shards.trailing_zeros();
        let shards = (0..shards)
            .map(|_| CachePadded::new(RwLock::new(Segments::new(bits))))
            .collect();
        Self { shards, bits }
    }

    #[inline]
    fn shard(&self, hash: u32) -> &RwLock<Segments> {
        &self.shards[(u64::from(hash) << self.bits >> 32) as usize]
    }
}

impl Index for Sharded {
    #[inline]
    fn find<'g>(&'g self, key: &Hashed<'_>, guard: &'g Guard) -> Option<NodeRef<'g>> {
        read(self.shard(key.hash)).find(key, guard)
    }

    fn insert(&self, key: &Hashed<'_>, node: OwnedNode, _trail: Trail, guard: &Guard) -> bool {
        // The lock is gone before the match: retiring may free other garbage, which is nobody's wait.
        let inserted = write(self.shard(key.hash)).insert(key, node, guard);
        match inserted {
            Inserted::New => true,
            Inserted::Instead(dead) => {
                dead.retire(guard);
                true
            }
            Inserted::Refused(node) => {
                drop(node);
                false
            }
        }
    }

    fn unlink(&self, key: &Hashed<'_>, dead: NodeRef<'_>, guard: &Guard) {
        let link = write(self.shard(key.hash)).remove(dead, guard);
        if let Some(link) = link {
            link.retire(guard);
        }
    }

    fn scan<'g>(
        &'g self,
        from: u32,
        enough: usize,
        guard: &'g Guard,
        give: &mut Vec<NodeRef<'g>>,
    ) -> Option<u32> {
        let mut at = from;
        loop {
            at = read(self.shard(at)).scan(at, guard, give)?;
            if give.len() >= enough {
                return Some(at);
            }
        }
    }

    fn bytes(&self) -> usize {
        let shards = self.shards.len() * size_of::<CachePadded<RwLock<Segments>>>();
        shards
            + self
                .shards
                .iter()
                .map(|shard| read(shard).bytes())
                .sum::<usize>()
    }
}

impl Drop for Sharded {
    fn drop(&mut self) {
        for shard in &self.shards {
            write(shard).free();
        }
    }
}

#[cfg(any(test, feature = "tiny"))]
impl Sharded {
    /// Checks every shard's invariants.
    pub(crate) fn check(&self) {
        for shard in &self.shards {
            read(shard).check();
        }
    }
}
