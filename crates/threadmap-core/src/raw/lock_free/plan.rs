//! A plan: which segments are replaced, and by what.
//!
//! Any thread that meets a frozen bucket can finish the plan of its segment alone, so nobody waits: freeze all
//! buckets, copy the live nodes to segments of one's own, offer them by one compare-and-swap, and bring the trie up to
//! date (`trie.rs`). Whoever offered first retires the old segments. Threads that finish the same plan at once copy
//! twice; nothing else is lost.
//!
//! A merge needs two segments that agree. Its plan is put into the left one, then into the right one, then it is
//! JOINED. Who meets it before: at the right, joins it, for the left has it already; at the left, makes it ALONE,
//! without a look at the right, which may have gone its own way and be freed by now. Alone, each segment that has the
//! plan is copied by itself.
//!
//! Invariants. `state-once`: PENDING becomes JOINED or ALONE, once. `joined-means-both`: a joined plan is that of both
//! segments, so both live as long as either can be found. `outcome-once`: an outcome goes from null to one value.
//! `shared-nodes`: a node that was alive when it was copied is linked in old and new segments, and whoever kills it
//! clears it from the newest.

use std::ptr::{self, NonNull};

use super::bucket::SlotWord;
use super::segment::{Leaf, OwnedSegment, Segment, want_parting};
use crate::raw::epoch::Guard;
use crate::raw::watch;
use crate::step;
use crate::sync::{AtomicPtr, AtomicUsize, Ordering};

/// Prefix bits at which segments stop parting and just grow.
const MAX_DEPTH: u32 = if cfg!(any(loom, shuttle)) {
    6
} else if cfg!(any(test, miri, feature = "tiny")) {
    14
} else {
    26
};

const PENDING: usize = 0;
const ALONE: usize = 1;
const JOINED: usize = 2;

pub(super) struct Plan {
    left: Leaf,
    right: Option<Leaf>,
    state: AtomicUsize,
    /// For the left segment or both, and for a right one alone.
    outcomes: [AtomicPtr<Outcome>; 2],
    /// Segments that have this plan.
    owners: AtomicUsize,
}

/// What comes instead: one segment, or two that part the same hashes by one more bit.
pub(super) struct Outcome {
    first: Leaf,
    second: Option<Leaf>,
    /// The depth of each of them.
    pub(super) depth: u32,
}

impl Outcome {
    /// The one that the hash belongs to.
    #[inline]
    pub(super) fn leaf(&self, hash: u32) -> Leaf {
        match self.second {
            Some(second) if hash >> (32 - self.depth) & 1 == 1 => second,
            _ => self.first,
        }
    }

    /// Both, or the one.
    pub(super) fn leaves(&self) -> impl Iterator<Item = Leaf> {
        std::iter::once(self.first).chain(self.second)
    }

    pub(super) fn is_one(&self) -> bool {
        self.second.is_none()
    }
}

/// The first hash and the depth of what is replaced.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) start: u32,
    pub(super) depth: u32,
    /// Two segments of one more bit are replaced, not one.
    pub(super) joined: bool,
}

/// Who finished a plan first, and so has to retire what it replaced.
pub(super) struct Won(());

impl Plan {
    fn boxed(left: Leaf, right: Option<Leaf>, state: usize) -> NonNull<Self> {
        let plan = Box::new(Self {
            left,
            right,
            state: AtomicUsize::new(state),
            outcomes: Default::default(),
            owners: AtomicUsize::new(1),
        });
        let plan = NonNull::from(Box::leak(plan));
        watch::born(plan.as_ptr());
        plan
    }

    /// # Safety
    /// [`Plan::boxed`] made it, and nobody can see it.
    unsafe fn free(plan: NonNull<Self>) {
        watch::freed(plan.as_ptr(), move || {
            // SAFETY: from a box, by the caller's promise.
            drop(unsafe { Box::from_raw(plan.as_ptr()) });
        });
    }

    /// Gives the segment a plan of its own to be copied, unless it has a plan.
    pub(super) fn copy(leaf: Leaf, segment: &Segment, guard: &Guard<'_>) {
        let plan = Self::boxed(leaf, None, ALONE);
        if segment.propose(plan, guard).is_err() {
            // SAFETY: nobody has seen it.
            unsafe { Self::free(plan) };
        }
    }

