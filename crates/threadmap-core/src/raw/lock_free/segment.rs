//! A segment: the buckets of all keys that share a prefix of their hash.
//!
//! Its size never changes. When it is too full or too thin a [`super::plan::Plan`] is put into it, once and for ever;
//! then its buckets are frozen and copied into new segments, which take its place in the trie. Nodes are shared by old
//! and new segments, so a value can be changed all the while.
//!
//! Invariants. `plan-once`: a segment's plan goes from null to one plan and stays. `frozen-means-planned`: a bucket is
//! frozen only after its segment has a plan. Called by `plan.rs`, `trie.rs` and the index.

use std::alloc::{Layout, handle_alloc_error};
use std::ptr::{self, NonNull};
use std::slice;

use super::bucket::{Bucket, SlotWord};
use super::plan::Plan;
use crate::hash::Hashed;
use crate::raw::epoch::Guard;
use crate::raw::heap;
use crate::raw::node::NodeRef;
use crate::raw::watch;
use crate::step;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

/// Numbers of buckets. Small steps near the top keep the memory of an entry within a fifth, whatever the fill; beyond
/// 64 buckets only keys that cannot be parted by their prefix are kept together.
const SIZES: [u32; 16] = [
    1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64, 256, 1024, 4096, 16_384, 65_536,
];
/// The most buckets before a segment is parted: 64 of them are copied in about 5 us.
pub(super) const PARTED_ABOVE: u32 = if cfg!(any(loom, shuttle)) {
    1
} else if cfg!(any(test, miri, feature = "tiny")) {
    2
} else {
    64
};
/// Nodes a bucket in a fresh segment, of six home slots: one in nine buckets needs more then.
const FRESH: usize = if cfg!(any(loom, shuttle)) { 1 } else { 4 };

const LEAF: usize = 1;
const SIZE_SHIFT: usize = 1;
const SALTED: usize = 32;
/// Segments lie at multiples of 64: their addresses' low bits say what they are.
const BITS: usize = 63;

/// What leads to a segment: its address, size and salt in one word, so that a lookup need not read its header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Leaf(usize);

#[repr(C, align(64))]
pub(super) struct Segment {
    plan: AtomicPtr<Plan>,
    /// The segment that this one was copied from, or the left one of two, until no word of the trie leads there any
    /// more; then 0.
    origin: AtomicUsize,
    /// The first hash that belongs here.
    start: u32,
    /// Bits that all its hashes share with `start`.
    depth: u32,
    buckets: u32,
}

/// The bucket of a key among so many. Salted ones use the bits that `hash_mask` and flooding do not reach.
#[inline]
fn place(hash: u32, tag: u16, buckets: u32, salted: bool) -> usize {
    let bits = if salted {
        // Fibonacci hashing over all 48 bits: spreads what agrees in the low ones.
        let all = u64::from(hash) << 16 | u64::from(tag);
        all.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48
    } else {
        u64::from(hash & 0xffff)
    };
    ((bits * u64::from(buckets)) >> 16) as usize
}

impl Leaf {
    /// What a word of the trie says; `None` when it is no leaf.
    #[inline]
    pub(super) fn from_word(word: usize) -> Option<Self> {
        (word & LEAF != 0).then_some(Self(word))
    }

    pub(super) const fn word(self) -> usize {
        self.0
    }

    fn pointer(self) -> NonNull<Segment> {
        let address = self.0 & !BITS;
        NonNull::new(ptr::with_exposed_provenance_mut(address)).expect("no segment lies at 0")
    }

    /// The segment.
    ///
    /// # Safety
    /// The word was found under the guard of `'g` in the trie, or in a plan of a segment that was found so.
    #[inline]
    pub(super) unsafe fn segment<'g>(self) -> &'g Segment {
        watch::used(self.pointer().as_ptr());
        // SAFETY: a segment is retired only after the last path to it is gone.
        unsafe { self.pointer().as_ref() }
    }

    /// The bucket of the key.
    ///
    /// # Safety
    /// As for [`Leaf::segment`].
    #[inline]
    pub(super) unsafe fn bucket<'g>(self, key: &Hashed<'_>) -> &'g Bucket {
        watch::used(self.pointer().as_ptr());
        let buckets = SIZES[self.0 >> SIZE_SHIFT & 15];
        let place = place(key.hash, key.tag, buckets, self.0 & SALTED != 0);
        let first = (self.0 & !BITS) + size_of::<Segment>();
        let bucket: *const Bucket =
            ptr::with_exposed_provenance(first + place * size_of::<Bucket>());
        // SAFETY: `place` is below the number of buckets, which follow the segment's header.
        unsafe { &*bucket }
    }
}

