//! An `Arc` that is there from some moment on, for good: set once by whoever comes first, read by one load. Nobody
//! waits, unlike for a `OnceLock`, whose second setter waits for the first. Any thread may call anything here.

use std::marker::PhantomData;
use std::ptr;

use crate::sync::{Arc, AtomicPtr, Ordering};

pub(crate) struct Late<T> {
    /// Null, or from `Arc::into_raw`: never changed again.
    place: AtomicPtr<T>,
    owned: PhantomData<Arc<T>>,
}

impl<T> Late<T> {
    pub(crate) fn new() -> Self {
        Self {
            place: AtomicPtr::new(ptr::null_mut()),
            owned: PhantomData,
        }
    }

    /// The thing, if it is there.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // Acquire: pairs with the Release in `get_or_make`.
        let place = self.place.load(Ordering::Acquire);
        // SAFETY: not null means that `self` holds a count of the `Arc` until it is dropped.
        unsafe { place.as_ref() }
    }

    /// The thing, if it is there, to be kept.
    pub(crate) fn get_arc(&self) -> Option<Arc<T>> {
        let place: *const T = self.get()?;
        // SAFETY: from `Arc::into_raw`, and `self` holds a count.
        unsafe { Arc::increment_strong_count(place) };
        // SAFETY: the count of the line before.
        Some(unsafe { Arc::from_raw(place) })
    }

    /// The thing, made if it is not there. Of several makers one wins.
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(thing) = self.get() {
            return thing;
        }
        let fresh = Arc::into_raw(Arc::new(make())).cast_mut();
        // Release publishes the thing to `get`; Acquire: the winner's is seen whole.
        let set = self.place.compare_exchange(
            ptr::null_mut(),
            fresh,
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        let place = set.map_or_else(
            |winner| {
                // SAFETY: it lost the race, so nobody has seen it.
                drop(unsafe { Arc::from_raw(fresh) });
                winner
            },
            |_| fresh,
        );
        // SAFETY: as in `get`.
        unsafe { &*place }
    }
}

impl<T> Drop for Late<T> {
    fn drop(&mut self) {
        let place = self.place.load(Ordering::Relaxed);
        if !place.is_null() {
            // SAFETY: the count that `get_or_make` left with `self`, given back once.
            drop(unsafe { Arc::from_raw(place) });
        }
    }
}
