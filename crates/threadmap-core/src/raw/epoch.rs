//! Reclamation: when memory that another thread may still be reading can be given back.
//!
//! Epochs (K. Fraser, "Practical lock-freedom", 2004), with explicit participants: the threads are Node's and their
//! end is announced by a hook, so nothing here is thread-local. Each thread registers one [`Participant`] and pins it
//! for the length of one operation, which announces the epoch that it saw. The epoch goes on only when every pinned
//! thread has seen it; what was retired in epoch e is freed in e + 2, by the thread that retired it, which keeps the
//! block for its next entry (`heap.rs`). What a thread leaves behind at its end is freed by the others.
//!
//! Invariant `retired-outlives-guards`: what is retired is freed only after every guard that was pinned then is gone.
//! A guard that is never dropped stops all freeing (not all progress), so guards never outlive one call from
//! JavaScript. Nobody waits here: a thread that cannot advance the epoch goes on with its work.
//!
//! Why it holds, with the fences of `fence.rs`: block B was unlinked, then came the heavy fence H of its bag, then the
//! bag read epoch e. The advance from e + 1 to e + 2 had a heavy fence H2 before its look at the announcements; H2
//! came after H, or the bag would have read e + 1. Let R be a reader whose light fence in `pin` came before H2: the
//! look saw R's announcement, so R announced e + 1, which it had read before its fence. Had R's later loads come
//! before H, e + 1 would have been there before H and the bag would have read it; so they came after H and found B
//! unlinked. A reader whose fence came after H2 found B unlinked all the more.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::ptr::{self, NonNull};

use crossbeam_utils::CachePadded;

use super::fence::Fences;
use super::heap::{self, Shelf};
use super::slab::{SlabStats, Slabs};
use crate::sync::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, once};

/// Blocks that a thread collects before it looks whether older ones can be freed: the price of a heavy fence (1 to
/// 2 us with two threads running) is spread over so many.
const BAG: usize = if cfg!(any(test, miri, feature = "tiny")) {
    8
} else {
    256
};
/// Or so many bytes of them.
const BAG_BYTES: usize = 256 << 10;
/// In a participant's count of guards: when they are gone, everything is to be given back that can be.
const TIDY: usize = 1 << (usize::BITS - 1);
/// In a slot: nobody is pinned there.
const IDLE: u64 = 0;

/// One thread's announcement: `epoch << 1 | 1` while pinned. Alone in its cache lines (two, which processors fetch
/// together), so that pinning disturbs nobody.
#[repr(align(128))]
struct Slot {
    announced: AtomicU64,
    taken: AtomicBool,
    /// Its place in the order of their making: no two threads that live have the same.
    number: usize,
    next: *const Slot,
}

/// All threads that may hold references to one another's memory.
struct Domain {
    fences: Fences,
    epoch: CachePadded<AtomicU64>,
    /// Slots are never freed and never leave the list; those of ended threads are taken again.
    slots: AtomicPtr<Slot>,
    /// What ended threads have left.
    orphans: AtomicPtr<Orphan>,
    slabs: Slabs,
    /// How many slots have been made.
    slots_made: AtomicUsize,
}

// SAFETY: a slot's `next` is written before the slot is published and never after; all else is atomic.
unsafe impl Sync for Domain {}
// SAFETY: as above.
unsafe impl Send for Domain {}

once! {
    /// The one of the process.
    fn domain() -> &'static Domain { Domain::new() }
}

/// How a retired thing is given back.
#[derive(Clone, Copy)]
enum Free {
    /// A block of so many bytes, of `heap.rs`.
    Block(usize),
    /// Something boxed: its own way.
    Drop(unsafe fn(NonNull<u8>)),
}

struct Retired {
    start: NonNull<u8>,
    free: Free,
}

/// What was retired before the epoch was read.
struct Bag {
    epoch: u64,
    content: Vec<Retired>,
}

struct Orphan {
    bag: Bag,
    next: *mut Orphan,
}

impl Bag {
    fn is_due(&self, epoch: u64) -> bool {
        self.epoch + 2 <= epoch
    }
}

impl Retired {
    /// # Safety
    /// No guard can reach it any more.
    unsafe fn free(self, keep: Option<&Shelf>) {
        match (self.free, keep) {
            // SAFETY: the caller's promise, and that of `retire`.
            (Free::Block(size), Some(keep)) => unsafe { keep.put(self.start, size) },
            // SAFETY: as above.
            (Free::Block(size), None) => unsafe { heap::free(self.start, size) },
            // SAFETY: as above.
            (Free::Drop(drop), _) => unsafe { drop(self.start) },
        }
    }
}

