//! Entries, bytes and changes of a map, counted in stripes.
//!
//! Each thread adds to its own stripe, one cache line, so that counting never makes two threads wait for each other.
//! A sum over the stripes is exact when nobody writes, and never off by more than what is under way.

use crossbeam_utils::CachePadded;

use crate::raw::epoch::Guard;
use crate::sync::{AtomicI64, Ordering};

#[derive(Default)]
struct Stripe {
    entries: AtomicI64,
    bytes: AtomicI64,
    changes: AtomicI64,
}

/// The counters of one map.
pub(crate) struct Counters {
    stripes: Box<[CachePadded<Stripe>]>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        let threads = std::thread::available_parallelism().map_or(4, std::num::NonZero::get);
        // Twice the cores: workers beyond the cores share stripes, but seldom run at the same time.
        let stripes = (threads * 2).next_power_of_two().clamp(2, 128);
        Self {
            stripes: (0..stripes).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Counts one change to the map.
    #[inline]
    pub(crate) fn change(&self, entries: i64, bytes: i64, guard: &Guard) {
        let stripe = &self.stripes[guard.stripe() & (self.stripes.len() - 1)];
        // Relaxed throughout: nothing is published by a count.
        stripe.changes.fetch_add(1, Ordering::Relaxed);
        if entries != 0 {
            stripe.entries.fetch_add(entries, Ordering::Relaxed);
        }
        if bytes != 0 {
            self.bytes_only(bytes, guard);
        }
    }

    /// Counts bytes that moved without a change to what the map holds.
    #[inline]
    pub(crate) fn bytes_only(&self, bytes: i64, guard: &Guard) {
        let stripe = &self.stripes[guard.stripe() & (self.stripes.len() - 1)];
        stripe.bytes.fetch_add(bytes, Ordering::Relaxed);
        guard.note_bytes(bytes);
    }

    fn sum(&self, field: impl Fn(&Stripe) -> &AtomicI64) -> u64 {
        let sum: i64 = self
            .stripes
            .iter()
            .map(|stripe| field(stripe).load(Ordering::Relaxed))
            .sum();
        // A removal may be counted before the insert of another thread that it removed.
        sum.max(0) as u64
    }

    pub(crate) fn entries(&self) -> u64 {
        self.sum(|stripe| &stripe.entries)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.sum(|stripe| &stripe.bytes)
    }

    pub(crate) fn changes(&self) -> u64 {
        self.sum(|stripe| &stripe.changes)
    }

    pub(crate) fn size(&self) -> usize {
        self.stripes.len() * size_of::<CachePadded<Stripe>>()
    }
}
