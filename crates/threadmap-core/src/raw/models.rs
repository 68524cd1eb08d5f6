//! Models for loom of reclamation alone: one block, reached through one place. In this room because they retire by
//! hand. How they are run: `tests/models/loom`.

use std::ptr;
use std::sync::Arc;

use loom::thread;

use super::epoch::{Guard, Participant};
use super::watch;
use crate::sync::{AtomicPtr, Ordering};
use crate::tests::models::loom::explore;

const SIZE: usize = 24;

/// What leads to the block.
struct Place(AtomicPtr<u8>);

impl Place {
    fn with_block(guard: &Guard<'_>) -> Arc<Self> {
        let block = guard.alloc(SIZE).expect("memory");
        Arc::new(Self(AtomicPtr::new(block.as_ptr())))
    }

    /// Reads the block, if it is there: `watch` sees whether it still lives.
    fn read(&self, _guard: &Guard<'_>) {
        let block = self.0.load(Ordering::Acquire);
        if !block.is_null() {
            watch::used(block);
        }
    }

    fn retire(&self, guard: &Guard<'_>) {
        let block = self.0.swap(ptr::null_mut(), Ordering::AcqRel);
        let block = ptr::NonNull::new(block).expect("retired once");
        // SAFETY: of this size, taken out of its only place, by this thread.
        unsafe { guard.retire(block, SIZE) };
    }
}

#[test]
fn retire_against_enter() {
    explore(|| {
        let (one, two) = (Participant::new(), Participant::new());
        let place = Place::with_block(&one.pin());
        let shared = Arc::clone(&place);
        let reader = thread::spawn(move || {
            for _ in 0..2 {
                shared.read(&one.pin());
            }
            one
        });
        place.retire(&two.pin());
        for _ in 0..3 {
            two.pin().flush();
        }
        reader.join().expect("no panic");
    });
}

/// The reader moves the epoch on, so it may be ahead of the one whose block it reads; and that one collects under the
/// guard that it has retired under, with no other fence than those of `advance`.
#[test]
fn retire_against_enter_in_the_next_epoch() {
    explore(|| {
        let (one, two) = (Participant::new(), Participant::new());
        let place = Place::with_block(&one.pin());
        let shared = Arc::clone(&place);
        let reader = thread::spawn(move || {
            one.pin().flush();
            shared.read(&one.pin());
            one
        });
        {
            let guard = two.pin();
            place.retire(&guard);
            guard.flush();
        }
        for _ in 0..2 {
            two.pin().flush();
        }
        reader.join().expect("no panic");
    });
}

/// What a thread leaves behind at its end is freed by another one.
#[test]
fn enter_against_the_end_of_a_thread_that_has_retired() {
    explore(|| {
        let (one, two) = (Participant::new(), Participant::new());
        let place = Place::with_block(&one.pin());
        let shared = Arc::clone(&place);
        let reader = thread::spawn(move || {
            shared.read(&one.pin());
            for _ in 0..2 {
                one.pin().flush();
            }
            one
        });
        place.retire(&two.pin());
        drop(two);
        reader.join().expect("no panic");
    });
}