impl Domain {
    fn new() -> Self {
        Self {
            fences: Fences::new(),
            epoch: CachePadded::new(AtomicU64::new(1)),
            slots: AtomicPtr::new(ptr::null_mut()),
            orphans: AtomicPtr::new(ptr::null_mut()),
            slabs: Slabs::new(),
            slots_made: AtomicUsize::new(0),
        }
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        // Acquire: pairs with the Release that published the slot.
        let mut at = self.slots.load(Ordering::Acquire).cast_const();
        std::iter::from_fn(move || {
            // SAFETY: slots are never freed.
            let slot = unsafe { at.as_ref() }?;
            at = slot.next;
            Some(slot)
        })
    }

    /// A slot of an ended thread, or a new one.
    fn take_slot(&self) -> &Slot {
        // Acquire: pairs with the Release of the thread that gave the slot up.
        let free = |slot: &&Slot| {
            let taken =
                slot.taken
                    .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
            taken.is_ok()
        };
        if let Some(slot) = self.slots().find(free) {
            return slot;
        }
        let mut first = self.slots.load(Ordering::Relaxed);
        let slot = Box::into_raw(Box::new(Slot {
            announced: AtomicU64::new(IDLE),
            taken: AtomicBool::new(true),
            // Relaxed: only the number counts.
            number: self.slots_made.fetch_add(1, Ordering::Relaxed),
            next: ptr::null(),
        }));
        loop {
            // SAFETY: not published yet.
            unsafe { (*slot).next = first };
            // Release publishes the slot to `slots`.
            let linked =
                self.slots
                    .compare_exchange_weak(first, slot, Ordering::Release, Ordering::Relaxed);
            match linked {
                // SAFETY: slots are never freed.
                Ok(_) => return unsafe { &*slot },
                Err(other) => first = other,
            }
        }
    }

    /// Moves the epoch on if every pinned thread has seen it; returns the epoch, read after a heavy fence.
    fn advance(&self) -> u64 {
        let epoch = self.epoch.load(Ordering::Relaxed);
        self.fences.heavy();
        for slot in self.slots() {
            // Acquire: pairs with the Release of the unpinning, so that what the guard's holder read was read before.
            let announced = slot.announced.load(Ordering::Acquire);
            if announced != IDLE && announced >> 1 != epoch {
                // Acquire: pairs with the Release below. Read anew: the first load came before the fence.
                return self.epoch.load(Ordering::Acquire);
            }
        }
        // Release: whoever sees the new epoch sees what the threads that left the old one did. Another may have been
        // faster, which is as good.
        let next = epoch + 1;
        self.epoch
            .compare_exchange(epoch, next, Ordering::AcqRel, Ordering::Acquire)
            .map_or_else(|seen| seen, |_| next)
    }

    fn leave(&self, orphan: Orphan) {
        let orphan = Box::into_raw(Box::new(orphan));
        let mut first = self.orphans.load(Ordering::Relaxed);
        loop {
            // SAFETY: not published yet.
            unsafe { (*orphan).next = first };
            // Release publishes the orphan to `adopt`.
            let linked = self.orphans.compare_exchange_weak(
                first,
                orphan,
                Ordering::Release,
                Ordering::Relaxed,
            );
            match linked {
                Ok(_) => return,
                Err(other) => first = other,
            }
        }
    }

    /// Frees what ended threads have left, as far as it is due.
    fn adopt(&self, epoch: u64) {
        if self.orphans.load(Ordering::Relaxed).is_null() {
            return;
        }
        // Acquire: pairs with the Release in `leave`.
        let mut at = self.orphans.swap(ptr::null_mut(), Ordering::Acquire);
        while !at.is_null() {
            // SAFETY: the swap made this thread their only owner.
            let orphan = unsafe { Box::from_raw(at) };
            at = orphan.next;
            if orphan.bag.is_due(epoch) {
                for retired in orphan.bag.content {
                    // SAFETY: two epochs have gone by: `retired-outlives-guards`.
                    unsafe { retired.free(None) };
                }
            } else {
                self.leave(*orphan);
            }
        }
    }
}

/// That of a process never ends; that of a model ends with its execution.
impl Drop for Domain {
    fn drop(&mut self) {
        let mut at = self.slots.load(Ordering::Relaxed);
        while !at.is_null() {
            // SAFETY: nobody is left; slots come from boxes.
            at = unsafe { Box::from_raw(at) }.next.cast_mut();
        }
    }
}

