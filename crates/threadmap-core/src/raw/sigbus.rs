//! Survives the loss of mapped pages: zeros instead of the death of the process.
//!
//! A process-wide handler of SIGBUS, installed with the first mapping and never for those who map nothing. It acts on
//! faults within watched ranges alone: puts an anonymous page of zeros at the address, so that the reader can go on,
//! and marks the range. All other faults and signals go to whatever handled them before. (The JVM treats its mapped
//! buffers so, and libwayland the pools of its clients.) Everything in the handler is async-signal-safe: atomics, and
//! `mmap`, which is a bare system call. Invariant: a range is watched while its pages are mapped, and a reader's
//! borrow keeps them mapped. Called by `mapping.rs` alone.

pub(super) use system::{Watch, watch};

#[cfg(unix)]
mod system {
    use std::ptr;
    use std::{io, mem};

    use libc::{c_int, c_void, sigaction, siginfo_t};

    use crate::sync::Ordering;
    use crate::sync::real::{AtomicBool, AtomicPtr, AtomicUsize, OnceLock};

    /// A range of addresses; free when `start` is 0, being filled when it is 1.
    struct Range {
        start: AtomicUsize,
        length: AtomicUsize,
        missing: AtomicBool,
    }

    const FREE: usize = 0;
    const BEING_FILLED: usize = 1;
    /// Ranges in a block. There is one for each open file: few programs need a second block.
    const BLOCK: usize = 64;

    /// Blocks are never given back: the handler may be looking at one.
    struct Block {
        ranges: [Range; BLOCK],
        next: AtomicPtr<Block>,
    }

    impl Block {
        const fn new() -> Self {
            Self {
                ranges: [const {
                    Range {
                        start: AtomicUsize::new(FREE),
                        length: AtomicUsize::new(0),
                        missing: AtomicBool::new(false),
                    }
                }; BLOCK],
                next: AtomicPtr::new(ptr::null_mut()),
            }
        }
    }

    static BLOCKS: Block = Block::new();
    /// What handled the signal before; null until the handler is there.
    static BEFORE: AtomicPtr<sigaction> = AtomicPtr::new(ptr::null_mut());
    static PAGE: AtomicUsize = AtomicUsize::new(0);

