//! The value word: one value in 64 bits, changed by one compare-and-swap.
//!
//! NaN boxing. A word below `0xFFF9 << 48` is the `f64` of those bits (every NaN is stored as the positive quiet one).
//! Above that the top 16 bits are a tag: constants, bigints of 48 bits, or the address of a [`Blob`]. One constant is
//! DEAD: the entry is gone and its word will never change again (`dead-is-final`); another hides what a file has.
//!
//! An entry whose version somebody has asked for keeps its value in a blob with the version beside it, also a number:
//! the version changes with the word, by the same compare-and-swap, and entries that nobody asks about pay nothing.
//!
//! While a snapshot is being taken the word of an entry that changes is the address of a trace (`trace.rs`).

use super::blob::Blob;
use super::epoch::Guard;
use super::prefetch::prefetch;
use super::trace::{Moment, TraceRef};
use crate::error::Error;
use crate::value::{BlobKind, Value};

const TAG_SHIFT: u32 = 48;
const PAYLOAD: u64 = (1 << TAG_SHIFT) - 1;
const CONSTANT: u64 = 0xFFF9;
const INT: u64 = 0xFFFA;
const BLOB: u64 = 0xFFFB;
const TRACE: u64 = 0xFFFC;

const UNDEFINED: u64 = CONSTANT << TAG_SHIFT;
const NULL: u64 = UNDEFINED | 1;
const FALSE: u64 = UNDEFINED | 2;
const TRUE: u64 = UNDEFINED | 3;
const DEAD: u64 = UNDEFINED | 4;
/// The next after DEAD: one comparison asks for both.
const HIDDEN: u64 = UNDEFINED | 5;

/// The blob kinds that only words know: an `i64` that needs more than 48 bits, and a plain word beside a version.
const WIDE_INT: u8 = 0x40;
const INLINE: u8 = 0x41;

/// What an entry's word says. A copy of it owns nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(u64);

/// A value and the version it was read with, where the entry has one.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'g> {
    pub(crate) value: Value<'g>,
    pub(crate) version: Option<u64>,
}

impl Word {
    pub(crate) const DEAD: Self = Self(DEAD);
    /// The entry is removed, but a file beneath the map has one for the key (`crate::tiered`). Not final.
    pub(crate) const HIDDEN: Self = Self(HIDDEN);

    /// Whether the word holds a value.
    #[inline]
    pub(crate) const fn has_value(self) -> bool {
        self.0 != DEAD && self.0 != HIDDEN
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    fn blob(self) -> Option<Blob> {
        if self.0 >> TAG_SHIFT == BLOB {
            Blob::at((self.0 & PAYLOAD) as usize)
        } else {
            None
        }
    }

    /// Where its trace is, if it is of one.
    #[inline]
    pub(super) fn trace_address(self) -> Option<u64> {
        (self.0 >> TAG_SHIFT == TRACE).then_some(self.0 & PAYLOAD)
    }

    /// # Safety
    /// As for [`Word::cell`].
    #[inline]
    unsafe fn trace<'g>(self) -> Option<TraceRef<'g>> {
        let address = self.trace_address()?;
        // SAFETY: the caller's promise keeps the trace: `word-owns-trace`.
        Some(unsafe { TraceRef::at(address) })
    }

    pub(super) fn of_trace(trace: TraceRef<'_>) -> Self {
        Self(TRACE << TAG_SHIFT | trace.address())
    }

    /// What the word said at that moment; DEAD where the entry was not there.
    ///
    /// # Safety
    /// As for [`Word::cell`].
    pub(super) unsafe fn word_at(self, moment: Moment) -> Self {
        // SAFETY: passed on to the caller.
        unsafe { self.trace() }.map_or(self, |trace| trace.word_at(moment))
    }

    /// What the word says without a trace, and whether it has one.
    ///
    /// # Safety
    /// As for [`Word::cell`].
    pub(super) unsafe fn untraced(self) -> (Self, bool) {
        // SAFETY: passed on to the caller.
        unsafe { self.trace() }.map_or((self, false), |trace| (trace.word(), true))
    }

    #[cold]
    unsafe fn traced_cell<'g>(self) -> Option<Cell<'g>> {
        // SAFETY: passed on to the caller.
        let trace = unsafe { self.trace() }?;
        // Before anybody is told what it says.
        trace.settle();
        // SAFETY: the trace owns the word, and is kept.
        unsafe { trace.word().cell() }
    }

    /// Asks the processor for the blob, if there is one.
    #[inline]
    pub(super) fn prefetch(self) {
        if self.0 >> TAG_SHIFT == BLOB {
            prefetch(std::ptr::without_provenance::<u8>(
                (self.0 & PAYLOAD) as usize,
            ));
        }
    }

    /// The value of a word without a blob.
    fn inline(self) -> Value<'static> {
        match self.0 >> TAG_SHIFT {
            INT => Value::Int(((self.0 << 16) as i64) >> 16),
            CONSTANT => match self.0 {
                NULL => Value::Null,
                FALSE => Value::Boolean(false),
                TRUE => Value::Boolean(true),
                _ => Value::Undefined,
            },
            _ => Value::Number(f64::from_bits(self.0)),
        }
    }

