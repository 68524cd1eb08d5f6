//! Memory for nodes and blobs: small blocks from slabs, with a shelf of them for each thread; large ones from the
//! system's allocator.
//!
//! Entries come and go in a few sizes, so most allocations can take what the same thread has reclaimed before, or cut
//! the next block from a span that is its own: nobody is asked. Invariant: where a block comes from depends on its
//! size alone, so any thread may free it. A shelf belongs to one thread.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::{self, NonNull};

use super::slab::{self, CLASSES, Slabs, Supply, size_of_class};
use super::watch;

/// No slabs where a checker has to see each block's end. `ThreadSanitizer` looks both ways.
const SLABS: bool = cfg!(threadmap_slabs) || !cfg!(any(miri, loom, shuttle, threadmap_sanitize));
/// Blocks of whole cache lines begin with one.
const LINE: usize = 64;
/// Bytes that a shelf keeps of one class: a span's, and what one bag of the epochs holds.
const KEPT: usize = (64 << 10) + 256 * 24;

#[inline]
fn class_of(size: usize) -> Option<usize> {
    if SLABS { slab::class_of(size) } else { None }
}

fn layout_for(size: usize) -> Option<Layout> {
    let align = if size.is_multiple_of(LINE) {
        LINE
    } else {
        align_of::<u64>()
    };
    Layout::from_size_align(size, align).ok()
}

/// Frees a block.
///
/// # Safety
/// The block was allocated here with this size, and nobody uses it any more.
pub(crate) unsafe fn free(start: NonNull<u8>, size: usize) {
    if let Some(class) = class_of(size) {
        // SAFETY: the caller's promise; small blocks come from slabs.
        unsafe { slab::give_back(start, class) };
        return;
    }
    let layout = layout_for(size).expect("it was allocated with this layout");
    watch::freed(start.as_ptr(), move || {
        // SAFETY: the caller's promise.
        unsafe { dealloc(start.as_ptr(), layout) };
    });
}

/// Blocks of one size that nobody uses.
struct Class {
    /// A list, each holding the address of the next.
    first: Cell<*mut u8>,
    count: Cell<usize>,
    /// What is left to cut of the thread's own span.
    rest: Cell<*mut u8>,
    end: Cell<usize>,
}

/// The blocks that one thread keeps for itself.
pub(super) struct Shelf {
    slabs: &'static Slabs,
    classes: [Class; CLASSES],
}

impl Class {
    fn new() -> Self {
        Self {
            first: Cell::new(ptr::null_mut()),
            count: Cell::new(0),
            rest: Cell::new(ptr::null_mut()),
            end: Cell::new(0),
        }
    }

    #[inline]
    fn pop(&self) -> Option<NonNull<u8>> {
        let first = NonNull::new(self.first.get())?;
        // SAFETY: a block on the shelf is this thread's alone, aligned, and holds the next one's address.
        let next = unsafe { first.cast::<*mut u8>().read() };
        self.first.set(next);
        self.count.set(self.count.get() - 1);
        Some(first)
    }

    #[inline]
    fn cut(&self, size: usize) -> Option<NonNull<u8>> {
        let block = NonNull::new(self.rest.get())?;
        // At the end there is one past the last block at most, which is never null.
        let next = block.as_ptr().wrapping_add(size);
        if next.addr() > self.end.get() {
            return None;
        }
        self.rest.set(next);
        Some(block)
    }

    fn take(&self, supply: Supply) {
        match supply {
            Supply::List(first, count) => {
                self.first.set(first.as_ptr());
                self.count.set(count);
            }
            Supply::Rest(start, end) => {
                self.rest.set(start.as_ptr());
                self.end.set(end);
            }
        }
    }
}

impl Shelf {
    pub(super) fn new(slabs: &'static Slabs) -> Self {
        Self {
            slabs,
            classes: std::array::from_fn(|_| Class::new()),
        }
    }

    /// A block of at least `size` bytes, aligned to eight, or to 64 where `size` is a multiple of that; `None` when
    /// memory is out.
    #[inline]
    pub(super) fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        let Some(class) = class_of(size) else {
            let layout = layout_for(size)?;
            // SAFETY: no layout here is empty.
            let start = NonNull::new(unsafe { alloc(layout) })?;
            watch::born(start.as_ptr());
            return Some(start);
        };
        let kept = &self.classes[class];
        loop {
            if let Some(block) = kept.pop().or_else(|| kept.cut(size_of_class(class))) {
                return Some(block);
            }
            kept.take(self.slabs.supply(class)?);
        }
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// As for [`free`].
    #[inline]
    pub(super) unsafe fn put(&self, start: NonNull<u8>, size: usize) {
        if let Some(class) = class_of(size)
            && let kept = &self.classes[class]
            && kept.count.get() * size_of_class(class) < KEPT
        {
            // SAFETY: the block is nobody's any more, aligned, and has room for an address.
            unsafe { start.cast::<*mut u8>().write(kept.first.get()) };
            kept.first.set(start.as_ptr());
            kept.count.set(kept.count.get() + 1);
            return;
        }
        // SAFETY: the caller's promise.
        unsafe { free(start, size) }
    }

