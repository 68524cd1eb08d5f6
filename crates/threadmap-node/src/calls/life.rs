//! Opening, closing and describing maps; what a thread does once.

use threadmap_core::{Options, Text, Variant};

use super::Outcome;
use crate::error::{Fault, INVALID_ARGUMENT};
use crate::ffi::{self, Call, Js, TextBuf};
use crate::key::KeyBuf;
use crate::options::{variant_from_name, variant_name};
use crate::registry::{self, Recipe};

/// `introduce(errorFactory, Buffer)`: once for each thread, before anything else.
pub(crate) fn introduce<'c>(call: &Call<'c>) -> Outcome<'c> {
    call.record.introduce(
        call.env.reference(call.args[0])?,
        call.env.reference(call.args[1])?,
    );
    Ok(Js::UNDEFINED)
}

/// `claimWarning(image) -> boolean`: true for one caller in the process, who then warns about a second copy of the
/// package. All copies ask the one of `image`, the path of a loaded binary, so that not each of them warns.
pub(crate) fn claim_warning<'c>(call: &Call<'c>) -> Outcome<'c> {
    let image = string(call, 0)?;
    let claimed = ffi::claim_in_image(image.as_deref()).unwrap_or_else(ffi::claim);
    call.env.new_boolean(claimed)
}

pub(super) fn string(call: &Call<'_>, index: usize) -> Result<Option<String>, Fault> {
    let mut buf = TextBuf::new();
    Ok(match call.env.text(call.args[index], &mut buf)? {
        Some(Text::Latin1(bytes)) => Some(bytes.iter().copied().map(char::from).collect()),
        Some(Text::Utf16(units)) => Some(String::from_utf16_lossy(units)),
        None => None,
    })
}

pub(super) fn invalid(message: &str) -> Fault {
    Fault::Caller(INVALID_ARGUMENT, message.to_owned())
}

/// Options from what JavaScript gives: 0 for "the default".
pub(super) fn options(
    variant: Option<&str>,
    shards: f64,
    keys: f64,
    values: f64,
) -> Result<Options, Fault> {
    let variant = variant.and_then(variant_from_name);
    let mut options = Options::default();
    options.variant = variant.ok_or_else(|| invalid("open takes the name of a variant"))?;
    let (shards, keys, values) = (shards as u32, keys as usize, values as usize);
    if shards != 0 {
        options.shards = shards;
    }
    if options.variant != Variant::Sharded {
        options.shards = 1;
    }
    if keys != 0 {
        options.max_key_bytes = keys;
    }
    if values != 0 {
        options.max_value_bytes = values;
    }
    if !options.shards.is_power_of_two()
        || options.shards > Options::MAX_SHARDS
        || options.max_key_bytes > Options::MAX_KEY_BYTES
    {
        return Err(invalid(
            "open takes a power of two of shards and a key limit of 24 bits",
        ));
    }
    Ok(options)
}

/// `open(name or undefined, variant, shards, codec, maxKeyBytes, maxValueBytes) -> id`: 0 for "the default".
pub(crate) fn open<'c>(call: &Call<'c>) -> Outcome<'c> {
    let number =
        |index: usize| Ok::<_, Fault>(call.env.number(call.args[index])?.unwrap_or_default());
    let variant = string(call, 1)?;
    let recipe = Recipe {
        name: string(call, 0)?,
        codec: string(call, 3)?.unwrap_or_default(),
        options: options(variant.as_deref(), number(2)?, number(4)?, number(5)?)?,
        cold: None,
    };
    open_recipe(call, recipe)
}

/// The id of the map of the recipe, for JavaScript.
pub(super) fn open_recipe<'c>(call: &Call<'c>, recipe: Recipe) -> Outcome<'c> {
    match registry::open(call.record, recipe) {
        Some(id) => call.env.new_number(f64::from(id)),
        None => Err(Fault::Caller(
            "THREADMAP_LIMIT",
            "2^20 maps are open in this process: close some".to_owned(),
        )),
    }
}

/// `attach(id) -> boolean`
pub(crate) fn attach<'c>(call: &Call<'c>) -> Outcome<'c> {
    call.env.new_boolean(registry::attach(call.record, call.id))
}

/// `close(id)`
#[expect(clippy::unnecessary_wraps, reason = "all operations have one type")]
pub(crate) fn close<'c>(call: &Call<'c>) -> Outcome<'c> {
    registry::close(call.record, call.id);
    Ok(Js::UNDEFINED)
}

/// `hasName(name) -> boolean`
pub(crate) fn has_name<'c>(call: &Call<'c>) -> Outcome<'c> {
    let name = string(call, 0)?.unwrap_or_default();
    call.env.new_boolean(registry::has(&name))
}

/// `dropName(name) -> boolean`
pub(crate) fn drop_name<'c>(call: &Call<'c>) -> Outcome<'c> {
    let name = string(call, 0)?.unwrap_or_default();
    call.env.new_boolean(registry::delete(call.record, &name))
}

/// `describe(id) -> [name, variant, shards, codec, maxKeyBytes, maxValueBytes, entries, bytes, indexBytes, version]`
pub(crate) fn describe<'c>(call: &Call<'c>) -> Outcome<'c> {
    let env = call.env;
    let pin = call.pin();
    let shared = pin.shared(call.id)?;
    let options = shared.map.options();
    let stats = shared.map.stats();
    let utf16 = |text: &str| {
        let units: Vec<u16> = text.encode_utf16().collect();
        env.new_utf16(ffi::as_bytes(&units))
    };
    let name = shared
        .name
        .as_deref()
        .map_or_else(|| env.undefined(), utf16)?;
    let texts = [
        name,
        utf16(variant_name(options.variant))?,
        env.new_number(f64::from(options.shards))?,
    ];
    let limits = [options.max_key_bytes as f64, options.max_value_bytes as f64];
    let figures =
        [stats.entries, stats.bytes, stats.index_bytes, stats.changes].map(|figure| figure as f64);
    let array = env.new_array(10)?;
    for (index, text) in (0..).zip(texts) {
        env.set_element(array, index, text)?;
    }
    env.set_element(array, 3, utf16(&shared.codec)?)?;
    for (index, figure) in (4..).zip(limits.into_iter().chain(figures)) {
        env.set_element(array, index, env.new_number(figure)?)?;
    }
    Ok(array)
}

/// `externalMemory() -> number`: the bytes outside of its heap that V8 has been told of on this thread, by all addons.
/// (`process.memoryUsage().external` counts array buffers alone.)
pub(crate) fn external_memory<'c>(call: &Call<'c>) -> Outcome<'c> {
    call.env
        .new_number(call.env.adjust_external_memory(0) as f64)
}

/// `panic(id)`: a self-test of the boundary. Panics while the thread is pinned; the caller gets an `InternalError`.
pub(crate) fn panic<'c>(call: &Call<'c>) -> Outcome<'c> {
    let pin = call.pin();
    let size = pin.map(call.id)?.len();
    panic!("asked for by the self-test, with {size} entries")
}

/// `floor(id, key) -> number`: the price of the boundary, for benchmarks. What `get` does without a map.
pub(crate) fn floor<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let id = call.id;
    let key = call.key(1, &mut buf)?;
    call.env
        .new_number(f64::from(id.min(1)) + key.as_bytes().len() as f64)
}
