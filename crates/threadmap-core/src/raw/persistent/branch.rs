//! A branch: an inner node of the persistent trie, and the links that lead to branches and leaves.
//!
//! A hash array mapped trie (Bagwell, 2001), five bits of the hash a level from the top, so that walking it goes by
//! ascending hashes. A branch holds one link for each bit of its bitmap, in order. Below the last bits of the hash
//! stand *rows*: branches without a bitmap, whose leaves all have the same hash.
//! Invariant `published-is-final`: only the edit that made a branch changes it, and only before it is published.

use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::raw::epoch::Guard;
use crate::raw::heap;
use crate::raw::node::NodeRef;
use crate::raw::prefetch::prefetch;
use crate::raw::watch;

/// Bits of the hash that a level takes.
const BITS: u32 = 5;
/// Levels of branches; a branch below them is a row.
pub(super) const LEVELS: u32 = 7;

const BRANCH: usize = 1;

#[repr(C)]
struct Header {
    /// When it was made.
    birth: u64,
    bitmap: u32,
    len: u32,
}

const HEADER: usize = size_of::<Header>();

/// What leads to a leaf or a branch, or to nothing. A copy of it owns nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Link(usize);

/// What a link leads to.
pub(super) enum Target<'g> {
    Nothing,
    Leaf(NodeRef<'g>),
    Branch(Branch<'g>),
}

/// A branch that lives as long as `'g`.
#[derive(Clone, Copy)]
pub(super) struct Branch<'g> {
    header: NonNull<Header>,
    alive: PhantomData<&'g ()>,
}

/// The bit group of the hash that chooses among the links of a branch of that level.
#[inline]
pub(super) const fn index(hash: u32, level: u32) -> u32 {
    let shift = 27 - BITS as i32 * level as i32;
    if shift >= 0 {
        hash >> shift & 31
    } else {
        hash & 3
    }
}

/// Links that a branch of so many has room for: a few to spare, so that an edit can add in place.
const fn room(len: usize) -> usize {
    (len + 3) & !3
}

const fn size_of_branch(len: usize) -> usize {
    HEADER + room(len) * size_of::<Link>()
}

impl Link {
    pub(super) const NOTHING: Self = Self(0);

    pub(super) fn leaf(node: NodeRef<'_>) -> Self {
        Self(node.address())
    }

    /// What it leads to.
    ///
    /// # Safety
    /// That is not freed before the end of `'g`.
    #[inline]
    pub(super) unsafe fn target<'g>(self) -> Target<'g> {
        if self.0 & BRANCH != 0 {
            let header = std::ptr::with_exposed_provenance_mut(self.0 & !BRANCH);
            return Target::Branch(Branch {
                // SAFETY: no branch lies at 0.
                header: unsafe { NonNull::new_unchecked(header) },
                alive: PhantomData,
            });
        }
        if self.0 == 0 {
            return Target::Nothing;
        }
        // SAFETY: the caller's promise.
        Target::Leaf(unsafe { NodeRef::at(self.0) })
    }

    /// Asks the processor for what it leads to.
    #[inline]
    pub(super) fn prefetch(self) {
        prefetch(std::ptr::without_provenance::<u8>(self.0));
    }

    /// When what it leads to was made.
    ///
    /// # Safety
    /// That is not freed yet.
    pub(super) unsafe fn birth(self) -> u64 {
        // SAFETY: the caller's promise.
        match unsafe { self.target() } {
            Target::Nothing => 0,
            Target::Leaf(node) => node.stamp(),
            Target::Branch(branch) => branch.birth(),
        }
    }

    /// Frees what it leads to, and nothing below that, once no guard can see it.
    ///
    /// # Safety
    /// Nothing leads there any more but what guards have loaded, and nobody else retires it.
    pub(super) unsafe fn retire(self, guard: &Guard<'_>) {
        // SAFETY: not retired yet, by the caller's promise.
        match unsafe { self.target() } {
            Target::Nothing => {}
            // SAFETY: the caller's promise; leaves are stamped.
            Target::Leaf(node) => unsafe { node.retire_whole(guard) },
            // SAFETY: the caller's promise.
            Target::Branch(branch) => unsafe {
                guard.retire(branch.header.cast(), branch.size());
            },
        }
    }

