//! First in, first out: each step removes the oldest entry and inserts a new one.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::contestants::Peer;
use crate::key::Key;
use crate::pool::{Lap, Line, until_the_end};

/// The keys of one thread, in a circle; a window of them is live and moves on. No other thread has these keys.
pub(crate) struct Ring<K> {
    keys: Vec<K>,
    live: usize,
    /// The oldest live key. Kept from one lap of the thread to the next.
    oldest: AtomicUsize,
}

impl<K: Key> Ring<K> {
    /// Four times as many keys as are live, so that a key comes back long after its entry is forgotten.
    pub(crate) const TIMES: usize = 4;

    /// # Panics
    /// When the keys are not [`Ring::TIMES`] times as many.
    pub(crate) fn new(keys: &[K], live: usize) -> Self {
        assert_eq!(keys.len(), live * Self::TIMES, "keys of a ring");
        Self {
            keys: keys.to_vec(),
            live,
            oldest: AtomicUsize::new(0),
        }
    }

    /// What is live at the start.
    pub(crate) fn window(&self) -> &[K] {
        &self.keys[..self.live]
    }
}

/// Moves the window on until the time is over. A removal and an insert are two operations.
pub(crate) fn churn<K: Key, P: Peer<K>>(map: &P, ring: &Ring<K>, line: &Line) -> Lap {
    let seat = map.seat();
    let size = ring.keys.len();
    let mut oldest = ring.oldest.load(Ordering::Relaxed);
    let mut newest = (oldest + ring.live) % size;
    let lap = until_the_end(line, |piece| {
        for _ in 0..piece / 2 {
            map.remove(&seat, &ring.keys[oldest]);
            map.set(&seat, &ring.keys[newest], newest as u64);
            oldest = if oldest + 1 == size { 0 } else { oldest + 1 };
            newest = if newest + 1 == size { 0 } else { newest + 1 };
        }
    });
    ring.oldest.store(oldest, Ordering::Relaxed);
    lap
}