/// Bytes of a segment: whole cache lines, which the heap aligns as such.
const fn bytes_of(buckets: u32) -> usize {
    size_of::<Segment>() + buckets as usize * size_of::<Bucket>()
}

/// The size for so many nodes.
fn size_for(nodes: usize) -> usize {
    SIZES
        .iter()
        .position(|&buckets| buckets as usize * FRESH >= nodes)
        .unwrap_or(SIZES.len() - 1)
}

/// Whether so many nodes are more than one segment should hold.
pub(super) fn want_parting(nodes: usize) -> bool {
    SIZES[size_for(nodes)] > PARTED_ABOVE
}

/// A segment that nobody else can see.
pub(super) struct OwnedSegment(Leaf);

impl OwnedSegment {
    /// A segment with these nodes.
    pub(super) fn build(
        origin: Option<Leaf>,
        start: u32,
        depth: u32,
        nodes: &[(SlotWord, u32)],
        guard: &Guard<'_>,
    ) -> Self {
        let first = size_for(nodes.len());
        // Plain places at first; salted ones where they gather in one bucket; then more buckets.
        let tries = [(first, false)]
            .into_iter()
            .chain((first..SIZES.len()).map(|size| (size, true)));
        for (size, salted) in tries {
            let owned = Self::empty(origin, start, depth, size, salted, guard);
            // SAFETY: nobody else can see it.
            let buckets = unsafe { owned.0.pointer().as_mut().buckets_mut() };
            let mut fill = nodes.iter().map(|&(word, hash)| {
                let place = place(hash, word.tag(), SIZES[size], salted);
                buckets[place].fill(word, guard)
            });
            if fill.all(|filled| filled) {
                return owned;
            }
        }
        // Twenty-one keys in one of 65,536 buckets by a seeded hash, among fewer keys than slots.
        panic!("no hash spreads these {} keys", nodes.len())
    }

    fn empty(
        origin: Option<Leaf>,
        start: u32,
        depth: u32,
        size: usize,
        salted: bool,
        guard: &Guard<'_>,
    ) -> Self {
        let bytes = bytes_of(SIZES[size]);
        let Some(place) = guard.alloc(bytes) else {
            handle_alloc_error(Layout::new::<Segment>())
        };
        // SAFETY: so many bytes were asked for.
        unsafe { place.write_bytes(0, bytes) };
        let segment = Segment {
            plan: AtomicPtr::new(ptr::null_mut()),
            origin: AtomicUsize::new(origin.map_or(0, Leaf::word)),
            start,
            depth,
            buckets: SIZES[size],
        };
        // SAFETY: fresh, aligned and large enough; the buckets behind it are all zeros, which is empty.
        unsafe { place.cast().write(segment) };
        #[cfg(any(loom, shuttle))] // whose atomics are no zeros
        for at in 0..SIZES[size] as usize {
            let offset = size_of::<Segment>() + at * size_of::<Bucket>();
            // SAFETY: within the block.
            let bucket = unsafe { place.add(offset) }.cast::<Bucket>();
            // SAFETY: as above, and aligned.
            unsafe { bucket.write(Bucket::default()) };
        }
        let salt = if salted { SALTED } else { 0 };
        Self(Leaf(
            place.as_ptr().expose_provenance() | LEAF | size << SIZE_SHIFT | salt,
        ))
    }

    pub(super) fn leaf(&self) -> Leaf {
        self.0
    }

    /// Leaves it to whoever published its leaf.
    pub(super) fn publish(self) -> Leaf {
        let leaf = self.0;
        std::mem::forget(self);
        leaf
    }
}

impl Drop for OwnedSegment {
    fn drop(&mut self) {
        // SAFETY: never published.
        unsafe { Segment::free(self.0) }
    }
}

impl Segment {
    pub(super) fn start(&self) -> u32 {
        self.start
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// The first hash after its own; `None` at the end of all.
    pub(super) fn end(&self) -> Option<u32> {
        let width = 1_u64 << (32 - self.depth);
        u32::try_from(u64::from(self.start) + width).ok()
    }

    /// Where it was copied from, while words of the trie may still lead there. The guard keeps that.
    #[inline]
    pub(super) fn origin(&self, _guard: &Guard<'_>) -> Option<Leaf> {
        // Acquire: pairs with `forget_origin`, after which the origin is retired.
        Leaf::from_word(self.origin.load(Ordering::Acquire))
    }

    /// No word of the trie leads to the origin any more.
    pub(super) fn forget_origin(&self) {
        self.origin.store(0, Ordering::Release);
    }

    /// Its plan. Acquire: pairs with the Release of [`Segment::propose`].
    #[inline]
    pub(super) fn plan<'g>(&self, _guard: &'g Guard<'_>) -> Option<&'g Plan> {
        let plan = self.plan.load(Ordering::Acquire);
        if !plan.is_null() {
            watch::used(plan);
        }
        // SAFETY: a plan lives as long as any segment that has it.
        unsafe { plan.as_ref() }
    }

    /// Puts the plan in, if there is none yet.
    pub(super) fn propose<'g>(
        &self,
        plan: NonNull<Plan>,
        guard: &'g Guard<'_>,
    ) -> Result<&'g Plan, ()> {
        // Release publishes the plan.
        let put = self.plan.compare_exchange(
            ptr::null_mut(),
            plan.as_ptr(),
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        put.map_err(drop)?;
        step::after("propose a plan");
        Ok(self.plan(guard).expect("`plan-once`"))
    }

