//! Values: what a map holds, as its users see it.
//!
//! [`Value`] is the borrowed view that goes in and comes out; how it is stored is `raw::word`'s business. Equality is
//! by content, as `compareAndSet` needs it: `SameValueZero` for numbers, bytes for the rest.

/// What kind of bytes a [`Value::Blob`] holds. The discriminants are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BlobKind {
    /// A string of units below 256, one byte each.
    Latin1 = 0,
    /// Any other string, little-endian UTF-16.
    Utf16 = 1,
    /// A bigint that does not fit an `i64`: sign byte and 64-bit little-endian limbs.
    BigInt = 2,
    /// A plain `Uint8Array`.
    Bytes = 3,
    /// A Node `Buffer`; equal to [`BlobKind::Bytes`] of the same content.
    Buffer = 4,
    /// What a codec made of a value, as bytes.
    Encoded = 5,
    /// What a codec made of a value, as a Latin-1 string.
    EncodedLatin1 = 6,
    /// What a codec made of a value, as a UTF-16 string.
    EncodedUtf16 = 7,
}

impl BlobKind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Latin1,
        Self::Utf16,
        Self::BigInt,
        Self::Bytes,
        Self::Buffer,
        Self::Encoded,
        Self::EncodedLatin1,
        Self::EncodedUtf16,
    ];

    const fn class(self) -> Self {
        match self {
            Self::Buffer => Self::Bytes,
            other => other,
        }
    }
}

/// One value, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A number, bit exact but for the payload of NaN.
    Number(f64),
    /// A bigint of 64 bits.
    Int(i64),
    /// Everything that has a length.
    Blob(BlobKind, &'a [u8]),
}

/// One value that keeps its own bytes.
#[derive(Clone, Debug)]
pub enum OwnedValue {
    /// What has no length.
    Inline(Value<'static>),
    /// A [`Value::Blob`].
    Blob(BlobKind, Box<[u8]>),
}

impl OwnedValue {
    /// A copy of a value.
    #[must_use]
    pub fn new(value: &Value<'_>) -> Self {
        match *value {
            Value::Blob(kind, bytes) => Self::Blob(kind, bytes.into()),
            Value::Undefined => Self::Inline(Value::Undefined),
            Value::Null => Self::Inline(Value::Null),
            Value::Boolean(boolean) => Self::Inline(Value::Boolean(boolean)),
            Value::Number(number) => Self::Inline(Value::Number(number)),
            Value::Int(int) => Self::Inline(Value::Int(int)),
        }
    }

    /// The value.
    #[must_use]
    pub fn borrow(&self) -> Value<'_> {
        match self {
            Self::Inline(value) => *value,
            Self::Blob(kind, bytes) => Value::Blob(*kind, bytes),
        }
    }
}

impl Value<'_> {
    /// Whether both hold the same content: `SameValueZero` for numbers, bytes for the rest.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "SameValueZero is exact")]
    pub fn same(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Undefined, Value::Undefined) | (Value::Null, Value::Null) => true,
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Blob(a, x), Value::Blob(b, y)) => a.class() == b.class() && x == y,
            _ => false,
        }
    }

    /// Whether both are the same to the last bit, and of the same kind: what [`Value::same`] takes for equal may still
    /// be read differently (-0 and 0, a `Buffer` and a `Uint8Array`).
    pub(crate) fn identical(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => a.to_bits() == b.to_bits(),
            (Value::Blob(a, x), Value::Blob(b, y)) => a == b && x == y,
            _ => self.same(other),
        }
    }

    /// Bytes that count against the value limit: those of a blob, nothing for what fits the entry's word.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Value::Blob(_, bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// Whether [`Value::len`] is zero.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind's name in messages.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self {
            Value::Undefined => "undefined",
            Value::Null => "null",
            Value::Boolean(_) => "boolean",
            Value::Number(_) => "number",
            Value::Int(_) | Value::Blob(BlobKind::BigInt, _) => "bigint",
            Value::Blob(BlobKind::Latin1 | BlobKind::Utf16, _) => "string",
            Value::Blob(BlobKind::Bytes | BlobKind::Buffer, _) => "Uint8Array",
            Value::Blob(..) => "value made by a codec",
        }
    }
}
