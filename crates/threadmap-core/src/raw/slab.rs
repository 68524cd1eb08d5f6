//! Slabs: small blocks without a header each, from regions that ask for huge pages.
//!
//! A region is 2 MiB at a multiple of 2 MiB, cut into spans of 64 KiB; a span holds blocks of one size. A block that
//! nobody has lies in its span's list of free blocks, and list, count, size and how far the span is cut up are one word
//! in the region's header, so giving a block back is one compare-and-swap. Threads take a span's list whole, or the next
//! 8 KiB of what is not cut yet: nobody ever pops, so there is no ABA. A span whose blocks have all come back is empty:
//! any size can have it next, and its memory goes back to the system once enough others stay warm. Regions themselves
//! stay for good, as addresses.
//!
//! Nobody waits here: a thread that stops anywhere keeps at most one span from the others. Invariant
//! `home-or-out`: a block that has been cut is in its span's list or belongs to one thread, never both. Called by
//! `heap.rs` alone.

use std::alloc::{Layout, alloc};
use std::ptr::{self, NonNull};

use crate::sync::{AtomicIsize, AtomicPtr, AtomicU64, Ordering};

const REGION: usize = 2 << 20;
const SPAN: usize = 64 << 10;
const SPANS: usize = REGION / SPAN;
/// The first span begins behind the region's header.
const HEADER: usize = if cfg!(any(loom, shuttle)) {
    16 << 10
} else {
    512
};
/// What a thread takes of a span that is not cut up yet.
const CUT: usize = 8 << 10;
/// Empty spans that keep their memory: 2 MiB.
const WARM: isize = 32;

const SMALLEST: usize = 24;
const STEP: usize = 8;
/// Sizes of blocks: 24, 32, and so on to 512 bytes. Larger ones would leave holes in their spans: segments of the
/// lock-free index pass through eight sizes as it grows.
pub(super) const CLASSES: usize = 62;

/// The class of the blocks that `size` bytes fit into. Blocks of whole cache lines begin with one.
#[inline]
pub(super) const fn class_of(size: usize) -> Option<usize> {
    let class = size.saturating_sub(SMALLEST).div_ceil(STEP);
    if class < CLASSES { Some(class) } else { None }
}

/// Bytes of a block.
#[inline]
pub(super) const fn size_of_class(class: usize) -> usize {
    SMALLEST + STEP * class
}

/// What a span's word says, 16 bits each: the first free block by its number + 1, how many are free, how many have been
/// cut, and whose the span is: a class + 1, 0 for empty, [`CLOSING`] while its memory goes back.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State(u64);

const CLOSING: u64 = 0xffff;

impl State {
    const EMPTY: Self = Self(0);
    const CLOSED: Self = Self(CLOSING << 48);

    const fn of(class: usize, head: u64, count: u64, cut: u64) -> Self {
        Self(head | count << 16 | cut << 32 | (class as u64 + 1) << 48)
    }

    const fn head(self) -> u64 {
        self.0 & 0xffff
    }

    const fn count(self) -> u64 {
        self.0 >> 16 & 0xffff
    }

    const fn cut(self) -> u64 {
        self.0 >> 32 & 0xffff
    }

    fn is_of(self, class: usize) -> bool {
        self.0 >> 48 == class as u64 + 1
    }

    /// Whether a span of so many blocks has some to give.
    const fn has_some(self, blocks: u64) -> bool {
        self.count() > 0 || self.cut() < blocks
    }
}

#[repr(C)]
struct Region {
    spans: [AtomicU64; SPANS],
    slabs: &'static Slabs,
    next: *const Region,
}

const _: () = assert!(size_of::<Region>() <= HEADER);

/// All regions of the process. Counts are hints: they may be off for a moment, also below zero.
pub(super) struct Slabs {
    regions: AtomicPtr<Region>,
    /// Spans that have blocks to give, by class.
    partial: [AtomicIsize; CLASSES],
    empty: AtomicIsize,
    /// Spans that are not empty.
    used: AtomicIsize,
}

// SAFETY: a region's plain fields are written before it is published and never after; all else is atomic.
unsafe impl Sync for Slabs {}
// SAFETY: as above.
unsafe impl Send for Slabs {}

/// Bytes that all maps of the process have for their entries together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlabStats {
    /// Addresses taken from the allocator, for good.
    pub reserved: usize,
    /// Of these, the spans of 64 KiB that hold entries or that a thread keeps for its next ones. The memory of the
    /// others is with the system (on Linux, but for 2 MiB) until it is needed again.
    pub used: usize,
}

/// What a thread gets to live on.
#[derive(Clone, Copy)]
pub(super) enum Supply {
    /// A list of free blocks, each beginning with the address of the next, 0 at the end, and how many there are.
    List(NonNull<u8>, usize),
    /// Memory to cut blocks from: its start and its end.
    Rest(NonNull<u8>, usize),
}

