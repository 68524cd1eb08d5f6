//! A chunk of entries on its way to JavaScript: one array of doubles for all numbers, one string for many strings, so
//! that an entry costs no Node-API call of its own. `lib/walk.ts` reads what is written here.
//!
//! The array begins with a header: in it the caller asks for so many entries from a cursor on, and finds how many items
//! there are and where to go on. An item is one double: a number is itself, anything else a mark (`packed.rs`). Strings
//! lie end to end in texts, each text an element of the array that the call gives, where its first string stands;
//! whatever is neither number nor string is an element of its own. Invariant: no text has more than [`TEXT`] units,
//! because a string that JavaScript cuts out of it keeps the whole of it.

use threadmap_core::{BlobKind, Entries, Key, KeyKind, Value};

use super::Outcome;
use super::packed::{FALSE, LATIN1, NULL, OTHER, TRUE, UNDEFINED, UTF16, bits_of};
use crate::error::{Fault, INVALID_ARGUMENT};
use crate::ffi::{Call, Doubles, Env, Js};
use crate::{key, value};

/// Doubles before the first item: how many (entries wanted, items given), the cursor, the iteration.
const HEADER: usize = 3;
/// Entries that can be asked for at once.
const MOST: usize = 1 << 12;
/// Units of one text.
const TEXT: usize = 1 << 12;
/// Strings of more units are elements of their own, which keep nothing else.
const LONG: usize = 256;
/// Low bits of a mark that say how long a string is; those above say where it begins.
const LENGTH_BITS: u32 = 9;

/// The cursor as JavaScript has it, where the end is -1.
pub(super) fn cursor(next: Option<u64>) -> f64 {
    next.map_or(-1.0, |cursor| cursor as f64)
}

/// What a call `f(id, what, doubles)` asks for and is given: entries are written as they come.
pub(super) struct Chunk<'c> {
    pub(super) enough: usize,
    pub(super) cursor: u64,
    pub(super) iteration: u32,
    keys: bool,
    values: bool,
    env: Env<'c>,
    doubles: Doubles<'c>,
    /// Where the next item goes; counted on where there is no room for it.
    at: usize,
    /// What is no number; made with the first of them.
    others: Option<Js<'c>>,
    count: u32,
    latin1: Text,
    utf16: Text,
    fault: Option<Fault>,
}

/// Strings end to end, and which element they will be.
#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    element: u32,
}

impl Text {
    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        let length = self.bytes.len();
        // As `same_bytes` of the core: the usual lengths without a call.
        if let (8..=16, Some(first), Some(last)) =
            (bytes.len(), bytes.first_chunk(), bytes.last_chunk())
        {
            let [first, last] = [first, last].map(|&word| u128::from(u64::from_le_bytes(word)));
            let both = first | last << (8 * (bytes.len() - 8));
            self.bytes.extend_from_slice(&both.to_le_bytes());
            self.bytes.truncate(length + bytes.len());
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

impl<'e> Entries<'e> for Chunk<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `Entries::push` of the core")]
    fn push(&mut self, key: Key<'e>, value: Value<'e>) {
        let items = usize::from(self.keys) + usize::from(self.values);
        if self.at + items > self.doubles.len() {
            self.at += items;
        } else if let Err(fault) = self.write(&key, &value) {
            self.fault.get_or_insert(fault);
        }
    }
}

impl<'c> Chunk<'c> {
    pub(super) fn begin(call: &Call<'c>) -> Result<Self, Fault> {
        let wrong = || {
            let message = "a chunk goes into a Float64Array with room for its header";
            Fault::Caller(INVALID_ARGUMENT, message.to_owned())
        };
        let doubles = call.env.doubles(call.args[2])?.ok_or_else(wrong)?;
        if doubles.len() < HEADER {
            return Err(wrong());
        }
        let what = call.env.id(call.args[1]);
        Ok(Self {
            enough: (doubles.get(0) as usize).clamp(1, MOST),
            cursor: doubles.get(1) as u64,
            iteration: doubles.get(2) as u32,
            keys: what != 2,
            values: what != 1,
            env: call.env,
            doubles,
            at: HEADER,
            others: None,
            count: 0,
            latin1: Text::default(),
            utf16: Text::default(),
            fault: None,
        })
    }

    /// Whether there was room for all items.
    pub(super) fn fits(&self) -> bool {
        self.at <= self.doubles.len()
    }

