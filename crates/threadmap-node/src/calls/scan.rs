//! Going over a map in chunks. The cursor is a plain number that the caller keeps, so an iterator that is abandoned
//! costs nothing and a thread that dies in the middle of one leaves nothing behind.

use std::rc::Rc;

use threadmap_core::Entry;

use super::Outcome;
use crate::error::Fault;
use crate::ffi::{Call, Js};
use crate::{key, value};

/// Entries a chunk: the fixed price of a call is spread over enough of them, and no chunk pins the thread for long.
pub(super) const CHUNK: usize = 256;
/// Entries whose handles live at the same time.
const SCOPED: usize = 128;
/// Entries removed by one call of `clear`.
const CLEAR_CHUNK: usize = 4096;

/// The cursor in argument 1. JavaScript ends with -1.
pub(super) fn cursor(call: &Call<'_>) -> Result<u64, Fault> {
    Ok(call.env.number(call.args[1])?.unwrap_or_default() as u64)
}

pub(super) fn next(next: Option<u64>) -> f64 {
    next.map_or(-1.0, |cursor| cursor as f64)
}

/// An array of entries for JavaScript, in the making.
pub(super) struct Chunk<'a, 'c> {
    call: &'a Call<'c>,
    items: Js<'c>,
    length: u32,
}

impl<'a, 'c> Chunk<'a, 'c> {
    /// With the entries, of which argument 2 says what is wanted: 0 keys and values in turn, 1 keys, 2 values.
    pub(super) fn new(call: &'a Call<'c>, entries: &[Entry<'_>]) -> Result<Self, Fault> {
        let env = call.env;
        let what = env.id(call.args[2]);
        let width = if what == 0 { 2 } else { 1 };
        let items = env.new_array(entries.len() * width)?;
        let mut length = 0;
        // A scope for many entries: one for each would cost as much as making its key.
        for some in entries.chunks(SCOPED) {
            env.scoped(|| {
                for entry in some {
                    if what != 2 {
                        env.set_element(items, length, key::to_js(env, &entry.key)?)?;
                        length += 1;
                    }
                    if what != 1 {
                        env.set_element(items, length, value::to_js(env, &entry.value)?)?;
                        length += 1;
                    }
                }
                Ok(())
            })?;
        }
        Ok(Self {
            call,
            items,
            length,
        })
    }

    /// Ends it with some numbers.
    pub(super) fn end(mut self, numbers: &[f64]) -> Outcome<'c> {
        for &number in numbers {
            let number = self.call.env.new_number(number)?;
            self.call.env.set_element(self.items, self.length, number)?;
            self.length += 1;
        }
        Ok(self.items)
    }
}

/// `scan(id, cursor, what) -> [item, ..., cursor]`: what = 0 keys and values in turn, 1 keys, 2 values.
pub(crate) fn scan<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut entries = Vec::with_capacity(CHUNK * 2);
    let pin = call.pin();
    let map = pin.map(call.id)?;
    let next_one = map.scan(cursor(call)?, CHUNK, &pin.guard, &mut entries)?;
    let chunk = Chunk::new(call, &entries)?;
    map.check_whole()?;
    chunk.end(&[next(next_one)])
}

/// `iterate(id, cursor, what, iteration) -> [item, ..., iteration, cursor]`: as `scan`, but over one version of a map
/// of the snapshot variant. It is held from the first chunk (`iteration` 0) to the last, unless the thread has begun
/// too many others since: then over what there is.
pub(crate) fn iterate<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut iteration = call.env.id(call.args[3]);
    let from = cursor(call)?;
    let held = {
        let pin = call.pin();
        let map = pin.map(call.id)?;
        if iteration == 0 {
            Some(Rc::new(map.hold(&pin.guard)?))
        } else {
            call.record.iteration(iteration)
        }
    };
    let Some(held) = held else {
        let mut entries = Vec::with_capacity(CHUNK * 2);
        let pin = call.pin();
        let cursor = pin
            .map(call.id)?
            .scan(from, CHUNK, &pin.guard, &mut entries)?;
        return Chunk::new(call, &entries)?.end(&[f64::from(iteration), next(cursor)]);
    };
    let mut entries = Vec::with_capacity(CHUNK * 2);
    let cursor = held.scan(from as u32, CHUNK, &mut entries).map(u64::from);
    let chunk = Chunk::new(call, &entries)?;
    drop(entries);
    match (cursor, iteration) {
        (Some(_), 0) => iteration = call.record.keep_iteration(held),
        (None, 0) => call.record.let_go(held),
        (None, _) => {
            drop(held);
            call.record.end_iteration(iteration);
        }
        _ => {}
    }
    chunk.end(&[f64::from(iteration), next(cursor)])
}

/// `endIteration(iteration)`: of one that was not gone through to the end.
#[expect(clippy::unnecessary_wraps, reason = "all operations have one type")]
pub(crate) fn end_iteration<'c>(call: &Call<'c>) -> Outcome<'c> {
    call.record.end_iteration(call.id);
    Ok(Js::UNDEFINED)
}

/// `clear(id, cursor) -> cursor`: one chunk, or all at once; JavaScript goes on until -1.
pub(crate) fn clear<'c>(call: &Call<'c>) -> Outcome<'c> {
    let pin = call.pin();
    if let Some(remains) = pin.map(call.id)?.clear_at_once(&pin.guard) {
        drop(pin);
        call.record.bury(remains);
        return call.env.new_number(next(None));
    }
    let cursor = pin
        .map(call.id)?
        .clear_chunk(cursor(call)?, CLEAR_CHUNK, &pin.guard)?;
    pin.guard.flush();
    call.env.new_number(next(cursor))
}
