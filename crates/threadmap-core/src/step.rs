//! Fail-points: places between two steps of a protocol where a thread may stop for long, or for ever.
//!
//! In a normal build they are nothing. In tests a thread can be shaken (it yields at random ones) or stopped at one of
//! them until it is let go: what others do meanwhile shows whether anybody waits for it. Every step of the lock-free
//! protocol that another thread can see is followed by one.

/// Marks the end of a step.
#[cfg(not(test))]
#[inline]
pub(crate) const fn after(_step: &str) {}

#[cfg(test)]
pub(crate) use test::after;

#[cfg(test)]
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
            None | Some(Manner::Stopped { .. }) => {}
        });
    }
}
