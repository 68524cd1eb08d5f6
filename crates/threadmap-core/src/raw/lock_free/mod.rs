//! The memory of the lock-free index: buckets, segments, the plans that replace them, and the trie over them.
//!
//! `docs/design/lock-free.md` has the protocol as a whole. From the inside out, each knowing only those before it:
//! `bucket` (slots and their header), `segment` (buckets of one prefix), `plan` (what replaces what), `trie` (from hash
//! to segment). `crate::index::lock_free` makes operations of them.

mod bucket;
mod plan;
mod segment;
pub(crate) mod trie;

use bucket::{Cleared, Put, SlotWord};
use plan::Plan;
use segment::Leaf;
use trie::{Found, Trie};

use crate::hash::Hashed;
use crate::index::Trail;
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};

/// Two segments with so few nodes together become one: a quarter of what would be parted.
const THIN: usize = segment::PARTED_ABOVE as usize;
/// Merges that may follow one removal: one a bit of the hash.
const MERGES: usize = 32;

impl Trie {
    /// The node of the key, dead or alive. Changes nothing, waits for nobody.
    ///
    /// A miss counts in a frozen bucket, too, whatever has come instead: inserts find their segment by the same words
    /// of the trie, so when these led here the key was in no other segment.
    #[inline]
    pub(crate) fn lookup<'g>(
        &'g self,
        key: &Hashed<'_>,
        guard: &'g Guard<'_>,
    ) -> Option<NodeRef<'g>> {
        self.bucket(key, guard).1.find(key, guard)
    }

    /// The same, with the trail for [`Trie::link`] under the same guard: the segment, and the bucket's header where
    /// nothing was found, by which an insert sees that this is still so.
    #[inline]
    pub(crate) fn lookup_with_trail<'g>(
        &'g self,
        key: &Hashed<'_>,
        guard: &'g Guard<'_>,
    ) -> (Option<NodeRef<'g>>, Trail) {
        let (leaf, bucket) = self.bucket(key, guard);
        match bucket.find_with_header(key, guard) {
            (_, Some(node)) => (Some(node), Trail::COLD),
            (state, None) => {
                let place = leaf.word();
                (None, Trail { place, state })
            }
        }
    }

    /// Links the node unless a live one of its key is there; says whether it did.
    pub(crate) fn link(
        &self,
        key: &Hashed<'_>,
        node: OwnedNode,
        trail: Trail,
        guard: &Guard<'_>,
    ) -> bool {
        let word = SlotWord::new(node.seen(guard), key.tag);
        let mut may_extend = false;
        let mut trail = Leaf::from_word(trail.place).map(|leaf| (leaf, trail.state));
        loop {
            let (leaf, bucket, seen) = if let Some((leaf, header)) = trail.take() {
                // SAFETY: found under the same guard.
                (leaf, unsafe { leaf.bucket(key) }, Some(header))
            } else {
                let (leaf, bucket) = self.bucket(key, guard);
                (leaf, bucket, None)
            };
            match bucket.insert(key, word, seen, may_extend.then_some(self.counted()), guard) {
                Put::Published => {
                    node.publish();
                    return true;
                }
                Put::Exists => {
                    node.retire(guard);
                    return false;
                }
                Put::Frozen => self.complete(leaf, guard),
                Put::Crowded if !self.find(key.hash, guard).segment().is_full() => {
                    may_extend = true;
                }
                Put::Crowded | Put::Full => {
                    let found = self.find(key.hash, guard);
                    Plan::copy(found.leaf(), found.segment(), guard);
                    self.complete(found.leaf(), guard);
                    may_extend = false;
                }
            }
        }
    }

    /// Takes a node out that this thread has killed, and retires it.
    pub(crate) fn remove(&self, key: &Hashed<'_>, dead: NodeRef<'_>, guard: &Guard<'_>) {
        let empty = loop {
            let (leaf, bucket) = self.bucket(key, guard);
            match bucket.clear(dead) {
                Cleared::Out { empty } => {
                    self.leave_origin(leaf, guard);
                    break empty;
                }
                Cleared::Frozen => self.complete(leaf, guard),
            }
        };
        // SAFETY: it is out of the newest segment, later copies are made of that, and `one-origin`: no word leads to a
        // bucket that holds it. Its killer is the only one to retire it.
        unsafe { dead.retire(guard) };
        if empty {
            self.shrink(key.hash, guard);
        }
    }

    /// Merges the segment of the hash with its buddy while both are thin, or gives some of its memory back.
    #[cold]
    fn shrink(&self, hash: u32, guard: &Guard<'_>) {
        for _ in 0..MERGES {
            let found = self.find(hash, guard);
            let depth = found.segment().depth();
            let buddy = (depth > 0)
                .then(|| self.find(hash ^ 1 << (32 - depth), guard))
                .filter(|buddy| buddy.segment().depth() == depth)
                .filter(|buddy| found.segment().count() + buddy.segment().count() <= THIN);
            let Some(buddy) = buddy else {
                if found.segment().is_thin() {
                    Plan::copy(found.leaf(), found.segment(), guard);
                    self.complete(found.leaf(), guard);
                    if depth == 0 {
                        // The map is all but empty, and what was in it is on this thread's shelf.
                        guard.tidy_later();
                    }
                }
                return;
            };
            let both = if found.segment().start() < buddy.segment().start() {
                [found, buddy]
            } else {
                [buddy, found]
            };
            Plan::merge(both.map(Found::leaf), both.map(Found::segment), guard);
            for one in both {
                self.complete(one.leaf(), guard);
            }
        }
    }

    /// Gives the live nodes of the segment of hash `from`, those below it left out, and the first hash after it.
    pub(crate) fn scan<'g>(
        &'g self,
        from: u32,
        guard: &'g Guard<'_>,
        give: &mut Vec<NodeRef<'g>>,
    ) -> Option<u32> {
        let found = self.find(from, guard);
        let first = give.len();
        found.segment().each(guard, |node| give.push(node));
        if from > found.segment().start() {
            // It has grown together with those before it.
            let after = give.split_off(first);
            give.extend(after.into_iter().filter(|node| node.hash() >= from));
        }
        found.segment().end()
    }
}
