//! The env record: what one thread holds, released by its cleanup hook.
//!
//! Invariant: only the record's own thread touches it; nothing in it is borrowed across a call that can run
//! JavaScript. On `worker.terminate()` no JavaScript `finally` runs, but the hook does: whatever outlives one call
//! (open maps, the place in reclamation) is here, so a dead worker leaves nothing behind.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use threadmap_core::{Freezer, Guard, Kept, Map, Options, Participant, Remains};

use crate::error::Fault;
use crate::ffi::{Env, Js, Reference, Scratch};
use crate::files;
use crate::holdings::Holdings;
use crate::key::For;
use crate::refs::Refs;
use crate::registry::{self, Shared};

/// V8 is told about memory when this thread has moved so many bytes: each message may start a garbage collection.
const MEMORY_STEP: u64 = 256 << 10;
/// It is also told every so many calls, because other threads fill and drain the same maps; more with many maps open,
/// so that the sum over them stays cheap for each call.
const CALLS: u32 = 4096;

/// The stamp that no group ever has: groups stop far below it.
const NO_STAMP: u32 = u32::MAX;

/// What one thread holds.
pub(crate) struct Record {
    participant: Participant,
    /// How often each map is open on this thread.
    open: RefCell<BTreeMap<u32, u32>>,
    /// Frozen maps that are open on this thread.
    pub(crate) files: RefCell<BTreeSet<u32>>,
    /// Frozen files that this thread is writing, by number, and where to.
    pub(crate) freezers: RefCell<BTreeMap<u32, (Freezer, String)>>,
    pub(crate) refs: Refs,
    pub(crate) scratch: Arc<Scratch>,
    /// Whether memory of ours is kept from JavaScript, as some engines want it: for the self-test.
    pub(crate) refuses_buffers: Cell<bool>,
    error_factory: OnceCell<Reference>,
    buffer_class: OnceCell<Reference>,
    /// Bytes that this thread has moved into and out of maps since V8 was told last.
    moved: Cell<u64>,
    /// Calls until V8 is told again.
    calls_left: Cell<u32>,
    /// What V8 has been told that this thread holds.
    told: Cell<i64>,
    /// What this thread holds besides maps.
    pub(crate) holdings: Holdings,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            participant: Participant::new(),
            open: RefCell::default(),
            files: RefCell::default(),
            freezers: RefCell::default(),
            refs: Refs::default(),
            scratch: Arc::default(),
            refuses_buffers: Cell::new(false),
            error_factory: OnceCell::new(),
            buffer_class: OnceCell::new(),
            moved: Cell::new(0),
            calls_left: Cell::new(CALLS),
            told: Cell::new(0),
            holdings: Holdings::default(),
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

    /// Frees what nobody needs any more, in steps: this thread pays, not whoever reclaims memory next.
    pub(crate) fn bury(&self, mut remains: Remains) {
        loop {
            let pin = self.pin();
            if !remains.step(&pin.guard) {
                return;
            }
            pin.guard.flush();
        }
    }

    /// The longest key that there can be.
    pub(crate) fn key_limit(&self, whose: For) -> usize {
        let options = match whose {
            For::Map(id) => self.pin().map(id).ok().map(|map| map.options().clone()),
            For::Snapshot(id) => self.snapshot(id).map(|held| held.options().clone()),
            For::File => return Options::MAX_KEY_BYTES,
            For::Transaction(id) => self.with_transaction(id, |tx| tx.options().clone()),
        };
        options.map_or(0, |options| options.max_key_bytes)
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
        // What it held is told with the next call.
        self.calls_left.set(0);
        true
    }

    /// Tells V8 this thread's share of the maps that it has open, when it is worth it. Their bytes are divided by the
    /// threads that have them open: so all threads together tell what there is, whoever put it there and whoever takes
    /// it out. May collect garbage: no guard is held.
    #[inline]
    pub(crate) fn settle_memory(&self, env: Env<'_>) {
        let calls = self.calls_left.get();
        if calls > 0 && self.moved.get() < MEMORY_STEP {
            self.calls_left.set(calls - 1);
            return;
        }
        self.tell_memory(env);
    }

    #[cold]
    fn tell_memory(&self, env: Env<'_>) {
        let open = self.open.borrow();
        self.calls_left.set(CALLS.max(open.len() as u32 * 16));
        self.moved.set(0);
        let share: i64 = {
            let pin = self.pin();
            open.keys()
                .filter_map(|&id| pin.shared(id).ok())
                .map(Shared::bytes_a_thread)
                .sum::<i64>()
                + self.holdings.bytes()
        };
        drop(open);
        let change = share - self.told.replace(share);
        if change != 0 {
            env.adjust_external_memory(change);
        }
    }

    /// Leaves in the scratch area whether what was read may be kept, and where its stamp moves. Relaxed: only this
    /// thread reads it.
    #[inline]
    pub(crate) fn tell_stamp(&self, kept: &Kept<'_>) {
        let stamp = kept.stamp.unwrap_or(NO_STAMP);
        self.scratch.stamp.store(stamp, Ordering::Relaxed);
        self.scratch
            .place
            .store(2 * kept.group as i32, Ordering::Relaxed);
    }

    /// Lets go of everything: the thread is ending.
    pub(crate) fn release(&self) {
        let open: Vec<u32> = self.open.take().into_keys().collect();
        for id in open {
            registry::release(self, id);
        }
        for remains in self.holdings.release() {
            self.bury(remains);
        }
        for id in self.files.take() {
            files::release(self, id);
        }
        self.pin().guard.flush();
    }
}

/// A pinned thread; what changes under it is counted when it ends.
pub(crate) struct Pin<'r> {
    pub(crate) guard: Guard<'r>,
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
        let moved = self.guard.net_bytes().unsigned_abs();
        if moved != 0 {
            self.record.moved.set(self.record.moved.get() + moved);
        }
    }
}
