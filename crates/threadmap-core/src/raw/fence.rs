//! The two halves of a lopsided full fence: nearly free for those who pin, dear for the one who reclaims.
//!
//! A thread's store (it is pinned) must be seen before its later loads (what it reads) are done, and that takes a
//! full fence, 5 to 7 ns, in every operation. Linux can put such a fence into all running threads of the process at
//! once, `membarrier(2)`, so that a compiler fence is enough on the side that runs a million times as often. Where
//! that is not to be had both halves are ordinary fences. Invariant: [`light`] and [`heavy`] together order as two
//! `SeqCst` fences do; two light ones order nothing. Called by `epoch.rs` alone.

use crate::sync::{Ordering, compiler_fence, fence};

/// Whether [`heavy`] reaches into the other threads: decided once, before any thread pins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fences {
    lopsided: bool,
}

impl Fences {
    pub(super) fn new() -> Self {
        Self {
            lopsided: system::register(),
        }
    }

    /// Whether [`heavy`](Self::heavy) reaches into the other threads.
    pub(super) fn are_lopsided(self) -> bool {
        self.lopsided
    }

    /// The half of whoever announces something and then reads.
    #[inline]
    pub(super) fn light(self) {
        if self.lopsided {
            compiler_fence(Ordering::SeqCst);
        } else {
            fence(Ordering::SeqCst);
        }
    }

    /// The half of whoever changes something and then looks at announcements. No thread that is not running is
    /// waited for.
    #[cold]
    pub(super) fn heavy(self) {
        fence(Ordering::SeqCst);
        if self.lopsided {
            system::everywhere();
        }
    }
}

#[cfg(all(target_os = "linux", not(any(miri, loom, shuttle, threadmap_sanitize))))]
mod system {
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;

    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: the system call takes numbers and touches no memory.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    /// Whether the kernel has it and lets this process use it; a sandbox may not.
    pub(super) fn register() -> bool {
        membarrier(REGISTER_PRIVATE_EXPEDITED)
    }

    /// A full fence in each thread of the process that is running.
    pub(super) fn everywhere() {
        assert!(
            membarrier(PRIVATE_EXPEDITED),
            "the kernel takes a registered membarrier"
        );
    }
}

#[cfg(not(all(target_os = "linux", not(any(miri, loom, shuttle, threadmap_sanitize)))))]
mod system {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn everywhere() {}
}
