//! Keys: what a map is asked for.
//!
//! A key is a kind and its bytes; two keys are the same when both are. The kinds keep `1`, `"1"`, `1n` and `true`
//! apart, and each kind has one canonical form, so comparing bytes is comparing keys. Whoever makes keys from another
//! language's values goes through the constructors here: they canonicalise.

use crate::hash::Hashed;
use crate::raw::hint::Hint;

/// The kinds of keys. The discriminants are part of the tuple encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// No value.
    Undefined = 0,
    /// The null value.
    Null = 1,
    /// One byte, 0 or 1.
    Boolean = 2,
    /// Eight bytes of an `f64`: -0 stored as 0, every NaN as one.
    Number = 3,
    /// Eight bytes of an `i64`, or a sign byte and 64-bit limbs where it does not fit.
    BigInt = 4,
    /// A string whose UTF-16 units are all below 256, one byte each.
    Latin1 = 5,
    /// Any other string, two bytes a unit; lone surrogates are kept.
    Utf16 = 6,
    /// Raw bytes.
    Bytes = 7,
    /// Several keys in a row; see [`Key::push_tuple`].
    Tuple = 8,
}

impl KeyKind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Undefined,
        Self::Null,
        Self::Boolean,
        Self::Number,
        Self::BigInt,
        Self::Latin1,
        Self::Utf16,
        Self::Bytes,
        Self::Tuple,
    ];
}

/// A key to look up or store, borrowed from its maker.
///
/// ```
/// use threadmap_core::Key;
/// assert_eq!(Key::number(-0.0), Key::number(0.0));
/// assert_ne!(Key::number(1.0), Key::latin1(b"1"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    kind: KeyKind,
    /// How raw bytes were given (a Node `Buffer` or a plain `Uint8Array`): handed back, never compared.
    buffer: bool,
    repr: Repr<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Repr<'a> {
    Scalar { len: u8, bytes: [u8; 8] },
    Slice(&'a [u8]),
}

/// Bytes of a key that need no allocation of their own: with the rest of a [`Prepared`] in one or two cache lines.
const INLINE: usize = 22;

#[derive(Debug)]
enum Bytes {
    Inline(u8, [u8; INLINE]),
    Boxed(Box<[u8]>),
}

/// A key that was converted and hashed once, for one map ([`Map::prepare`](crate::Map::prepare)), and is used often by
/// one thread.
#[derive(Debug)]
pub struct Prepared {
    bytes: Bytes,
    /// Where the entry was found the last time.
    pub(crate) hint: Hint,
    /// The number of the map whose hash and hint these are.
    pub(crate) map: i64,
    hash: u32,
    tag: u16,
    kind: KeyKind,
    buffer: bool,
}

impl Prepared {
    pub(crate) fn new(hashed: &Hashed<'_>, map: i64) -> Self {
        let key = hashed.bytes;
        let mut inline = [0; INLINE];
        let bytes = match inline.get_mut(..key.len()) {
            Some(place) => {
                place.copy_from_slice(key);
                Bytes::Inline(key.len() as u8, inline)
            }
            None => Bytes::Boxed(key.into()),
        };
        Self {
            bytes,
            hint: Hint::new(),
            map,
            hash: hashed.hash,
            tag: hashed.tag,
            kind: hashed.kind,
            buffer: hashed.is_buffer,
        }
    }

    #[inline]
    pub(crate) fn hashed(&self) -> Hashed<'_> {
        Hashed {
            kind: self.kind,
            is_buffer: self.buffer,
            bytes: self.as_bytes(),
            hash: self.hash,
            tag: self.tag,
        }
    }
}

/// What operations can be asked for: a [`Key`], or a [`Prepared`] one, which costs its map no hash and often no lookup.
pub trait Lookup {
    /// The kind.
    fn kind(&self) -> KeyKind;

    /// Whether raw bytes were given by a `Buffer`.
    fn is_buffer(&self) -> bool;

    /// The canonical bytes.
    fn as_bytes(&self) -> &[u8];

    /// What was prepared, for whichever map.
    fn prepared(&self) -> Option<&Prepared>;
}

impl Lookup for Key<'_> {
    #[inline]
    fn kind(&self) -> KeyKind {
        self.kind
    }

    #[inline]
    fn is_buffer(&self) -> bool {
        self.buffer
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        Key::as_bytes(self)
    }

    #[inline]
    fn prepared(&self) -> Option<&Prepared> {
        None
    }
}

impl Lookup for Prepared {
    #[inline]
    fn kind(&self) -> KeyKind {
        self.kind
    }

    #[inline]
    fn is_buffer(&self) -> bool {
        self.buffer
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Inline(length, bytes) => &bytes[..usize::from(*length)],
            Bytes::Boxed(bytes) => bytes,
        }
    }

    #[inline]
    fn prepared(&self) -> Option<&Prepared> {
        Some(self)
    }
}

impl<'a> Key<'a> {
    const fn scalar(kind: KeyKind, len: u8, bytes: [u8; 8]) -> Self {
        Self {
            kind,
            buffer: false,
            repr: Repr::Scalar { len, bytes },
        }
    }