    /// Ends the call: what is no number, or how many doubles it takes to give all items.
    pub(super) fn end(mut self, next: Option<u64>, iteration: u32) -> Outcome<'c> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        if !self.fits() {
            return self.env.new_number(self.at as f64);
        }
        self.end_text::<false>()?;
        self.end_text::<true>()?;
        let header = [
            (self.at - HEADER) as f64,
            cursor(next),
            f64::from(iteration),
        ];
        for (place, number) in header.into_iter().enumerate() {
            self.doubles.set(place, number.to_bits());
        }
        Ok(self.others.unwrap_or(Js::UNDEFINED))
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `Entries::push` of the core")]
    fn write(&mut self, key: &Key<'_>, value: &Value<'_>) -> Result<(), Fault> {
        if self.keys {
            self.key(key)?;
        }
        if self.values {
            self.value(value)?;
        }
        Ok(())
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `Entries::push` of the core")]
    fn key(&mut self, key: &Key<'_>) -> Result<(), Fault> {
        let bytes = key.as_bytes();
        match key.kind() {
            KeyKind::Number => {
                let number = bytes.first_chunk().copied().unwrap_or_default();
                self.put(bits_of(f64::from_le_bytes(number)));
            }
            KeyKind::Latin1 if bytes.len() <= LONG => self.string::<false>(bytes)?,
            KeyKind::Utf16 if bytes.len() <= 2 * LONG => self.string::<true>(bytes)?,
            KeyKind::Undefined => self.put(UNDEFINED),
            KeyKind::Null => self.put(NULL),
            KeyKind::Boolean => self.put(if bytes == [1] { TRUE } else { FALSE }),
            _ => self.other(|env| key::to_js(env, key))?,
        }
        Ok(())
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `Entries::push` of the core")]
    fn value(&mut self, value: &Value<'_>) -> Result<(), Fault> {
        match *value {
            Value::Number(number) => self.put(bits_of(number)),
            Value::Blob(BlobKind::Latin1, bytes) if bytes.len() <= LONG => {
                self.string::<false>(bytes)?;
            }
            Value::Blob(BlobKind::Utf16, bytes) if bytes.len() <= 2 * LONG => {
                self.string::<true>(bytes)?;
            }
            Value::Undefined => self.put(UNDEFINED),
            Value::Null => self.put(NULL),
            Value::Boolean(true) => self.put(TRUE),
            Value::Boolean(false) => self.put(FALSE),
            _ => self.other(|env| value::to_js(env, value))?,
        }
        Ok(())
    }

    #[inline]
    fn put(&mut self, bits: u64) {
        self.doubles.set(self.at, bits);
        self.at += 1;
    }

    #[inline]
    fn string<const WIDE: bool>(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let (mark, wide) = (if WIDE { UTF16 } else { LATIN1 }, u32::from(WIDE));
        let (mut start, most) = (self.text::<WIDE>().bytes.len(), TEXT << wide);
        if start == 0 || start + bytes.len() > most {
            self.begin_text::<WIDE>(bytes, most)?;
            start = 0;
        }
        self.text::<WIDE>().push(bytes);
        let units = bytes.len() >> wide;
        self.put(mark | ((start >> wide) << LENGTH_BITS | units) as u64);
        Ok(())
    }

    #[inline]
    fn text<const WIDE: bool>(&mut self) -> &mut Text {
        if WIDE {
            &mut self.utf16
        } else {
            &mut self.latin1
        }
    }

    /// Begins another text with this string: an empty one needs none.
    #[cold]
    fn begin_text<const WIDE: bool>(&mut self, first: &[u8], most: usize) -> Result<(), Fault> {
        self.end_text::<WIDE>()?;
        if !first.is_empty() {
            let element = self.next_element();
            let text = self.text::<WIDE>();
            // With what `Text::push` writes too much.
            text.bytes.reserve(most + 16);
            text.element = element;
        }
        Ok(())
    }

    fn end_text<const WIDE: bool>(&mut self) -> Result<(), Fault> {
        if self.text::<WIDE>().bytes.is_empty() {
            return Ok(());
        }
        let (env, others) = (self.env, self.others()?);
        let text = self.text::<WIDE>();
        let string = if WIDE {
            env.new_utf16(&text.bytes)?
        } else {
            env.new_latin1(&text.bytes)?
        };
        env.set_element(others, text.element, string)?;
        text.bytes.clear();
        Ok(())
    }

    /// An element of its own.
    #[cold]
    fn other(&mut self, make: impl FnOnce(Env<'c>) -> Outcome<'c>) -> Result<(), Fault> {
        self.put(OTHER);
        let (env, element) = (self.env, self.next_element());
        let others = self.others()?;
        env.scoped(|| env.set_element(others, element, make(env)?))
    }

    fn next_element(&mut self) -> u32 {
        self.count += 1;
        self.count - 1
    }

    fn others(&mut self) -> Outcome<'c> {
        match self.others {
            Some(others) => Ok(others),
            None => Ok(*self.others.insert(self.env.new_array(0)?)),
        }
    }
}