    /// Frees what it leads to, and nothing below that, now.
    ///
    /// # Safety
    /// Nobody else can see it.
    pub(super) unsafe fn free(self) {
        // SAFETY: the caller's promise.
        match unsafe { self.target() } {
            Target::Nothing => {}
            // SAFETY: the caller's promise.
            Target::Leaf(node) => unsafe { node.free() },
            // SAFETY: the caller's promise; allocated with this size.
            Target::Branch(branch) => unsafe {
                heap::free(branch.header.cast(), branch.size());
            },
        }
    }
}

impl<'g> Branch<'g> {
    /// Makes a branch of `len` links.
    pub(super) fn make(
        birth: u64,
        bitmap: u32,
        len: usize,
        link_at: impl Fn(usize) -> Link,
        guard: &Guard<'_>,
    ) -> Link {
        let Some(start) = guard.alloc(size_of_branch(len)) else {
            let layout = std::alloc::Layout::new::<[Link; 32]>();
            std::alloc::handle_alloc_error(layout)
        };
        let header = start.cast();
        let fresh = Header {
            birth,
            bitmap,
            len: len as u32,
        };
        // SAFETY: fresh memory of at least a header, aligned to eight.
        unsafe { header.write(fresh) };
        let branch = Self {
            header,
            alive: PhantomData,
        };
        for place in 0..len {
            // SAFETY: `place` is below `len`, for which there is room, and nobody else sees it.
            unsafe { branch.place(place).write(link_at(place)) };
        }
        Link(header.as_ptr().expose_provenance() | BRANCH)
    }

    fn header(self) -> &'g Header {
        watch::used(self.header.as_ptr());
        // SAFETY: alive for `'g`; an edit changes only what nobody else refers to, through a pointer of its own.
        unsafe { self.header.as_ref() }
    }

    pub(super) fn birth(self) -> u64 {
        self.header().birth
    }

    pub(super) fn bitmap(self) -> u32 {
        self.header().bitmap
    }

    pub(super) fn len(self) -> usize {
        self.header().len as usize
    }

    /// Bytes that it takes.
    pub(super) fn size(self) -> usize {
        size_of_branch(self.len())
    }

    fn place(self, place: usize) -> NonNull<Link> {
        // SAFETY: the links follow the header in the same allocation.
        let first = unsafe { self.header.add(1) };
        // SAFETY: the callers stay below `room(len)`.
        unsafe { first.cast::<Link>().add(place) }
    }

    /// The link at that place.
    #[inline]
    pub(super) fn at(self, place: usize) -> Link {
        debug_assert!(place < self.len());
        // SAFETY: written before publication; see `header` for edits.
        unsafe { self.place(place).read() }
    }

    /// The links, in order.
    pub(super) fn links(self) -> impl ExactSizeIterator<Item = Link> + use<'g> {
        (0..self.len()).map(move |place| self.at(place))
    }

    /// Where the link of that bit is, or would be.
    #[inline]
    pub(super) fn place_of(self, bit: u32) -> usize {
        (self.header().bitmap & (bit - 1)).count_ones() as usize
    }

    /// Whether a link more or less would need a block of another size.
    pub(super) fn fits(self, len: usize) -> bool {
        room(len) == room(self.len())
    }

    /// Puts the link at that place, in place of the one that is there.
    ///
    /// # Safety
    /// The caller made the branch and nobody else can see it.
    pub(super) unsafe fn set(self, place: usize, link: Link) {
        // SAFETY: below `len`, and the caller's alone.
        unsafe { self.place(place).write(link) };
    }

    /// Puts one link more in, before that place.
    ///
    /// # Safety
    /// As for [`Branch::set`], and it fits.
    pub(super) unsafe fn insert(mut self, place: usize, bit: u32, link: Link) {
        let behind = self.len() - place;
        // SAFETY: all within `room`, which one more fits.
        unsafe { self.place(place).copy_to(self.place(place + 1), behind) };
        // SAFETY: as above.
        unsafe { self.place(place).write(link) };
        // SAFETY: the caller's alone.
        let header = unsafe { self.header.as_mut() };
        header.bitmap |= bit;
        header.len += 1;
    }

    /// Takes the link at that place out.
    ///
    /// # Safety
    /// As for [`Branch::insert`].
    pub(super) unsafe fn remove(mut self, place: usize, bit: u32) {
        let behind = self.len() - place - 1;
        // SAFETY: all within `len`.
        unsafe { self.place(place + 1).copy_to(self.place(place), behind) };
        // SAFETY: the caller's alone.
        let header = unsafe { self.header.as_mut() };
        header.bitmap &= !bit;
        header.len -= 1;
    }
}
