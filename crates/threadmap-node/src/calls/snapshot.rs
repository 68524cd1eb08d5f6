//! Snapshots: made from a map, then looked at by an id of this thread's own.

use std::rc::Rc;

use threadmap_core::{Copying, Error, Progress, Snapshot, Variant};

use super::chunk::Chunk;
use super::{Outcome, bulk};
use crate::error::{Fault, INVALID_ARGUMENT};
use crate::ffi::{Call, Js};
use crate::key::{For, KeyBuf};
use crate::value;

/// Entries of a new content that are stored under one guard.
const PINNED: usize = 1024;

fn snapshot(call: &Call<'_>, id: u32) -> Result<Rc<Snapshot>, Fault> {
    call.record.snapshot(id).ok_or_else(|| {
        let message = "this snapshot is closed: take another one with snapshot()";
        Fault::Caller("THREADMAP_MAP_CLOSED", message.to_owned())
    })
}

/// `takeSnapshot(id) -> snapshot`: in constant time, or by copying in steps, each pinned by itself.
pub(crate) fn take<'c>(call: &Call<'c>) -> Outcome<'c> {
    let snapshot = match begin(call)? {
        Begun::At(snapshot) => snapshot,
        Begun::Copying(copying) => copy(call, copying)?,
    };
    let id = call.record.keep_snapshot(snapshot);
    call.env.new_number(f64::from(id))
}

enum Begun {
    At(Snapshot),
    Copying(Copying),
}

fn begin(call: &Call<'_>) -> Result<Begun, Fault> {
    let pin = call.pin();
    let map = pin.map(call.id)?;
    if map.tier_stats().is_some() {
        return Err(Error::OverFile.into());
    }
    if map.variant() == Variant::Snapshot {
        return Ok(Begun::At(map.hold(&pin.guard)?));
    }
    Ok(Begun::Copying(Copying::begin(map, &pin.guard)))
}

fn copy(call: &Call<'_>, mut copying: Copying) -> Result<Snapshot, Fault> {
    loop {
        let progress = {
            let pin = call.pin();
            copying.step(pin.map(call.id)?, &pin.guard)?
        };
        match progress {
            Progress::Waits => copying.pause(),
            Progress::More => {}
            Progress::Done => {
                let pin = call.pin();
                return Ok(copying.finish(pin.map(call.id)?, &pin.guard));
            }
        }
    }
}

/// `releaseSnapshot(snapshot)`
#[expect(clippy::unnecessary_wraps, reason = "all operations have one type")]
pub(crate) fn release<'c>(call: &Call<'c>) -> Outcome<'c> {
    call.record.release_snapshot(call.id);
    Ok(Js::UNDEFINED)
}

/// `snapshotFigures(snapshot) -> [entries, version]`
pub(crate) fn figures<'c>(call: &Call<'c>) -> Outcome<'c> {
    let snapshot = snapshot(call, call.id)?;
    let array = call.env.new_array(2)?;
    for (index, figure) in (0..).zip([snapshot.len(), snapshot.version()]) {
        call.env
            .set_element(array, index, call.env.new_number(figure as f64)?)?;
    }
    Ok(array)
}

/// `snapshotFind(snapshot, key, absent) -> value`, or `absent` where there is no entry.
pub(crate) fn find<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = call.key_for(For::Snapshot(call.id), 1, &mut buf)?;
    let snapshot = snapshot(call, call.id)?;
    let found = snapshot.get(&key);
    found.map_or(Ok(call.args[2]), |value| value::to_js(call.env, &value))
}

/// `snapshotHas(snapshot, key) -> boolean`
pub(crate) fn has<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = call.key_for(For::Snapshot(call.id), 1, &mut buf)?;
    call.env
        .new_boolean(snapshot(call, call.id)?.contains(&key))
}

/// `snapshotScan(snapshot, what, doubles) -> what is no number`: as `scan`.
pub(crate) fn scan<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut chunk = Chunk::begin(call)?;
    let snapshot = snapshot(call, call.id)?;
    let next = snapshot.scan(chunk.cursor as u32, chunk.enough, &mut chunk);
    chunk.end(next.map(u64::from), 0)
}

/// `replaceAll(id, [key, value, ...], snapshot) -> boolean`: 0 for no expected snapshot.
pub(crate) fn replace_all<'c>(call: &Call<'c>) -> Outcome<'c> {
    let expected = match call.env.id(call.args[2]) {
        0 => None,
        id => Some(snapshot(call, id)?),
    };
    let (keys, values) = bulk::read_entries(call)?;
    let mut content = {
        let pin = call.pin();
        let map = pin.map(call.id)?;
        if expected.as_deref().is_some_and(|held| !map.is_of(held)) {
            let message = "expected must be a snapshot of this map, got that of another one: nothing was changed";
            return Err(Fault::Caller(INVALID_ARGUMENT, message.to_owned()));
        }
        map.content()?
    };
    let mut entries = keys.iter().zip(&values).peekable();
    while entries.peek().is_some() {
        let pin = call.pin();
        for (key, value) in entries.by_ref().take(PINNED) {
            content.put(&key, &value.borrow(), &pin.guard)?;
        }
    }
    let remains = {
        let pin = call.pin();
        let map = pin.map(call.id)?;
        map.replace_all(content, expected.as_deref(), &pin.guard)?
    };
    let replaced = remains.is_some();
    if let Some(remains) = remains {
        call.record.bury(remains);
    }
    call.env.new_boolean(replaced)
}
