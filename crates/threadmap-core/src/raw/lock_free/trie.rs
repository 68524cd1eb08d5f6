//! The trie: from a hash to its segment.
//!
//! Each inner node takes six bits of the hash. A segment of depth d stands in the node of level (d - 1) / 6, in all
//! words whose hashes begin with its prefix; the root is level 0. Words change only forward: from a segment to what its
//! plan's outcome says for that word, or, when two segments that fill an inner node are merged, from that node to the
//! one that replaces it. So a word never comes back to what it said, and any thread may do any of these steps.
//!
//! Invariants. `found-is-current-or-planned`: what a word leads to is current, or has a plan. `forward-only`: as above.
//! `retired-is-unreachable`: a segment is retired after each word of its range has gone beyond it; until then guards
//! find it, and what its outcome leads to, alive. `one-origin`: of the segments that a node was linked in before, words
//! lead to none but the origin of the one where it is now, and to that only until `leave_origin`.

use std::ptr::{self, NonNull};

use super::bucket::Bucket;
use super::plan::{Outcome, Plan};
use super::segment::{Leaf, OwnedSegment, Segment};
use crate::Participant;
use crate::hash::Hashed;
use crate::raw::epoch::Guard;
use crate::raw::watch;
use crate::step;
use crate::sync::{AtomicUsize, Ordering};

const BITS: u32 = if cfg!(loom) {
    1
} else if cfg!(shuttle) {
    2
} else {
    6
};
const FAN: usize = 1 << BITS;

/// Aligned so that the low bit of its address is free: it says "leaf".
#[repr(align(64))]
struct Inner {
    words: [AtomicUsize; FAN],
}

/// The trie of one map.
pub(crate) struct Trie {
    root: Inner,
    /// Bytes of everything but the trie itself. Counted before others can see a thing and until they no longer can, so
    /// that nobody takes off what is not counted yet, wherever a thread stands.
    bytes: AtomicUsize,
}

/// A segment, found under a guard.
#[derive(Clone, Copy)]
pub(crate) struct Found<'g> {
    leaf: Leaf,
    segment: &'g Segment,
}

/// How far a hash is shifted to give its place in a node of that level.
const fn shift(level: u32) -> u32 {
    32 - BITS * (level + 1)
}

fn index(hash: u32, level: u32) -> usize {
    (hash >> shift(level)) as usize & (FAN - 1)
}

impl Inner {
    fn new(word_at: impl FnMut(usize) -> usize) -> Self {
        let mut word_at = word_at;
        Self {
            words: std::array::from_fn(|place| AtomicUsize::new(word_at(place))),
        }
    }

    /// A node for a word, to be freed by [`free_inner`].
    fn boxed(word_at: impl FnMut(usize) -> usize) -> NonNull<Self> {
        let inner = NonNull::from(Box::leak(Box::new(Self::new(word_at))));
        watch::born(inner.as_ptr());
        inner
    }

    /// The node that a word leads to which is no leaf.
    ///
    /// # Safety
    /// The word was read under the guard of `'g`.
    unsafe fn at<'g>(word: usize) -> &'g Self {
        let inner: *const Self = ptr::with_exposed_provenance(word);
        watch::used(inner);
        // SAFETY: a word that is no leaf is the address of a node, retired only when no word leads to it.
        unsafe { &*inner }
    }

    fn load(&self, place: usize) -> usize {
        // Acquire: pairs with the Release of each step, so that what it leads to is seen whole.
        self.words[place].load(Ordering::Acquire)
    }

    /// A step forward; false when another thread was faster.
    fn step(&self, place: usize, from: usize, to: usize) -> bool {
        self.words[place]
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }
}

impl<'g> Found<'g> {
    fn new(leaf: Leaf) -> Self {
        // SAFETY: the callers have it from the trie or an outcome, under a guard of `'g`.
        let segment = unsafe { leaf.segment() };
        Self { leaf, segment }
    }

    pub(super) fn segment(self) -> &'g Segment {
        self.segment
    }

    pub(super) fn leaf(self) -> Leaf {
        self.leaf
    }
}

impl Trie {
    pub(crate) fn new() -> Self {
        let me = Participant::new();
        let only = OwnedSegment::build(None, 0, 0, &[], &me.pin()).publish();
        // SAFETY: just made.
        let bytes = unsafe { only.segment() }.bytes();
        Self {
            root: Inner::new(|_| only.word()),
            bytes: AtomicUsize::new(bytes),
        }
    }

    /// Where whoever adds memory to a segment counts it.
    pub(super) fn counted(&self) -> &AtomicUsize {
        &self.bytes
    }