/// A thread's membership in reclamation. One for each thread; it stays on its thread.
pub struct Participant {
    domain: &'static Domain,
    slot: &'static Slot,
    guards: Cell<usize>,
    shelf: Shelf,
    /// What was retired since the last seal, and its bytes.
    open: RefCell<Vec<Retired>>,
    open_bytes: Cell<usize>,
    sealed: RefCell<VecDeque<Bag>>,
}

impl Participant {
    /// Registers the calling thread.
    #[must_use]
    pub fn new() -> Self {
        let domain = domain();
        Self {
            domain,
            slot: domain.take_slot(),
            guards: Cell::new(0),
            shelf: Shelf::new(&domain.slabs),
            open: RefCell::new(Vec::with_capacity(BAG)),
            open_bytes: Cell::new(0),
            sealed: RefCell::default(),
        }
    }

    /// Whether the system lends a barrier over all threads of the process, so that pinning needs none of its own.
    #[must_use]
    pub fn has_process_barrier(&self) -> bool {
        self.domain.fences.are_lopsided()
    }

    /// Pins the thread: what it can see from now on is not freed before the guard is dropped. Costs one store, and a
    /// fence where the system has no lopsided one.
    #[must_use]
    #[inline]
    pub fn pin(&self) -> Guard<'_> {
        let guards = self.guards.get();
        self.guards.set(guards + 1);
        if guards == 0 {
            self.announce();
        }
        Guard {
            participant: self,
            net_bytes: Cell::new(0),
        }
    }

    #[inline]
    fn announce(&self) {
        // Acquire: no load of a link may come before it; pairs with the CAS in `advance`.
        let epoch = self.domain.epoch.load(Ordering::Acquire);
        // Release: whoever sees this and not the withdrawal before it sees what the guard before has read as done; a
        // relaxed store would end the withdrawal's release sequence.
        self.slot.announced.store(epoch << 1 | 1, Ordering::Release);
        // Pairs with the heavy fence in `advance`.
        self.domain.fences.light();
    }

    #[inline]
    fn withdraw(&self) {
        // Release: pairs with the Acquire in `advance`.
        self.slot.announced.store(IDLE, Ordering::Release);
    }

    /// The memory of small blocks, of all maps of the process together. Cost: a look at each 2 MiB of it.
    #[must_use]
    pub fn slabs(&self) -> SlabStats {
        self.domain.slabs.stats()
    }

    /// Closes the open bag, tries to advance the epoch, and frees the bags that are due.
    #[cold]
    fn collect(&self) {
        let content = self.open.replace(Vec::with_capacity(BAG));
        self.open_bytes.set(0);
        let epoch = self.domain.advance();
        if !content.is_empty() {
            // After the heavy fence of `advance`: what is in the bag was unlinked before it.
            let bag = Bag { epoch, content };
            self.sealed.borrow_mut().push_back(bag);
        }
        while let Some(bag) = self.take_due(epoch) {
            for retired in bag.content {
                // SAFETY: two epochs have gone by: `retired-outlives-guards`.
                unsafe { retired.free(Some(&self.shelf)) };
            }
        }
        self.domain.adopt(epoch);
    }

    /// No borrow outlives this: what is dropped may retire others.
    fn take_due(&self, epoch: u64) -> Option<Bag> {
        let mut sealed = self.sealed.borrow_mut();
        if sealed.front()?.is_due(epoch) {
            sealed.pop_front()
        } else {
            None
        }
    }

    /// Gives back what this thread keeps for later, as far as no other thread is pinned.
    #[cold]
    fn tidy(&self) {
        self.guards.set(0);
        self.withdraw();
        // A bag is due two epochs after it was sealed, and a pinned thread lets one go by.
        for _ in 0..3 {
            let _guard = self.pin();
            self.collect();
        }
        self.shelf.clear();
    }

    fn retire(&self, retired: Retired, bytes: usize) {
        let count = {
            let mut open = self.open.borrow_mut();
            open.push(retired);
            open.len()
        };
        self.open_bytes.set(self.open_bytes.get() + bytes);
        if count >= BAG || self.open_bytes.get() >= BAG_BYTES {
            self.collect();
        }
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        self.collect();
        for bag in self.sealed.take() {
            self.domain.leave(Orphan {
                bag,
                next: ptr::null_mut(),
            });
        }
        // Release: pairs with the Acquire of the next thread that takes the slot.
        self.slot.taken.store(false, Ordering::Release);
    }
}

