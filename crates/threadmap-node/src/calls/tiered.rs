//! Maps over a frozen file. Once open they are maps like all others; these calls open and describe them.

use std::path::PathBuf;

use threadmap_core::{FrozenMap, Variant};

use super::Outcome;
use super::life::{invalid, open_recipe, options, string};
use crate::error::Fault;
use crate::ffi::{Call, Js, as_bytes};
use crate::registry::{self, Cold, Recipe};

/// `openTiered(name, variant, shards, codec or undefined, [maxKeyBytes, maxValueBytes, hotBytes], path) -> id`: 0 for
/// "the default". The file is opened before the registry is locked: a slow disk holds up nobody else.
pub(crate) fn open<'c>(call: &Call<'c>) -> Outcome<'c> {
    let name = string(call, 0)?.ok_or_else(|| invalid("openTiered takes a name"))?;
    if let Some(id) = registry::open_living(call.record, &name) {
        return call.env.new_number(f64::from(id));
    }
    let limit = |index| {
        let limit = call.env.element(call.args[4], index)?;
        Ok::<_, Fault>(call.env.number(limit)?.unwrap_or_default())
    };
    let (keys, values, hot_bytes) = (limit(0)?, limit(1)?, limit(2)? as u64);
    let shards = call.env.number(call.args[2])?.unwrap_or_default();
    let options = options(string(call, 1)?.as_deref(), shards, keys, values)?;
    if options.variant == Variant::Snapshot {
        return Err(invalid("a map over a file is sharded or lock-free"));
    }
    let path = string(call, 5)?.ok_or_else(|| invalid("openTiered takes a path"))?;
    let file = FrozenMap::open(&PathBuf::from(&path), false)
        .map_err(|error| Fault::File(error, path.clone()))?;
    let codec = file.codec().to_owned();
    if let Some(asked) = string(call, 3)?.filter(|asked| *asked != codec) {
        return Err(Fault::Caller(
            "THREADMAP_OPTIONS_CONFLICT",
            format!(
                "the objects in '{path}' were made by the codec '{codec}', but it was opened with '{asked}'. Leave the \
                 option codec out, or use that of the file"
            ),
        ));
    }
    let recipe = Recipe {
        name: Some(name),
        codec,
        options,
        cold: Some((file, Cold { path, hot_bytes })),
    };
    open_recipe(call, recipe)
}

/// `describeTier(id) -> [path, hotBytes, file entries, file bytes, promotions, evictions]`; undefined for a map without
/// a file.
pub(crate) fn describe<'c>(call: &Call<'c>) -> Outcome<'c> {
    let env = call.env;
    let pin = call.pin();
    let shared = pin.shared(call.id)?;
    let (Some(cold), Some(stats)) = (&shared.cold, shared.map.tier_stats()) else {
        return Ok(Js::UNDEFINED);
    };
    let array = env.new_array(6)?;
    let path: Vec<u16> = cold.path.encode_utf16().collect();
    env.set_element(array, 0, env.new_utf16(as_bytes(&path))?)?;
    let figures = [
        stats.hot_bytes,
        stats.file_entries,
        stats.file_bytes,
        stats.promotions,
        stats.evictions,
    ];
    for (index, figure) in (1..).zip(figures) {
        env.set_element(array, index, env.new_number(figure as f64)?)?;
    }
    Ok(array)
}
