//! The maps of the process: names, ids, and who has them open.
//!
//! Invariant: a named map stays in `MAPS` until it is deleted by name, an anonymous one while any thread has it open;
//! what is taken out of it never comes back, nor does its id, so an old id or handle can only miss. The mutex guards
//! openings and closings alone; operations look ids up without it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use threadmap_core::{FrozenMap, Guard, Map, Options, Slots, Taken};

use crate::env::Record;

/// A map and what belongs to it in all threads.
pub(crate) struct Shared {
    pub(crate) map: Map,
    pub(crate) name: Option<String>,
    /// The name of the codec that its values went through.
    pub(crate) codec: String,
    /// Of a map over a frozen file: where that lies.
    pub(crate) cold: Option<Cold>,
    /// Threads that have it open: written under the mutex, read without it.
    threads: AtomicU32,
}

impl Shared {
    /// The map's bytes, divided by the threads that have it open.
    pub(crate) fn bytes_a_thread(&self) -> i64 {
        let threads = self.threads.load(Ordering::Relaxed).max(1);
        (self.map.held_bytes() / u64::from(threads)) as i64
    }
}

/// The file beneath a map, as it was asked for.
pub(crate) struct Cold {
    pub(crate) path: String,
    pub(crate) hot_bytes: u64,
}

/// Where a new map comes from.
pub(crate) struct Recipe {
    pub(crate) name: Option<String>,
    pub(crate) codec: String,
    pub(crate) options: Options,
    pub(crate) cold: Option<(FrozenMap, Cold)>,
}

static MAPS: Slots<Shared> = Slots::new();
/// Names of living maps, and the lock under which maps come and go.
static NAMES: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

fn names_locked() -> MutexGuard<'static, BTreeMap<String, u32>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The map of an id, while the guard lives.
#[inline]
pub(crate) fn get<'g>(id: u32, guard: &'g Guard<'_>) -> Option<&'g Shared> {
    MAPS.get(id, guard)
}

/// Opens the map of the recipe's name, or makes it: one atomic step for all threads. `None` when 2^20 maps live.
pub(crate) fn open(record: &Record, recipe: Recipe) -> Option<u32> {
    let mut names = names_locked();
    let known = recipe
        .name
        .as_ref()
        .and_then(|name| names.get(name).copied());
    let id = if let Some(id) = known {
        id
    } else {
        let name = recipe.name.clone();
        let (map, cold) = match recipe.cold {
            None => (Map::new(recipe.options), None),
            Some((file, cold)) => (Map::over(file, cold.hot_bytes, recipe.options), Some(cold)),
        };
        let id = MAPS.insert(|_| Shared {
            map,
            name: recipe.name,
            codec: recipe.codec,
            cold,
            threads: AtomicU32::new(0),
        })?;
        names.extend(name.map(|name| (name, id)));
        id
    };
    count_opening(record, id);
    Some(id)
}

/// Opens the living map of a name.
pub(crate) fn open_living(record: &Record, name: &str) -> Option<u32> {
    let names = names_locked();
    let id = *names.get(name)?;
    count_opening(record, id).then_some(id)
}

/// Opens the living map of an id; false when there is none.
pub(crate) fn attach(record: &Record, id: u32) -> bool {
    let _names = names_locked();
    count_opening(record, id)
}

/// Called under the mutex, so that the map does not end in between.
fn count_opening(record: &Record, id: u32) -> bool {
    let pin = record.pin();
    let Ok(shared) = pin.shared(id) else {
        return false;
    };
    if record.opened(id) {
        shared.threads.fetch_add(1, Ordering::Relaxed);
    }
    true
}

/// Gives one opening back.
pub(crate) fn close(record: &Record, id: u32) {
    if record.closed(id) {
        release(record, id);
    }
}

/// One thread less has the map open; ends an anonymous map that nobody has open.
pub(crate) fn release(record: &Record, id: u32) {
    let names = names_locked();
    let pin = record.pin();
    let Ok(shared) = pin.shared(id) else {
        return;
    };
    let left = shared.threads.fetch_sub(1, Ordering::Relaxed) - 1;
    if left > 0 || shared.name.is_some() {
        return;
    }
    let taken = MAPS.take(id, &pin.guard);
    drop(pin);
    drop(names);
    end(record, taken);
}

/// Ends the map of a name for all threads; false when there is none.
pub(crate) fn delete(record: &Record, name: &str) -> bool {
    let mut names = names_locked();
    let Some(id) = names.remove(name) else {
        return false;
    };
    let taken = MAPS.take(id, &record.pin().guard);
    drop(names);
    end(record, taken);
    true
}

/// Empties a map that was taken away, in steps: the caller pays, not whoever happens to reclaim memory later.
fn end(record: &Record, taken: Option<Taken<Shared>>) {
    let Some(taken) = taken else {
        return;
    };
    // Before the caller learns that the map is gone: who has kept a value of it asks again, and learns it too.
    taken.get().map.end_stamps();
    let at_once = taken.get().map.clear_at_once(&record.pin().guard);
    let mut from = at_once.is_none().then_some(0);
    if let Some(remains) = at_once {
        record.bury(remains);
    }
    while let Some(cursor) = from {
        let pin = record.pin();
        from = taken.get().map.drain_chunk(cursor, 512, &pin.guard);
        pin.guard.flush();
    }
    taken.retire(&record.pin().guard);
}

/// The names of living maps.
pub(crate) fn names() -> Vec<String> {
    names_locked().keys().cloned().collect()
}

/// Whether a map of that name lives.
pub(crate) fn has(name: &str) -> bool {
    names_locked().contains_key(name)
}
