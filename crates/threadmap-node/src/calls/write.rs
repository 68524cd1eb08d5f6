//! Operations on one key that may change it.

use threadmap_core::{Expected, Guard, Map, Value};

use super::{Named, Outcome, given};
use crate::error::{Fault, INVALID_ARGUMENT};
use crate::ffi::{Call, Js, Type};
use crate::key::KeyBuf;
use crate::value::ValueBuf;

/// Converts key and value, pins, and runs the operation on the map.
#[inline]
fn with_value<'c, N: Named>(
    call: &Call<'c>,
    value_at: usize,
    run: impl FnOnce(&Map, &N::Key<'_>, &Value<'_>, &Guard) -> Outcome<'c>,
) -> Outcome<'c> {
    let (mut key, mut value) = (KeyBuf::new(), ValueBuf::new());
    let key = N::key(call, &mut key)?;
    let value = call.value(value_at, &mut value)?;
    let pin = call.pin();
    run(pin.map(call.id)?, &key, &value, &pin.guard)
}

#[inline]
fn with_key<'c, N: Named>(
    call: &Call<'c>,
    run: impl FnOnce(&Map, &N::Key<'_>, &Guard) -> Outcome<'c>,
) -> Outcome<'c> {
    let mut key = KeyBuf::new();
    let key = N::key(call, &mut key)?;
    let pin = call.pin();
    run(pin.map(call.id)?, &key, &pin.guard)
}

/// `set(id, key, value)`
pub(crate) fn set<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    with_value::<N>(call, 2, |map, key, value, guard| {
        map.set(key, value, guard)?;
        Ok(Js::UNDEFINED)
    })
}

/// `swap(id, key, value) -> old`
pub(crate) fn swap<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    with_value::<N>(call, 2, |map, key, value, guard| {
        given(call.env, map, map.swap(key, value, guard)?.as_ref())
    })
}

/// `delete(id, key) -> boolean`
pub(crate) fn delete<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    with_key::<N>(call, |map, key, guard| {
        call.env.new_boolean(map.take(key, guard)?.is_some())
    })
}

/// `take(id, key) -> old`
pub(crate) fn take<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    with_key::<N>(call, |map, key, guard| {
        given(call.env, map, map.take(key, guard)?.as_ref())
    })
}

/// `setIfAbsent(id, key, value) -> boolean`
pub(crate) fn set_if_absent<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    with_value::<N>(call, 2, |map, key, value, guard| {
        call.env
            .new_boolean(map.compare_and_set(key, &Expected::Absent, value, guard)?)
    })
}

/// `getOrInsert(id, key, value) -> value`: what the entry holds now, in the form that the map gives.
pub(crate) fn get_or_insert<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    with_value::<N>(call, 2, |map, key, value, guard| {
        let found = map.get_or_insert(key, value, guard)?;
        given(call.env, map, Some(found.as_ref().unwrap_or(value)))
    })
}

/// `replace(id, key, value) -> boolean`
pub(crate) fn replace<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    with_value::<N>(call, 2, |map, key, value, guard| {
        call.env.new_boolean(map.replace(key, value, guard)?)
    })
}

/// `compareAndSet(id, key, value, expected) -> boolean`: a symbol as `expected` stands for no entry.
pub(crate) fn compare_and_set<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    let mut expected = ValueBuf::new();
    let expected = if call.env.type_of(call.args[3])? == Type::Symbol {
        Expected::Absent
    } else {
        Expected::Value(call.value(3, &mut expected)?)
    };
    with_value::<N>(call, 2, |map, key, value, guard| {
        call.env
            .new_boolean(map.compare_and_set(key, &expected, value, guard)?)
    })
}

/// `compareAndDelete(id, key, expected) -> boolean`: a symbol as `expected` stands for no entry, of which there is
/// nothing to delete.
pub(crate) fn compare_and_delete<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    if call.env.type_of(call.args[2])? == Type::Symbol {
        return with_key::<N>(call, |_, _, _| call.env.new_boolean(false));
    }
    with_value::<N>(call, 2, |map, key, expected, guard| {
        call.env
            .new_boolean(map.compare_and_delete(key, expected, guard)?)
    })
}

/// The version in argument `index`. A number that no map has given matches nothing.
fn version(call: &Call<'_>, index: usize) -> Result<u64, Fault> {
    let number = call.env.number(call.args[index])?.ok_or_else(|| {
        let message = "a version is a number that getEntry() has given: nothing was changed";
        Fault::Caller(INVALID_ARGUMENT, message.to_owned())
    })?;
    Ok(if number.fract() == 0.0 {
        number as u64
    } else {
        0
    })
}

/// `setIfVersion(id, key, value, version) -> boolean`
pub(crate) fn set_if_version<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    let version = version(call, 3)?;
    with_value::<N>(call, 2, |map, key, value, guard| {
        call.env
            .new_boolean(map.set_if_version(key, value, version, guard)?)
    })
}

/// `deleteIfVersion(id, key, version) -> boolean`
pub(crate) fn delete_if_version<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    let version = version(call, 2)?;
    with_key::<N>(call, |map, key, guard| {
        call.env
            .new_boolean(map.delete_if_version(key, version, guard)?)
    })
}
