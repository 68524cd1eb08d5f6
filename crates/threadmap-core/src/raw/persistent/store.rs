//! The store: the root that says which version is current, and the one lock of writers.
//!
//! A reader pins its thread and loads the root: it waits for nobody. A writer makes a new version under the lock and
//! publishes it by one store of the root, its linearization point; whatever it stops at before that, nothing has
//! happened. The lock is held within one call only, for one edit and the few nodes that it replaces.
//!
//! Invariants. `buried-once`: what a new root no longer leads to is retired, or kept by a snapshot (`held.rs`), once, by
//! whoever replaced that root. `held-outlives-epochs`: a version that is held is freed by nobody before its release.
//! Any thread may call anything here.

use std::ptr::NonNull;
use std::sync::Arc;

use super::branch::{Link, Target};
use super::edit::Edit;
use super::held::{Dead, Held};
use super::tree::Tree;
use crate::Participant;
use crate::raw::epoch::Guard;
use crate::raw::{heap, watch};
use crate::step;
use crate::sync::{AtomicPtr, AtomicU64, Mutex, Ordering, lock};

/// Nodes buried under one guard and one holding of the lock: some 10 us.
const STEP: usize = 256;
/// No moment has this stamp.
const RELEASED: u64 = 0;

/// What the current version is.
struct Root {
    link: Link,
    figures: Figures,
}

impl Root {
    /// Puts it where it can be published.
    fn settle(self, guard: &Guard<'_>) -> NonNull<Self> {
        let Some(place) = guard.alloc(size_of::<Self>()) else {
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<Self>())
        };
        let place = place.cast();
        // SAFETY: fresh memory of that size, aligned to eight.
        unsafe { place.write(self) };
        place
    }

    /// # Safety
    /// The caller took it out of the store.
    unsafe fn retire(root: NonNull<Self>, guard: &Guard<'_>) {
        // SAFETY: allocated with this size, and the caller's promise.
        unsafe { guard.retire(root.cast(), size_of::<Self>()) }
    }
}

/// Figures of one version, exact.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Figures {
    pub(crate) entries: u64,
    /// Bytes of leaves and of their values.
    pub(crate) bytes: u64,
    pub(crate) branch_bytes: u64,
    /// Changes since the store was made.
    pub(crate) changes: u64,
}

pub(crate) struct Store {
    root: AtomicPtr<Root>,
    held: Mutex<Held>,
    /// The figures of the current version for who has no guard: written under the lock, each by itself.
    latest: [AtomicU64; 4],
    /// The next stamp. Relaxed throughout: a stamp is told to others by what bears it.
    stamps: AtomicU64,
}

/// One version, seen under a guard.
#[derive(Clone, Copy)]
pub(crate) struct Version<'g> {
    pub(crate) tree: Tree<'g>,
    pub(crate) figures: Figures,
}

impl Version<'_> {
    /// Whether the held version is this one.
    pub(crate) fn is(&self, held: &HeldVersion) -> bool {
        self.tree.link() == held.link && self.figures.changes == held.figures.changes
    }
}

impl Store {
    pub(crate) fn new() -> Self {
        let me = Participant::new();
        let root = Root {
            link: Link::NOTHING,
            figures: Figures::default(),
        };
        Self {
            root: AtomicPtr::new(root.settle(&me.pin()).as_ptr()),
            held: Mutex::default(),
            latest: Default::default(),
            stamps: AtomicU64::new(1),
        }
    }

    /// A stamp that nothing has yet.
    pub(crate) fn stamp(&self) -> u64 {
        self.stamps.fetch_add(1, Ordering::Relaxed)
    }

    /// Figures without a guard: each exact when nobody writes.
    pub(crate) fn latest(&self) -> Figures {
        // Relaxed: nothing is published by a figure.
        let [entries, bytes, branch_bytes, changes] = self
            .latest
            .each_ref()
            .map(|figure| figure.load(Ordering::Relaxed));
        Figures {
            entries,
            bytes,
            branch_bytes,
            changes,
        }
    }

