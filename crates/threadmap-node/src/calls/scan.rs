//! Going over a map in chunks. The cursor is a plain number that the caller keeps, so an iterator that is abandoned
//! costs nothing and a thread that dies in the middle of one leaves nothing behind.

use super::Outcome;
use crate::ffi::Call;
use crate::{key, value};

/// Entries a chunk: the fixed price of a call is spread over enough of them, and no chunk pins the thread for long.
const CHUNK: usize = 256;
/// Entries removed by one call of `clear`.
const CLEAR_CHUNK: usize = 4096;

/// The cursor in argument 1: the next hash to look at. JavaScript ends with -1.
fn cursor(call: &Call<'_>) -> u32 {
    call.env.id(call.args[1])
}

fn next(next: Option<u32>) -> f64 {
    next.map_or(-1.0, f64::from)
}

/// `scan(id, cursor, what) -> [item, ..., cursor]`: what = 0 keys and values in turn, 1 keys, 2 values.
pub(crate) fn scan<'c>(call: &Call<'c>) -> Outcome<'c> {
    let env = call.env;
    let what = env.id(call.args[2]);
    let mut entries = Vec::with_capacity(CHUNK * 2);
    let pin = call.pin();
    let cursor = pin
        .map(call.id)?
        .scan(cursor(call), CHUNK, &pin.guard, &mut entries);
    let width = if what == 0 { 2 } else { 1 };
    let items = env.new_array(entries.len() * width + 1)?;
    let mut index = 0;
    for entry in &entries {
        env.scoped(|| {
            if what != 2 {
                env.set_element(items, index, key::to_js(env, &entry.key)?)?;
                index += 1;
            }
            if what != 1 {
                env.set_element(items, index, value::to_js(env, &entry.value)?)?;
                index += 1;
            }
            Ok(())
        })?;
    }
    env.set_element(items, index, env.new_number(next(cursor))?)?;
    Ok(items)
}

/// `clear(id, cursor) -> cursor`: one chunk; JavaScript goes on until -1.
pub(crate) fn clear<'c>(call: &Call<'c>) -> Outcome<'c> {
    let pin = call.pin();
    let cursor = pin
        .map(call.id)?
        .clear_chunk(cursor(call), CLEAR_CHUNK, &pin.guard);
    pin.guard.flush();
    call.env.new_number(next(cursor))
}
