//! The layout of a frozen file, byte by byte: `docs/frozen-format.md` in code.
//!
//! Header, entries end to end, index. Invariant: nothing that is read from a file is believed before its checksum has
//! been compared, and no offset is followed before it has been compared with the section that it must lie in; so any
//! bytes whatever give [`Error::Corrupt`] or what a writer wrote, never a panic. Called by `reader.rs` and `writer.rs`
//! alone.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::{Error, Result};
use crate::key::{Key, KeyKind};
use crate::value::{BlobKind, Value};

/// What a file begins with. The first byte is no text and the last two are a line end, so that a transfer which takes
/// the file for text is seen at once.
pub(crate) const MAGIC: [u8; 8] = *b"\x89TMFRZ\r\n";
/// The only version so far.
pub(crate) const VERSION: u32 = 1;
/// Bytes of the header: a page, so that the entries begin on one.
pub(crate) const HEADER: usize = 4096;
/// The longest name of a codec, in bytes of UTF-8.
pub(crate) const MAX_CODEC_BYTES: usize = 1024;
/// Bytes of a bucket: a cache line.
pub(crate) const BUCKET: usize = 64;
/// Places for entries in a bucket; the eighth word is its checksum.
pub(crate) const SLOTS: usize = BUCKET / 8 - 1;
/// What every entry starts at a multiple of.
const ALIGN: u64 = 8;
/// Bytes of an entry before its key.
const ENTRY: u64 = 16;

const CHECKSUM: usize = HEADER - 8;
const CODEC: usize = 96;

/// A bucket as eight words: its check word, then its slots.
pub(crate) type Bucket = [u64; SLOTS + 1];

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Random: goes into every checksum, so that parts of two files never pass for one.
    pub(crate) id: u64,
    /// Random: chooses the hash of keys.
    pub(crate) hash_seed: u64,
    pub(crate) entries: u64,
    /// Where the entries end; they begin at [`HEADER`].
    pub(crate) data_end: u64,
    pub(crate) buckets: u64,
    /// Checksum of everything behind the header.
    pub(crate) body: u64,
    /// The most buckets that a lookup visits.
    pub(crate) longest_run: u32,
    /// The name of the codec that made the encoded values.
    pub(crate) codec: String,
}

fn corrupt<T>(what: &'static str, at: u64) -> Result<T> {
    Err(Error::Corrupt { what, at })
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |four| u32::from_le_bytes(*four))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |eight| u64::from_le_bytes(*eight))
}

impl Header {
    /// Where the index begins.
    pub(crate) fn index(&self) -> u64 {
        self.data_end.next_multiple_of(BUCKET as u64)
    }

    /// Bytes of the whole file.
    pub(crate) fn file_length(&self) -> u64 {
        self.index() + self.buckets * BUCKET as u64
    }