    /// The number that the word is, if it is one.
    #[inline]
    pub(super) const fn number(self) -> Option<f64> {
        if self.0 >> TAG_SHIFT < CONSTANT {
            Some(f64::from_bits(self.0))
        } else {
            None
        }
    }

    /// The value that the word holds; `None` when it is DEAD or HIDDEN.
    ///
    /// # Safety
    /// As for [`Word::cell`].
    #[inline]
    pub(crate) unsafe fn value<'g>(self) -> Option<Value<'g>> {
        if let Some(number) = self.number() {
            return Some(Value::Number(number));
        }
        // SAFETY: passed on to the caller.
        Some(unsafe { self.cell() }?.value)
    }

    /// What the word holds; `None` when it is DEAD or HIDDEN.
    ///
    /// # Safety
    /// The word was loaded from a node under the guard of lifetime `'g`, or its owner lives that long.
    #[inline]
    pub(crate) unsafe fn cell<'g>(self) -> Option<Cell<'g>> {
        let Some(blob) = self.blob() else {
            return if !self.has_value() {
                None
            } else if self.0 >> TAG_SHIFT == TRACE {
                // SAFETY: passed on to the caller.
                unsafe { self.traced_cell() }
            } else {
                Some(Cell {
                    value: self.inline(),
                    version: None,
                })
            };
        };
        // SAFETY: the caller's promise keeps the blob: `word-owns-blob`, `retired-outlives-guards`.
        let bytes: &'g [u8] = unsafe { blob.bytes() };
        // SAFETY: as above.
        let version = unsafe { blob.version() };
        // SAFETY: as above.
        let value = match unsafe { blob.kind() } {
            INLINE => Self(read_u64(bytes)).inline(),
            WIDE_INT => Value::Int(read_u64(bytes) as i64),
            kind => Value::Blob(BlobKind::ALL[usize::from(kind)], bytes),
        };
        Some(Cell { value, version })
    }

    /// Bytes on the heap that the word owns.
    ///
    /// # Safety
    /// As for [`Word::cell`].
    pub(crate) unsafe fn heap_bytes(self) -> usize {
        // SAFETY: the caller's promise keeps the trace.
        if let Some(trace) = unsafe { self.trace() } {
            // SAFETY: the trace owns its word.
            return trace.bytes() + unsafe { trace.word().heap_bytes() };
        }
        // SAFETY: the caller's promise keeps the blob.
        self.blob().map_or(0, |blob| unsafe { blob.size() })
    }

    /// Gives back what the word owns once no guard can see it; the bytes that are gone.
    ///
    /// # Safety
    /// The caller has replaced this word in its node, so that it alone retires it.
    #[inline]
    pub(crate) unsafe fn retire(self, guard: &Guard) -> usize {
        if let Some(blob) = self.blob() {
            // SAFETY: the caller took the word out: `word-owns-blob`.
            let bytes = unsafe { blob.size() };
            // SAFETY: as above.
            unsafe { blob.retire(guard) };
            return bytes;
        }
        if self.trace_address().is_none() {
            return 0;
        }
        // SAFETY: as above.
        unsafe { self.retire_traces(true, guard) }
    }

    /// Gives back the traces that the word owns, and what the first of them says only where `whole`.
    ///
    /// # Safety
    /// As for [`Word::retire`].
    #[cold]
    pub(super) unsafe fn retire_traces(self, whole: bool, guard: &Guard) -> usize {
        // SAFETY: the caller took the word out: `word-owns-trace`.
        let Some(trace) = (unsafe { self.trace() }) else {
            return 0;
        };
        let word = trace.word();
        // SAFETY: as above.
        let traces = unsafe { trace.retire(guard) };
        if whole {
            // SAFETY: as above; the trace owned it.
            return traces + unsafe { word.retire(guard) };
        }
        traces
    }

    /// Gives back what the word owns, now.
    ///
    /// # Safety
    /// The caller owns the word and nobody else can see it.
    pub(crate) unsafe fn free(self) {
        // SAFETY: the caller's promise.
        if let Some(trace) = unsafe { self.trace() } {
            let word = trace.word();
            // SAFETY: the caller is the only one to know it.
            unsafe { trace.free() };
            // SAFETY: the trace owned it.
            unsafe { word.free() };
        }
        if let Some(blob) = self.blob() {
            // SAFETY: the caller is the only one to know it.
            unsafe { blob.free() }
        }
    }
}