    /// Gives both segments a plan to be merged. Where one of them has a plan already, at most the left one is copied.
    pub(super) fn merge(
        [left, right]: [Leaf; 2],
        [left_segment, right_segment]: [&Segment; 2],
        guard: &Guard<'_>,
    ) {
        let plan = Self::boxed(left, Some(right), PENDING);
        let Ok(it) = left_segment.propose(plan, guard) else {
            // SAFETY: nobody has seen it.
            unsafe { Self::free(plan) };
            return;
        };
        // Before the right one can have it. Relaxed: this thread's guard keeps the left one, which is an owner.
        it.owners.fetch_add(1, Ordering::Relaxed);
        if right_segment.propose(plan, guard).is_ok() {
            it.decide(JOINED);
        } else {
            it.owners.fetch_sub(1, Ordering::Relaxed);
            it.decide(ALONE);
        }
    }

    pub(super) fn left(&self) -> Leaf {
        self.left
    }

    /// Settles a pending state; gives the one that it has.
    fn decide(&self, state: usize) -> usize {
        // AcqRel: whoever sees JOINED sees the right segment's plan.
        self.state
            .compare_exchange(PENDING, state, Ordering::AcqRel, Ordering::Acquire)
            .map_or_else(
                |there| there,
                |_| {
                    step::after("decide a merge");
                    state
                },
            )
    }

    fn cell(&self, of: Leaf, state: usize) -> &AtomicPtr<Outcome> {
        &self.outcomes[usize::from(state == ALONE && of != self.left)]
    }

    /// What comes instead of the segment that has this plan, once somebody has copied.
    #[inline]
    pub(super) fn outcome<'g>(&self, of: Leaf, _guard: &'g Guard<'_>) -> Option<&'g Outcome> {
        // Acquire: pairs with `decide`.
        let state = self.state.load(Ordering::Acquire);
        if state == PENDING {
            return None;
        }
        // SAFETY: an outcome ends with its plan, and a plan with its segments, of which the guard keeps one. Acquire:
        // pairs with the Release in `finish`.
        unsafe { self.cell(of, state).load(Ordering::Acquire).as_ref() }
    }

    /// What is replaced, seen from one of the segments. Settles the state.
    pub(super) fn range(&self, of: Leaf) -> Range {
        let joined = self.decide(if of == self.left { ALONE } else { JOINED }) == JOINED;
        let one = if joined { self.left } else { of };
        // SAFETY: `of` was found under a guard; where they are joined, the left one lives as long.
        let segment = unsafe { one.segment() };
        Range {
            start: segment.start(),
            depth: segment.depth() - u32::from(joined),
            joined,
        }
    }

    /// What is replaced.
    pub(super) fn sources(&self, of: Leaf, joined: bool) -> [Option<Leaf>; 2] {
        if joined {
            [self.right, Some(self.left)]
        } else {
            [Some(of), None]
        }
    }