    const fn slice(kind: KeyKind, bytes: &'a [u8]) -> Self {
        Self {
            kind,
            buffer: false,
            repr: Repr::Slice(bytes),
        }
    }

    /// The `undefined` key.
    #[must_use]
    pub const fn undefined() -> Self {
        Self::scalar(KeyKind::Undefined, 0, [0; 8])
    }

    /// The `null` key.
    #[must_use]
    pub const fn null() -> Self {
        Self::scalar(KeyKind::Null, 0, [0; 8])
    }

    /// A boolean key.
    #[must_use]
    pub const fn boolean(value: bool) -> Self {
        Self::scalar(KeyKind::Boolean, 1, [value as u8, 0, 0, 0, 0, 0, 0, 0])
    }

    /// A number key under `SameValueZero`: NaN is NaN, -0 is 0.
    #[must_use]
    pub fn number(value: f64) -> Self {
        let canonical = if value.is_nan() {
            f64::NAN
        } else if value == 0.0 {
            0.0
        } else {
            value
        };
        Self::scalar(KeyKind::Number, 8, canonical.to_le_bytes())
    }

    /// A bigint key that fits 64 bits. Larger ones: [`Key::big`].
    #[must_use]
    pub const fn int(value: i64) -> Self {
        Self::scalar(KeyKind::BigInt, 8, value.to_le_bytes())
    }

    /// A bigint key that does **not** fit an `i64`: a sign byte (1 = negative) and its little-endian 64-bit limbs,
    /// the last of them not zero.
    #[must_use]
    pub const fn big(sign_and_limbs: &'a [u8]) -> Self {
        Self::slice(KeyKind::BigInt, sign_and_limbs)
    }

    /// A string key of units below 256, one byte each.
    #[must_use]
    pub const fn latin1(units: &'a [u8]) -> Self {
        Self::slice(KeyKind::Latin1, units)
    }

    /// A string key with at least one unit of 256 or more, as little-endian UTF-16: the same bytes on
    /// every machine, as in a file.
    #[must_use]
    pub const fn utf16(bytes: &'a [u8]) -> Self {
        Self::slice(KeyKind::Utf16, bytes)
    }

    /// A key of raw bytes, compared by content.
    #[must_use]
    pub const fn bytes(bytes: &'a [u8]) -> Self {
        Self::slice(KeyKind::Bytes, bytes)
    }

    /// Marks a bytes key as given by a `Buffer`; equality does not see it.
    #[must_use]
    pub const fn as_buffer(mut self, buffer: bool) -> Self {
        self.buffer = buffer;
        self
    }

    /// A tuple key from what [`Key::push_tuple`] has built.
    #[must_use]
    pub const fn tuple(encoded: &'a [u8]) -> Self {
        Self::slice(KeyKind::Tuple, encoded)
    }

    /// A key of `kind` from bytes that came from [`Key::as_bytes`] of such a key.
    #[must_use]
    pub const fn from_parts(kind: KeyKind, buffer: bool, bytes: &'a [u8]) -> Self {
        Self {
            kind,
            buffer,
            repr: Repr::Slice(bytes),
        }
    }

    /// Appends one element to the encoding of a tuple: kind, length, bytes. No two element lists share an encoding.
    pub fn push_tuple(encoded: &mut Vec<u8>, element: &Key<'_>) {
        let bytes = element.as_bytes();
        encoded.push(element.kind as u8);
        encoded.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        encoded.extend_from_slice(bytes);
    }

    /// The elements of a tuple key, in order.
    #[must_use]
    pub fn elements(&self) -> Elements<'_> {
        Elements {
            rest: if self.kind == KeyKind::Tuple {
                self.as_bytes()
            } else {
                &[]
            },
        }
    }

    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether raw bytes were given by a `Buffer`.
    #[must_use]
    pub const fn is_buffer(&self) -> bool {
        self.buffer
    }

    /// The canonical bytes.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.repr {
            Repr::Scalar { len, bytes } => &bytes[..usize::from(*len)],
            Repr::Slice(bytes) => bytes,
        }
    }
}

impl PartialEq for Key<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && same_bytes(self.as_bytes(), other.as_bytes())
    }
}

/// `a == b`, without the call to `memcmp` where two words in a register each do: 3 ns of a lookup.
#[inline]
pub(crate) fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if let 8..=16 = a.len() {
        return a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk();
    }
    a == b
}

impl Eq for Key<'_> {}

/// Iterator over the elements of a tuple key; ends before the first that no [`Key::push_tuple`] has written.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = Key<'a>;

    fn next(&mut self) -> Option<Key<'a>> {
        let (&kind, rest) = self.rest.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let kind = *KeyKind::ALL.get(usize::from(kind))?;
        self.rest = rest;
        Some(Key::from_parts(kind, false, bytes))
    }
}

impl<T: Lookup + ?Sized> Lookup for &T {
    #[inline]
    fn kind(&self) -> KeyKind {
        (**self).kind()
    }

    #[inline]
    fn is_buffer(&self) -> bool {
        (**self).is_buffer()
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        (**self).as_bytes()
    }

    #[inline]
    fn prepared(&self) -> Option<&Prepared> {
        (**self).prepared()
    }
}