fn read_u64(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(bytes.first_chunk().copied().unwrap_or_default())
}

/// A word that is not published yet and owns its blob.
pub(crate) struct OwnedWord(Word);

impl OwnedWord {
    /// Stores a value in a word: beside `version` where one is given.
    #[inline]
    pub(crate) fn encode(
        value: &Value<'_>,
        version: Option<u64>,
        guard: &Guard<'_>,
    ) -> Result<Self, Error> {
        let inline = match *value {
            Value::Undefined => UNDEFINED,
            Value::Null => NULL,
            Value::Boolean(false) => FALSE,
            Value::Boolean(true) => TRUE,
            Value::Number(number) if number.is_nan() => f64::NAN.to_bits(),
            Value::Number(number) => number.to_bits(),
            Value::Int(int) if (int << 16) >> 16 == int => {
                (INT << TAG_SHIFT) | (int as u64 & PAYLOAD)
            }
            Value::Int(int) => return Self::boxed(WIDE_INT, version, &int.to_ne_bytes(), guard),
            Value::Blob(kind, bytes) => return Self::boxed(kind as u8, version, bytes, guard),
        };
        match version {
            None => Ok(Self(Word(inline))),
            Some(_) => Self::boxed(INLINE, version, &inline.to_ne_bytes(), guard),
        }
    }

    fn boxed(
        kind: u8,
        version: Option<u64>,
        bytes: &[u8],
        guard: &Guard<'_>,
    ) -> Result<Self, Error> {
        let blob = Blob::new(kind, version, bytes, guard).ok_or(Error::OutOfMemory)?;
        let address = blob.address() as u64;
        if address > PAYLOAD {
            // SAFETY: just made, seen by nobody.
            unsafe { blob.free() };
            return Err(Error::OutOfMemory);
        }
        Ok(Self(Word((BLOB << TAG_SHIFT) | address)))
    }

    /// The word that hides what a file beneath the map has.
    pub(crate) const fn hidden() -> Self {
        Self(Word::HIDDEN)
    }

    /// The word of an entry that comes while snapshots are being taken.
    pub(crate) fn traced(self, guard: &Guard<'_>) -> Self {
        let trace = TraceRef::make(self.into_word(), Word::DEAD, guard);
        Self(Word::of_trace(trace))
    }

    /// What it will say once published.
    pub(crate) const fn word(&self) -> Word {
        self.0
    }

    /// Passes the ownership to the caller, who publishes the word.
    pub(crate) fn into_word(self) -> Word {
        let word = self.0;
        std::mem::forget(self);
        word
    }
}

impl Drop for OwnedWord {
    fn drop(&mut self) {
        // SAFETY: it was never published: `into_word` forgets.
        unsafe { self.0.free() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Participant;

    fn round_trip(value: &Value<'_>, version: Option<u64>) {
        let me = Participant::new();
        let owned = OwnedWord::encode(value, version, &me.pin()).expect("memory");
        // SAFETY: `owned` lives to the end of this function.
        let cell = unsafe { owned.word().cell() }.expect("not dead");
        assert!(
            cell.value.same(value),
            "{value:?} came back as {:?}",
            cell.value
        );
        assert_eq!(cell.version, version);
        if let (Value::Number(a), Value::Number(b)) = (cell.value, value)
            && !b.is_nan()
        {
            assert_eq!(a.to_bits(), b.to_bits(), "bit exact");
        }
    }

    #[test]
    fn every_kind_of_value_survives_with_and_without_a_version() {
        let numbers = [
            0.0,
            -0.0,
            1.5,
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN,
            5e-324,
        ];
        let ints = [
            0,
            1,
            -1,
            (1 << 47) - 1,
            -(1 << 47),
            1 << 47,
            -(1 << 47) - 1,
            i64::MAX,
            i64::MIN,
        ];
        let constants = [
            Value::Undefined,
            Value::Null,
            Value::Boolean(true),
            Value::Boolean(false),
        ];
        let blobs = BlobKind::ALL
            .iter()
            .flat_map(|&k| [Value::Blob(k, b""), Value::Blob(k, b"0123456789")]);
        let numbers = numbers.iter().map(|&n| Value::Number(n));
        let ints = ints.iter().map(|&i| Value::Int(i));
        for value in numbers.chain(ints).chain(constants).chain(blobs) {
            round_trip(&value, None);
            round_trip(&value, Some(u64::MAX));
        }
    }

    #[test]
    fn dead_and_hidden_are_no_values() {
        // SAFETY: DEAD owns nothing.
        assert!(unsafe { Word::DEAD.cell() }.is_none());
        // SAFETY: HIDDEN owns nothing.
        assert!(unsafe { Word::HIDDEN.cell() }.is_none());
    }
}