/// Where a block lies.
struct Place {
    region: &'static Region,
    span: usize,
    number: u64,
}

const fn header_in(span: usize) -> usize {
    if span == 0 { HEADER } else { 0 }
}

/// How many blocks a span has of that size.
const fn blocks_in(span: usize, class: usize) -> u64 {
    ((SPAN - header_in(span)) / size_of_class(class)) as u64
}

/// How far a span is cut after the next piece.
fn cut_further(cut: u64, span: usize, class: usize) -> u64 {
    (cut + (CUT / size_of_class(class)) as u64).min(blocks_in(span, class))
}

impl Region {
    fn start(&self, span: usize) -> usize {
        ptr::from_ref(self).expose_provenance() + span * SPAN + header_in(span)
    }

    fn block(&self, span: usize, class: usize, number: u64) -> NonNull<u8> {
        let address = self.start(span) + number as usize * size_of_class(class);
        NonNull::new(ptr::with_exposed_provenance_mut(address)).expect("no region lies at 0")
    }

    fn state(&self, span: usize) -> State {
        // Acquire: pairs with the Release of `step`.
        State(self.spans[span].load(Ordering::Acquire))
    }

    /// `AcqRel`: whoever takes blocks sees what their last users did, and `next` in each of them.
    fn step(&self, span: usize, from: State, to: State) -> bool {
        self.spans[span]
            .compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }
}

impl Slabs {
    pub(super) fn new() -> Self {
        Self {
            regions: AtomicPtr::new(ptr::null_mut()),
            partial: std::array::from_fn(|_| AtomicIsize::new(0)),
            empty: AtomicIsize::new(0),
            used: AtomicIsize::new(0),
        }
    }

    /// How much there is.
    pub(super) fn stats(&self) -> SlabStats {
        let used = usize::try_from(self.used.load(Ordering::Relaxed)).unwrap_or_default();
        SlabStats {
            reserved: self.regions().count() * REGION,
            used: used * SPAN,
        }
    }

