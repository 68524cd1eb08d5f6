//! Values in and out: from JavaScript values to core values and back.
//!
//! What a codec has made crosses in both directions as an array of one element, the codec's bytes or string: no value
//! that is stored natively is an array, so the form says what it is, alone and inside of results.

use threadmap_core::{BlobKind, Text, Value};

use crate::env::Record;
use crate::error::{DATA_CLONE, Fault, INVALID_VALUE};
use crate::ffi::{Env, Js, TextBuf, Type, as_bytes};

/// Room for one value.
pub(crate) struct ValueBuf {
    text: TextBuf,
    other: OtherBuf,
}

/// What only values need that are neither numbers nor strings.
struct OtherBuf {
    text: TextBuf,
    bytes: Vec<u8>,
}

impl ValueBuf {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            text: TextBuf::new(),
            other: OtherBuf {
                text: TextBuf::new(),
                bytes: Vec::new(),
            },
        }
    }
}

/// Reads a value. Numbers take one Node-API call, strings two.
#[inline(always)]
#[expect(clippy::inline_always, reason = "see `key::read`")]
pub(crate) fn read<'b, 'c>(
    env: Env<'c>,
    record: &Record,
    value: Js<'c>,
    buf: &'b mut ValueBuf,
) -> Result<Value<'b>, Fault> {
    if let Some(number) = env.number(value)? {
        return Ok(Value::Number(number));
    }
    match env.text(value, &mut buf.text)? {
        Some(Text::Latin1(bytes)) => return Ok(Value::Blob(BlobKind::Latin1, bytes)),
        Some(Text::Utf16(units)) => return Ok(Value::Blob(BlobKind::Utf16, as_bytes(units))),
        None => {}
    }
    read_other(env, record, value, &mut buf.other)
}

/// What is neither a number nor a string.
#[inline(never)]
fn read_other<'b, 'c>(
    env: Env<'c>,
    record: &Record,
    value: Js<'c>,
    buf: &'b mut OtherBuf,
) -> Result<Value<'b>, Fault> {
    match env.type_of(value)? {
        Type::Undefined => Ok(Value::Undefined),
        Type::Null => Ok(Value::Null),
        Type::Boolean => Ok(Value::Boolean(env.boolean(value)?)),
        Type::BigInt => {
            if let Some(int) = env.int(value)? {
                return Ok(Value::Int(int));
            }
            buf.bytes.clear();
            env.limbs(value, &mut buf.bytes)?;
            Ok(Value::Blob(BlobKind::BigInt, &buf.bytes))
        }
        Type::Object => {
            buf.bytes.clear();
            if env.bytes(value, &mut buf.bytes)?.is_some() {
                let kind = if record.is_buffer(env, value)? {
                    BlobKind::Buffer
                } else {
                    BlobKind::Bytes
                };
                return Ok(Value::Blob(kind, &buf.bytes));
            }
            read_encoded(env, value, buf)
        }
        Type::Symbol => Err(uncloneable("a symbol")),
        Type::Function => Err(uncloneable("a function")),
        Type::Number | Type::String | Type::Other => Err(uncloneable("a value of an unknown kind")),
    }
}

fn uncloneable(what: &str) -> Fault {
    Fault::Caller(
        DATA_CLONE,
        format!("{what} could not be cloned: it means nothing in another thread"),
    )
}

fn read_encoded<'b, 'c>(
    env: Env<'c>,
    value: Js<'c>,
    buf: &'b mut OtherBuf,
) -> Result<Value<'b>, Fault> {
    let wrong = || {
        let message = "an object reached the native layer without its codec: it is stored through the map only";
        Fault::Caller(INVALID_VALUE, message.to_owned())
    };
    if !env.is_array(value)? {
        return Err(wrong());
    }
    let payload = env.element(value, 0)?;
    match env.text(payload, &mut buf.text)? {
        Some(Text::Latin1(bytes)) => return Ok(Value::Blob(BlobKind::EncodedLatin1, bytes)),
        Some(Text::Utf16(units)) => {
            return Ok(Value::Blob(BlobKind::EncodedUtf16, as_bytes(units)));
        }
        None => {}
    }
    env.bytes(payload, &mut buf.bytes)?.ok_or_else(wrong)?;
    Ok(Value::Blob(BlobKind::Encoded, &buf.bytes))
}

/// The JavaScript value of what a map holds.
#[inline]
pub(crate) fn to_js<'c>(env: Env<'c>, value: &Value<'_>) -> Result<Js<'c>, Fault> {
    match *value {
        Value::Number(number) => env.new_number(number),
        _ => other_to_js(env, value),
    }
}

/// What is no number, the most common.
fn other_to_js<'c>(env: Env<'c>, value: &Value<'_>) -> Result<Js<'c>, Fault> {
    match *value {
        Value::Number(number) => env.new_number(number),
        Value::Undefined => Ok(Js::UNDEFINED),
        Value::Null => env.null(),
        Value::Boolean(boolean) => env.new_boolean(boolean),
        Value::Int(int) => env.new_int(int),
        Value::Blob(kind, bytes) => match kind {
            BlobKind::Latin1 => env.new_latin1(bytes),
            BlobKind::Utf16 => env.new_utf16(bytes),
            BlobKind::BigInt => env.new_limbs(bytes),
            BlobKind::Bytes => env.new_uint8_array(bytes),
            BlobKind::Buffer => env.new_buffer(bytes),
            BlobKind::Encoded => encoded(env, env.new_uint8_array(bytes)?),
            BlobKind::EncodedLatin1 => encoded(env, env.new_latin1(bytes)?),
            BlobKind::EncodedUtf16 => encoded(env, env.new_utf16(bytes)?),
        },
    }
}

fn encoded<'c>(env: Env<'c>, payload: Js<'c>) -> Result<Js<'c>, Fault> {
    let array = env.new_array(1)?;
    env.set_element(array, 0, payload)?;
    Ok(array)
}

/// The JavaScript value of an optional value: a miss is `undefined`.
#[inline]
pub(crate) fn or_undefined<'c>(env: Env<'c>, value: Option<&Value<'_>>) -> Result<Js<'c>, Fault> {
    value.map_or(Ok(Js::UNDEFINED), |value| to_js(env, value))
}
