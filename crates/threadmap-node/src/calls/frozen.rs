//! Frozen files: writing one piece by piece, opening, looking up. What a lookup gives is copied to JavaScript first and
//! believed afterwards, because the file may have been shortened meanwhile.

use threadmap_core::Error;

use super::Outcome;
use super::chunk::Chunk;
use crate::error::{Fault, INVALID_ARGUMENT};
use crate::ffi::{self, Call, Js};
use crate::files::{self, FrozenFile};
use crate::key::{self, For, KeyBuf};
use crate::value::or_undefined;

impl FrozenFile {
    fn fault(&self, error: Error) -> Fault {
        Fault::File(error, self.path.clone())
    }

    fn check_whole(&self) -> Result<(), Fault> {
        self.map.check_whole().map_err(|error| self.fault(error))
    }
}

fn path(call: &Call<'_>, index: usize) -> Result<String, Fault> {
    super::life::string(call, index)?.ok_or_else(|| {
        Fault::Caller(
            INVALID_ARGUMENT,
            "the path of a file is a string".to_owned(),
        )
    })
}

/// `freezeBegin(id, path) -> writer`
pub(crate) fn freeze_begin<'c>(call: &Call<'c>) -> Outcome<'c> {
    let number = files::begin(call.record, call.id, path(call, 1)?)?;
    call.env.new_number(f64::from(number))
}

/// `freezeStep(id, writer, snapshot) -> boolean`: true when the file is in place. 0 for "the map itself".
pub(crate) fn freeze_step<'c>(call: &Call<'c>) -> Outcome<'c> {
    let number = call.env.id(call.args[1]);
    let snapshot = call.record.snapshot(call.env.id(call.args[2]));
    call.env
        .new_boolean(files::step(call.record, call.id, number, snapshot)?)
}

/// `frozenOpen(path, verify) -> id`
pub(crate) fn open<'c>(call: &Call<'c>) -> Outcome<'c> {
    let verify = call.env.boolean(call.args[1])?;
    let id = files::open(call.record, path(call, 0)?, verify)?;
    call.env.new_number(f64::from(id))
}

/// `frozenClose(id)`
#[expect(clippy::unnecessary_wraps, reason = "all operations have one type")]
pub(crate) fn close<'c>(call: &Call<'c>) -> Outcome<'c> {
    files::close(call.record, call.id);
    Ok(Js::UNDEFINED)
}

/// `frozenDescribe(id) -> [path, codec, entries, bytes]`
pub(crate) fn describe<'c>(call: &Call<'c>) -> Outcome<'c> {
    let env = call.env;
    let pin = call.pin();
    let file = files::get(call.id, &pin.guard)?;
    let array = env.new_array(4)?;
    for (index, text) in (0..).zip([file.path.as_str(), file.map.codec()]) {
        let units: Vec<u16> = text.encode_utf16().collect();
        env.set_element(array, index, env.new_utf16(ffi::as_bytes(&units))?)?;
    }
    for (index, figure) in (2..).zip([file.map.len(), file.map.file_bytes()]) {
        env.set_element(array, index, env.new_number(figure as f64)?)?;
    }
    Ok(array)
}

/// `frozenSize(id) -> number`
pub(crate) fn size<'c>(call: &Call<'c>) -> Outcome<'c> {
    let pin = call.pin();
    call.env
        .new_number(files::get(call.id, &pin.guard)?.map.len() as f64)
}

/// `frozenGet(id, key) -> value`
pub(crate) fn get<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = key::read(call.env, call.record, For::File, call.args[1], &mut buf)?;
    let pin = call.pin();
    let file = files::get(call.id, &pin.guard)?;
    let found = file.map.get(&key).map_err(|error| file.fault(error))?;
    let value = or_undefined(call.env, found.as_ref())?;
    file.check_whole()?;
    Ok(value)
}

/// `frozenHas(id, key) -> boolean`
pub(crate) fn has<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = key::read(call.env, call.record, For::File, call.args[1], &mut buf)?;
    let pin = call.pin();
    let file = files::get(call.id, &pin.guard)?;
    let there = file.map.contains(&key).map_err(|error| file.fault(error))?;
    call.env.new_boolean(there)
}

/// `frozenScan(id, what, doubles) -> what is no number`: as `scan`.
pub(crate) fn scan<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut chunk = Chunk::begin(call)?;
    let pin = call.pin();
    let file = files::get(call.id, &pin.guard)?;
    let next = file
        .map
        .scan(chunk.cursor, chunk.enough, &mut chunk)
        .map_err(|error| file.fault(error))?;
    let given = chunk.end(next, 0)?;
    file.check_whole()?;
    Ok(given)
}
