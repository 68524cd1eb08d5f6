//! Fail-points: places between two steps of a protocol where a thread may stop for long, or for ever.
//!
//! In a normal build they are nothing. In tests a thread can be shaken (it yields at random ones) or stopped at one of
//! them until it is let go: what others do meanwhile shows whether anybody waits for it. Every step of the lock-free
//! protocol that another thread can see is followed by one. Under shuttle threads wait for one another there, so that a
//! model can ask for one interleaving.

/// Marks the end of a step.
#[cfg(not(test))]
#[inline]
pub(crate) const fn after(_step: &str) {}

#[cfg(loom)]
pub(crate) use order::after;
#[cfg(shuttle)]
pub(crate) use turns::after;

#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) use test::after;

/// Loom tries the orders of two accesses only if it takes them for dependent, and for each place it remembers the last
/// one alone: a thread's own load hides that of another, and the order is never tried. So all threads touch one place
/// at each step.
#[cfg(loom)]
pub(crate) mod order {
    use std::cell::Cell;

    use crate::sync::{AtomicUsize, Ordering, once};

    once! {
        fn place() -> &'static AtomicUsize { AtomicUsize::new(0) }
    }

    // Loom runs all threads of a model on one of the system.
    thread_local! {
        static SEEN: Cell<Ordering> = const { Cell::new(Ordering::Relaxed) };
    }

    /// How a step is seen: Relaxed orders nothing else; `AcqRel` shows all that came before to all that come after,
    /// which leaves the interleavings and takes away most of the older values that a load might see.
    pub(crate) fn seen(ordering: Ordering) {
        SEEN.set(ordering);
    }

    pub(crate) fn after(_step: &'static str) {
        place().fetch_add(1, SEEN.get());
    }
}

#[cfg(shuttle)]
pub(crate) mod turns {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::sync::Arc;

    use crate::sync::{AtomicUsize, Ordering};

    /// Where a model is: it only goes on.
    #[derive(Default)]
    pub(crate) struct Turn(AtomicUsize);

    impl Turn {
        pub(crate) fn reach(&self, turn: usize) {
            self.0.fetch_max(turn, Ordering::SeqCst);
        }

        pub(crate) fn wait_for(&self, turn: usize) {
            while self.0.load(Ordering::SeqCst) < turn {
                shuttle::thread::yield_now();
            }
        }
    }

    /// At the next time that this thread passes the step: the turn that it makes it, and the one it waits for.
    pub(crate) struct Stop {
        pub(crate) at: &'static str,
        pub(crate) reach: usize,
        pub(crate) wait_for: usize,
    }

    shuttle::thread_local! {
        static STOPS: RefCell<Option<(Arc<Turn>, VecDeque<Stop>)>> = RefCell::new(None);
    }

    /// Sets where this thread stops, in that order.
    pub(crate) fn stop(turn: &Arc<Turn>, stops: impl IntoIterator<Item = Stop>) {
        let all = (Arc::clone(turn), stops.into_iter().collect());
        STOPS.with(|mine| *mine.borrow_mut() = Some(all));
    }

    pub(crate) fn after(step: &'static str) {
        let here = STOPS.with(|mine| {
            let mut mine = mine.borrow_mut();
            let (turn, all) = mine.as_mut()?;
            all.front().filter(|next| next.at == step)?;
            Some((Arc::clone(turn), all.pop_front()?))
        });
        if let Some((turn, stop)) = here {
            turn.reach(stop.reach);
            turn.wait_for(stop.wait_for);
        }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
pub(crate) mod test {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    /// What a thread does at fail-points.
    pub(crate) enum Manner {
        /// Yields at one in four.
        Shaken(u64),
        /// Stops at the step until it is let go, and tells that it has.
        Stopped {
            at: &'static str,
            there: Arc<AtomicBool>,
            go: Arc<AtomicBool>,
        },
        /// Panics at the step.
        Panicking { at: &'static str },
    }

    thread_local! {
        static MANNER: RefCell<Option<Manner>> = const { RefCell::new(None) };
    }

    /// The steps that have been passed in this process.
    pub(crate) static PASSED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

    /// Sets how this thread behaves from now on.
    pub(crate) fn behave(manner: Option<Manner>) {
        MANNER.set(manner);
    }

    pub(crate) fn after(step: &'static str) {
        MANNER.with_borrow_mut(|manner| match manner {
            Some(Manner::Shaken(state)) => {
                // xorshift64 (Marsaglia, 2003).
                *state ^= *state << 13;
                *state ^= *state >> 7;
                *state ^= *state << 17;
                if state.is_multiple_of(4) {
                    std::thread::yield_now();
                }
                if state.is_multiple_of(64) {
                    PASSED.lock().expect("no panic").insert(step);
                }
            }
            Some(Manner::Stopped { at, there, go }) if *at == step => {
                there.store(true, Ordering::SeqCst);
                while !go.load(Ordering::SeqCst) {
                    std::thread::park_timeout(std::time::Duration::from_millis(1));
                }
            }
            Some(Manner::Panicking { at }) if *at == step => panic!("at {step}"),
            None | Some(Manner::Stopped { .. } | Manner::Panicking { .. }) => {}
        });
    }
}
