//! The one door to atomics and locks.
//!
//! Everything that threads share is built from what is exported here, so that a model checker (loom, shuttle) can
//! be put behind the same names without touching the maps. Nothing else in the crate imports `std::sync`.

pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicIsize, AtomicPtr, AtomicU64, AtomicUsize, Ordering,
    compiler_fence, fence,
};
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
#[cfg(not(threadmap_sanitize))]
pub(crate) use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

#[cfg(threadmap_sanitize)]
mod seen;
#[cfg(threadmap_sanitize)]
pub(crate) use seen::{RwLock, RwLockReadGuard, RwLockWriteGuard};

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
