//! Keys in and out: from JavaScript values to core keys and back.
//!
//! Converted before the thread is pinned and before any lock: a tuple's getter may run any JavaScript.

use threadmap_core::{Key, KeyKind, Text};

use crate::env::Record;
use crate::error::{self, Fault, INVALID_KEY};
use crate::ffi::{Env, Js, TextBuf, Type, as_bytes};

/// What a key is for: that says how long it may be.
#[derive(Clone, Copy)]
pub(crate) enum For {
    Map(u32),
    Snapshot(u32),
    Transaction(u32),
    /// A frozen file: as long as a key can be.
    File,
}

/// Room for one key.
pub(crate) struct KeyBuf {
    text: TextBuf,
    bytes: Vec<u8>,
}

impl KeyBuf {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            text: TextBuf::new(),
            bytes: Vec::new(),
        }
    }
}

/// Reads a key. Strings, the most common, take one Node-API call.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "its result is handed over in memory otherwise: 5 ns a call"
)]
pub(crate) fn read<'b, 'c>(
    env: Env<'c>,
    record: &Record,
    whose: For,
    value: Js<'c>,
    buf: &'b mut KeyBuf,
) -> Result<Key<'b>, Fault> {
    match env.text(value, &mut buf.text)? {
        Some(Text::Latin1(bytes)) => Ok(Key::latin1(bytes)),
        Some(Text::Utf16(units)) => Ok(Key::utf16(as_bytes(units))),
        None => read_other(env, record, value, &mut buf.bytes, Some(whose)),
    }
}

/// What is no string. `tuple_of`: whose limit a tuple has; `None` inside of one.
#[inline(never)]
fn read_other<'b, 'c>(
    env: Env<'c>,
    record: &Record,
    value: Js<'c>,
    bytes: &'b mut Vec<u8>,
    tuple_of: Option<For>,
) -> Result<Key<'b>, Fault> {
    let kind = env.type_of(value)?;
    match kind {
        Type::Number => Ok(Key::number(env.number(value)?.unwrap_or_default())),
        Type::Undefined => Ok(Key::undefined()),
        Type::Null => Ok(Key::null()),
        Type::Boolean => Ok(Key::boolean(env.boolean(value)?)),
        Type::BigInt => {
            if let Some(int) = env.int(value)? {
                return Ok(Key::int(int));
            }
            bytes.clear();
            env.limbs(value, bytes)?;
            Ok(Key::big(bytes))
        }
        Type::Object => {
            bytes.clear();
            let read = env.bytes(value, bytes).map_err(|fault| match fault {
                Fault::Detached => Fault::Caller(INVALID_KEY, error::detached("key")),
                other => other,
            })?;
            if read.is_some() {
                // Inside a tuple only the bytes count: how they were given is not kept there.
                let buffer = tuple_of.is_some() && record.is_buffer(env, value)?;
                return Ok(Key::bytes(bytes).as_buffer(buffer));
            }
            if !env.is_array(value)? {
                return Err(invalid("an object"));
            }
            let Some(whose) = tuple_of else {
                let message = "a tuple key holds an array: nested tuples are no keys. Flatten it, or join the parts";
                return Err(Fault::Caller(INVALID_KEY, message.to_owned()));
            };
            read_tuple(env, record, value, bytes, record.key_limit(whose))
        }
        Type::Symbol => Err(invalid("a symbol")),
        Type::Function => Err(invalid("a function")),
        Type::String | Type::Other => Err(invalid("a value of an unknown kind")),
    }
}

fn invalid(got: &str) -> Fault {
    let keys = "string, number, bigint, boolean, null, undefined, Uint8Array, or an array of these";
    Fault::Caller(INVALID_KEY, format!("a key cannot be {got}: use a {keys}"))
}

fn read_tuple<'b, 'c>(
    env: Env<'c>,
    record: &Record,
    array: Js<'c>,
    encoded: &'b mut Vec<u8>,
    limit: usize,
) -> Result<Key<'b>, Fault> {
    encoded.clear();
    let mut text = TextBuf::new();
    let mut other = Vec::new();
    for index in 0..env.array_len(array)? {
        // Over the limit already: no map has it and none takes it, so the rest need not be read.
        if encoded.len() > limit {
            break;
        }
        env.scoped(|| {
            let element = env.element(array, index)?;
            let key = match env.text(element, &mut text)? {
                Some(Text::Latin1(bytes)) => Key::latin1(bytes),
                Some(Text::Utf16(units)) => Key::utf16(as_bytes(units)),
                None => read_other(env, record, element, &mut other, None)?,
            };
            Key::push_tuple(encoded, &key);
            Ok(())
        })?;
    }
    Ok(Key::tuple(encoded))
}

/// The JavaScript value of a key.
pub(crate) fn to_js<'c>(env: Env<'c>, key: &Key<'_>) -> Result<Js<'c>, Fault> {
    let bytes = key.as_bytes();
    let eight = || bytes.first_chunk::<8>().copied().unwrap_or_default();
    match key.kind() {
        KeyKind::Undefined => env.undefined(),
        KeyKind::Null => env.null(),
        KeyKind::Boolean => env.new_boolean(bytes == [1]),
        KeyKind::Number => env.new_number(f64::from_le_bytes(eight())),
        KeyKind::BigInt if bytes.len() == 8 => env.new_int(i64::from_le_bytes(eight())),
        KeyKind::BigInt => env.new_limbs(bytes),
        KeyKind::Latin1 => env.new_latin1(bytes),
        KeyKind::Utf16 => env.new_utf16(bytes),
        KeyKind::Bytes if key.is_buffer() => env.new_buffer(bytes),
        KeyKind::Bytes => env.new_uint8_array(bytes),
        KeyKind::Tuple => {
            let array = env.new_array(key.elements().count())?;
            for (index, element) in (0..).zip(key.elements()) {
                env.set_element(array, index, to_js(env, &element)?)?;
            }
            Ok(array)
        }
    }
}
