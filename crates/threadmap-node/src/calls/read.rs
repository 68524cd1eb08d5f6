//! Operations that change nothing.

use super::{Named, Outcome, given};
use crate::ffi::{Call, Js};
use crate::key::KeyBuf;
use crate::value;

/// `get(id, key) -> value`
pub(crate) fn get<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = call.key(1, &mut buf)?;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    map.get_with(&key, &pin.guard, |found| {
        given(call.env, map, found.as_ref())
    })?
}

/// `getKept(id, key) -> value`, and in the scratch area whether and under which stamp it may be kept.
pub(crate) fn keep<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = N::key(call, &mut buf)?;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    let kept = map.keep(&key, &pin.guard)?;
    call.record.tell_stamp(&kept);
    given(call.env, map, kept.value.as_ref())
}

/// `find(id, key, absent) -> value`, or `absent` where there is no entry: tells a stored `undefined` from none.
pub(crate) fn find<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = N::key(call, &mut buf)?;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    match map.get(&key, &pin.guard)? {
        None => Ok(call.args[2]),
        found => given(call.env, map, found.as_ref()),
    }
}

/// `has(id, key) -> boolean`
pub(crate) fn has<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = N::key(call, &mut buf)?;
    let pin = call.pin();
    call.env
        .new_boolean(pin.map(call.id)?.contains(&key, &pin.guard)?)
}

/// `getEntry(id, key) -> [value, version]` or undefined
pub(crate) fn get_entry<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = N::key(call, &mut buf)?;
    let pin = call.pin();
    let Some((value, version)) = pin.map(call.id)?.get_entry(&key, &pin.guard)? else {
        return Ok(Js::UNDEFINED);
    };
    let array = call.env.new_array(2)?;
    call.env
        .set_element(array, 0, value::to_js(call.env, &value)?)?;
    call.env
        .set_element(array, 1, call.env.new_number(version as f64)?)?;
    Ok(array)
}

/// `size(id) -> number`
pub(crate) fn size<'c>(call: &Call<'c>) -> Outcome<'c> {
    let pin = call.pin();
    call.env
        .new_number(pin.map(call.id)?.size(&pin.guard) as f64)
}

/// `version(id) -> number`
pub(crate) fn version<'c>(call: &Call<'c>) -> Outcome<'c> {
    let pin = call.pin();
    call.env
        .new_number(pin.map(call.id)?.version(&pin.guard) as f64)
}
