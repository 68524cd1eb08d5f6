//! Arithmetic on entries: `add`, `max`, `min`. One compare-and-swap, no allocation for numbers and 48-bit bigints.

use crate::error::{Error, Result};
use crate::key::Key;
use crate::map::Map;
use crate::ops::Step;
use crate::raw::epoch::Guard;
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
        key: &Key<'_>,
        operand: Number,
        guard: &Guard,
        next: impl Fn(Option<Number>) -> Result<Number>,
    ) -> Result<Number> {
        self.admit(key, &Value::Undefined)?;
        let mut result = operand;
        self.step(key, guard, |found| {
            let current = found.map(|cell| operand.read(&cell.value)).transpose()?;
            result = next(current)?;
            // An extreme that is there already is no change, so it makes no new version.
            Ok(if current.is_some_and(|current| current.is(result)) {
                Step::Keep
            } else {
                Step::Put(result.to_value())
            })
        })?;
        Ok(result)
    }

    /// Adds `delta` to the entry, or to `initial` where there is none; returns the new number.
    ///
    /// # Errors
    /// [`Error::WrongCell`] where the entry or `initial` is of another kind than `delta`; [`Error::Overflow`].
    #[inline]
    pub fn add(
        &self,
        key: &Key<'_>,
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
    pub fn max(&self, key: &Key<'_>, operand: Number, guard: &Guard) -> Result<Number> {
        self.arithmetic(key, operand, guard, |found| {
            Ok(found.map_or(operand, |n| n.extreme(operand, true)))
        })
    }

    /// Stores the smaller of the entry and `operand`, which stands alone where there is no entry; returns it.
    ///
    /// # Errors
    /// [`Error::WrongCell`] where the entry is of another kind.
    pub fn min(&self, key: &Key<'_>, operand: Number, guard: &Guard) -> Result<Number> {
        self.arithmetic(key, operand, guard, |found| {
            Ok(found.map_or(operand, |n| n.extreme(operand, false)))
        })
    }

    /// Whether [`Map::add`] of this would be refused as things stand; nothing changes.
    ///
    /// # Errors
    /// Those of [`Map::add`].
    pub fn check_add(
        &self,
        key: &Key<'_>,
        delta: Number,
        initial: Number,
        guard: &Guard,
    ) -> Result<()> {
        self.admit(key, &Value::Undefined)?;
        let found = self
            .get(key, guard)?
            .map(|value| delta.read(&value))
            .transpose()?;
        found.unwrap_or(initial).plus(delta).map(drop)
    }
}