    /// Bytes of the trie and its segments, without nodes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.bytes.load(Ordering::Relaxed)
    }

    #[inline]
    fn leaf(&self, hash: u32, _guard: &Guard<'_>) -> Leaf {
        let (mut inner, mut level) = (&self.root, 0);
        loop {
            let word = inner.load(index(hash, level));
            step::after("read a word");
            if let Some(leaf) = Leaf::from_word(word) {
                return leaf;
            }
            // SAFETY: read under the guard.
            inner = unsafe { Inner::at(word) };
            level += 1;
        }
    }

    /// The segment that a word of the trie gives for the hash.
    pub(crate) fn find<'g>(&'g self, hash: u32, guard: &'g Guard<'_>) -> Found<'g> {
        Found::new(self.leaf(hash, guard))
    }

    /// The bucket of the key in the segment that the trie gives.
    #[inline]
    pub(super) fn bucket<'g>(
        &'g self,
        key: &Hashed<'_>,
        guard: &'g Guard<'_>,
    ) -> (Leaf, &'g Bucket) {
        let leaf = self.leaf(key.hash, guard);
        // SAFETY: found under the guard.
        (leaf, unsafe { leaf.bucket(key) })
    }

    /// Finishes the plan of a segment, if it has one: afterwards the trie no longer leads to the segment.
    #[cold]
    pub(super) fn complete(&self, leaf: Leaf, guard: &Guard<'_>) {
        let found = Found::new(leaf);
        let Some(plan) = found.segment.plan(guard) else {
            return;
        };
        let joined = plan.range(leaf).joined;
        for source in plan.sources(leaf, joined).into_iter().flatten() {
            self.leave_origin(source, guard);
        }
        let (outcome, won) = plan.finish(leaf, &self.bytes, guard);
        self.settle(plan, leaf, outcome, guard);
        step::after("settle");
        for next in outcome.leaves() {
            Found::new(next).segment.forget_origin();
        }
        if let Some(won) = won {
            // SAFETY: `settle` has led every word of its range beyond it.
            unsafe { plan.retire_replaced(leaf, won, &self.bytes, guard) };
        }
    }

    /// Makes sure that no word of the trie leads to what the segment was copied from. Before a node is retired, because
    /// its origin may hold that node, too; and before the segment itself is copied, so that its origin is the only one.
    #[inline]
    pub(super) fn leave_origin(&self, leaf: Leaf, guard: &Guard<'_>) {
        if let Some(origin) = Found::new(leaf).segment.origin(guard) {
            self.complete(origin, guard);
        }
    }

    /// The inner node of that level on the way to the hash, if the way is so long.
    fn inner_at<'g>(&'g self, hash: u32, level: u32, _guard: &'g Guard<'_>) -> Option<&'g Inner> {
        let mut inner = &self.root;
        for above in 0..level {
            let word = inner.load(index(hash, above));
            if Leaf::from_word(word).is_some() {
                return None;
            }
            // SAFETY: read under the guard.
            inner = unsafe { Inner::at(word) };
        }
        Some(inner)
    }

    /// Leads every word of the plan's range beyond what it replaces.
    fn settle(&self, plan: &Plan, of: Leaf, outcome: &Outcome, guard: &Guard<'_>) {
        let range = plan.range(of);
        if range.joined && outcome.is_one() && range.depth > 0 && range.depth.is_multiple_of(BITS) {
            self.fold(plan, range.start, range.depth / BITS - 1, outcome, guard);
            return;
        }
        let depth_of_sources = range.depth + u32::from(range.joined);
        let level = depth_of_sources.saturating_sub(1) / BITS;
        // A shorter way: they were replaced further up.
        let Some(inner) = self.inner_at(range.start, level, guard) else {
            return;
        };
        let first = index(range.start, level);
        for place in first..first + (1 << (BITS * (level + 1) - range.depth)) {
            let hash = range.start + ((place - first) << shift(level)) as u32;
            self.forward(inner, place, hash, level, guard);
        }
    }

    /// Leads one word, of hashes from `hash` on, to the newest segment that there is for it.
    fn forward(&self, inner: &Inner, place: usize, hash: u32, level: u32, guard: &Guard<'_>) {
        loop {
            let word = inner.load(place);
            let Some(leaf) = Leaf::from_word(word) else {
                return;
            };
            let found = Found::new(leaf);
            let Some(outcome) = found
                .segment
                .plan(guard)
                .and_then(|plan| plan.outcome(leaf, guard))
            else {
                return;
            };
            if level > 0 && outcome.depth <= BITS * level {
                // It replaces the whole node: `fold`.
                return;
            }
            if outcome.depth <= BITS * (level + 1) {
                inner.step(place, word, outcome.leaf(hash).word());
                step::after("lead a word on");
                continue;
            }
            let next = level + 1;
            let below = |at: usize| outcome.leaf(hash | (at << shift(next)) as u32).word();
            let fresh = Inner::boxed(below);
            self.bytes.fetch_add(size_of::<Inner>(), Ordering::Relaxed);
            if inner.step(place, word, fresh.as_ptr().expose_provenance()) {
                step::after("grow a level");
            } else {
                self.bytes.fetch_sub(size_of::<Inner>(), Ordering::Relaxed);
                // SAFETY: it was not published.
                unsafe { free_inner(fresh.cast()) };
            }
        }
    }

    /// Puts the outcome of a merge in the place of the inner node that the two merged segments filled.
    fn fold(&self, plan: &Plan, start: u32, level: u32, outcome: &Outcome, guard: &Guard<'_>) {
        step::after("come to fold a level");
        let Some(above) = self.inner_at(start, level, guard) else {
            return;
        };
        let place = index(start, level);
        let word = above.load(place);
        if Leaf::from_word(word).is_some() {
            return;
        }
        // SAFETY: read under the guard.
        let inner = unsafe { Inner::at(word) };
        // No older segment can be in the way to the left one: `complete` has left its origin. And nothing of this node
        // leads beyond it. So what leads elsewhere is a newer node, which never leads to it.
        if inner.load(0) != plan.left().word() {
            return;
        }
        if above.step(place, word, outcome.leaf(start).word()) {
            step::after("fold a level");
            self.bytes.fetch_sub(size_of::<Inner>(), Ordering::Relaxed);
            let inner = NonNull::from(inner).cast();
            // SAFETY: `forward-only`: the only word that led to it has gone on, by this thread.
            unsafe { guard.retire_by(inner, free_inner, size_of::<Inner>()) };
        }
    }
}

