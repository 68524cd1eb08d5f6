//! The locks for ThreadSanitizer: the standard ones, and an edge that the sanitizer sees.
//!
//! The standard library comes compiled without the sanitizer, so what its locks order looks like a race. Each guard
//! says by an atomic of ours that it goes, before the lock is given up, and each new one looks at that after it has the
//! lock: the same order once more. It hides nothing: without the lock under it there is no order in time.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LockResult, PoisonError};

pub(crate) struct Mutex<T> {
    lock: std::sync::Mutex<T>,
    gone: AtomicUsize,
}

pub(crate) struct RwLock<T> {
    lock: std::sync::RwLock<T>,
    gone: AtomicUsize,
}

/// A guard of the standard lock, and where it says that it goes.
pub(crate) struct Seen<'a, G> {
    guard: G,
    gone: &'a AtomicUsize,
}

pub(crate) type MutexGuard<'a, T> = Seen<'a, std::sync::MutexGuard<'a, T>>;
pub(crate) type RwLockReadGuard<'a, T> = Seen<'a, std::sync::RwLockReadGuard<'a, T>>;
pub(crate) type RwLockWriteGuard<'a, T> = Seen<'a, std::sync::RwLockWriteGuard<'a, T>>;

impl<T> Mutex<T> {
    pub(crate) const fn new(content: T) -> Self {
        Self {
            lock: std::sync::Mutex::new(content),
            gone: AtomicUsize::new(0),
        }
    }

    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Seen::new(guard, &self.gone))
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> RwLock<T> {
    pub(crate) fn new(content: T) -> Self {
        let (lock, gone) = (std::sync::RwLock::new(content), AtomicUsize::new(0));
        Self { lock, gone }
    }

    pub(crate) fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        let guard = self.lock.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Seen::new(guard, &self.gone))
    }

    pub(crate) fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        let guard = self.lock.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Seen::new(guard, &self.gone))
    }
}

impl<'a, G> Seen<'a, G> {
    fn new(guard: G, gone: &'a AtomicUsize) -> Self {
        // Acquire: pairs with the Release of every guard that has gone.
        gone.load(Ordering::Acquire);
        Self { guard, gone }
    }
}

impl<G> Drop for Seen<'_, G> {
    fn drop(&mut self) {
        // Release: pairs with `new`. The guard itself is dropped after this.
        self.gone.fetch_add(1, Ordering::Release);
    }
}

impl<G: Deref> Deref for Seen<'_, G> {
    type Target = G::Target;

    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for Seen<'_, G> {
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}
