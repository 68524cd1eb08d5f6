//! Memory for nodes and blobs: the system's allocator, with a shelf of freed blocks for each thread.
//!
//! Entries come and go in a few sizes, so most allocations can take what the same thread has reclaimed before: no
//! call to malloc, which may lock. Sizes up to [`LARGEST`] are rounded up to what malloc would give anyway on a
//! 64-bit glibc (16 n + 8); larger ones are passed through. Invariant: a block of `size` bytes was allocated with
//! `layout_for(size)` whoever allocated it, so any thread may free it. A shelf belongs to one thread.

use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ptr::{self, NonNull};

const SMALLEST: usize = 24;
const STEP: usize = 16;
const CLASSES: usize = 32;
const LARGEST: usize = SMALLEST + STEP * (CLASSES - 1);
/// Bytes kept of one class; none where a checker has to see each block's end.
const KEPT: usize = if cfg!(any(miri, threadmap_sanitize)) {
    0
} else {
    32 << 10
};

const fn class_of(size: usize) -> Option<usize> {
    if size <= LARGEST {
        Some(size.saturating_sub(SMALLEST).div_ceil(STEP))
    } else {
        None
    }
}

fn layout_for(size: usize) -> Option<Layout> {
    let size = class_of(size).map_or(size, |class| SMALLEST + STEP * class);
    Layout::from_size_align(size, align_of::<u64>()).ok()
}

/// Frees a block.
///
/// # Safety
/// The block was allocated here with this size, and nobody uses it any more.
pub(crate) unsafe fn free(start: NonNull<u8>, size: usize) {
    let layout = layout_for(size).expect("it was allocated with this layout");
    // SAFETY: the caller's promise.
    unsafe { dealloc(start.as_ptr(), layout) }
}

/// Freed blocks of one size, each holding the address of the next.
struct Class {
    first: Cell<*mut u8>,
    room: Cell<usize>,
}

/// The blocks that one thread keeps for itself.
pub(super) struct Shelf {
    classes: [Class; CLASSES],
}

impl Shelf {
    pub(super) fn new() -> Self {
        let empty = |class| Class {
            first: Cell::new(ptr::null_mut()),
            room: Cell::new(KEPT / (SMALLEST + STEP * class)),
        };
        Self {
            classes: std::array::from_fn(empty),
        }
    }

    /// A block of at least `size` bytes, aligned to eight; `None` when memory is out.
    #[inline]
    pub(super) fn alloc(&self, size: usize) -> Option<NonNull<u8>> {
        if let Some(class) = class_of(size).map(|class| &self.classes[class])
            && let Some(first) = NonNull::new(class.first.get())
        {
            // SAFETY: a block on the shelf is this thread's alone, aligned, and holds the next one's address.
            let next = unsafe { first.cast::<*mut u8>().read() };
            class.first.set(next);
            class.room.set(class.room.get() + 1);
            return Some(first);
        }
        let layout = layout_for(size)?;
        // SAFETY: no layout here is empty.
        NonNull::new(unsafe { alloc(layout) })
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// As for [`free`].
    #[inline]
    pub(super) unsafe fn put(&self, start: NonNull<u8>, size: usize) {
        if let Some(class) = class_of(size).map(|class| &self.classes[class])
            && class.room.get() > 0
        {
            // SAFETY: the block is nobody's any more, aligned, and has room for an address.
            unsafe { start.cast::<*mut u8>().write(class.first.get()) };
            class.first.set(start.as_ptr());
            class.room.set(class.room.get() - 1);
            return;
        }
        // SAFETY: the caller's promise.
        unsafe { free(start, size) }
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        for (index, class) in self.classes.iter().enumerate() {
            let mut at = class.first.get();
            while let Some(start) = NonNull::new(at) {
                // SAFETY: as in `alloc`.
                at = unsafe { start.cast::<*mut u8>().read() };
                // SAFETY: a block of this class, on no shelf any more.
                unsafe { free(start, SMALLEST + STEP * index) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_used_again_by_its_size_and_fits_it() {
        let shelf = Shelf::new();
        for size in (1..LARGEST + 40).chain([4096, 1 << 20]) {
            let block = shelf.alloc(size).expect("memory");
            assert!(block.cast::<u64>().is_aligned());
            // SAFETY: `size` bytes were asked for.
            unsafe { block.write_bytes(0xa5, size) };
            // SAFETY: allocated above, with this size.
            unsafe { shelf.put(block, size) };
            if KEPT > 0 && size <= LARGEST {
                assert_eq!(shelf.alloc(size), Some(block), "{size} bytes again");
                // SAFETY: as above.
                unsafe { shelf.put(block, size) };
            }
        }
    }

    #[test]
    fn a_shelf_keeps_no_more_than_its_room() {
        let shelf = Shelf::new();
        let blocks: Vec<_> = (0..4000)
            .map(|_| shelf.alloc(24).expect("memory"))
            .collect();
        for block in blocks {
            // SAFETY: allocated above, with this size.
            unsafe { shelf.put(block, 24) };
        }
        assert_eq!(shelf.classes[0].room.get(), 0);
        let mut kept = 0;
        let mut at = shelf.classes[0].first.get();
        while let Some(block) = NonNull::new(at) {
            kept += 1;
            // SAFETY: on the shelf.
            at = unsafe { block.cast::<*mut u8>().read() };
        }
        assert_eq!(kept, KEPT / SMALLEST);
    }
}
