//! Operations on many keys that are all strings: the keys end to end as one string, their lengths and all numbers in an
//! array of doubles, so that no element costs a Node-API call of its own.
//!
//! The array holds `width` doubles for each key: its length in UTF-16 units, then what else the operation is given. The
//! results take the places of the lengths. `bulk.rs` does the same for all other keys and values; what is said there of
//! checks before changes holds here.

use threadmap_core::{Key, Number, Text, Value};

use super::bulk::Keys;
use super::{Outcome, given};
use crate::error::{Fault, INVALID_ARGUMENT};
use crate::ffi::{Call, Doubles, Env, Js};

/// In place of a number, where there is none: NaNs that no number is given as. Their upper words are in `lib/packed.ts`.
/// No entry, or `undefined`.
pub(super) const UNDEFINED: u64 = 0x7ff8_0001 << 32;
/// A value that crosses beside the numbers.
pub(super) const OTHER: u64 = 0x7ff8_0002 << 32;
/// A string of a text that crosses beside the numbers; the lower word says which part of it.
pub(super) const LATIN1: u64 = 0x7ff8_0003 << 32;
/// The same, of a text of the other kind.
pub(super) const UTF16: u64 = 0x7ff8_0004 << 32;
pub(super) const NULL: u64 = 0x7ff8_0005 << 32;
pub(super) const FALSE: u64 = 0x7ff8_0006 << 32;
pub(super) const TRUE: u64 = 0x7ff8_0007 << 32;

/// Longest string of keys: beyond it the facade goes the other way.
const MAX_UNITS: f64 = (1 << 24) as f64;

/// A number as it crosses: one that a file brings may be any NaN.
#[inline]
pub(super) fn bits_of(number: f64) -> u64 {
    if number.is_nan() {
        f64::NAN.to_bits()
    } else {
        number.to_bits()
    }
}

/// The keys of a call `f(id, text, doubles, count)`.
enum Packed {
    /// All ASCII, so each is a part of the text.
    Text(Vec<u8>),
    Keys(Keys),
}

struct Input<'c> {
    doubles: Doubles<'c>,
    count: usize,
    width: usize,
    packed: Packed,
}

fn read<'c>(call: &Call<'c>, width: usize) -> Result<Input<'c>, Fault> {
    let wrong = || {
        let message = "packed keys and their lengths do not agree";
        Fault::Caller(INVALID_ARGUMENT, message.to_owned())
    };
    let doubles = call.env.doubles(call.args[2])?.ok_or_else(wrong)?;
    let count = call.env.id(call.args[3]) as usize;
    if count.saturating_mul(width) > doubles.len() {
        return Err(wrong());
    }
    let mut units = 0.0;
    for index in 0..count {
        units += doubles.get(index * width).clamp(0.0, MAX_UNITS);
    }
    if units > MAX_UNITS {
        return Err(wrong());
    }
    let packed = if let Some(text) = call.env.ascii(call.args[1], units as usize)? {
        Packed::Text(text)
    } else {
        let units = call.env.units(call.args[1])?.ok_or_else(wrong)?;
        let (mut keys, mut narrow) = (Keys::with_capacity(count), Vec::new());
        let mut rest = &units[..];
        for index in 0..count {
            let length = doubles.get(index * width) as usize;
            let (key, after) = rest.split_at_checked(length).ok_or_else(wrong)?;
            keys.push(&match Env::text_of(key, &mut narrow) {
                Text::Latin1(bytes) => Key::latin1(bytes),
                Text::Utf16(units) => Key::utf16(crate::ffi::as_bytes(units)),
            });
            rest = after;
        }
        Packed::Keys(keys)
    };
    Ok(Input {
        doubles,
        count,
        width,
        packed,
    })
}

impl Input<'_> {
    /// Runs `each` for every key in turn, until it fails.
    #[inline]
    fn each(&self, mut each: impl FnMut(usize, Key<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
        match &self.packed {
            Packed::Text(text) => {
                for (index, key) in self.texts(text).enumerate() {
                    each(index, key)?;
                }
            }
            Packed::Keys(keys) => {
                for (index, key) in keys.iter().enumerate() {
                    each(index, key)?;
                }
            }
        }
        Ok(())
    }

    /// The keys that the text is made of.
    #[inline]
    fn texts<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = Key<'t>> {
        let mut rest = text;
        (0..self.count).map(move |index| {
            let (key, after) = rest.split_at(self.length(index).min(rest.len()));
            rest = after;
            Key::latin1(key)
        })
    }

    fn length(&self, index: usize) -> usize {
        self.doubles.get(index * self.width) as usize
    }
}

/// `getPacked(id, text, doubles, count) -> values that are no numbers`, in order.
pub(crate) fn get<'c>(call: &Call<'c>) -> Outcome<'c> {
    let input = read(call, 1)?;
    let env = call.env;
    let (mut others, mut found) = (None, 0);
    let pin = call.pin();
    let map = pin.map(call.id)?;
    input.each(|index, key| {
        let bits = match map.get(&key, &pin.guard)? {
            Some(Value::Number(number)) => bits_of(number),
            None | Some(Value::Undefined) => UNDEFINED,
            Some(other) => {
                let array = match others {
                    Some(array) => array,
                    None => *others.insert(env.new_array(0)?),
                };
                env.scoped(|| env.set_element(array, found, given(env, map, Some(&other))?))?;
                found += 1;
                OTHER
            }
        };
        input.doubles.set(index, bits);
        Ok(())
    })?;
    Ok(others.unwrap_or(Js::UNDEFINED))
}

/// `setPacked(id, text, doubles, count)`: stores the number behind each length.
pub(crate) fn set<'c>(call: &Call<'c>) -> Outcome<'c> {
    let input = read(call, 2)?;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    input.each(|_, key| Ok(map.admit(&key, &Value::Undefined)?))?;
    let numbers = (0..input.count).map(|index| Value::Number(input.doubles.get(2 * index + 1)));
    match &input.packed {
        Packed::Text(text) => map.set_many(input.texts(text).zip(numbers), &pin.guard)?,
        Packed::Keys(keys) => map.set_many(keys.iter().zip(numbers), &pin.guard)?,
    }
    Ok(Js::UNDEFINED)
}

/// `deletePacked(id, text, doubles, count) -> number`
pub(crate) fn delete<'c>(call: &Call<'c>) -> Outcome<'c> {
    let input = read(call, 1)?;
    let mut deleted = 0.0;
    let pin = call.pin();
    let map = pin.map(call.id)?;
    input.each(|_, key| {
        if map.take(&key, &pin.guard)?.is_some() {
            deleted += 1.0;
        }
        Ok(())
    })?;
    call.env.new_number(deleted)
}

/// `addPacked(id, text, doubles, count)`: adds the number behind each length; the sums take the places of the lengths.
pub(crate) fn add<'c>(call: &Call<'c>) -> Outcome<'c> {
    let input = read(call, 2)?;
    let mut pairs = Vec::with_capacity(input.count);
    let delta = |index: usize| Number::Float(input.doubles.get(2 * index + 1));
    match &input.packed {
        Packed::Text(text) => pairs.extend(input.texts(text).zip((0..).map(delta))),
        Packed::Keys(keys) => pairs.extend(keys.iter().zip((0..).map(delta))),
    }
    let pin = call.pin();
    pin.map(call.id)?
        .add_many(&pairs, &pin.guard, |index, sum| {
            if let Number::Float(sum) = sum {
                input.doubles.set(2 * index, sum.to_bits());
            }
        })?;
    Ok(Js::UNDEFINED)
}
