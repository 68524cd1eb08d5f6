//! Going over a map in chunks. The cursor is a plain number that the caller keeps, so an iterator that is abandoned
//! costs nothing and a thread that dies in the middle of one leaves nothing behind.

use std::rc::Rc;

use super::Outcome;
use super::chunk::{Chunk, cursor};
use crate::ffi::{Call, Js};

/// Entries removed by one call of `clear`.
const CLEAR_CHUNK: usize = 4096;

/// `scan(id, what, doubles) -> what is no number`: the chunk that the doubles ask for (`chunk.rs`).
pub(crate) fn scan<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut chunk = Chunk::begin(call)?;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    let next = map.scan(chunk.cursor, chunk.enough, &pin.guard, &mut chunk)?;
    let given = chunk.end(next, 0)?;
    map.check_whole()?;
    Ok(given)
}

/// `iterate(id, what, doubles) -> what is no number`: as `scan`, but over one version of a map of the snapshot variant.
/// It is held from the first chunk (iteration 0) to the last, unless the thread has begun too many others since: then
/// over what there is.
pub(crate) fn iterate<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut chunk = Chunk::begin(call)?;
    let iteration = chunk.iteration;
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
        let pin = call.pin();
        let map = pin.map(call.id)?;
        let next = map.scan(chunk.cursor, chunk.enough, &pin.guard, &mut chunk)?;
        return chunk.end(next, iteration);
    };
    let next = held.scan(chunk.cursor as u32, chunk.enough, &mut chunk);
    let iteration = match (iteration, next) {
        (0, Some(_)) if chunk.fits() => call.record.keep_iteration(held),
        (0, _) => {
            // That was all, or the first chunk will be asked for again.
            call.record.let_go(held);
            0
        }
        (_, None) if chunk.fits() => {
            drop(held);
            call.record.end_iteration(iteration);
            iteration
        }
        _ => iteration,
    };
    chunk.end(next.map(u64::from), iteration)
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
        return call.env.new_number(cursor(None));
    }
    let from = call.env.number(call.args[1])?.unwrap_or_default() as u64;
    let next = pin
        .map(call.id)?
        .clear_chunk(from, CLEAR_CHUNK, &pin.guard)?;
    pin.guard.flush();
    call.env.new_number(cursor(next))
}