    /// Copies, unless somebody has; says whether this call's copy is the one.
    pub(super) fn finish<'g>(
        &'g self,
        of: Leaf,
        bytes: &AtomicUsize,
        guard: &'g Guard<'_>,
    ) -> (&'g Outcome, Option<Won>) {
        if let Some(outcome) = self.outcome(of, guard) {
            return (outcome, None);
        }
        let range = self.range(of);
        let mut nodes = Vec::new();
        for source in self.sources(of, range.joined).into_iter().flatten() {
            // SAFETY: as in `range`.
            unsafe { source.segment() }.freeze(guard, &mut nodes);
        }
        step::after("copy");
        let origin = if range.joined { self.left } else { of };
        let mine = Copied::new(origin, range, &nodes, guard);
        let added = mine.bytes();
        let fresh = Box::into_raw(Box::new(mine.outcome()));
        let state = if range.joined { JOINED } else { ALONE };
        // Before anybody can replace them and take them off again. Relaxed: a figure for operators.
        bytes.fetch_add(added, Ordering::Relaxed);
        // Release publishes the segments.
        let offered = self.cell(of, state).compare_exchange(
            ptr::null_mut(),
            fresh,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        step::after("offer");
        let won = if offered.is_ok() {
            mine.publish();
            Some(Won(()))
        } else {
            bytes.fetch_sub(added, Ordering::Relaxed);
            // SAFETY: it lost the race, so nobody has seen it. `mine` frees its segments.
            drop(unsafe { Box::from_raw(fresh) });
            None
        };
        (self.outcome(of, guard).expect("`outcome-once`"), won)
    }

    /// Frees what was replaced once no guard can see it.
    ///
    /// # Safety
    /// No word of the trie leads to it any more.
    pub(super) unsafe fn retire_replaced(
        &self,
        of: Leaf,
        _won: Won,
        bytes: &AtomicUsize,
        guard: &Guard<'_>,
    ) {
        let joined = self.range(of).joined;
        for leaf in self.sources(of, joined).into_iter().flatten() {
            // SAFETY: not retired yet: only the winner does.
            let size = unsafe { leaf.segment() }.bytes();
            bytes.fetch_sub(size, Ordering::Relaxed);
            let word = NonNull::new(ptr::without_provenance_mut::<u8>(leaf.word()))
                .expect("no segment lies at 0");
            // SAFETY: the caller's promise.
            unsafe { guard.retire_by(word, free_segment, size) };
        }
    }

    /// One segment less has this plan; the last one frees it.
    ///
    /// # Safety
    /// The segment is being freed.
    pub(super) unsafe fn release(plan: NonNull<Self>) {
        // SAFETY: an owner keeps it.
        let owners = &unsafe { plan.as_ref() }.owners;
        // AcqRel: the last one sees what the other did.
        if owners.fetch_sub(1, Ordering::AcqRel) == 1 {
            // SAFETY: nobody has it any more.
            unsafe { Self::free(plan) };
        }
    }
}

/// # Safety
/// The word of a leaf whose segment nobody can see.
unsafe fn free_segment(word: NonNull<u8>) {
    let leaf = Leaf::from_word(word.as_ptr().addr()).expect("the word of a leaf");
    // SAFETY: passed on to the caller.
    unsafe { Segment::free(leaf) }
}

impl Drop for Plan {
    fn drop(&mut self) {
        for outcome in &self.outcomes {
            // Relaxed: nobody else is there.
            let outcome = outcome.load(Ordering::Relaxed);
            if !outcome.is_null() {
                // SAFETY: from a box, and ends with its plan.
                drop(unsafe { Box::from_raw(outcome) });
            }
        }
    }
}

/// A thread's own copy of what a plan replaces.
struct Copied {
    first: OwnedSegment,
    second: Option<OwnedSegment>,
    depth: u32,
}

impl Copied {
    fn new(
        origin: Leaf,
        Range { start, depth, .. }: Range,
        nodes: &[(SlotWord, u32)],
        guard: &Guard<'_>,
    ) -> Self {
        let origin = Some(origin);
        if !want_parting(nodes.len()) || depth >= MAX_DEPTH {
            return Self {
                first: OwnedSegment::build(origin, start, depth, nodes, guard),
                second: None,
                depth,
            };
        }
        let depth = depth + 1;
        let middle = start | 1 << (32 - depth);
        let (low, high): (Vec<_>, Vec<_>) = nodes.iter().partition(|&&(_, hash)| hash < middle);
        Self {
            first: OwnedSegment::build(origin, start, depth, &low, guard),
            second: Some(OwnedSegment::build(origin, middle, depth, &high, guard)),
            depth,
        }
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            first: self.first.leaf(),
            second: self.second.as_ref().map(OwnedSegment::leaf),
            depth: self.depth,
        }
    }

    fn bytes(&self) -> usize {
        let both = std::iter::once(&self.first).chain(&self.second);
        // SAFETY: owned.
        both.map(|one| unsafe { one.leaf().segment() }.bytes())
            .sum()
    }

    fn publish(self) {
        self.first.publish();
        if let Some(second) = self.second {
            second.publish();
        }
    }
}
