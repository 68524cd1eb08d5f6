//! What only refs and near caches need: their slots, the memory that JavaScript reads by itself, and the operations
//! whose numbers go through the scratch area, which costs a third of an argument.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use threadmap_core::{Number, Value};

use super::{ByRef, Named, Outcome};
use crate::error::Fault;
use crate::ffi::{Call, Js};
use crate::key::KeyBuf;
use crate::refs::Bound;

/// Guards that a grace period takes to end where nobody is in its way.
const GRACE: usize = 3;

/// `stamps(id) -> ArrayBuffer`: where the stamps of the map move, which it keeps from now on; undefined where the
/// engine takes no memory but its own.
pub(crate) fn stamps<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut table = None;
    for _ in 0..GRACE {
        let pin = call.pin();
        table = pin.map(call.id)?.arm(&pin.guard);
    }
    match table {
        Some(table) if !call.record.refuses_buffers.get() => shared(call.env.new_shared(table)),
        _ => Ok(Js::UNDEFINED),
    }
}

/// `scratch() -> ArrayBuffer`: this thread's scratch area, or undefined as for `stamps`.
pub(crate) fn scratch<'c>(call: &Call<'c>) -> Outcome<'c> {
    if call.record.refuses_buffers.get() {
        return Ok(Js::UNDEFINED);
    }
    shared(call.env.new_shared(Arc::clone(&call.record.scratch)))
}

fn shared(made: Result<Option<Js<'_>>, Fault>) -> Outcome<'_> {
    Ok(made?.unwrap_or(Js::UNDEFINED))
}

/// `refuseBuffers(refuse)`: a self-test. This thread gets no memory from now on, as in an engine that refuses them.
pub(crate) fn refuse_buffers<'c>(call: &Call<'c>) -> Outcome<'c> {
    let refuse = call.env.boolean(call.args[0])?;
    call.record.refuses_buffers.set(refuse);
    Ok(Js::UNDEFINED)
}

/// `bind(id, key) -> slot`: a slot that stands for both.
pub(crate) fn bind<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = call.key(1, &mut buf)?;
    let key = call.pin().map(call.id)?.prepare(&key);
    let id = call.id;
    let slot = call.record.refs.insert(Bound { id, key });
    call.env.new_number(f64::from(slot))
}

/// `unbind(slot)`
#[expect(clippy::unnecessary_wraps, reason = "all operations have one type")]
pub(crate) fn unbind<'c>(call: &Call<'c>) -> Outcome<'c> {
    call.record.refs.remove(call.id);
    Ok(Js::UNDEFINED)
}

/// The number in the scratch area. Relaxed, here and below: only this thread writes and reads it.
fn number(call: &Call<'_>) -> f64 {
    f64::from_bits(call.record.scratch.number.load(Ordering::Relaxed))
}

/// `refSetNumber(ref)`: stores the number in the scratch area.
pub(crate) fn set_number<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = ByRef::key(call, &mut buf)?;
    let value = Value::Number(number(call));
    let pin = call.pin();
    pin.map(call.id)?.set(key, &value, &pin.guard)?;
    Ok(Js::UNDEFINED)
}

/// `refAddNumber(ref)`: adds the number in the scratch area, and leaves the sum there.
pub(crate) fn add_number<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = ByRef::key(call, &mut buf)?;
    let delta = Number::Float(number(call));
    let pin = call.pin();
    let sum = pin
        .map(call.id)?
        .add(key, delta, Number::Float(0.0), &pin.guard)?;
    if let Number::Float(sum) = sum {
        let bits = sum.to_bits();
        call.record.scratch.number.store(bits, Ordering::Relaxed);
    }
    Ok(Js::UNDEFINED)
}
