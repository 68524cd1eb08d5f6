//! Arithmetic on entries.

use threadmap_core::{Error, Guard, Map, Number};

use super::{Named, Outcome};
use crate::error::{Fault, INVALID_ARGUMENT, OVERFLOW};
use crate::ffi::{Call, Env, Js, Type};
use crate::key::KeyBuf;

/// A number or a 64-bit bigint from JavaScript.
#[inline(always)]
#[expect(clippy::inline_always, reason = "see `key::read`")]
pub(crate) fn read<'c>(env: Env<'c>, value: Js<'c>, what: &str) -> Result<Number, Fault> {
    if let Some(number) = env.number(value)? {
        return Ok(Number::Float(number));
    }
    // Taken apart and put together again: the two ways meet in registers then, not in memory.
    match read_other(env, value, what)? {
        Number::Float(number) => Ok(Number::Float(number)),
        Number::Int(int) => Ok(Number::Int(int)),
    }
}

#[inline(never)]
fn read_other<'c>(env: Env<'c>, value: Js<'c>, what: &str) -> Result<Number, Fault> {
    match env.type_of(value)? {
        Type::BigInt => env.int(value)?.map(Number::Int).ok_or_else(|| {
            Fault::Caller(
                OVERFLOW,
                format!("{what} does not fit a signed 64-bit integer: nothing was changed"),
            )
        }),
        other => Err(Fault::Caller(
            INVALID_ARGUMENT,
            format!("{what} must be a number or a bigint, got {other:?}: nothing was changed")
                .to_lowercase(),
        )),
    }
}

#[inline]
pub(crate) fn to_js(env: Env<'_>, number: Number) -> Outcome<'_> {
    match number {
        Number::Float(number) => env.new_number(number),
        Number::Int(int) => env.new_int(int),
    }
}

/// `add(id, key, delta, initial or undefined) -> new`
pub(crate) fn add<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    let mut key = KeyBuf::new();
    let key = N::key(call, &mut key)?;
    let delta = read(call.env, call.args[2], "delta")?;
    let initial = if call.given < 4 || call.env.type_of(call.args[3])? == Type::Undefined {
        delta.zero()
    } else {
        read(call.env, call.args[3], "initial")?
    };
    let pin = call.pin();
    to_js(
        call.env,
        pin.map(call.id)?.add(&key, delta, initial, &pin.guard)?,
    )
}

fn extreme<'c, N: Named>(
    call: &Call<'c>,
    run: impl FnOnce(&Map, &N::Key<'_>, Number, &Guard) -> Result<Number, Error>,
) -> Outcome<'c> {
    let mut key = KeyBuf::new();
    let key = N::key(call, &mut key)?;
    let operand = read(call.env, call.args[2], "the operand")?;
    let pin = call.pin();
    to_js(call.env, run(pin.map(call.id)?, &key, operand, &pin.guard)?)
}

/// `max(id, key, operand) -> new`
pub(crate) fn max<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    extreme::<N>(call, |map, key, operand, guard| {
        map.max(key, operand, guard)
    })
}

/// `min(id, key, operand) -> new`
pub(crate) fn min<'c, N: Named>(call: &Call<'c>) -> Outcome<'c> {
    extreme::<N>(call, |map, key, operand, guard| {
        map.min(key, operand, guard)
    })
}
