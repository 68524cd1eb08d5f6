//! Arithmetic on entries: `add`, `max`, `min`. One compare-and-swap, no allocation for numbers and 48-bit bigints.

use crate::error::{Error, Result};
use crate::key::{Key, Lookup};
use crate::map::Map;
use crate::ops::Step;
use crate::raw::epoch::Guard;
use crate::raw::node::NodeRef;
use crate::raw::word::Cell;
use crate::value::Value;

/// What arithmetic works on: a number or a 64-bit bigint. The two never mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An IEEE double.
    Float(f64),
    /// A bigint within 64 signed bits.
    Int(i64),
}

impl Number {
    fn to_value(self) -> Value<'static> {
        match self {
            Self::Float(number) => Value::Number(number),
            Self::Int(int) => Value::Int(int),
        }
    }

    fn kind(self) -> &'static str {
        self.to_value().kind_name()
    }

    fn is_not(self, got: &'static str) -> Error {
        Error::WrongCell {
            wanted: self.kind(),
            got,
        }
    }

    /// Whether both are the same to the last bit.
    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Int(a), Self::Int(b)) => a == b,
            _ => false,
        }
    }

    /// Zero of this kind.
    #[must_use]
    pub const fn zero(self) -> Self {
        match self {
            Self::Float(_) => Self::Float(0.0),
            Self::Int(_) => Self::Int(0),
        }
    }

    /// The number in a cell of the same kind as `self`.
    #[inline]
    fn read(self, value: &Value<'_>) -> Result<Self> {
        match (self, value) {
            (Self::Float(_), Value::Number(number)) => Ok(Self::Float(*number)),
            (Self::Int(_), Value::Int(int)) => Ok(Self::Int(*int)),
            // A bigint of more than 64 bits: whatever the result, it is not one of 64.
            (Self::Int(_), Value::Blob(..)) if value.kind_name() == "bigint" => {
                Err(Error::Overflow)
            }
            _ => Err(self.is_not(value.kind_name())),
        }
    }

    #[inline]
    fn plus(self, other: Self) -> Result<Self> {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => Ok(Self::Float(a + b)),
            (Self::Int(a), Self::Int(b)) => a.checked_add(b).map(Self::Int).ok_or(Error::Overflow),
            _ => Err(self.is_not(other.kind())),
        }
    }

    /// `Math.max` and `Math.min`: NaN wins, and -0 is below 0.
    fn extreme(self, other: Self, largest: bool) -> Self {
        let first = match (self, other) {
            (Self::Float(a), _) if a.is_nan() => true,
            (_, Self::Float(b)) if b.is_nan() => false,
            (Self::Float(a), Self::Float(b)) => a.total_cmp(&b).is_ge() == largest,
            (Self::Int(a), Self::Int(b)) => (a >= b) == largest,
            _ => true,
        };
        if first { self } else { other }
    }
}

impl Map {
    #[inline]
    fn arithmetic(
        &self,
        key: &impl Lookup,
        operand: Number,
        guard: &Guard,
        next: impl Fn(Option<Number>) -> Result<Number>,
    ) -> Result<Number> {
        self.admit(key, &Value::Undefined)?;
        let mut result = operand;
        self.step(key, guard, reckon(operand, &mut result, next), |_, _| ())?;
        Ok(result)
    }

    /// Adds `delta` to the entry, or to `initial` where there is none; returns the new number.
    ///
    /// # Errors
    /// [`Error::WrongCell`] where the entry or `initial` is of another kind than `delta`; [`Error::Overflow`].
    #[inline]
    pub fn add(
        &self,
        key: &impl Lookup,
        delta: Number,
        initial: Number,
        guard: &Guard,
    ) -> Result<Number> {
        if delta.kind() != initial.kind() {
            return Err(delta.is_not(initial.kind()));
        }
        self.arithmetic(key, delta, guard, |found| {
            found.unwrap_or(initial).plus(delta)
        })
    }

    /// Stores the larger of the entry and `operand`, which stands alone where there is no entry; returns it.
    ///
    /// # Errors
    /// [`Error::WrongCell`] where the entry is of another kind.
    pub fn max(&self, key: &impl Lookup, operand: Number, guard: &Guard) -> Result<Number> {
        self.arithmetic(key, operand, guard, |found| {
            Ok(found.map_or(operand, |n| n.extreme(operand, true)))
        })
    }

    /// Stores the smaller of the entry and `operand`, which stands alone where there is no entry; returns it.
    ///
    /// # Errors
    /// [`Error::WrongCell`] where the entry is of another kind.
    pub fn min(&self, key: &impl Lookup, operand: Number, guard: &Guard) -> Result<Number> {
        self.arithmetic(key, operand, guard, |found| {
            Ok(found.map_or(operand, |n| n.extreme(operand, false)))
        })
    }

    /// [`Map::add`] for many keys, each with a delta and zero where there is no entry; gives the new numbers in order. All
    /// are checked before the first is added, so only a change by another thread in between, or by an earlier pair of
    /// the same key, can stop it half way. Each key is looked up once where its node stays the same.
    ///
    /// # Errors
    /// Those of [`Map::add`].
    pub fn add_many(
        &self,
        pairs: &[(Key<'_>, Number)],
        guard: &Guard,
        mut give: impl FnMut(usize, Number),
    ) -> Result<()> {
        let mut located = Vec::with_capacity(pairs.len());
        for (key, delta) in pairs {
            self.admit(key, &Value::Undefined)?;
            let hashed = self.hash(key);
            let (found, place) = if self.beneath.is_none() {
                let place = self.locate(key, &hashed, guard);
                (place.0.and_then(NodeRef::value), Some(place))
            } else {
                (self.get(key, guard)?, None)
            };
            let current = found.map(|value| delta.read(&value)).transpose()?;
            current.unwrap_or(delta.zero()).plus(*delta)?;
            // The node that was found stays the place of its key, but where each value has a node of its own.
            let place = place.filter(|_| self.index.persistent().is_none());
            located.push((hashed, place));
        }
        for (index, (&(key, delta), (hashed, place))) in pairs.iter().zip(located).enumerate() {
            let mut sum = delta;
            let plus = |found: Option<Number>| found.unwrap_or(delta.zero()).plus(delta);
            let decide = reckon(delta, &mut sum, plus);
            if let Some(place) = place {
                self.step_from(&key, &hashed, place, guard, decide, |_, _| ())?;
            } else {
                self.step(&key, guard, decide, |_, _| ())?;
            }
            give(index, sum);
        }
        Ok(())
    }
}

/// What to do about an entry that is to become what `next` says; leaves that in `result`.
#[inline]
fn reckon(
    operand: Number,
    result: &mut Number,
    next: impl Fn(Option<Number>) -> Result<Number>,
) -> impl FnMut(Option<Cell<'_>>) -> Result<Step<'static>> {
    move |found| {
        let current = found.map(|cell| operand.read(&cell.value)).transpose()?;
        *result = next(current)?;
        // An extreme that is there already is no change, so it makes no new version.
        Ok(if current.is_some_and(|current| current.is(*result)) {
            Step::Keep
        } else {
            Step::Put(result.to_value())
        })
    }
}
