//! The snapshot variant: a persistent trie behind one root.
//!
//! Readers load the root and wait for nobody; a writer makes a new version under one short lock and publishes it by one
//! store. Each version has its figures, so size and number of changes are exact at every moment. The structure and why
//! it holds: `docs/design/snapshot.md`; the memory: `raw::persistent`. Any thread may call anything here.

use std::sync::Arc;

use super::{Index, Trail};
use crate::hash::Hashed;
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};
use crate::raw::persistent::edit::Edit;
use crate::raw::persistent::store::{Figures, HeldVersion, Remains, Store, Version};

/// The index of one map.
pub(crate) struct Persistent {
    store: Arc<Store>,
}

impl Persistent {
    pub(crate) fn new() -> Self {
        Self {
            store: Arc::new(Store::new()),
        }
    }

    /// A stamp that no entry has had: the version of an entry that is made with it.
    pub(crate) fn stamp(&self) -> u64 {
        self.store.stamp()
    }

    /// Figures without a guard: exact when nobody writes.
    pub(crate) fn latest(&self) -> Figures {
        self.store.latest()
    }

    pub(crate) fn figures(&self, guard: &Guard<'_>) -> Figures {
        self.store.current(guard).figures
    }

    /// Stores `next` (removes the entry where it is `None`) if the key still has the very node `expected`, and says
    /// whether it had. The publication is the linearization point.
    pub(crate) fn exchange(
        &self,
        key: &Hashed<'_>,
        expected: Option<NodeRef<'_>>,
        next: Option<OwnedNode>,
        guard: &Guard<'_>,
    ) -> bool {
        let stamp = next
            .as_ref()
            .map_or_else(|| self.stamp(), |node| node.seen(guard).stamp());
        self.store.write(stamp, guard, |version, edit| {
            let same = match (version.tree.find(key), expected) {
                (Some(found), Some(expected)) => found.is(expected),
                (None, None) => true,
                _ => false,
            };
            if same {
                match next {
                    Some(node) => edit.put(node, guard),
                    None => drop(edit.remove(key, guard)),
                }
            }
            same
        })
    }

    /// Several changes as one version; nothing is published where `change` makes none.
    pub(crate) fn write<'g, R>(
        &'g self,
        stamp: u64,
        guard: &'g Guard<'_>,
        change: impl FnOnce(Version<'g>, &mut Edit) -> R,
    ) -> R {
        self.store.write(stamp, guard, change)
    }

    /// A version to be made of nothing, for [`Persistent::replace`].
    pub(crate) fn build(&self) -> Edit {
        self.store.build()
    }

    /// Makes what was built the content if that still is the `expected` version: one store. `None` when it is not.
    pub(crate) fn replace(
        &self,
        edit: Edit,
        expected: Option<&HeldVersion>,
        guard: &Guard<'_>,
    ) -> Option<Remains> {
        let is_expected =
            |version: &Version<'_>| expected.is_none_or(|held| self.has(held) && version.is(held));
        self.store.replace(edit, is_expected, guard)
    }

    /// Holds the current version. O(1).
    pub(crate) fn hold(&self, guard: &Guard<'_>) -> HeldVersion {
        self.store.hold(guard)
    }

    /// Whether the held version is one of this index.
    pub(crate) fn has(&self, held: &HeldVersion) -> bool {
        held.is_of(&self.store)
    }
}

impl Index for Persistent {
    #[inline]
    fn find<'g>(&'g self, key: &Hashed<'_>, guard: &'g Guard<'_>) -> Option<NodeRef<'g>> {
        self.store.current(guard).tree.find(key)
    }

    fn insert(
        &self,
        _key: &Hashed<'_>,
        _node: OwnedNode,
        _trail: Trail,
        _guard: &Guard<'_>,
    ) -> bool {
        unreachable!("nodes that never change are exchanged")
    }

    fn unlink(&self, _key: &Hashed<'_>, _dead: NodeRef<'_>, _guard: &Guard<'_>) {
        unreachable!("nodes that never change do not die")
    }

    fn scan<'g>(
        &'g self,
        from: u32,
        enough: usize,
        guard: &'g Guard<'_>,
        give: &mut Vec<NodeRef<'g>>,
    ) -> Option<u32> {
        self.store.current(guard).tree.scan(from, enough, give)
    }

    fn bytes(&self) -> usize {
        size_of::<Store>() + self.latest().branch_bytes as usize + self.store.held().1
    }
}

#[cfg(any(test, feature = "tiny"))]
impl Persistent {
    /// When nobody is at work: figures and what there is agree.
    pub(crate) fn check(&self) {
        let me = crate::Participant::new();
        let guard = me.pin();
        let version = self.store.current(&guard);
        let mut leaves = Vec::new();
        assert_eq!(version.tree.scan(0, usize::MAX, &mut leaves), None);
        assert_eq!(leaves.len() as u64, version.figures.entries);
        assert!(leaves.is_sorted_by_key(|leaf| leaf.hash()));
        let bytes: usize = leaves.iter().map(|leaf| leaf.whole_size()).sum();
        assert_eq!(bytes as u64, version.figures.bytes);
        assert_eq!(version.tree.check(), version.figures.branch_bytes as usize);
    }
}
