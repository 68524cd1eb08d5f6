//! A blob: the immutable heap part of a value that does not fit its entry's word.
//!
//! Layout: header `{ length u32, kind u8, versioned u8 }` in eight bytes, then the version where there is one (eight
//! bytes), then the bytes. Written once before publication, never after; owned by exactly one word (`word-owns-blob`).

use std::ptr::NonNull;
use std::slice;

use super::epoch::Guard;
use super::heap;
use super::watch;

#[repr(C, align(8))]
struct Header {
    length: u32,
    kind: u8,
    versioned: bool,
}

const HEADER: usize = size_of::<Header>();

/// The pointer to a live blob. Copying it copies no ownership.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blob(NonNull<Header>);

impl Blob {
    /// Allocates and fills a blob; `None` where the system has no memory or the length does not fit 32 bits.
    pub(crate) fn new(
        kind: u8,
        version: Option<u64>,
        bytes: &[u8],
        guard: &Guard<'_>,
    ) -> Option<Self> {
        let length = u32::try_from(bytes.len()).ok()?;
        let start = guard.alloc(Self::offset(version.is_some()) + bytes.len())?;
        let blob = Self(start.cast());
        let header = Header {
            length,
            kind,
            versioned: version.is_some(),
        };
        // SAFETY: fresh memory of at least a header, aligned to eight.
        unsafe { blob.0.write(header) };
        if let Some(version) = version {
            // SAFETY: the block has eight more bytes, at an offset that is a multiple of eight.
            let place = unsafe { start.add(HEADER) }.cast::<u64>();
            // SAFETY: in bounds and aligned, as above.
            unsafe { place.write(version) };
        }
        // SAFETY: the bytes start within the same allocation.
        let target = unsafe { start.add(Self::offset(version.is_some())) };
        // SAFETY: `bytes.len()` bytes follow `target` in the block, and fresh memory overlaps nothing.
        unsafe { target.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        Some(blob)
    }

    const fn offset(versioned: bool) -> usize {
        if versioned {
            HEADER + size_of::<u64>()
        } else {
            HEADER
        }
    }

    /// The address, to be kept in a word.
    pub(crate) fn address(self) -> usize {
        self.0.as_ptr().expose_provenance()
    }

    /// The blob at an address that [`Blob::address`] gave.
    pub(crate) fn at(address: usize) -> Option<Self> {
        NonNull::new(std::ptr::with_exposed_provenance_mut(address)).map(Self)
    }

    /// # Safety
    /// The blob has not been freed, and will not be while the result is used.
    unsafe fn header<'g>(self) -> &'g Header {
        watch::used(self.0.as_ptr());
        // SAFETY: the caller says that it lives; headers are written before the pointer is given to anybody.
        unsafe { self.0.as_ref() }
    }

    /// # Safety
    /// As for [`Blob::bytes`].
    pub(crate) unsafe fn kind(self) -> u8 {
        // SAFETY: passed on to the caller.
        unsafe { self.header() }.kind
    }

    /// # Safety
    /// As for [`Blob::bytes`].
    pub(crate) unsafe fn version(self) -> Option<u64> {
        // SAFETY: passed on to the caller.
        if !unsafe { self.header() }.versioned {
            return None;
        }
        // SAFETY: a versioned blob has these eight bytes in its allocation.
        let place = unsafe { self.0.cast::<u8>().add(HEADER) }.cast::<u64>();
        // SAFETY: aligned, written before publication, never changed.
        Some(unsafe { place.read() })
    }

    /// The content.
    ///
    /// # Safety
    /// The blob was reachable from a word while the guard of lifetime `'g` was pinned, or the caller owns it.
    pub(crate) unsafe fn bytes<'g>(self) -> &'g [u8] {
        // SAFETY: passed on to the caller.
        let header = unsafe { self.header() };
        // SAFETY: the offset lies within the allocation.
        let start = unsafe { self.0.cast::<u8>().add(Self::offset(header.versioned)) };
        // SAFETY: `length` bytes were written there before publication and never change.
        unsafe { slice::from_raw_parts(start.as_ptr(), header.length as usize) }
    }

    /// Bytes that the blob takes.
    ///
    /// # Safety
    /// As for [`Blob::bytes`].
    pub(crate) unsafe fn size(self) -> usize {
        // SAFETY: passed on to the caller.
        let header = unsafe { self.header() };
        Self::offset(header.versioned) + header.length as usize
    }

    /// Frees the blob once no guard can see it.
    ///
    /// # Safety
    /// The caller has taken the blob out of its word, so that it alone retires it (`word-owns-blob`).
    pub(crate) unsafe fn retire(self, guard: &Guard<'_>) {
        // SAFETY: not freed yet, since only the caller may.
        let size = unsafe { self.size() };
        // SAFETY: unreachable but for pinned guards, and retired once, by the caller's promise.
        unsafe { guard.retire(self.0.cast(), size) }
    }

    /// Frees the blob now.
    ///
    /// # Safety
    /// The caller owns it and nobody else can see it.
    pub(crate) unsafe fn free(self) {
        // SAFETY: owned by the caller, so it lives.
        let size = unsafe { self.size() };
        // SAFETY: allocated with this size, never used again.
        unsafe { heap::free(self.0.cast(), size) }
    }
}
