//! What an operation can refuse. A miss or a lost comparison is a value, never an error.

use std::fmt;

/// Why an operation was refused. Nothing has changed when one is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The key is longer than the map's limit; both in bytes.
    KeyTooLarge {
        /// Bytes of the key as the map would store it.
        got: usize,
        /// The map's limit.
        limit: usize,
    },
    /// The value is longer than the map's limit; both in bytes.
    ValueTooLarge {
        /// Bytes of the value as the map would store it.
        got: usize,
        /// The map's limit.
        limit: usize,
    },
    /// A number operation met a value of another kind.
    WrongCell {
        /// The kind that the operation works on.
        wanted: &'static str,
        /// The kind that is stored.
        got: &'static str,
    },
    /// A bigint result does not fit 64 signed bits.
    Overflow,
    /// The system has no memory for the entry.
    OutOfMemory,
    /// A thread stayed inside of another call for so long that no snapshot could begin.
    Stalled,
    /// Only the snapshot variant can do this.
    OtherVariant {
        /// What was asked for.
        operation: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyTooLarge { got, limit } => {
                write!(
                    f,
                    "the key takes {got} bytes, the limit is {limit}: use a shorter key or raise maxKeyBytes"
                )
            }
            Self::ValueTooLarge { got, limit } => {
                write!(
                    f,
                    "the value takes {got} bytes, the limit is {limit}: store less or raise maxValueBytes"
                )
            }
            Self::WrongCell { wanted, got } => {
                write!(
                    f,
                    "the operation works on a {wanted}, but met a {got}: nothing was changed"
                )
            }
            Self::Overflow => {
                write!(
                    f,
                    "the result does not fit a signed 64-bit integer: nothing was changed"
                )
            }
            Self::Stalled => write!(
                f,
                "a thread has been inside of one call for ten seconds, so no snapshot could begin: try again"
            ),
            Self::OtherVariant { operation } => write!(
                f,
                "{operation} needs the variant 'snapshot': open the map with it"
            ),
            Self::OutOfMemory => write!(
                f,
                "the system has no memory left for this entry: nothing was changed"
            ),
        }
    }
}

impl std::error::Error for Error {}

/// A result whose error leaves the map as it was.
pub type Result<T, E = Error> = std::result::Result<T, E>;