/// # Safety
/// A node from a box that nobody can see.
unsafe fn free_inner(inner: NonNull<u8>) {
    let inner = inner.cast::<Inner>().as_ptr();
    watch::freed(inner, move || {
        // SAFETY: the caller's promise.
        drop(unsafe { Box::from_raw(inner) });
    });
}

impl Drop for Trie {
    fn drop(&mut self) {
        /// Frees what the words lead to, each once: words of one segment are neighbours.
        fn free_below(trie: &Trie, inner: &Inner, start: u32, level: u32, guard: &Guard<'_>) {
            // What a thread left half done when it panicked; before the first segment is gone.
            for place in 0..FAN {
                let hash = start | (place << shift(level)) as u32;
                trie.forward(inner, place, hash, level, guard);
            }
            let mut last = 0;
            for place in 0..FAN {
                let hash = start | (place << shift(level)) as u32;
                let word = inner.load(place);
                if word == last {
                    continue;
                }
                last = word;
                if let Some(leaf) = Leaf::from_word(word) {
                    // SAFETY: nobody else is in the map any more.
                    unsafe { Segment::free_with_nodes(leaf) };
                    continue;
                }
                // SAFETY: as above.
                free_below(trie, unsafe { Inner::at(word) }, hash, level + 1, guard);
                let inner = NonNull::new(ptr::with_exposed_provenance_mut(word));
                // SAFETY: as above.
                unsafe { free_inner(inner.expect("no node lies at 0")) };
            }
        }
        let me = Participant::new();
        free_below(self, &self.root, 0, 0, &me.pin());
    }
}

#[cfg(any(test, feature = "tiny"))]
impl Trie {
    /// When nobody is at work: words lead to segments without an outcome that cover their hashes, and every node lies
    /// in its segment.
    pub(crate) fn check(&self) {
        fn below(inner: &Inner, start: u32, level: u32, guard: &Guard<'_>) {
            for place in 0..FAN {
                let hash = start | (place << shift(level)) as u32;
                let word = inner.load(place);
                let Some(leaf) = Leaf::from_word(word) else {
                    // SAFETY: read under the guard.
                    below(unsafe { Inner::at(word) }, hash, level + 1, guard);
                    continue;
                };
                let segment = Found::new(leaf).segment;
                let prefix = |hash: u32| u64::from(hash) >> (32 - segment.depth());
                assert_eq!(
                    prefix(hash),
                    prefix(segment.start()),
                    "a word and its segment"
                );
                assert!(
                    segment.depth() > BITS * level || level == 0,
                    "a segment at its level"
                );
                let outcome = segment
                    .plan(guard)
                    .and_then(|plan| plan.outcome(leaf, guard));
                assert!(outcome.is_none(), "a replaced segment in the trie");
                segment.each(guard, |node| {
                    assert_eq!(
                        prefix(node.hash()),
                        prefix(segment.start()),
                        "a node and its segment"
                    );
                });
            }
        }
        let me = Participant::new();
        below(&self.root, 0, 0, &me.pin());
    }
}
