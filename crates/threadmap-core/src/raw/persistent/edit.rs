//! An edit: a new version of a tree, made by copying the way to what changes.
//!
//! What the edit itself has made bears its stamp and is changed in place until it is published; everything else is
//! copied, and what was copied is remembered, to be buried once the new version is the current one. An edit that is
//! dropped frees what it has made, and nothing has happened. Called by `store.rs`, which says what is current.

use super::branch::{Branch, LEVELS, Link, Target, index};
use crate::hash::Hashed;
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};

/// What an edit has changed, in figures.
#[derive(Clone, Copy, Default)]
pub(crate) struct Balance {
    pub(super) entries: i64,
    /// Bytes of leaves and of their values.
    pub(super) bytes: i64,
    pub(super) branch_bytes: i64,
    /// Entries that were stored or removed.
    pub(super) changes: u64,
}

/// A version in the making.
pub(crate) struct Edit {
    link: Link,
    stamp: u64,
    /// Nodes of older versions that this one has no use for.
    replaced: Vec<Link>,
    balance: Balance,
}

impl Edit {
    /// An edit of the tree below the link, under a stamp that nothing has yet.
    ///
    /// # Safety
    /// Until the edit is published or dropped the link is that of the current version, or nothing, and each call is
    /// made under a guard that was pinned before the link was read or while writers are locked out.
    pub(super) unsafe fn of(link: Link, stamp: u64) -> Self {
        Self {
            link,
            stamp,
            replaced: Vec::new(),
            balance: Balance::default(),
        }
    }

    /// A version made from nothing.
    pub(super) fn from_nothing(stamp: u64) -> Self {
        // SAFETY: nothing is not freed.
        unsafe { Self::of(Link::NOTHING, stamp) }
    }

    pub(crate) fn stamp(&self) -> u64 {
        self.stamp
    }

    pub(crate) fn has_changed(&self) -> bool {
        self.balance.changes > 0
    }

    /// How many entries a version that was made from nothing has.
    pub(crate) fn entries(&self) -> u64 {
        self.balance.entries as u64
    }

    /// Stores a leaf, in place of that of its key if there is one.
    pub(crate) fn put(&mut self, node: OwnedNode, guard: &Guard<'_>) {
        let leaf = node.seen(guard);
        self.balance.entries += 1;
        self.balance.bytes += leaf.whole_size() as i64;
        self.balance.changes += 1;
        self.link = self.put_below(self.link, 0, leaf, guard);
        node.publish();
    }

    /// Removes the entry of the key; says whether there was one.
    pub(crate) fn remove(&mut self, key: &Hashed<'_>, guard: &Guard<'_>) -> bool {
        let Some(link) = self.remove_below(self.link, 0, key, guard) else {
            return false;
        };
        self.link = link;
        self.balance.changes += 1;
        true
    }

    /// Hands over the new root, what it replaces, and the figures.
    pub(super) fn finish(mut self) -> (Link, Vec<Link>, Balance) {
        let done = (self.link, std::mem::take(&mut self.replaced), self.balance);
        self.link = Link::NOTHING;
        done
    }

