//! The one door to atomics and locks.
//!
//! Everything that threads share is built from what is exported here. A normal build has the types of `std`; under
//! `--cfg loom` or `--cfg shuttle` (tests only: `tests/models`) the same names are those of a model
//! checker, which runs the maps through the interleavings of their steps. Nothing else in the crate imports
//! `std::sync`.

#[cfg(loom)]
use loom::{sync as checked, thread};
#[cfg(shuttle)]
use shuttle::{sync as checked, thread};
#[cfg(not(any(loom, shuttle)))]
use std::{sync as checked, thread};

pub(crate) use checked::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, fence};
#[cfg(not(threadmap_sanitize))]
pub(crate) use checked::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
/// What is in it is ordered by what leads to it; a model has nothing to find in its counts.
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::PoisonError;
pub(crate) use std::sync::atomic::{Ordering, compiler_fence};
pub(crate) use thread::yield_now;

/// For figures only, with which nothing is published: always that of `std`, so that a model has fewer steps to order.
pub(crate) use std::sync::atomic::{AtomicI64, AtomicIsize};

/// For statics that a signal handler looks at: always those of `std`. A model has no signals.
#[cfg(unix)]
pub(crate) mod real {
    pub(crate) use std::sync::OnceLock;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize};
}

/// A function that gives one value, made by its first caller: for the process, or for one execution of a model.
macro_rules! once {
    ($(#[$doc:meta])* fn $name:ident() -> &'static $type:ty { $make:expr }) => {
        $(#[$doc])*
        #[cfg(not(any(loom, shuttle)))]
        #[inline]
        fn $name() -> &'static $type {
            static VALUE: std::sync::OnceLock<$type> = std::sync::OnceLock::new();
            VALUE.get_or_init(|| $make)
        }

        $(#[$doc])*
        #[cfg(loom)]
        fn $name() -> &'static $type {
            loom::lazy_static! { static ref VALUE: $type = $make; }
            &VALUE
        }

        $(#[$doc])*
        #[cfg(shuttle)]
        fn $name() -> &'static $type {
            shuttle::lazy_static! { static ref VALUE: $type = $make; }
            &VALUE
        }
    };
}
pub(crate) use once;

#[cfg(threadmap_sanitize)]
mod seen;
#[cfg(threadmap_sanitize)]
pub(crate) use seen::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Locks for reading. A panic elsewhere never takes the data away: every section that holds a write lock leaves the
/// structure whole at each point where it could unwind.
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Locks for writing; see [`read`] about poisoning.
pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Locks a mutex; see [`read`] about poisoning.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
