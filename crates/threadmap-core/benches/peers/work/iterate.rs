//! A visit to every entry.

use std::time::Instant;

use crate::contestants::Peer;
use crate::key::Key;
use crate::pool::{Lap, Line};

/// One visit; the lap tells how many entries were seen.
pub(crate) fn iterate<K: Key, P: Peer<K>>(map: &P, line: &Line) -> Lap {
    line.run(|_, _| {
        let (entries, _) = visit(map);
        (Instant::now(), entries)
    })
}

/// How many entries were seen, and the sum of their values.
pub(crate) fn visit<K: Key, P: Peer<K>>(map: &P) -> (u64, u64) {
    let (mut entries, mut sum) = (0, 0_u64);
    map.visit(&map.seat(), |value| {
        entries += 1;
        sum = sum.wrapping_add(value);
    });
    (entries, sum)
}
