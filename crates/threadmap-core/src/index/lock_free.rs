//! The lock-free variant: a trie of small segments of lock-free buckets.
//!
//! A thread that is suspended anywhere delays nobody: whoever meets what it left half done finishes it, or goes round
//! it. The protocol and why it holds: `docs/design/lock-free.md`; the memory: `raw::lock_free`. Any thread may call
//! anything here.

use super::{Index, Trail};
use crate::hash::Hashed;
use crate::raw::epoch::Guard;
use crate::raw::lock_free::trie::Trie;
use crate::raw::node::{NodeRef, OwnedNode};

/// The index of one map.
pub(crate) struct LockFree {
    trie: Trie,
}

impl LockFree {
    pub(crate) fn new() -> Self {
        Self { trie: Trie::new() }
    }
}

impl Index for LockFree {
    #[inline]
    fn find<'g>(&'g self, key: &Hashed<'_>, guard: &'g Guard<'_>) -> Option<NodeRef<'g>> {
        self.trie.lookup(key, guard)
    }

    #[inline]
    fn find_with_trail<'g>(
        &'g self,
        key: &Hashed<'_>,
        guard: &'g Guard<'_>,
    ) -> (Option<NodeRef<'g>>, Trail) {
        self.trie.lookup_with_trail(key, guard)
    }

    fn insert(&self, key: &Hashed<'_>, node: OwnedNode, trail: Trail, guard: &Guard<'_>) -> bool {
        self.trie.link(key, node, trail, guard)
    }

    fn unlink(&self, key: &Hashed<'_>, dead: NodeRef<'_>, guard: &Guard<'_>) {
        self.trie.remove(key, dead, guard);
    }

    fn scan<'g>(
        &'g self,
        from: u32,
        enough: usize,
        guard: &'g Guard<'_>,
        give: &mut Vec<NodeRef<'g>>,
    ) -> Option<u32> {
        let mut at = from;
        loop {
            at = self.trie.scan(at, guard, give)?;
            if give.len() >= enough {
                return Some(at);
            }
        }
    }

    fn bytes(&self) -> usize {
        self.trie.bytes()
    }
}

#[cfg(any(test, feature = "tiny"))]
impl LockFree {
    pub(crate) fn check(&self) {
        self.trie.check();
    }
}