    fn regions(&self) -> impl Iterator<Item = &'static Region> {
        // Acquire: pairs with the Release that published the region.
        let mut at = self.regions.load(Ordering::Acquire).cast_const();
        std::iter::from_fn(move || {
            // SAFETY: regions are never freed.
            let region = unsafe { at.as_ref() }?;
            at = region.next;
            Some(region)
        })
    }

    /// The first span that `next` has another state for and that this thread could bring there: with both states.
    fn find(
        &self,
        next: impl Fn(State, usize) -> Option<State>,
    ) -> Option<(&'static Region, usize, State, State)> {
        for region in self.regions() {
            for span in 0..SPANS {
                let state = region.state(span);
                if let Some(to) = next(state, span)
                    && region.step(span, state, to)
                {
                    return Some((region, span, state, to));
                }
            }
        }
        None
    }

    /// Blocks of the class for the calling thread; `None` when memory is out.
    #[cold]
    pub(super) fn supply(&'static self, class: usize) -> Option<Supply> {
        let (region, span, from, to) = match self.find_partial(class) {
            Some(found) => found,
            None => self.open_span(class)?,
        };
        if from.is_of(class) && from.count() > 0 {
            let first = region.block(span, class, from.head() - 1);
            return Some(Supply::List(first, from.count() as usize));
        }
        let start = region.block(span, class, from.cut());
        let count = (to.cut() - from.cut()) as usize;
        let end = start.as_ptr().addr() + count * size_of_class(class);
        Some(Supply::Rest(start, end))
    }

    fn find_partial(&self, class: usize) -> Option<(&'static Region, usize, State, State)> {
        if self.partial[class].load(Ordering::Relaxed) <= 0 {
            return None;
        }
        let found = self.find(|state, span| {
            if !state.is_of(class) || !state.has_some(blocks_in(span, class)) {
                return None;
            }
            let cut = if state.count() > 0 {
                state.cut()
            } else {
                cut_further(state.cut(), span, class)
            };
            Some(State::of(class, 0, 0, cut))
        })?;
        if !found.3.has_some(blocks_in(found.1, class)) {
            self.partial[class].fetch_sub(1, Ordering::Relaxed);
        }
        Some(found)
    }

    /// Makes an empty span one of the class, and takes its first piece.
    fn open_span(&'static self, class: usize) -> Option<(&'static Region, usize, State, State)> {
        let opened = |span| State::of(class, 0, 0, cut_further(0, span, class));
        let empty = (self.empty.load(Ordering::Relaxed) > 0)
            .then(|| self.find(|state, span| (state == State::EMPTY).then(|| opened(span))))
            .flatten();
        let found = if let Some(found) = empty {
            self.empty.fetch_sub(1, Ordering::Relaxed);
            found
        } else {
            (self.grow(opened(0))?, 0, State::EMPTY, opened(0))
        };
        self.used.fetch_add(1, Ordering::Relaxed);
        self.partial[class].fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    /// A new region, whose first span is taken.
    fn grow(&'static self, taken: State) -> Option<&'static Region> {
        let layout = Layout::from_size_align(REGION, REGION).ok()?;
        // SAFETY: not empty.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        let mut first = self.regions.load(Ordering::Relaxed);
        // A small process is not made larger by a huge page; one that has filled a region gains by it.
        if !first.is_null() {
            system::wants_huge_page(start, REGION);
        }
        let region = start.cast::<Region>();
        let word = |span| if span == 0 { taken } else { State::EMPTY }.0;
        let fresh = Region {
            spans: std::array::from_fn(|span| AtomicU64::new(word(span))),
            slabs: self,
            next: first,
        };
        // SAFETY: fresh, large enough and aligned.
        unsafe { region.write(fresh) };
        region.as_ptr().expose_provenance();
        // Release publishes the region.
        while let Err(other) = self.regions.compare_exchange_weak(
            first,
            region.as_ptr(),
            Ordering::Release,
            Ordering::Relaxed,
        ) {
            first = other;
            // SAFETY: not published yet.
            unsafe { (*region.as_ptr()).next = first };
        }
        self.empty.fetch_add(SPANS as isize - 1, Ordering::Relaxed);
        // SAFETY: regions are never freed.
        Some(unsafe { region.as_ref() })
    }

    /// The span is empty now: its memory goes back unless few are.
    fn emptied(&self, region: &Region, span: usize) {
        self.used.fetch_sub(1, Ordering::Relaxed);
        let warm = self.empty.fetch_add(1, Ordering::Relaxed) < WARM;
        // The first span holds the header, too.
        if warm || span == 0 || !region.step(span, State::EMPTY, State::CLOSED) {
            return;
        }
        self.empty.fetch_sub(1, Ordering::Relaxed);
        let start = region.block(span, 0, 0);
        // SAFETY: closed, so nobody cuts the span or reads it; no block of it is out.
        unsafe { system::give_back(start, SPAN) };
        let opened = region.step(span, State::CLOSED, State::EMPTY);
        debug_assert!(opened, "only whoever closed a span opens it");
        self.empty.fetch_add(1, Ordering::Relaxed);
    }
}

/// # Safety
/// The block comes from [`Slabs::supply`] of that class.
unsafe fn place(block: NonNull<u8>, class: usize) -> Place {
    let address = block.as_ptr().expose_provenance();
    let region: *const Region = ptr::with_exposed_provenance(address & !(REGION - 1));
    // SAFETY: blocks lie in regions, which begin at multiples of their size and are never freed.
    let region = unsafe { &*region };
    let span = address % REGION / SPAN;
    let number = (address - region.start(span)) / size_of_class(class);
    Place {
        region,
        span,
        number: number as u64,
    }
}

/// Gives a block back.
///
/// # Safety
/// It comes from [`Slabs::supply`] of that class, and nobody uses it any more.
pub(super) unsafe fn give_back(block: NonNull<u8>, class: usize) {
    // SAFETY: passed on to the caller.
    let Place {
        region,
        span,
        number,
    } = unsafe { place(block, class) };
    let slabs = region.slabs;
    let blocks = blocks_in(span, class);
    loop {
        let state = region.state(span);
        debug_assert!(state.is_of(class), "a block out means a span in use");
        let count = state.count() + 1;
        let partial = &slabs.partial[class];
        if count == state.cut() {
            if region.step(span, state, State::EMPTY) {
                if state.has_some(blocks) {
                    partial.fetch_sub(1, Ordering::Relaxed);
                }
                slabs.emptied(region, span);
                return;
            }
            continue;
        }
        let next = match state.head() {
            0 => ptr::null_mut(),
            head => region.block(span, class, head - 1).as_ptr(),
        };
        // SAFETY: the block is this thread's until it is in the list, aligned, and has room for an address.
        unsafe { block.cast::<*mut u8>().write(next) };
        let to = State::of(class, number + 1, count, state.cut());
        if region.step(span, state, to) {
            if !state.has_some(blocks) {
                partial.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::ptr::NonNull;

    /// A wish: where the system grants none, nothing changes.
    pub(super) fn wants_huge_page(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the memory is the caller's, and the advice changes no content.
        unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
    }

    /// Gives whole pages back to the system; they are zeros when touched again.
    ///
    /// # Safety
    /// Nobody needs what is there.
    pub(super) unsafe fn give_back(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller's promise. On failure the memory stays, which is no fault.
        unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_DONTNEED) };
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::ptr::NonNull;

    pub(super) fn wants_huge_page(_start: NonNull<u8>, _bytes: usize) {}

    /// # Safety
    /// None is needed: elsewhere the memory of empty spans stays with the process, for its next blocks.
    pub(super) unsafe fn give_back(_start: NonNull<u8>, _bytes: usize) {}
}
