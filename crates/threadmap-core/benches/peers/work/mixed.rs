//! Reads, upserts and removals from a drawn stream.
//!
//! Invariant: the loop does nothing but take the next operation and do it; the stream is read in order, so the
//! processor fetches it ahead.

use std::hint::black_box;

use crate::contestants::Peer;
use crate::draw::{Op, What};
use crate::key::Key;
use crate::pool::{Lap, Line, until_the_end};

/// Goes through the stream from `from` on, in a circle, until the time is over.
pub(crate) fn mixed<K: Key, P: Peer<K>>(map: &P, ops: &[Op<K>], from: usize, line: &Line) -> Lap {
    let seat = map.seat();
    let (mut at, mut sum) = (from, 0_u64);
    let lap = until_the_end(line, |piece| {
        if at + piece > ops.len() {
            at = 0;
        }
        for op in &ops[at..at + piece] {
            match op.what {
                What::Get => sum = sum.wrapping_add(map.get(&seat, &op.key).unwrap_or(1)),
                What::Set => map.set(&seat, &op.key, at as u64),
                What::Remove => sum += u64::from(map.remove(&seat, &op.key)),
            }
        }
        at += piece;
    });
    black_box(sum);
    lap
}
