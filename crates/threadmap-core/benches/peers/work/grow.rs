//! Growth from empty, and how long each single insert took.

use std::time::Instant;

use hdrhistogram::Histogram;

use crate::contestants::Peer;
use crate::key::Key;
use crate::pool::{Lap, Line};

/// Inserts the keys. `waits` gets the nanoseconds of each insert, among them one look at the clock and the noting
/// itself (some 30 ns).
pub(crate) fn grow<K: Key, P: Peer<K>>(
    map: &P,
    keys: &[K],
    line: &Line,
    waits: &mut Histogram<u32>,
) -> Lap {
    let seat = map.seat();
    line.run(|begin, _| {
        let mut before = begin;
        for key in keys {
            map.set(&seat, key, 1);
            let now = Instant::now();
            waits.saturating_record((now - before).as_nanos() as u64);
            before = now;
        }
        (before, keys.len() as u64)
    })
}