    fn root<'g>(&'g self, _guard: &'g Guard<'_>) -> &'g Root {
        // Acquire: pairs with the swap in `publish`, so that all that it leads to is seen whole.
        let root = self.root.load(Ordering::Acquire);
        watch::used(root);
        // SAFETY: roots are retired under a guard later than this one.
        unsafe { &*root }
    }

    /// The current version: the linearization point of every read.
    #[inline]
    pub(crate) fn current<'g>(&'g self, guard: &'g Guard<'_>) -> Version<'g> {
        let root = self.root(guard);
        step::after("load the root");
        Version {
            // SAFETY: what a root leads to is buried after the root is replaced, and retired under a later guard.
            tree: unsafe { Tree::new(root.link) },
            figures: root.figures,
        }
    }

    /// Makes a new version of the current one under that stamp, and publishes it if `change` has changed anything.
    pub(crate) fn write<'g, R>(
        &'g self,
        stamp: u64,
        guard: &'g Guard<'_>,
        change: impl FnOnce(Version<'g>, &mut Edit) -> R,
    ) -> R {
        let mut held = lock(&self.held);
        step::after("take the writers' lock");
        let version = self.current(guard);
        // SAFETY: current while the lock is held, and read under the guard that is passed on.
        let mut edit = unsafe { Edit::of(version.tree.link(), stamp) };
        let result = change(version, &mut edit);
        if !edit.has_changed() {
            return result;
        }
        step::after("make a version");
        let (link, mut replaced, balance) = edit.finish();
        let before = version.figures;
        let after = |figure: u64, change: i64| figure.wrapping_add_signed(change);
        let figures = Figures {
            entries: after(before.entries, balance.entries),
            bytes: after(before.bytes, balance.bytes),
            branch_bytes: after(before.branch_bytes, balance.branch_bytes),
            changes: before.changes + balance.changes,
        };
        let died = self.stamp();
        let old = self.publish(Root { link, figures }, before, guard);
        replaced.retain(|&link| {
            let dead = Dead {
                link,
                died,
                deep: false,
            };
            // SAFETY: the new root no longer leads to it, and this writer buries it.
            unsafe { held.keep(dead) }.is_some()
        });
        drop(held);
        // SAFETY: this writer took it out.
        unsafe { Root::retire(old, guard) };
        for link in replaced {
            // SAFETY: `buried-once`: no snapshot may see it.
            unsafe { link.retire(guard) };
        }
        step::after("unlock and bury");
        result
    }

    /// Makes a version that was built apart the current one, if `is_expected` says so of the one that it replaces;
    /// gives that one's remains, or the edit back.
    pub(crate) fn replace(
        self: &Arc<Self>,
        edit: Edit,
        is_expected: impl FnOnce(&Version<'_>) -> bool,
        guard: &Guard<'_>,
    ) -> Option<Remains> {
        let mut held = lock(&self.held);
        let version = self.current(guard);
        if !is_expected(&version) {
            return None;
        }
        let before = version.figures;
        let (link, _, balance) = edit.finish();
        let figures = Figures {
            entries: balance.entries as u64,
            bytes: balance.bytes as u64,
            branch_bytes: balance.branch_bytes as u64,
            changes: before.changes + before.entries + balance.entries as u64,
        };
        let dead = Dead {
            link: version.tree.link(),
            died: self.stamp(),
            deep: true,
        };
        let old = self.publish(Root { link, figures }, before, guard);
        // SAFETY: nothing of it is in the new version, which was made from nothing.
        let work = unsafe { held.keep(dead) };
        drop(held);
        // SAFETY: this writer took it out.
        unsafe { Root::retire(old, guard) };
        Some(Remains {
            store: Arc::clone(self),
            work: work.into_iter().collect(),
        })
    }

    /// The first content of a store that is still empty.
    pub(crate) fn fill(self: &Arc<Self>, edit: Edit, guard: &Guard<'_>) {
        drop(self.replace(edit, |_| true, guard));
    }

    /// An edit that starts from nothing, for [`Store::replace`].
    pub(crate) fn build(&self) -> Edit {
        Edit::from_nothing(self.stamp())
    }

    /// Called under the lock.
    fn publish(&self, root: Root, before: Figures, guard: &Guard<'_>) -> NonNull<Root> {
        let Figures {
            entries,
            bytes,
            branch_bytes,
            changes,
        } = root.figures;
        for (place, figure) in self
            .latest
            .iter()
            .zip([entries, bytes, branch_bytes, changes])
        {
            place.store(figure, Ordering::Relaxed);
        }
        guard.note_bytes(bytes.wrapping_sub(before.bytes) as i64);
        // AcqRel: publishes all that the new root leads to; pairs with the Acquire in `root`.
        let old = self
            .root
            .swap(root.settle(guard).as_ptr(), Ordering::AcqRel);
        step::after("publish a root");
        NonNull::new(old).expect("a store has a root")
    }

    /// Holds the current version until it is released. O(1).
    pub(crate) fn hold(self: &Arc<Self>, guard: &Guard<'_>) -> HeldVersion {
        let mut held = lock(&self.held);
        let root = self.root(guard);
        let moment = held.hold(root.link, root.figures.changes, self.stamp());
        HeldVersion {
            store: Arc::clone(self),
            moment,
            link: root.link,
            figures: root.figures,
        }
    }

    /// Snapshots that are held, and bytes of the lists of what they keep.
    pub(crate) fn held(&self) -> (usize, usize) {
        lock(&self.held).figures()
    }

    /// Buries some of it; what is below deep ones comes back as more work.
    fn bury(&self, work: &mut Vec<Dead>, guard: &Guard<'_>) {
        let mut free = Vec::with_capacity(STEP);
        {
            let mut held = lock(&self.held);
            for _ in 0..STEP {
                let Some(dead) = work.pop() else { break };
                // SAFETY: `work` has what is dead and neither kept nor retired.
                free.extend(unsafe { held.keep(dead) });
            }
        }
        for dead in free {
            if dead.deep
                // SAFETY: not retired yet.
                && let Target::Branch(branch) = unsafe { dead.link.target() }
            {
                work.extend(branch.links().map(|link| Dead { link, ..dead }));
            }
            // SAFETY: `buried-once`: dead, and no snapshot may see it.
            unsafe { dead.link.retire(guard) };
        }
    }
}

