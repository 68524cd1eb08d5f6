//! Where a key's node was found the last time, so that the next operation need not look for it.
//!
//! Invariant `stamped-is-linked`: a node that was found alive in an index when no write of its group was under way is
//! linked for as long as `started` of that group stands, because who kills a node moves `started` before
//! (`crate::stamps`). A thread that has pinned and then finds `started` where it was may therefore use the address: a
//! node that is retired was killed after that move, and by the proof in `epoch.rs` (with "found `started` moved" for
//! "found B unlinked") it is not freed before the guard is gone. Belongs to one thread and one map.

use std::cell::Cell;

use super::epoch::Guard;
use super::node::NodeRef;

/// The stamp of a hint that leads nowhere: no group ever has it.
const NOWHERE: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Hint {
    node: Cell<usize>,
    stamp: Cell<u32>,
}

impl Hint {
    pub(crate) const fn new() -> Self {
        Self {
            node: Cell::new(0),
            stamp: Cell::new(NOWHERE),
        }
    }

    /// The node, if the stamp of the group, read under the guard, is still that of the hint.
    #[inline]
    pub(crate) fn node<'g>(&self, stamp: u32, _guard: &'g Guard<'_>) -> Option<NodeRef<'g>> {
        if stamp != self.stamp.get() {
            return None;
        }
        // SAFETY: `stamped-is-linked`: `set` was given a linked node, and `started` has not moved since, but for
        // moves of this thread's own that left it linked (`follow`).
        Some(unsafe { NodeRef::at(self.node.get()) })
    }

    /// Remembers a node that was found after no write of its group was under way and `started` was `stamp`.
    #[inline]
    pub(crate) fn set(&self, node: NodeRef<'_>, stamp: u32) {
        self.node.set(node.address());
        self.stamp.set(stamp);
    }

    /// Follows a write of this thread that has moved `started` from `before` to `after` and left the node linked. If
    /// others were at work in between, the hint is spent.
    #[inline]
    pub(crate) fn follow(&self, before: u32, after: u32) {
        if self.stamp.get() == before {
            self.stamp.set(after);
        }
    }
}
