//! The maps of the process: names, ids, and who has them open.
//!
//! Invariant: a map is in `MAPS` exactly while it is in `State::living`; a named map stays until it is deleted by
//! name, an anonymous one while any thread has it open. Ids never come back, so an old id or handle can only miss.
//! The mutex guards openings and closings alone; operations look ids up without it.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use threadmap_core::{Guard, Map, Options, Slots};

use crate::env::Record;

/// A map and what belongs to it in all threads.
pub(crate) struct Shared {
    pub(crate) map: Map,
    pub(crate) name: Option<String>,
    /// The name of the codec that its values went through.
    pub(crate) codec: String,
}

/// Where a new map comes from.
pub(crate) struct Recipe {
    pub(crate) name: Option<String>,
    pub(crate) codec: String,
    pub(crate) options: Options,
}

struct Living {
    named: bool,
    /// Threads that have it open.
    threads: u32,
}

#[derive(Default)]
struct State {
    names: BTreeMap<String, u32>,
    living: BTreeMap<u32, Living>,
}

static MAPS: Slots<Shared> = Slots::new();
static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The map of an id, while the guard lives.
#[inline]
pub(crate) fn get(id: u32, guard: &Guard) -> Option<&Shared> {
    MAPS.get(id, guard)
}

/// Opens the map of the recipe's name, or makes it: one atomic step for all threads. `None` when 2^20 maps live.
pub(crate) fn open(record: &Record, recipe: Recipe) -> Option<u32> {
    let mut state = state();
    if let Some(&id) = recipe.name.as_ref().and_then(|name| state.names.get(name)) {
        count_opening(&mut state, record, id);
        return Some(id);
    }
    let name = recipe.name.clone();
    let make = |_| Shared {
        map: Map::new(recipe.options),
        name: recipe.name,
        codec: recipe.codec,
    };
    let id = MAPS.insert(make)?;
    state.living.insert(
        id,
        Living {
            named: name.is_some(),
            threads: 0,
        },
    );
    if let Some(name) = name {
        state.names.insert(name, id);
    }
    count_opening(&mut state, record, id);
    Some(id)
}

/// Opens the living map of an id; false when there is none.
pub(crate) fn attach(record: &Record, id: u32) -> bool {
    let mut state = state();
    let living = state.living.contains_key(&id);
    if living {
        count_opening(&mut state, record, id);
    }
    living
}

fn count_opening(state: &mut State, record: &Record, id: u32) {
    if record.opened(id)
        && let Some(living) = state.living.get_mut(&id)
    {
        living.threads += 1;
    }
}

/// Gives one opening back.
pub(crate) fn close(record: &Record, id: u32) {
    if record.closed(id) {
        release(record, id);
    }
}

/// One thread less has the map open; ends an anonymous map that nobody has open.
pub(crate) fn release(record: &Record, id: u32) {
    let mut state = state();
    let Some(living) = state.living.get_mut(&id) else {
        return;
    };
    living.threads -= 1;
    if living.threads > 0 || living.named {
        return;
    }
    state.living.remove(&id);
    drop(state);
    end(record, id);
}

/// Ends the map of a name for all threads; false when there is none.
pub(crate) fn delete(record: &Record, name: &str) -> bool {
    let mut state = state();
    let Some(id) = state.names.remove(name) else {
        return false;
    };
    state.living.remove(&id);
    drop(state);
    end(record, id);
    true
}

/// Takes the map away and empties it, in steps: the caller pays, not whoever happens to reclaim memory later.
fn end(record: &Record, id: u32) {
    let Some(taken) = MAPS.take(id, &record.pin().guard) else {
        return;
    };
    let mut from = Some(0);
    while let Some(cursor) = from {
        let pin = record.pin();
        from = taken.get().map.clear_chunk(cursor, 512, &pin.guard);
        pin.guard.flush();
    }
    taken.retire(&record.pin().guard);
}

/// The names of living maps.
pub(crate) fn names() -> Vec<String> {
    state().names.keys().cloned().collect()
}

/// Whether a map of that name lives.
pub(crate) fn has(name: &str) -> bool {
    state().names.contains_key(name)
}
