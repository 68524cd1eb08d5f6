//! Reclamation: nothing is freed that a guard can see, and everything is freed in the end.
//!
//! All tests of the process share the epoch, so a test that waits for freeing goes on until it has happened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::{Participant, Slots};

/// Counts its end, and shows by its content whether it is used after that.
struct Canary {
    ended: Arc<AtomicUsize>,
    alive: AtomicBool,
}

impl Canary {
    fn new(ended: &Arc<AtomicUsize>) -> Self {
        Self {
            ended: Arc::clone(ended),
            alive: AtomicBool::new(true),
        }
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        self.alive.store(false, Ordering::SeqCst);
        self.ended.fetch_add(1, Ordering::SeqCst);
    }
}

fn flush_until(me: &Participant, done: impl Fn() -> bool) {
    for _ in 0..1_000_000 {
        if done() {
            return;
        }
        me.pin().flush();
        std::thread::yield_now();
    }
    panic!("it is never freed");
}

/// Puts a canary in, takes it out and retires it.
fn retire_one(me: &Participant, ended: &Arc<AtomicUsize>) {
    let slots = Slots::new();
    let id = slots.insert(|_| Canary::new(ended)).expect("room");
    slots.take(id, &me.pin()).expect("there").retire(&me.pin());
}

#[test]
fn what_a_guard_can_see_is_not_freed_and_what_none_can_see_is() {
    let (me, other) = (Participant::new(), Participant::new());
    let ended = Arc::default();
    let guard = other.pin();
    retire_one(&me, &ended);
    for _ in 0..100 {
        me.pin().flush();
    }
    assert_eq!(ended.load(Ordering::SeqCst), 0, "freed under a guard");
    drop(guard);
    flush_until(&me, || ended.load(Ordering::SeqCst) == 1);
}

#[test]
fn the_outermost_of_nested_guards_counts() {
    let (me, other) = (Participant::new(), Participant::new());
    let ended = Arc::default();
    let outer = other.pin();
    drop(other.pin());
    retire_one(&me, &ended);
    for _ in 0..100 {
        me.pin().flush();
    }
    assert_eq!(
        ended.load(Ordering::SeqCst),
        0,
        "freed under the outer guard"
    );
    drop(outer);
    flush_until(&me, || ended.load(Ordering::SeqCst) == 1);
}

#[test]
fn the_garbage_of_a_thread_that_ended_is_freed_by_others() {
    let ended = Arc::default();
    let mine = Arc::clone(&ended);
    let work = move || (0..100).for_each(|_| retire_one(&Participant::new(), &mine));
    std::thread::spawn(work).join().expect("no panic");
    let me = Participant::new();
    flush_until(&me, || ended.load(Ordering::SeqCst) == 100);
}

#[test]
fn garbage_stays_bounded_without_a_flush() {
    let (me, ended) = (Participant::new(), Arc::default());
    for _ in 0..100_000 {
        retire_one(&me, &ended);
    }
    flush_until(&me, || ended.load(Ordering::SeqCst) == 100_000);
    let mut most = 0;
    for retired in 100_001..=200_000 {
        retire_one(&me, &ended);
        let unfreed = retired - ended.load(Ordering::SeqCst);
        most = most.max(unfreed);
        if unfreed > 10_000 {
            // Another test holds a guard, for milliseconds: at this pace it would have to hold it for forty seconds.
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
    }
    assert!(most < 50_000, "{most} unfreed at once");
}

/// Readers look at what a writer keeps replacing: each must see it whole and alive.
#[test]
fn readers_never_see_what_is_freed() {
    let slots = Slots::<Canary>::new();
    let (ended, stop, newest) = (Arc::default(), AtomicBool::new(false), AtomicUsize::new(0));
    let put = || {
        let id = slots.insert(|_| Canary::new(&ended)).expect("room");
        newest.store(id as usize, Ordering::SeqCst);
        id
    };
    let first = put();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let me = Participant::new();
                while !stop.load(Ordering::Relaxed) {
                    let guard = me.pin();
                    let id = newest.load(Ordering::SeqCst) as u32;
                    if let Some(canary) = slots.get(id, &guard) {
                        for _ in 0..20 {
                            std::hint::spin_loop();
                            assert!(canary.alive.load(Ordering::Relaxed), "used after its end");
                        }
                    }
                }
            });
        }
        scope.spawn(|| {
            let me = Participant::new();
            let mut old = first;
            for _ in 0..100_000 {
                let next = put();
                let guard = me.pin();
                slots.take(old, &guard).expect("there").retire(&guard);
                old = next;
            }
            stop.store(true, Ordering::Relaxed);
        });
    });
    assert!(
        ended.load(Ordering::SeqCst) > 100,
        "some are freed while readers read"
    );
}