    #[expect(
        clippy::unused_self,
        reason = "the edit keeps alive what the link leads to"
    )]
    fn target<'g>(&self, link: Link) -> Target<'g> {
        // SAFETY: below this edit's root: its own, or of the current version (`of`).
        unsafe { link.target() }
    }

    fn is_own(&self, branch: Branch<'_>) -> bool {
        branch.birth() == self.stamp
    }

    /// The new version has no use for this node.
    fn replace(&mut self, link: Link) {
        match self.target(link) {
            Target::Nothing => return,
            Target::Leaf(leaf) => {
                self.balance.entries -= 1;
                self.balance.bytes -= leaf.whole_size() as i64;
            }
            Target::Branch(branch) => self.balance.branch_bytes -= branch.size() as i64,
        }
        // SAFETY: in this edit's tree, so it lives.
        if unsafe { link.birth() } == self.stamp {
            // SAFETY: made by this edit, and out of its tree now.
            unsafe { link.free() };
        } else {
            self.replaced.push(link);
        }
    }

    fn branch(
        &mut self,
        bitmap: u32,
        len: usize,
        link_at: impl Fn(usize) -> Link,
        guard: &Guard<'_>,
    ) -> Link {
        let link = Branch::make(self.stamp, bitmap, len, link_at, guard);
        if let Target::Branch(branch) = self.target(link) {
            self.balance.branch_bytes += branch.size() as i64;
        }
        link
    }

    fn put_below(&mut self, at: Link, level: u32, leaf: NodeRef<'_>, guard: &Guard<'_>) -> Link {
        match self.target(at) {
            Target::Nothing => Link::leaf(leaf),
            Target::Leaf(other) if other.is_for(&leaf.hashed()) => {
                self.replace(at);
                Link::leaf(leaf)
            }
            Target::Leaf(other) => self.fork(other, leaf, level, guard),
            Target::Branch(row) if level == LEVELS => {
                let same = |&place: &usize| match self.target(row.at(place)) {
                    Target::Leaf(other) => other.is_for(&leaf.hashed()),
                    _ => false,
                };
                if let Some(place) = (0..row.len()).find(same) {
                    self.replace(row.at(place));
                    return self.with(row, at, place, Link::leaf(leaf), guard);
                }
                self.with_more(row, at, row.len(), 0, Link::leaf(leaf), guard)
            }
            Target::Branch(branch) => {
                let bit = 1 << index(leaf.hash(), level);
                let place = branch.place_of(bit);
                if branch.bitmap() & bit == 0 {
                    return self.with_more(branch, at, place, bit, Link::leaf(leaf), guard);
                }
                let child = self.put_below(branch.at(place), level + 1, leaf, guard);
                self.with(branch, at, place, child, guard)
            }
        }
    }

    /// What parts two leaves from that level on.
    fn fork(&mut self, a: NodeRef<'_>, b: NodeRef<'_>, level: u32, guard: &Guard<'_>) -> Link {
        if level == LEVELS {
            return self.branch(0, 2, |i| Link::leaf([a, b][i]), guard);
        }
        let [first, second] = [a, b].map(|leaf| index(leaf.hash(), level));
        if first == second {
            let below = self.fork(a, b, level + 1, guard);
            return self.branch(1 << first, 1, |_| below, guard);
        }
        let both = if first < second { [a, b] } else { [b, a] };
        let bitmap = 1 << first | 1 << second;
        self.branch(bitmap, 2, |i| Link::leaf(both[i]), guard)
    }

    /// `None` where the key is not there.
    fn remove_below(
        &mut self,
        at: Link,
        level: u32,
        key: &Hashed<'_>,
        guard: &Guard<'_>,
    ) -> Option<Link> {
        let (branch, place, bit, child) = match self.target(at) {
            Target::Nothing => return None,
            Target::Leaf(leaf) => {
                if !leaf.is_for(key) {
                    return None;
                }
                self.replace(at);
                return Some(Link::NOTHING);
            }
            Target::Branch(row) if level == LEVELS => {
                let same = |&place: &usize| match self.target(row.at(place)) {
                    Target::Leaf(leaf) => leaf.is_for(key),
                    _ => false,
                };
                let place = (0..row.len()).find(same)?;
                self.replace(row.at(place));
                (row, place, 0, Link::NOTHING)
            }
            Target::Branch(branch) => {
                let bit = 1 << index(key.hash, level);
                if branch.bitmap() & bit == 0 {
                    return None;
                }
                let place = branch.place_of(bit);
                let child = self.remove_below(branch.at(place), level + 1, key, guard)?;
                (branch, place, bit, child)
            }
        };
        if child != Link::NOTHING {
            let is_leaf = matches!(self.target(child), Target::Leaf(_));
            if is_leaf && branch.len() == 1 {
                // A leaf alone stands where the branch stood.
                self.replace(at);
                return Some(child);
            }
            return Some(self.with(branch, at, place, child, guard));
        }
        if branch.len() == 1 {
            self.replace(at);
            return Some(Link::NOTHING);
        }
        if branch.len() == 2 {
            let other = branch.at(1 - place);
            if matches!(self.target(other), Target::Leaf(_)) {
                self.replace(at);
                return Some(other);
            }
        }
        Some(self.with_less(branch, at, place, bit, guard))
    }

    /// The branch with another link at that place.
    fn with(
        &mut self,
        branch: Branch<'_>,
        at: Link,
        place: usize,
        link: Link,
        guard: &Guard<'_>,
    ) -> Link {
        if self.is_own(branch) {
            // SAFETY: made by this edit.
            unsafe { branch.set(place, link) };
            return at;
        }
        let link_at = |i| if i == place { link } else { branch.at(i) };
        let copy = self.branch(branch.bitmap(), branch.len(), link_at, guard);
        self.replace(at);
        copy
    }

    /// The branch with one link more before that place.
    fn with_more(
        &mut self,
        branch: Branch<'_>,
        at: Link,
        place: usize,
        bit: u32,
        link: Link,
        guard: &Guard<'_>,
    ) -> Link {
        if self.is_own(branch) && branch.fits(branch.len() + 1) {
            // SAFETY: made by this edit, and it fits.
            unsafe { branch.insert(place, bit, link) };
            return at;
        }
        let link_at = |i: usize| match i.cmp(&place) {
            std::cmp::Ordering::Less => branch.at(i),
            std::cmp::Ordering::Equal => link,
            std::cmp::Ordering::Greater => branch.at(i - 1),
        };
        let copy = self.branch(branch.bitmap() | bit, branch.len() + 1, link_at, guard);
        self.replace(at);
        copy
    }

    /// The branch without the link at that place.
    fn with_less(
        &mut self,
        branch: Branch<'_>,
        at: Link,
        place: usize,
        bit: u32,
        guard: &Guard<'_>,
    ) -> Link {
        if self.is_own(branch) && branch.fits(branch.len() - 1) {
            // SAFETY: made by this edit, and it fits.
            unsafe { branch.remove(place, bit) };
            return at;
        }
        let link_at = |i| branch.at(i + usize::from(i >= place));
        let copy = self.branch(branch.bitmap() & !bit, branch.len() - 1, link_at, guard);
        self.replace(at);
        copy
    }

    /// Frees what this edit has made below the link.
    fn discard(&self, link: Link) {
        // SAFETY: in this edit's tree.
        if link == Link::NOTHING || unsafe { link.birth() } != self.stamp {
            return;
        }
        if let Target::Branch(branch) = self.target(link) {
            for child in branch.links() {
                self.discard(child);
            }
        }
        // SAFETY: made by this edit, never published.
        unsafe { link.free() };
    }
}

impl Drop for Edit {
    fn drop(&mut self) {
        self.discard(self.link);
    }
}
