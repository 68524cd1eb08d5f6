//! Frozen maps that threads have open, and those that they are writing.
//!
//! Invariant: a frozen map belongs to the thread that opened it, under an id that never comes back; what a thread
//! leaves open its record closes. A file that is being written belongs to its record, and goes with it unfinished.

use std::path::PathBuf;
use std::rc::Rc;

use threadmap_core::{Freezer, FrozenMap, Guard, Slots, Snapshot};

use crate::env::Record;
use crate::error::Fault;

/// A frozen map and where it lies, for messages.
pub(crate) struct FrozenFile {
    pub(crate) map: FrozenMap,
    pub(crate) path: String,
}

static FILES: Slots<FrozenFile> = Slots::new();

/// Opens the file for the record's thread.
pub(crate) fn open(record: &Record, path: String, verify: bool) -> Result<u32, Fault> {
    let map = FrozenMap::open(&PathBuf::from(&path), verify)
        .map_err(|error| Fault::File(error, path.clone()))?;
    let Some(id) = FILES.insert(|_| FrozenFile { map, path }) else {
        return Err(Fault::Caller(
            "THREADMAP_LIMIT",
            "2^20 frozen maps are open in this process: close some".to_owned(),
        ));
    };
    record.files.borrow_mut().insert(id);
    Ok(id)
}

/// The frozen map of an id, while the guard lives.
pub(crate) fn get<'g>(id: u32, guard: &'g Guard<'_>) -> Result<&'g FrozenFile, Fault> {
    FILES.get(id, guard).ok_or_else(|| {
        Fault::Caller(
            "THREADMAP_MAP_CLOSED",
            "this frozen map is closed: close() was called. Open it again by its path".to_owned(),
        )
    })
}

/// Closes a frozen map; a second time does nothing.
pub(crate) fn close(record: &Record, id: u32) {
    if record.files.borrow_mut().remove(&id) {
        release(record, id);
    }
}

/// Unmaps the file: at once when no thread is in the middle of a call, soon otherwise.
pub(crate) fn release(record: &Record, id: u32) {
    let taken = FILES.take(id, &record.pin().guard);
    let Some(taken) = taken else {
        return;
    };
    taken.retire(&record.pin().guard);
    // Due two epochs later: one for each guard.
    for _ in 0..3 {
        record.pin().guard.flush();
    }
}

/// Begins to write the map of an id to a file; gives the number of the writer.
pub(crate) fn begin(record: &Record, id: u32, path: String) -> Result<u32, Fault> {
    let codec = record.pin().shared(id)?.codec.clone();
    let freezer = Freezer::new(&PathBuf::from(&path), &codec)
        .map_err(|error| Fault::File(error, path.clone()))?;
    let mut writers = record.freezers.borrow_mut();
    let number = writers.last_key_value().map_or(1, |(last, _)| last + 1);
    writers.insert(number, (freezer, path));
    Ok(number)
}

/// Writes one piece of the snapshot, or of the map itself where there is none; true when the file is in place. Whatever
/// goes wrong ends the writer.
pub(crate) fn step(
    record: &Record,
    id: u32,
    number: u32,
    snapshot: Option<Rc<Snapshot>>,
) -> Result<bool, Fault> {
    let writer = record.freezers.borrow_mut().remove(&number);
    let Some((mut freezer, path)) = writer else {
        return Err(Fault::Internal(format!("there is no writer {number}")));
    };
    let taken = {
        let pin = record.pin();
        match snapshot {
            Some(snapshot) => freezer.take(&*snapshot, &pin.guard),
            None => freezer.take(pin.map(id)?, &pin.guard),
        }
    };
    // The thread is not pinned while it waits for the disk.
    let done = taken
        .and_then(|()| freezer.step())
        .map_err(|error| Fault::File(error, path.clone()))?;
    if !done {
        record.freezers.borrow_mut().insert(number, (freezer, path));
    }
    Ok(done)
}