    pub(super) fn buckets(&self) -> &[Bucket] {
        let first = (&raw const *self).expose_provenance() + size_of::<Self>();
        // SAFETY: so many buckets follow the header in the same allocation.
        unsafe { slice::from_raw_parts(ptr::with_exposed_provenance(first), self.buckets as usize) }
    }

    fn buckets_mut(&mut self) -> &mut [Bucket] {
        let first = (&raw mut *self).expose_provenance() + size_of::<Self>();
        // SAFETY: as in `buckets`, and `&mut self`.
        unsafe {
            slice::from_raw_parts_mut(
                ptr::with_exposed_provenance_mut(first),
                self.buckets as usize,
            )
        }
    }

    /// How many nodes there are, more or less.
    pub(super) fn count(&self) -> usize {
        self.buckets().iter().map(Bucket::count).sum()
    }

    /// Whether it is worth a copy to grow rather than to extend buckets: never before more nodes are there than a fresh
    /// segment of this size is made for. Where a segment starts shifts the bound by up to a seventh: hashes fill them
    /// evenly, and they would all be parted at the same time otherwise.
    pub(super) fn is_full(&self) -> bool {
        let buckets = self.buckets as usize;
        let part = (self.start.wrapping_mul(0x9e37_79b9) >> 16) as usize;
        let jitter = (part * buckets * 3 / 5) >> 16;
        self.count() > buckets * (4 * FRESH + 1) / 4 + jitter
    }

    /// Whether half of its buckets would do.
    pub(super) fn is_thin(&self) -> bool {
        self.count() * 4 <= self.buckets as usize * FRESH && self.buckets > 1
    }

    /// The nodes that are linked and alive: all that stay.
    pub(super) fn each<'g>(&self, guard: &'g Guard<'_>, mut give: impl FnMut(NodeRef<'g>)) {
        for bucket in self.buckets() {
            bucket.each(guard, |_, node| give(node));
        }
    }

    /// Freezes every bucket, and appends the nodes that are alive with their hashes.
    pub(super) fn freeze(&self, guard: &Guard<'_>, nodes: &mut Vec<(SlotWord, u32)>) {
        for bucket in self.buckets() {
            bucket.freeze();
            bucket.each(guard, |_, node| node.prefetch());
        }
        for bucket in self.buckets() {
            bucket.each(guard, |word, node| {
                if !node.is_dead() {
                    nodes.push((word, node.hash()));
                }
            });
        }
    }

    /// Bytes of the segment.
    pub(super) fn bytes(&self) -> usize {
        let more: usize = self.buckets().iter().map(Bucket::extra_bytes).sum();
        bytes_of(self.buckets) + more
    }

    /// Frees the segment without its nodes, and the plan that it owns.
    ///
    /// # Safety
    /// Nobody can see it any more.
    pub(super) unsafe fn free(leaf: Leaf) {
        let mut segment = leaf.pointer();
        // SAFETY: the caller's promise.
        let it = unsafe { segment.as_mut() };
        // Relaxed, as below: nobody else is there.
        let plan = it.plan.load(Ordering::Relaxed);
        if let Some(plan) = NonNull::new(plan) {
            // SAFETY: `plan-once`: it is this segment's, which is being freed.
            unsafe { Plan::release(plan) };
        }
        let bytes = bytes_of(it.buckets);
        let buckets: *mut [Bucket] = it.buckets_mut();
        // SAFETY: each is dropped once.
        unsafe { ptr::drop_in_place(buckets) };
        // SAFETY: allocated with this size.
        unsafe { heap::free(segment.cast(), bytes) }
    }

    /// Frees the segment and its nodes.
    ///
    /// # Safety
    /// Nobody can see the index any more.
    pub(super) unsafe fn free_with_nodes(leaf: Leaf) {
        // SAFETY: the caller's promise.
        let it = unsafe { leaf.pointer().as_mut() };
        for bucket in it.buckets_mut() {
            for word in bucket.drain() {
                // SAFETY: the caller's promise.
                unsafe { word.free() };
            }
        }
        // SAFETY: as above.
        unsafe { Self::free(leaf) }
    }
}