    fn blocks() -> impl Iterator<Item = &'static Block> {
        std::iter::successors(Some(&BLOCKS), |block| {
            // Acquire: pairs with the Release that published the block in `free_range`.
            let next = block.next.load(Ordering::Acquire);
            // SAFETY: a published block is never freed.
            unsafe { next.as_ref() }
        })
    }

    /// A watched range; no longer watched when dropped.
    #[derive(Debug)]
    pub(crate) struct Watch(&'static Range);

    impl std::fmt::Debug for Range {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Range").finish_non_exhaustive()
        }
    }

    impl Watch {
        /// Whether no page has been missing.
        #[inline]
        pub(crate) fn is_whole(&self) -> bool {
            // Acquire: pairs with the Release in `mend`; on the thread that faulted, program order is enough.
            !self.0.missing.load(Ordering::Acquire)
        }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            self.0.start.store(FREE, Ordering::Release);
        }
    }

    fn free_range() -> &'static Range {
        loop {
            let mut last = &BLOCKS;
            for block in blocks() {
                last = block;
                let free = block.ranges.iter().find(|range| {
                    range
                        .start
                        .compare_exchange(FREE, BEING_FILLED, Ordering::Acquire, Ordering::Relaxed)
                        .is_ok()
                });
                if let Some(free) = free {
                    return free;
                }
            }
            let fresh = Box::into_raw(Box::new(Block::new()));
            // Release: pairs with the Acquire in `blocks`. Of two who add one, one wins.
            let added = last.next.compare_exchange(
                ptr::null_mut(),
                fresh,
                Ordering::Release,
                Ordering::Relaxed,
            );
            if added.is_err() {
                // SAFETY: it lost the race, so nobody has seen it.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
    }

    /// Watches a range of mapped pages.
    pub(crate) fn watch(start: usize, length: usize) -> io::Result<Watch> {
        static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();
        INSTALLED
            .get_or_init(|| install().map_err(|error| error.raw_os_error().unwrap_or_default()))
            .map_err(io::Error::from_raw_os_error)?;
        let range = free_range();
        range.missing.store(false, Ordering::Relaxed);
        range.length.store(length, Ordering::Relaxed);
        // Release: who sees the start sees the rest.
        range.start.store(start, Ordering::Release);
        Ok(Watch(range))
    }

    fn install() -> io::Result<()> {
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        PAGE.store(
            usize::try_from(page).map_err(io::Error::other)?,
            Ordering::Relaxed,
        );
        // SAFETY: all zeros is a valid `sigaction`: the default action, an empty mask, no flags.
        let mut before: sigaction = unsafe { mem::zeroed() };
        // SAFETY: only reads the current action, into a place of its type.
        let status = unsafe { sigaction(libc::SIGBUS, ptr::null(), &raw mut before) };
        if status != 0 {
            return Err(io::Error::last_os_error());
        }
        // Kept for ever, since the handler is.
        BEFORE.store(Box::into_raw(Box::new(before)), Ordering::Release);
        // SAFETY: as above.
        let mut action: sigaction = unsafe { mem::zeroed() };
        action.sa_sigaction = on_fault as *const () as usize;
        // On the alternate stack where a thread has one: the signal may be about its own stack.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: the handler is of the type that SA_SIGINFO asks for and lives as long as the process: the image is
        // pinned.
        let status = unsafe { sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) };
        if status != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    extern "C" fn on_fault(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the kernel gives a filled one, for as long as the handler runs.
        let given = unsafe { &*info };
        let code = given.si_code;
        // Positive codes are the kernel's: others were sent by a process, and their address means nothing.
        if code > 0 {
            // SAFETY: a SIGBUS of the kernel has an address.
            let address = unsafe { given.si_addr() };
            if mend(address.addr()) {
                return;
            }
        }
        pass_on(signal, code, info, context);
    }

    /// Puts zeros where a watched page is missing; false for addresses that nobody watches.
    fn mend(address: usize) -> bool {
        let watched = blocks()
            .flat_map(|block| &block.ranges)
            .find(|range| covers(range, address));
        let Some(range) = watched else {
            return false;
        };
        let page = PAGE.load(Ordering::Relaxed);
        let start = ptr::without_provenance_mut::<c_void>(address & !(page - 1));
        let errno = errno();
        // SAFETY: errno is the thread's own.
        let kept = unsafe { errno.read() };
        // Marked first: whoever reads the zeros finds the mark. Release: pairs with the Acquire in `is_whole`.
        range.missing.store(true, Ordering::Release);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        // SAFETY: replaces one page of a mapping that its watch keeps ours; whoever borrows from it may see any bytes.
        let mended = unsafe { libc::mmap(start, page, libc::PROT_READ, flags, -1, 0) };
        // SAFETY: as above: what was interrupted may be about to look at it.
        unsafe { errno.write(kept) };
        mended != libc::MAP_FAILED
    }

    fn covers(range: &Range, address: usize) -> bool {
        // Acquire: pairs with the Release in `watch`.
        let start = range.start.load(Ordering::Acquire);
        let length = range.length.load(Ordering::Acquire);
        // Looked at again: the range may be another one by now.
        start > BEING_FILLED
            && (start..start + length).contains(&address)
            && range.start.load(Ordering::Relaxed) == start
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn errno() -> *mut c_int {
        #[cfg(target_os = "linux")]
        // SAFETY: gives an address.
        return unsafe { libc::__errno_location() };
        #[cfg(target_os = "android")]
        // SAFETY: gives an address.
        return unsafe { libc::__errno() };
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn errno() -> *mut c_int {
        // SAFETY: gives an address.
        unsafe { libc::__error() }
    }

    /// Leaves the signal to what handled it before.
    fn pass_on(signal: c_int, code: c_int, info: *mut siginfo_t, context: *mut c_void) {
        let before = BEFORE.load(Ordering::Acquire);
        // SAFETY: set before the handler was, never freed.
        let Some(action) = (unsafe { before.as_ref() }) else {
            return;
        };
        match action.sa_sigaction {
            // What a process sent and nobody wants is nothing.
            libc::SIG_IGN if code <= 0 => {}
            libc::SIG_DFL | libc::SIG_IGN => {
                // The fault comes again on return, and what was sent is sent again: then the process ends as it would
                // have without this handler.
                // SAFETY: an action that the kernel gave.
                unsafe { sigaction(signal, before, ptr::null_mut()) };
                if code <= 0 {
                    // SAFETY: blocked until this handler returns.
                    unsafe { libc::raise(signal) };
                }
            }
            handler if action.sa_flags & libc::SA_SIGINFO != 0 => {
                // SAFETY: with that flag the address is that of such a function.
                let handler = unsafe {
                    mem::transmute::<usize, extern "C" fn(c_int, *mut siginfo_t, *mut c_void)>(
                        handler,
                    )
                };
                handler(signal, info, context);
            }
            handler => {
                // SAFETY: without the flag the address is that of such a function.
                let handler = unsafe { mem::transmute::<usize, extern "C" fn(c_int)>(handler) };
                handler(signal);
            }
        }
    }
}

/// Where a mapped file cannot be shortened (Windows refuses it), there is nothing to watch.
#[cfg(not(unix))]
mod system {
    #[derive(Debug)]
    pub(crate) struct Watch;

    impl Watch {
        pub(crate) fn is_whole(&self) -> bool {
            true
        }
    }

    pub(crate) fn watch(_start: usize, _length: usize) -> std::io::Result<Watch> {
        Ok(Watch)
    }
}
