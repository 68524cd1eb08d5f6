//! Operations on many keys in one call. Everything is converted and checked before the first key is touched, so a
//! bad element changes nothing; then each key is its own atomic step.

use threadmap_core::{Key, KeyKind, Number, OwnedValue};

use super::{Outcome, given, number};
use crate::error::Fault;
use crate::ffi::{Call, Js};
use crate::key::{self, For, KeyBuf};
use crate::value::{self, ValueBuf};

/// Keys, end to end in one allocation.
#[derive(Default)]
pub(super) struct Keys {
    bytes: Vec<u8>,
    keys: Vec<(KeyKind, bool, usize)>,
}

impl Keys {
    pub(super) fn with_capacity(keys: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(keys * 16),
            keys: Vec::with_capacity(keys),
        }
    }

    pub(super) fn push(&mut self, key: &Key<'_>) {
        self.bytes.extend_from_slice(key.as_bytes());
        self.keys
            .push((key.kind(), key.is_buffer(), self.bytes.len()));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Key<'_>> {
        let mut start = 0;
        self.keys.iter().map(move |&(kind, buffer, end)| {
            Key::from_parts(
                kind,
                buffer,
                &self.bytes[std::mem::replace(&mut start, end)..end],
            )
        })
    }
}

/// Reads every `step`-th element of the array in argument 1 as a key, handing the others of its group to `rest`.
pub(super) fn read_keys<'c>(
    call: &Call<'c>,
    whose: For,
    step: u32,
    mut rest: impl FnMut(Js<'c>) -> Result<(), Fault>,
) -> Result<Keys, Fault> {
    let (env, array) = (call.env, call.args[1]);
    let length = env.array_len(array)?;
    let mut keys = Keys::with_capacity((length / step) as usize);
    let mut buf = KeyBuf::new();
    for index in (0..length).step_by(step as usize) {
        env.scoped(|| {
            keys.push(&key::read(
                env,
                call.record,
                whose,
                env.element(array, index)?,
                &mut buf,
            )?);
            if step == 2 {
                rest(env.element(array, index + 1)?)
            } else {
                Ok(())
            }
        })?;
    }
    Ok(keys)
}

/// `getMany(id, keys) -> values`
pub(crate) fn get_many<'c>(call: &Call<'c>) -> Outcome<'c> {
    let keys = read_keys(call, For::Map(call.id), 1, |_| Ok(()))?;
    let results = call.env.new_array(keys.keys.len())?;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    for (index, key) in (0..).zip(keys.iter()) {
        call.env.scoped(|| {
            let value = given(call.env, map, map.get(&key, &pin.guard)?.as_ref())?;
            call.env.set_element(results, index, value)
        })?;
    }
    Ok(results)
}

/// The keys and values in turn in the array of argument 1.
pub(super) fn read_entries(call: &Call<'_>) -> Result<(Keys, Vec<OwnedValue>), Fault> {
    let (mut values, mut buf) = (Vec::new(), ValueBuf::new());
    let keys = read_keys(call, For::Map(call.id), 2, |value| {
        values.push(OwnedValue::new(&value::read(
            call.env,
            call.record,
            value,
            &mut buf,
        )?));
        Ok(())
    })?;
    Ok((keys, values))
}

/// `setMany(id, [key, value, ...])`
pub(crate) fn set_many<'c>(call: &Call<'c>) -> Outcome<'c> {
    let (keys, values) = read_entries(call)?;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    for (key, value) in keys.iter().zip(&values) {
        map.admit(&key, &value.borrow())?;
    }
    let entries = keys.iter().zip(values.iter().map(OwnedValue::borrow));
    map.set_many(entries, &pin.guard)?;
    Ok(Js::UNDEFINED)
}

/// `deleteMany(id, keys) -> number`
pub(crate) fn delete_many<'c>(call: &Call<'c>) -> Outcome<'c> {
    let keys = read_keys(call, For::Map(call.id), 1, |_| Ok(()))?;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    let mut deleted = 0_u32;
    for key in keys.iter() {
        deleted += u32::from(map.take(&key, &pin.guard)?.is_some());
    }
    call.env.new_number(f64::from(deleted))
}

/// `addMany(id, [key, delta, ...]) -> new numbers`
pub(crate) fn add_many<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut deltas: Vec<Number> = Vec::new();
    let keys = read_keys(call, For::Map(call.id), 2, |delta| {
        deltas.push(number::read(call.env, delta, "delta")?);
        Ok(())
    })?;
    let pairs: Vec<_> = keys.iter().zip(deltas).collect();
    let mut sums = Vec::with_capacity(pairs.len());
    {
        let pin = call.pin();
        pin.map(call.id)?
            .add_many(&pairs, &pin.guard, |_, sum| sums.push(sum))?;
    }
    let results = call.env.new_array(sums.len())?;
    for (index, sum) in (0..).zip(sums) {
        call.env.scoped(|| {
            call.env
                .set_element(results, index, number::to_js(call.env, sum)?)
        })?;
    }
    Ok(results)
}
