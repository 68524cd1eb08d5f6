//! The env record: what one thread holds, released by its cleanup hook.
//!
//! Invariant: only the record's own thread touches it; nothing in it is borrowed across a call that can run
//! JavaScript. On `worker.terminate()` no JavaScript `finally` runs, but the hook does: whatever outlives one call
//! (open maps, the place in reclamation) is here, so a dead worker leaves nothing behind.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;

use threadmap_core::{Guard, Map, Participant};

use crate::error::Fault;
use crate::ffi::{Env, Js, Reference};
use crate::registry::{self, Shared};

/// V8 is told about memory in steps of this many bytes: each message may start a garbage collection.
const MEMORY_STEP: i64 = 256 << 10;

/// What one thread holds.
pub(crate) struct Record {
    participant: Participant,
    /// How often each map is open on this thread.
    open: RefCell<BTreeMap<u32, u32>>,
    error_factory: OnceCell<Reference>,
    buffer_class: OnceCell<Reference>,
    /// Bytes that this thread has put into maps, less those that it has taken out.
    held: Cell<i64>,
    /// What V8 has been told of them; never negative.
    told: Cell<i64>,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            participant: Participant::new(),
            open: RefCell::default(),
            error_factory: OnceCell::new(),
            buffer_class: OnceCell::new(),
            held: Cell::new(0),
            told: Cell::new(0),
        }
    }

    /// Takes what the facade gives once for each thread; a second time changes nothing.
    pub(crate) fn introduce(&self, error_factory: Reference, buffer_class: Reference) {
        let _ = self.error_factory.set(error_factory);
        let _ = self.buffer_class.set(buffer_class);
    }

    pub(crate) fn error_factory<'c>(&self, env: Env<'c>) -> Result<Js<'c>, Fault> {
        env.referenced(self.error_factory.get().ok_or(Fault::Pending)?)
    }

    /// Whether the value is a `Buffer`.
    pub(crate) fn is_buffer<'c>(&self, env: Env<'c>, value: Js<'c>) -> Result<bool, Fault> {
        match self.buffer_class.get() {
            Some(class) => env.instance_of(value, env.referenced(class)?),
            None => Ok(false),
        }
    }

    /// Pins the thread for one call.
    #[inline]
    pub(crate) fn pin(&self) -> Pin<'_> {
        Pin {
            guard: self.participant.pin(),
            record: self,
        }
    }

    /// Counts one more opening of the map on this thread; true for the first.
    pub(crate) fn opened(&self, id: u32) -> bool {
        let mut open = self.open.borrow_mut();
        let count = open.entry(id).or_insert(0);
        *count += 1;
        *count == 1
    }

    /// Counts one opening less; true when it was the last.
    pub(crate) fn closed(&self, id: u32) -> bool {
        let mut open = self.open.borrow_mut();
        let Some(count) = open.get_mut(&id) else {
            return false;
        };
        *count -= 1;
        if *count > 0 {
            return false;
        }
        open.remove(&id);
        true
    }

    fn note_memory(&self, bytes: i64) {
        self.held.set(self.held.get() + bytes);
    }

    /// Tells V8 what has gathered, when it is worth it. May collect garbage: no guard is held.
    #[inline]
    pub(crate) fn settle_memory(&self, env: Env<'_>) {
        // A thread that takes out what others put in holds nothing, rather than less than nothing.
        let change = self.held.get().max(0) - self.told.get();
        if change.abs() >= MEMORY_STEP {
            self.told.set(self.told.get() + change);
            env.adjust_external_memory(change);
        }
    }

    /// Lets go of everything: the thread is ending.
    pub(crate) fn release(&self) {
        let open: Vec<u32> = self.open.take().into_keys().collect();
        for id in open {
            registry::release(self, id);
        }
        self.pin().guard.flush();
    }
}

/// A pinned thread; what changes under it is counted when it ends.
pub(crate) struct Pin<'r> {
    pub(crate) guard: Guard,
    record: &'r Record,
}

impl Pin<'_> {
    /// The map of an id; a fault when it is closed.
    #[inline]
    pub(crate) fn map(&self, id: u32) -> Result<&Map, Fault> {
        self.shared(id).map(|shared| &shared.map)
    }

    #[inline]
    pub(crate) fn shared(&self, id: u32) -> Result<&Shared, Fault> {
        registry::get(id, &self.guard).ok_or_else(Fault::closed)
    }
}

impl Drop for Pin<'_> {
    #[inline]
    fn drop(&mut self) {
        let bytes = self.guard.net_bytes();
        if bytes != 0 {
            self.record.note_memory(bytes);
        }
    }
}
