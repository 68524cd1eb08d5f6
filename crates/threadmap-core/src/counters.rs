//! Entries, bytes and changes of a map, counted in stripes.
//!
//! Each of the first threads has a stripe of its own, one cache line, and adds to it without a locked instruction;
//! the others share some. A sum over the stripes is exact when nobody writes, and never off by more than what is under
//! way. Invariant `one-writer`: a stripe below `owned` is written by the one thread of that number alone.

use crossbeam_utils::CachePadded;

use crate::raw::epoch::Guard;
use crate::sync::{AtomicI64, Ordering};

/// One operation adds to one of the first three.
#[derive(Default)]
struct Stripe {
    inserts: AtomicI64,
    removals: AtomicI64,
    updates: AtomicI64,
    bytes: AtomicI64,
}

/// The counters of one map.
pub(crate) struct Counters {
    stripes: Box<[CachePadded<Stripe>]>,
    /// Stripes that belong to one thread each; a power of two, and half as many follow for all others.
    owned: usize,
    /// Entries that were there from the start.
    base: i64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        let threads = if cfg!(any(loom, shuttle)) {
            1
        } else {
            std::thread::available_parallelism().map_or(4, std::num::NonZero::get)
        };
        let owned = (threads * 2).next_power_of_two().clamp(4, 64);
        Self {
            stripes: (0..owned + owned / 2)
                .map(|_| CachePadded::default())
                .collect(),
            owned,
            base: 0,
        }
    }

    /// Begins with so many entries, which nobody has put in.
    pub(crate) fn start_with(&mut self, entries: u64) {
        self.base = entries as i64;
    }

    #[inline]
    fn add(&self, field: impl Fn(&Stripe) -> &AtomicI64, by: i64, guard: &Guard) {
        let number = guard.number();
        // Relaxed throughout: nothing is published by a count.
        if number < self.owned {
            let counter = field(&self.stripes[number]);
            // `one-writer`: nothing is lost between load and store.
            counter.store(counter.load(Ordering::Relaxed) + by, Ordering::Relaxed);
        } else {
            let shared = self.owned + (number & (self.owned / 2 - 1));
            field(&self.stripes[shared]).fetch_add(by, Ordering::Relaxed);
        }
    }

    /// Counts one change to the map: an insert (1), a removal (-1) or an update (0).
    #[inline]
    pub(crate) fn change(&self, entries: i64, bytes: i64, guard: &Guard) {
        match entries {
            0 => self.add(|stripe| &stripe.updates, 1, guard),
            1.. => self.add(|stripe| &stripe.inserts, 1, guard),
            _ => self.add(|stripe| &stripe.removals, 1, guard),
        }
        if bytes != 0 {
            self.bytes_only(bytes, guard);
        }
    }

    /// Counts bytes that moved without a change to what the map holds.
    #[inline]
    pub(crate) fn bytes_only(&self, bytes: i64, guard: &Guard) {
        self.add(|stripe| &stripe.bytes, bytes, guard);
        guard.note_bytes(bytes);
    }

    fn sum(&self, base: i64, of: impl Fn(&Stripe) -> i64) -> u64 {
        let sum: i64 = self.stripes.iter().map(|stripe| of(stripe)).sum();
        // A removal may be counted before the insert of another thread that it removed.
        (base + sum).max(0) as u64
    }

    pub(crate) fn entries(&self) -> u64 {
        self.sum(self.base, |stripe| {
            stripe.inserts.load(Ordering::Relaxed) - stripe.removals.load(Ordering::Relaxed)
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.sum(0, |stripe| stripe.bytes.load(Ordering::Relaxed))
    }

    pub(crate) fn changes(&self) -> u64 {
        let each = |stripe: &Stripe| {
            let changes = [&stripe.inserts, &stripe.removals, &stripe.updates];
            changes
                .map(|count| count.load(Ordering::Relaxed))
                .iter()
                .sum()
        };
        self.sum(0, each)
    }

    pub(crate) fn size(&self) -> usize {
        self.stripes.len() * size_of::<CachePadded<Stripe>>()
    }
}
