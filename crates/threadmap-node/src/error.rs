//! How a call fails: as a JavaScript exception that the facade's error factory makes.
//!
//! The factory knows the classes; the boundary knows codes. Until a thread has given its factory, and for what goes
//! wrong while throwing, nothing is thrown: that happens only while an environment starts or ends.

use std::any::Any;

use crate::env::Record;
use crate::ffi::Env;

/// Why a call stops.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An exception is pending already, or the environment is closing: return at once.
    Pending,
    /// What the map refused.
    Core(threadmap_core::Error),
    /// What was refused about the file at a path.
    File(threadmap_core::Error, String),
    /// A mistake of the caller: a stable code and a sentence.
    Caller(&'static str, String),
    /// Bytes whose buffer has been taken away; becomes a mistake about a key or a value.
    Detached,
    /// A bug of this package.
    Internal(String),
}

pub(crate) const INVALID_KEY: &str = "THREADMAP_INVALID_KEY";
pub(crate) const INVALID_VALUE: &str = "THREADMAP_INVALID_VALUE";
pub(crate) const INVALID_ARGUMENT: &str = "THREADMAP_INVALID_ARGUMENT";
pub(crate) const DATA_CLONE: &str = "THREADMAP_DATA_CLONE";
pub(crate) const OVERFLOW: &str = "THREADMAP_OVERFLOW";

impl From<threadmap_core::Error> for Fault {
    fn from(error: threadmap_core::Error) -> Self {
        Self::Core(error)
    }
}

impl Fault {
    /// The map is closed, was dropped by name, or never was.
    pub(crate) fn closed() -> Self {
        Self::Caller(
            "THREADMAP_MAP_CLOSED",
            "this map is closed: close() was called, or ConcurrentMap.delete(name) has ended it for all threads. \
             Open it again by name, or attach a handle of a living map"
                .to_owned(),
        )
    }

    pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Self::Internal(format!("a panic in native code: {text}"))
    }

    fn describe(self) -> Option<(&'static str, String)> {
        Some(match self {
            Self::Pending => return None,
            Self::Caller(code, message) => (code, message),
            Self::Detached => (INVALID_VALUE, detached("value")),
            Self::Internal(message) => (
                "THREADMAP_INTERNAL",
                format!(
                    "{message}. This is a bug of threadmap; the map stays usable. Please report it"
                ),
            ),
            Self::Core(error) => (code(&error), error.to_string()),
            Self::File(error, path) => (code(&error), format!("'{path}': {error}")),
        })
    }

    /// Makes the fault the pending exception. Where that fails the environment is closing: there is nobody to tell.
    #[cold]
    pub(crate) fn throw(self, env: Env<'_>, record: &Record) {
        let _ = self.try_throw(env, record);
    }

    fn try_throw(self, env: Env<'_>, record: &Record) -> Result<(), Self> {
        let Some((code, message)) = self.describe() else {
            return Ok(());
        };
        let factory = record.error_factory(env)?;
        let message: Vec<u16> = message.encode_utf16().collect();
        let arguments = [
            env.new_latin1(code.as_bytes())?,
            env.new_utf16(crate::ffi::as_bytes(&message))?,
        ];
        env.throw(env.call(factory, arguments)?)
    }
}

/// The code of what a map refused.
fn code(error: &threadmap_core::Error) -> &'static str {
    use threadmap_core::Error;
    match error {
        Error::WrongCell { .. } => "THREADMAP_WRONG_CELL",
        Error::Overflow => OVERFLOW,
        Error::Stalled => "THREADMAP_STALLED",
        Error::OtherVariant { .. } | Error::OverFile => "THREADMAP_UNSUPPORTED",
        Error::KeyTooLarge { .. } | Error::ValueTooLarge { .. } | Error::CodecTooLong { .. } => {
            "THREADMAP_LIMIT"
        }
        Error::Corrupt { .. } => "THREADMAP_CORRUPT_FILE",
        Error::File { .. } | Error::NoRegularFile => "THREADMAP_FILE",
        _ => "THREADMAP_OUT_OF_MEMORY",
    }
}

/// What is wrong with bytes without a buffer.
pub(crate) fn detached(what: &str) -> String {
    format!(
        "the {what} is a Uint8Array whose buffer is detached or has shrunk below it: pass a copy"
    )
}
