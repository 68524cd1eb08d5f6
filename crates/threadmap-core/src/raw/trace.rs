//! Traces: what an entry held before, kept while a snapshot of a sharded or lock-free map is being taken.
//!
//! The versioned compare-and-swap of Wei, Ben-David, Blelloch, Fatourou, Ruppert and Sun ("Constant-time snapshots with
//! applications to concurrent data structures", 2021). While snapshots are being taken a change does not replace the
//! entry's word but pushes a trace before it: the new word, a stamp that is not set yet, and the way to what was there.
//! Whoever meets a trace without a stamp sets it from the clock, and that is the moment of the change. A snapshot moves
//! the clock on; its cut is every change with a stamp up to the time that it found.
//!
//! Of two changes with the same stamp no snapshot can tell the older, so that is taken out again: the list of one entry
//! is never much longer than the clock has moved meanwhile. It is taken out as from the list of Harris (2001): its own
//! way on is marked first, so that nothing behind it is taken out by way of it.
//!
//! Invariants. `stamp-once`: a stamp goes from unset to one value. `older-below`: stamps do not grow along the way, and
//! only the first can be unset. `taken-out-once`: one compare-and-swap takes a trace out of its list, and whoever did
//! that retires it. `word-owns-trace`: the first trace belongs to its node's word, and each owns its word.
//! Called by `word.rs` and `node.rs`; the clock by `crate::cut`.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::epoch::Guard;
use super::heap;
use super::watch;
use super::word::Word;
use crate::step;
use crate::sync::{AtomicU64, Ordering, fence};

/// One for all maps: another map's snapshots only make lists longer.
#[cfg(not(any(loom, shuttle)))]
fn clock() -> &'static AtomicU64 {
    static CLOCK: AtomicU64 = AtomicU64::new(FIRST);
    &CLOCK
}
#[cfg(any(loom, shuttle))]
crate::sync::once! {
    fn clock() -> &'static AtomicU64 { AtomicU64::new(FIRST) }
}

const UNSET: u64 = 0;
/// The stamp of what was there before anything was traced.
const BEFORE: u64 = 1;
const FIRST: u64 = 2;

/// In `older`: this trace is being taken out.
const MARK: u64 = 1;

#[repr(C)]
struct Trace {
    stamp: AtomicU64,
    /// The address of the next older one, or 0.
    older: AtomicU64,
    word: u64,
}

const SIZE: usize = size_of::<Trace>();

/// A moment that a snapshot is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(u64);

impl Moment {
    /// Moves the clock on: from here on every change that is traced comes after this moment.
    pub(crate) fn take() -> Self {
        // SeqCst with a fence, partner of that in `settle`: whoever reads the old time there has made its change
        // visible before this.
        let moment = Self(clock().fetch_add(1, Ordering::SeqCst));
        fence(Ordering::SeqCst);
        moment
    }
}

/// A trace that lives as long as `'g`.
#[derive(Clone, Copy)]
pub(super) struct TraceRef<'g> {
    trace: NonNull<Trace>,
    alive: PhantomData<&'g ()>,
}

fn alloc(guard: &Guard<'_>, stamp: u64, older: u64, word: Word) -> NonNull<Trace> {
    let Some(place) = guard.alloc(SIZE) else {
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<Trace>())
    };
    let place = place.cast();
    let trace = Trace {
        stamp: AtomicU64::new(stamp),
        older: AtomicU64::new(older),
        word: word.bits(),
    };
    // SAFETY: fresh memory of that size, aligned to eight.
    unsafe { place.write(trace) };
    place
}

impl<'g> TraceRef<'g> {
    /// A trace before `older`, which is what is there: another trace, a plain word, or nothing.
    pub(super) fn make(word: Word, older: Word, guard: &'g Guard<'_>) -> Self {
        let older = if older == Word::DEAD {
            0
        } else if let Some(address) = older.trace_address() {
            address
        } else {
            let base = alloc(guard, BEFORE, 0, older);
            base.as_ptr().expose_provenance() as u64
        };
        Self {
            trace: alloc(guard, UNSET, older, word),
            alive: PhantomData,
        }
    }

    /// Bytes that [`TraceRef::make`] allocates.
    pub(super) fn bytes_to_make(older: Word) -> usize {
        if older == Word::DEAD || older.trace_address().is_some() {
            SIZE
        } else {
            2 * SIZE
        }
    }

    /// Takes apart what [`TraceRef::make`] made and nobody has seen; `older` is what it was made with.
    ///
    /// # Safety
    /// As said. The words stay the caller's.
    pub(super) unsafe fn unmake(self, older: Word) {
        if older != Word::DEAD && older.trace_address().is_none() {
            let base = self.older().map(|base| base.trace);
            // SAFETY: made by `make`, seen by nobody.
            unsafe { heap::free(base.expect("made with it").cast(), SIZE) };
        }
        // SAFETY: as above.
        unsafe { heap::free(self.trace.cast(), SIZE) };
    }