/// Models give threads ready-made ones: registering is not part of what they show.
#[cfg(any(loom, shuttle))]
// SAFETY: what it holds is its own or made to be given back by any thread.
unsafe impl Send for Participant {}

impl Default for Participant {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant")
            .field("number", &self.slot.number)
            .finish_non_exhaustive()
    }
}

/// A pinned participant. References into maps live no longer than it.
pub struct Guard<'p> {
    participant: &'p Participant,
    net_bytes: Cell<i64>,
}

impl Guard<'_> {
    /// A small number that no other thread has as long as this one lives; a later thread sees what was done under it.
    #[inline]
    pub(crate) fn number(&self) -> usize {
        self.participant.slot.number
    }

    #[inline]
    pub(crate) fn note_bytes(&self, bytes: i64) {
        self.net_bytes.set(self.net_bytes.get() + bytes);
    }

    /// Bytes that operations under this guard have added to maps, less those that they have taken away.
    #[must_use]
    pub fn net_bytes(&self) -> i64 {
        self.net_bytes.get()
    }

    /// Tries to free what this thread and ended ones have retired. Three calls, each under a guard of its
    /// own and no other thread pinned, free all that was retired before the first.
    pub fn flush(&self) {
        self.participant.collect();
    }

    /// When the thread's last guard is gone, it gives back what it has kept for later.
    pub(crate) fn tidy_later(&self) {
        let guards = &self.participant.guards;
        guards.set(guards.get() | TIDY);
    }

    /// A block of at least `size` bytes, aligned to eight, or to 64 where `size` is a multiple of that, for
    /// `heap::free` or [`Guard::retire`]; `None` when memory is out.
    /// Begins a grace period, after a change that others look for under their guards: gives the epoch for
    /// [`Guard::grace_is_over`].
    pub(crate) fn begin_grace(&self) -> u64 {
        let domain = self.participant.domain;
        domain.fences.heavy();
        // Acquire: pairs with the CAS in `advance`.
        domain.epoch.load(Ordering::Acquire)
    }

    /// Whether every guard is gone whose holder may not have seen the change, and what those holders did is visible.
    /// Tries to bring it about, and waits for nobody: this takes about three calls, each under a guard of its own.
    ///
    /// The proof is that of the module with "unlinked" for the change and "bag" for the call of `begin_grace`.
    #[cold]
    pub(crate) fn grace_is_over(&self, since: u64) -> bool {
        self.participant.domain.advance() >= since + 2
    }

    /// A block of at least `size` bytes, aligned to eight, for `heap::free` or [`Guard::retire`]; `None` when memory
    /// is out.
    #[inline]
    pub(crate) fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        self.participant.shelf.alloc(size)
    }

    /// Frees the block once no guard can see it.
    ///
    /// # Safety
    /// [`Guard::alloc`] gave the block for this size, nothing can reach it any more but guards pinned now, and nobody
    /// else retires it.
    #[inline]
    pub(crate) unsafe fn retire(&self, start: NonNull<u8>, size: usize) {
        let free = Free::Block(size);
        self.participant.retire(Retired { start, free }, size);
    }

    /// Drops the box once no guard can see what is in it.
    ///
    /// # Safety
    /// Nothing can reach the boxed value any more but guards pinned now.
    pub(crate) unsafe fn retire_box<T: Send + 'static>(&self, owned: Box<T>) {
        unsafe fn drop_box<T>(start: NonNull<u8>) {
            // SAFETY: it came from `Box::into_raw` of this type; `T: Send`, so any thread may drop it.
            drop(unsafe { Box::from_raw(start.cast::<T>().as_ptr()) });
        }
        let start = NonNull::from(Box::leak(owned)).cast();
        // SAFETY: the caller's promise.
        unsafe { self.retire_by(start, drop_box::<T>, size_of::<T>()) }
    }

    /// Calls `free` with `start` once no guard can see what it stands for: about so many bytes.
    ///
    /// # Safety
    /// Nothing can reach it any more but guards pinned now, nobody else retires it, and `free` may be called by any
    /// thread.
    pub(crate) unsafe fn retire_by(
        &self,
        start: NonNull<u8>,
        free: unsafe fn(NonNull<u8>),
        bytes: usize,
    ) {
        let free = Free::Drop(free);
        self.participant.retire(Retired { start, free }, bytes);
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        let guards = self.participant.guards.get() - 1;
        self.participant.guards.set(guards);
        if guards == 0 {
            self.participant.withdraw();
        } else if guards == TIDY {
            self.participant.tidy();
        }
    }
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("number", &self.number())
            .finish_non_exhaustive()
    }
}
