//! What a variant is: a way to find nodes.
//!
//! All operations are written once, in `crate::ops`, over the five methods of [`Index`]; values, versions, numbers
//! and their atomicity are the business of nodes. A new variant implements the trait, joins [`AnyIndex`], and inherits
//! every operation and every test.
//!
//! Invariants that each index keeps: at most one live node a key is linked; a node that is not dead stays linked;
//! each node is retired once, by the index.
//!
//! The snapshot variant finds and scans like the others, but its nodes never change: where the others swap a word, it
//! exchanges nodes ([`Persistent::exchange`]), so it is asked for `insert` and `unlink` by nobody.

pub(crate) mod lock_free;
pub(crate) mod persistent;
pub(crate) mod segment;
pub(crate) mod sharded;

use crate::hash::Hashed;
use crate::options::{Options, Variant};
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};
use lock_free::LockFree;
use persistent::Persistent;
use sharded::Sharded;

/// Where a lookup that found nothing has ended, so that the insert after it need not look again. Means something only
/// to the index that made it.
#[derive(Clone, Copy)]
pub(crate) struct Trail {
    pub(crate) place: usize,
    pub(crate) state: u64,
}

impl Trail {
    /// None: the insert looks for itself.
    pub(crate) const COLD: Self = Self { place: 0, state: 0 };
}

/// A way to find nodes.
pub(crate) trait Index {
    /// The node linked for the key, dead or alive.
    fn find<'g>(&'g self, key: &Hashed<'_>, guard: &'g Guard) -> Option<NodeRef<'g>>;

    /// As `find`, with the trail for an insert of the key under the same guard.
    fn find_with_trail<'g>(
        &'g self,
        key: &Hashed<'_>,
        guard: &'g Guard,
    ) -> (Option<NodeRef<'g>>, Trail) {
        (self.find(key, guard), Trail::COLD)
    }

    /// Links the node unless a live one is there for its key; says whether it did, and gives the node up otherwise. A
    /// dead one is replaced, so that the insert never waits for whoever killed it.
    fn insert(&self, key: &Hashed<'_>, node: OwnedNode, trail: Trail, guard: &Guard) -> bool;

    /// Takes the dead node of the key out, if an insert of the key has not done so already. Called once for each node,
    /// by the thread that killed it.
    fn unlink(&self, key: &Hashed<'_>, dead: NodeRef<'_>, guard: &Guard);

    /// Gives the nodes from hash `from` on in ascending steps of the hash's upper bits, until at least `enough` are
    /// given or none is left. Returns where to go on. A node linked before the first step of a scan and after the
    /// last is given exactly once, whatever grows or shrinks in between; none is given twice.
    fn scan<'g>(
        &'g self,
        from: u32,
        enough: usize,
        guard: &'g Guard,
        give: &mut Vec<NodeRef<'g>>,
    ) -> Option<u32>;

    /// Bytes of the index itself.
    fn bytes(&self) -> usize;
}

/// The variants. An enum, not a trait object: the match is free where there is one, a predictable branch where there
/// are three.
#[expect(
    clippy::large_enum_variant,
    reason = "a map has one, and the trie's root costs a load less in place"
)]
pub(crate) enum AnyIndex {
    Sharded(Sharded),
    LockFree(LockFree),
    Snapshot(Persistent),
}

impl AnyIndex {
    pub(crate) fn new(options: &Options) -> Self {
        match options.variant {
            Variant::Sharded => Self::Sharded(Sharded::new(options.shards)),
            Variant::LockFree => Self::LockFree(LockFree::new()),
            Variant::Snapshot => Self::Snapshot(Persistent::new()),
        }
    }

    /// The index of the snapshot variant, if it is that.
    #[inline]
    pub(crate) fn persistent(&self) -> Option<&Persistent> {
        match self {
            Self::Snapshot(index) => Some(index),
            _ => None,
        }
    }
}

macro_rules! each_variant {
    ($self:ident, $index:ident => $call:expr) => {
        match $self {
            AnyIndex::Sharded($index) => $call,
            AnyIndex::LockFree($index) => $call,
            AnyIndex::Snapshot($index) => $call,
        }
    };
}

impl Index for AnyIndex {
    #[inline]
    fn find<'g>(&'g self, key: &Hashed<'_>, guard: &'g Guard) -> Option<NodeRef<'g>> {
        each_variant!(self, index => index.find(key, guard))
    }

    #[inline]
    fn find_with_trail<'g>(
        &'g self,
        key: &Hashed<'_>,
        guard: &'g Guard,
    ) -> (Option<NodeRef<'g>>, Trail) {
        each_variant!(self, index => index.find_with_trail(key, guard))
    }

    #[inline]
    fn insert(&self, key: &Hashed<'_>, node: OwnedNode, trail: Trail, guard: &Guard) -> bool {
        each_variant!(self, index => index.insert(key, node, trail, guard))
    }

    #[inline]
    fn unlink(&self, key: &Hashed<'_>, dead: NodeRef<'_>, guard: &Guard) {
        each_variant!(self, index => index.unlink(key, dead, guard));
    }

    fn scan<'g>(
        &'g self,
        from: u32,
        enough: usize,
        guard: &'g Guard,
        give: &mut Vec<NodeRef<'g>>,
    ) -> Option<u32> {
        each_variant!(self, index => index.scan(from, enough, guard, give))
    }

    fn bytes(&self) -> usize {
        each_variant!(self, index => index.bytes())
    }
}

#[cfg(any(test, feature = "tiny"))]
impl AnyIndex {
    /// Checks what must hold when nobody is at work.
    pub(crate) fn check(&self) {
        each_variant!(self, index => index.check());
    }
}