    pub(crate) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &MAGIC);
        put(8, &VERSION.to_le_bytes());
        put(12, &(HEADER as u32).to_le_bytes());
        let words = [
            self.file_length(),
            self.id,
            self.hash_seed,
            self.entries,
            HEADER as u64,
            self.data_end,
            self.index(),
            self.buckets,
            self.body,
        ];
        for (i, word) in words.into_iter().enumerate() {
            put(16 + 8 * i, &word.to_le_bytes());
        }
        put(88, &self.longest_run.to_le_bytes());
        put(92, &(self.codec.len() as u32).to_le_bytes());
        put(CODEC, self.codec.as_bytes());
        let checksum = xxh3_64_with_seed(&bytes[..CHECKSUM], 0);
        bytes[CHECKSUM..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the header of a file of that length.
    pub(crate) fn decode(bytes: &[u8], file_length: u64) -> Result<Self> {
        let shared = bytes.len().min(MAGIC.len());
        if bytes[..shared] != MAGIC[..shared] || shared == 0 {
            return corrupt("it does not begin as a frozen map does", 0);
        }
        let Some(bytes) = bytes.first_chunk::<HEADER>() else {
            return corrupt("it is shorter than its header", file_length);
        };
        if u32_at(bytes, 8) != VERSION {
            return corrupt("its version is not 1, the only one that is known here", 8);
        }
        if xxh3_64_with_seed(&bytes[..CHECKSUM], 0) != u64_at(bytes, CHECKSUM) {
            return corrupt("the header fails its checksum", 0);
        }
        let word = |i: usize| u64_at(bytes, 16 + 8 * i);
        let codec_length = u32_at(bytes, 92) as usize;
        let codec = bytes[CODEC..CODEC + codec_length.min(MAX_CODEC_BYTES)].to_vec();
        let header = Self {
            id: word(1),
            hash_seed: word(2),
            entries: word(3),
            data_end: word(5),
            buckets: word(7),
            body: word(8),
            longest_run: u32_at(bytes, 88),
            codec: String::from_utf8(codec).unwrap_or_default(),
        };
        // Bounded first, so that the sums below cannot wrap.
        let sane = header.data_end >= HEADER as u64
            && header.data_end <= file_length
            && header.buckets > 0
            && header.buckets <= file_length / BUCKET as u64
            && (1..=header.buckets).contains(&u64::from(header.longest_run));
        if !sane || header.encode() != *bytes {
            return corrupt("the header contradicts itself", 0);
        }
        if header.file_length() != file_length {
            return corrupt("it is shorter or longer than its header says", file_length);
        }
        Ok(header)
    }

    /// The hash of a key: the upper bits choose its bucket, the lower 16 are its fingerprint.
    pub(crate) fn hash(&self, key: &Key<'_>) -> u64 {
        // The kind moves the seed: cheaper than hashing it, and it keeps `1`, `"1"` and `1n` apart.
        let kind = (key.kind() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        xxh3_64_with_seed(key.as_bytes(), self.hash_seed ^ kind)
    }

    /// The bucket where the search for a hash begins.
    pub(crate) fn home(&self, hash: u64) -> u64 {
        ((u128::from(hash) * u128::from(self.buckets)) >> 64) as u64
    }

    /// The bucket after that one; the first comes after the last.
    pub(crate) fn after(&self, bucket: u64) -> u64 {
        if bucket + 1 == self.buckets {
            0
        } else {
            bucket + 1
        }
    }

    /// The check word of a bucket: a checksum of its slots, but for the lowest bit, which says whether an entry that
    /// belongs here had to go on to the next bucket.
    pub(crate) fn check_word(&self, number: u64, slots: &[u8], goes_on: bool) -> u64 {
        let seed = self.id.wrapping_add(number << 1 | u64::from(goes_on));
        xxh3_64_with_seed(slots, seed) & !1 | u64::from(goes_on)
    }

    /// The bucket of that number, checked.
    pub(crate) fn bucket<'a>(&self, file: &'a [u8], number: u64) -> Result<(&'a [u8], bool)> {
        let at = self.index() + number * BUCKET as u64;
        let Some(bytes) = usize::try_from(at)
            .ok()
            .and_then(|start| file.get(start..start + BUCKET))
        else {
            return corrupt("a bucket of the index lies outside", at);
        };
        let word = u64_at(bytes, 0);
        let goes_on = word & 1 == 1;
        if self.check_word(number, &bytes[8..], goes_on) != word {
            return corrupt("a bucket of the index fails its checksum", at);
        }
        Ok((&bytes[8..], goes_on))
    }
}

/// A slot: where the entry starts, in units of eight bytes, over 16 bits of its hash. No slot is 0: no entry starts
/// within the header.
pub(crate) const fn slot(at: u64, hash: u64) -> u64 {
    (at / ALIGN) << 16 | hash & 0xffff
}

/// Where the entries start whose slots fit the hash.
pub(crate) fn candidates(slots: &[u8], hash: u64) -> impl Iterator<Item = u64> {
    slots
        .as_chunks::<8>()
        .0
        .iter()
        .map(|slot| u64::from_le_bytes(*slot))
        .filter(move |slot| *slot as u16 == hash as u16 && *slot != 0)
        .map(|slot| (slot >> 16) * ALIGN)
}

/// An entry as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    pub(crate) key: Key<'a>,
    pub(crate) value: Value<'a>,
    /// Where the next one starts.
    pub(crate) end: u64,
}

/// Bytes given by a `Buffer`: the one thing about a key that its kind does not say.
const BUFFER_KEY: u32 = KeyKind::ALL.len() as u32;
const NUMBER: u32 = 4;
const INT: u32 = 5;
const FIRST_BLOB: u32 = 6;

/// The code of a value's kind, and the value's bytes.
fn parts<'v>(value: &Value<'v>, scalar: &'v mut [u8; 8]) -> (u32, &'v [u8]) {
    match *value {
        Value::Undefined => (0, &[]),
        Value::Null => (1, &[]),
        Value::Boolean(boolean) => (2 + u32::from(boolean), &[]),
        Value::Number(number) => {
            *scalar = number.to_bits().to_le_bytes();
            (NUMBER, scalar)
        }
        Value::Int(int) => {
            *scalar = int.to_le_bytes();
            (INT, scalar)
        }
        Value::Blob(kind, bytes) => (FIRST_BLOB + kind as u32, bytes),
    }
}