/// Frees all that is below the link.
///
/// # Safety
/// Nobody else can see it.
unsafe fn free_deep(link: Link) {
    // SAFETY: the caller's promise.
    if let Target::Branch(branch) = unsafe { link.target() } {
        for child in branch.links() {
            // SAFETY: the caller's promise.
            unsafe { free_deep(child) };
        }
    }
    // SAFETY: the caller's promise.
    unsafe { link.free() };
}

impl Drop for Store {
    fn drop(&mut self) {
        // Whoever holds a version, and whoever has remains to bury, has the store, too: only the current version is
        // left.
        let root = NonNull::new(self.root.load(Ordering::Relaxed)).expect("a store has a root");
        // SAFETY: `&mut self`: nobody else can see it any more.
        let link = unsafe { root.as_ref() }.link;
        // SAFETY: as above.
        unsafe { free_deep(link) };
        // SAFETY: as above; allocated with this size.
        unsafe { heap::free(root.cast(), size_of::<Root>()) };
    }
}

/// A version that stays until it is released.
pub(crate) struct HeldVersion {
    store: Arc<Store>,
    moment: u64,
    link: Link,
    pub(crate) figures: Figures,
}

impl HeldVersion {
    pub(crate) fn tree(&self) -> Tree<'_> {
        // SAFETY: `held-outlives-epochs`, and the borrow outlives no release.
        unsafe { Tree::new(self.link) }
    }

    /// Whether it is a version of that store.
    pub(crate) fn is_of(&self, store: &Arc<Store>) -> bool {
        Arc::ptr_eq(&self.store, store)
    }

    /// Lets go of it; what only it has kept is for the caller to bury.
    pub(crate) fn release(mut self) -> Remains {
        self.release_once()
    }

    fn release_once(&mut self) -> Remains {
        let moment = std::mem::replace(&mut self.moment, RELEASED);
        Remains {
            store: Arc::clone(&self.store),
            work: lock(&self.store.held).release(moment).concat(),
        }
    }
}

impl Drop for HeldVersion {
    fn drop(&mut self) {
        if self.moment != RELEASED {
            drop(self.release_once());
        }
    }
}

/// What nobody needs any more, to be freed step by step: by its owner, so that nobody else pays for it.
#[must_use = "dropping it frees everything at once"]
pub struct Remains {
    store: Arc<Store>,
    work: Vec<Dead>,
}

impl Remains {
    /// Frees some hundreds of nodes; false when none are left. The guards of others decide when memory is really given
    /// back: [`Guard::flush`].
    pub fn step(&mut self, guard: &Guard<'_>) -> bool {
        if !self.work.is_empty() {
            self.store.bury(&mut self.work, guard);
        }
        !self.work.is_empty()
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        if self.work.is_empty() {
            return;
        }
        let me = Participant::new();
        while self.step(&me.pin()) {}
    }
}

impl std::fmt::Debug for Remains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remains").finish_non_exhaustive()
    }
}
