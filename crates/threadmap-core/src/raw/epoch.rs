//! Reclamation: when memory that another thread may still be reading can be given back.
//!
//! Epochs (K. Fraser, "Practical lock-freedom", 2004) by crossbeam-epoch, behind this file so that they can be
//! replaced. Each thread registers one [`Participant`] and pins it for the length of one operation; nothing here uses
//! thread-locals, because the threads are Node's and their end is announced by a hook, not by a destructor.
//!
//! Invariant: what is retired under a guard is freed only after every guard that was pinned then is gone. A guard
//! that is never dropped stops all freeing (not all progress), so guards never outlive one call from JavaScript.

use std::alloc::{Layout, dealloc};
use std::cell::Cell;
use std::fmt;
use std::ptr::NonNull;

use crossbeam_epoch::{Collector, LocalHandle};

use crate::sync::{AtomicUsize, OnceLock, Ordering};

static COLLECTOR: OnceLock<Collector> = OnceLock::new();
/// Hands out stripes of the maps' counters; only their spread matters.
static NEXT_STRIPE: AtomicUsize = AtomicUsize::new(0);

/// A thread's membership in reclamation. One for each thread; it stays on its thread.
pub struct Participant {
    handle: LocalHandle,
    stripe: usize,
}

impl Participant {
    /// Registers the calling thread.
    #[must_use]
    pub fn new() -> Self {
        let stripe = NEXT_STRIPE.fetch_add(1, Ordering::Relaxed);
        Self {
            handle: COLLECTOR.get_or_init(Collector::new).register(),
            stripe,
        }
    }

    /// Pins the thread: what it can see from now on is not freed before the guard is dropped. Costs one store and a
    /// fence on the thread's own cache line.
    #[must_use]
    #[inline]
    pub fn pin(&self) -> Guard {
        Guard {
            pinned: self.handle.pin(),
            stripe: self.stripe,
            net_bytes: Cell::new(0),
        }
    }
}

impl Default for Participant {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant")
            .field("stripe", &self.stripe)
            .finish_non_exhaustive()
    }
}

/// A pinned participant. References into maps live no longer than it.
pub struct Guard {
    pinned: crossbeam_epoch::Guard,
    stripe: usize,
    net_bytes: Cell<i64>,
}

impl Guard {
    /// The stripe of striped counters that belongs to this thread.
    #[inline]
    pub(crate) fn stripe(&self) -> usize {
        self.stripe
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

    /// Lets go of all that was seen and pins anew: for long work, between two steps of it.
    pub fn repin(&mut self) {
        self.pinned.repin();
    }

    /// Hands this thread's garbage to everybody and frees some that is due.
    pub fn flush(&self) {
        self.pinned.flush();
    }

    /// Frees the allocation once no guard can see it.
    ///
    /// # Safety
    /// `start` was allocated with `layout`, nothing can reach it any more but guards pinned now, and nobody else
    /// retires it.
    pub(crate) unsafe fn retire(&self, start: NonNull<u8>, layout: Layout) {
        let start = start.as_ptr();
        let free = move || {
            // SAFETY: `retired-outlives-guards` and the caller's promise: last owner, same layout.
            unsafe { dealloc(start, layout) }
        };
        // SAFETY: the closure is `'static` (it owns all it touches) and may run on any thread: memory has no thread.
        unsafe { self.pinned.defer_unchecked(free) }
    }

    /// Drops the box once no guard can see what is in it.
    ///
    /// # Safety
    /// Nothing can reach the boxed value any more but guards pinned now.
    pub(crate) unsafe fn retire_box<T: Send + 'static>(&self, owned: Box<T>) {
        // SAFETY: the closure is `'static` and `T: Send`, so it may run on any thread.
        unsafe { self.pinned.defer_unchecked(move || drop(owned)) }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("stripe", &self.stripe)
            .finish_non_exhaustive()
    }
}