/// Appends an entry that will start at `at`.
pub(crate) fn push_entry(
    into: &mut Vec<u8>,
    id: u64,
    at: u64,
    key: &Key<'_>,
    value: &Value<'_>,
) -> Result<()> {
    let key_bytes = key.as_bytes();
    let mut scalar = [0; 8];
    let (value_kind, value_bytes) = parts(value, &mut scalar);
    let key_kind = if key.is_buffer() && key.kind() == KeyKind::Bytes {
        BUFFER_KEY
    } else {
        key.kind() as u32
    };
    let (limit, got) = (crate::raw::node::MAX_KEY_BYTES, key_bytes.len());
    if got > limit {
        return Err(Error::KeyTooLarge { got, limit });
    }
    let Ok(value_length) = u32::try_from(value_bytes.len()) else {
        let (limit, got) = (u32::MAX as usize, value_bytes.len());
        return Err(Error::ValueTooLarge { got, limit });
    };
    let start = into.len();
    let meta = key_bytes.len() as u32 | key_kind << 24 | value_kind << 28;
    into.extend_from_slice(&[0; 8]);
    into.extend_from_slice(&meta.to_le_bytes());
    into.extend_from_slice(&value_length.to_le_bytes());
    into.extend_from_slice(key_bytes);
    into.extend_from_slice(value_bytes);
    let end = start + (into.len() - start).next_multiple_of(ALIGN as usize);
    into.resize(end, 0);
    let checksum = xxh3_64_with_seed(&into[start + 8..], id ^ at);
    into[start..start + 8].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// The entry that starts at `at` in a file whose entries end at `data_end`, checked.
pub(crate) fn entry(file: &[u8], id: u64, data_end: u64, at: u64) -> Result<Stored<'_>> {
    let outside = || corrupt("an entry lies outside", at);
    let data = usize::try_from(data_end)
        .ok()
        .and_then(|end| file.get(..end));
    let Some(rest) = data.and_then(|data| data.get(usize::try_from(at).ok()?..)) else {
        return outside();
    };
    if at < HEADER as u64 || !at.is_multiple_of(ALIGN) || rest.len() < ENTRY as usize {
        return outside();
    }
    let (meta, value_length) = (u32_at(rest, 8), u64::from(u32_at(rest, 12)));
    let key_length = u64::from(meta & 0xff_ffff);
    let length = (ENTRY + key_length + value_length).next_multiple_of(ALIGN);
    let Some(whole) = rest.get(8..length as usize) else {
        return outside();
    };
    if xxh3_64_with_seed(whole, id ^ at) != u64_at(rest, 0) {
        return corrupt("an entry fails its checksum", at);
    }
    let (key, value) = rest[ENTRY as usize..].split_at(key_length as usize);
    let value = &value[..value_length as usize];
    match (
        decode_key(meta >> 24 & 0xf, key),
        decode_value(meta >> 28, value),
    ) {
        (Some(key), Some(value)) => Ok(Stored {
            key,
            value,
            end: at + length,
        }),
        _ => corrupt("an entry is of no kind that is known here", at),
    }
}

fn decode_key(code: u32, bytes: &[u8]) -> Option<Key<'_>> {
    if code == BUFFER_KEY {
        return Some(Key::bytes(bytes).as_buffer(true));
    }
    let kind = *KeyKind::ALL.get(code as usize)?;
    let fits = match kind {
        KeyKind::Undefined | KeyKind::Null => bytes.is_empty(),
        KeyKind::Boolean => matches!(bytes, [0 | 1]),
        KeyKind::Number => bytes.len() == 8,
        KeyKind::BigInt => is_bigint(bytes) || bytes.len() == 8,
        KeyKind::Utf16 => bytes.len().is_multiple_of(2),
        KeyKind::Latin1 | KeyKind::Bytes => true,
        KeyKind::Tuple => is_tuple(bytes),
    };
    fits.then(|| Key::from_parts(kind, false, bytes))
}

/// A sign and whole limbs, at least one.
fn is_bigint(bytes: &[u8]) -> bool {
    bytes.len() % 8 == 1 && bytes.len() > 8
}

/// Whether these are elements that are keys themselves, but no tuples, and nothing else.
fn is_tuple(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some((&kind, after)) = rest.split_first() {
        let element = after.split_first_chunk::<4>().and_then(|(length, after)| {
            after.split_at_checked(u32::from_le_bytes(*length) as usize)
        });
        let Some((element, after)) = element else {
            return false;
        };
        if u32::from(kind) >= KeyKind::Tuple as u32 || decode_key(kind.into(), element).is_none() {
            return false;
        }
        rest = after;
    }
    true
}

fn decode_value(code: u32, bytes: &[u8]) -> Option<Value<'_>> {
    let eight = <[u8; 8]>::try_from(bytes).ok();
    Some(match (code, bytes) {
        (0, []) => Value::Undefined,
        (1, []) => Value::Null,
        (2, []) => Value::Boolean(false),
        (3, []) => Value::Boolean(true),
        (NUMBER, _) => Value::Number(f64::from_bits(u64::from_le_bytes(eight?))),
        (INT, _) => Value::Int(i64::from_le_bytes(eight?)),
        (FIRST_BLOB.., _) => {
            let kind = *BlobKind::ALL.get((code - FIRST_BLOB) as usize)?;
            let fits = match kind {
                BlobKind::BigInt => is_bigint(bytes),
                BlobKind::Utf16 | BlobKind::EncodedUtf16 => bytes.len().is_multiple_of(2),
                _ => true,
            };
            if !fits {
                return None;
            }
            Value::Blob(kind, bytes)
        }
        _ => return None,
    })
}