    pub(super) fn address(self) -> u64 {
        self.trace.as_ptr().expose_provenance() as u64
    }

    /// # Safety
    /// An address that [`TraceRef::address`] gave, of a trace that is not freed before the end of `'g`.
    pub(super) unsafe fn at(address: u64) -> Self {
        let trace = std::ptr::with_exposed_provenance_mut(address as usize);
        Self {
            // SAFETY: no trace lies at 0.
            trace: unsafe { NonNull::new_unchecked(trace) },
            alive: PhantomData,
        }
    }

    fn trace(self) -> &'g Trace {
        watch::used(self.trace.as_ptr());
        // SAFETY: it lives as long as `'g`.
        unsafe { self.trace.as_ref() }
    }

    /// What the entry holds by it; DEAD where that is nothing.
    pub(super) fn word(self) -> Word {
        Word::from_bits(self.trace().word)
    }

    fn older(self) -> Option<Self> {
        // Acquire: pairs with the publication of this trace, and with the swap in `take_next_out`.
        let older = self.trace().older.load(Ordering::Acquire) & !MARK;
        // SAFETY: on the way from a living trace; what is taken out there is retired under a later guard.
        (older != 0).then(|| unsafe { Self::at(older) })
    }

    /// Its stamp, set now if it was not: the linearization point of the change.
    pub(super) fn settle(self) -> u64 {
        let stamp = self.trace().stamp.load(Ordering::Acquire);
        if stamp != UNSET {
            return stamp;
        }
        // Partner of the fence in `Moment::take`: had that come before, the clock would be seen moved; so the look of
        // that snapshot comes after, and sees this trace or a newer one.
        fence(Ordering::SeqCst);
        let now = clock().load(Ordering::SeqCst);
        let set =
            self.trace()
                .stamp
                .compare_exchange(UNSET, now, Ordering::AcqRel, Ordering::Acquire);
        set.map_or_else(|there| there, |_| now)
    }

    /// What the entry held at that moment; DEAD where that was nothing.
    pub(super) fn word_at(self, moment: Moment) -> Word {
        let mut at = Some(self);
        while let Some(trace) = at {
            if trace.settle() <= moment.0 {
                return trace.word();
            }
            at = trace.older();
        }
        Word::DEAD
    }

    /// Takes the next older one out, if there is one (with `same`: if it has the same stamp); gives the bytes that are
    /// gone with it.
    fn take_next_out(self, same: bool, guard: &Guard<'_>) -> Option<usize> {
        loop {
            let link = self.trace().older.load(Ordering::Acquire);
            if link == 0 || link & MARK != 0 {
                return None;
            }
            // SAFETY: on the way from a living trace.
            let next = unsafe { TraceRef::at(link) };
            if same && next.settle() != self.settle() {
                return None;
            }
            let behind = next.trace().older.fetch_or(MARK, Ordering::AcqRel) & !MARK;
            step::after("mark a trace");
            let taken = self.trace().older.compare_exchange(
                link,
                behind,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if taken.is_ok() {
                // SAFETY: `taken-out-once`: by this swap.
                let bytes = unsafe { next.word().retire(guard) };
                // SAFETY: as above.
                unsafe { guard.retire(next.trace.cast(), SIZE) };
                return Some(bytes + SIZE);
            }
        }
    }

    /// Takes out what no snapshot can tell from this one; gives the bytes that are gone.
    pub(super) fn forget_same(self, guard: &Guard<'_>) -> usize {
        std::iter::from_fn(|| self.take_next_out(true, guard)).sum()
    }

    /// Retires it with all that is older, but for its own word; gives the bytes that are gone.
    ///
    /// # Safety
    /// The caller took it out of its node's word.
    pub(super) unsafe fn retire(self, guard: &Guard<'_>) -> usize {
        let older: usize = std::iter::from_fn(|| self.take_next_out(false, guard)).sum();
        // SAFETY: the caller's promise.
        unsafe { guard.retire(self.trace.cast(), SIZE) };
        older + SIZE
    }

    /// Frees it with all that is older, but for its own word.
    ///
    /// # Safety
    /// Nobody else can see it.
    pub(super) unsafe fn free(self) {
        let mut at = self.older();
        while let Some(trace) = at {
            at = trace.older();
            // SAFETY: the caller's promise.
            unsafe { trace.word().free() };
            // SAFETY: as above.
            unsafe { heap::free(trace.trace.cast(), SIZE) };
        }
        // SAFETY: as above.
        unsafe { heap::free(self.trace.cast(), SIZE) };
    }

    /// Bytes of it and all that is older, but for its own word.
    pub(super) fn bytes(self) -> usize {
        let older = std::iter::successors(self.older(), |trace| trace.older());
        // SAFETY: each lives, and so does what its word owns.
        SIZE + older
            .map(|trace| SIZE + unsafe { trace.word().heap_bytes() })
            .sum::<usize>()
    }
}