    /// Gives everything back.
    pub(super) fn clear(&self) {
        for (class, kept) in self.classes.iter().enumerate() {
            while let Some(block) = kept.pop().or_else(|| kept.cut(size_of_class(class))) {
                // SAFETY: a block of this class, on no shelf any more.
                unsafe { slab::give_back(block, class) };
            }
        }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::thread;

    use super::*;

    fn slabs() -> &'static Slabs {
        /// So that `LeakSanitizer` does not take them for lost.
        static MADE: std::sync::Mutex<Vec<&Slabs>> = std::sync::Mutex::new(Vec::new());
        let slabs: &Slabs = Box::leak(Box::new(Slabs::new()));
        MADE.lock().expect("no panic").push(slabs);
        slabs
    }

    fn shelf() -> Shelf {
        Shelf::new(slabs())
    }

    #[test]
    fn a_block_is_used_again_by_its_size_and_fits_it() {
        let shelf = shelf();
        for size in (1..600).chain([4096, 1 << 20]) {
            let block = shelf.alloc(size).expect("memory");
            assert!(block.cast::<u64>().is_aligned());
            // SAFETY: `size` bytes were asked for.
            unsafe { block.write_bytes(0xa5, size) };
            // SAFETY: allocated above, with this size.
            unsafe { shelf.put(block, size) };
            if class_of(size).is_some() {
                assert_eq!(shelf.alloc(size), Some(block), "{size} bytes again");
                // SAFETY: as above.
                unsafe { shelf.put(block, size) };
            }
        }
    }

    #[test]
    #[cfg_attr(any(miri, threadmap_sanitize), ignore = "no slabs there")]
    fn blocks_are_apart_and_all_of_their_spans_come_back() {
        let shelf = shelf();
        for size in [24, 40, 512] {
            let count = (3 << 20) / size;
            let blocks: Vec<_> = (0..count)
                .map(|_| shelf.alloc(size).expect("memory"))
                .collect();
            for (number, block) in blocks.iter().enumerate() {
                // SAFETY: `size` bytes were asked for.
                unsafe { block.write_bytes(number as u8, size) };
            }
            for (number, block) in blocks.iter().enumerate() {
                // SAFETY: written above.
                let content = unsafe { std::slice::from_raw_parts(block.as_ptr(), size) };
                assert!(content.iter().all(|&byte| byte == number as u8), "{size}");
            }
            assert!(shelf.slabs.stats().used >= count * size);
            for block in blocks {
                // SAFETY: allocated above, with this size.
                unsafe { shelf.put(block, size) };
            }
            shelf.clear();
            assert_eq!(shelf.slabs.stats().used, 0, "spans in use after {size}");
        }
    }

    #[test]
    #[cfg_attr(any(miri, threadmap_sanitize), ignore = "no slabs there")]
    fn threads_pass_blocks_on_and_none_is_given_twice() {
        const SIZE: usize = 32;
        let slabs = slabs();
        for round in 0..20 {
            let all: Vec<Vec<usize>> = thread::scope(|scope| {
                let work = |seed: usize| {
                    let shelf = Shelf::new(slabs);
                    let mut mine = Vec::new();
                    for turn in 0..20_000_usize {
                        let block = shelf.alloc(SIZE).expect("memory");
                        // SAFETY: nobody else has it, so nobody changes this.
                        unsafe { block.cast::<usize>().write(block.as_ptr().addr()) };
                        mine.push(block);
                        if !(turn * 7 + seed).is_multiple_of(3) {
                            let block = mine.swap_remove((turn * 31) % mine.len());
                            // SAFETY: written above.
                            let found = unsafe { block.cast::<usize>().read() };
                            assert_eq!(found, block.as_ptr().addr(), "two have one block");
                            // SAFETY: allocated above, with this size; past the shelf, as another thread would.
                            unsafe { free(block, SIZE) };
                        }
                    }
                    mine.into_iter()
                        .map(|block| block.as_ptr().addr())
                        .collect()
                };
                let threads: Vec<_> = (0..4).map(|seed| scope.spawn(move || work(seed))).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().expect("no panic"))
                    .collect()
            });
            let blocks: Vec<usize> = all.into_iter().flatten().collect();
            let apart: BTreeSet<_> = blocks.iter().collect();
            assert_eq!(apart.len(), blocks.len(), "round {round}");
            for block in blocks {
                let block = NonNull::new(ptr::with_exposed_provenance_mut(block)).expect("a block");
                // SAFETY: allocated above, with this size.
                unsafe { free(block, SIZE) };
            }
            assert_eq!(slabs.stats().used, 0, "spans in use after round {round}");
        }
    }
}
