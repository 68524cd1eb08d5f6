//! What an operation can refuse. A miss or a lost comparison is a value, never an error.

use std::{fmt, io};

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
    /// A map over a file has no snapshots.
    OverFile,
    /// A frozen file is not what was written: cut short, damaged, or no frozen file at all.
    Corrupt {
        /// What was found.
        what: &'static str,
        /// The byte of the file where it was found.
        at: u64,
    },
    /// The system refused something about a file.
    File {
        /// What was tried.
        doing: &'static str,
        /// The kind of refusal.
        kind: io::ErrorKind,
        /// The system's number for it.
        os: Option<i32>,
    },
    /// The path leads to a folder, a pipe or a device.
    NoRegularFile,
    /// The codec's name does not fit the header of a file; both in bytes.
    CodecTooLong {
        /// Bytes of the name.
        got: usize,
        /// The most that a header holds.
        limit: usize,
    },
}

impl Error {
    /// Makes an error of the system's, about `doing`.
    pub(crate) fn file(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::File {
            doing,
            kind: error.kind(),
            os: error.raw_os_error(),
        }
    }
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
            Self::OverFile => write!(
                f,
                "a map over a file has no snapshot(): freeze(path) it, and open what that has written"
            ),
            Self::Corrupt { what, at } => write!(
                f,
                "the frozen file is damaged, or none: {what} (byte {at}). Write it anew with freeze()"
            ),
            Self::File { doing, kind, os } => {
                let why = os.map_or_else(|| io::Error::from(*kind), io::Error::from_raw_os_error);
                write!(f, "cannot {doing} the frozen file: {why}")
            }
            Self::NoRegularFile => write!(
                f,
                "a frozen map is a regular file, and this is a folder, a pipe or a device: give another path"
            ),
            Self::CodecTooLong { got, limit } => write!(
                f,
                "the codec's name takes {got} bytes, a frozen file has room for {limit}: use a shorter name"
            ),
        }
    }
}

impl std::error::Error for Error {}

/// A result whose error leaves the map as it was.
pub type Result<T, E = Error> = std::result::Result<T, E>;
