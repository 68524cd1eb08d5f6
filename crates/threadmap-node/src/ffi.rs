//! The only room of the boundary with `unsafe`: checked wrappers of Node-API and the trampoline of every raw callback.
//!
//! Invariant: an [`Env`] or [`Js`] lives no longer than the callback that it was given to (`'c`), on the thread of
//! that callback. Each status is checked; a pending exception or an environment that is closing ends the call at
//! once as [`Fault::Pending`]. A panic ends it as a JavaScript error and never unwinds into Node.
#![allow(unsafe_code, reason = "this file is the boundary's room for it")]

mod claim;
mod external;
mod packed;
mod text;

use std::ffi::c_void;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi_sys as sys;

pub(crate) use claim::{claim, claim_in_image};
pub(crate) use external::Scratch;
pub(crate) use packed::Doubles;
pub(crate) use text::{TextBuf, as_bytes};

use crate::env::Record;
use crate::error::Fault;
use crate::refs::Bound;

/// The most arguments that an operation takes.
pub(crate) const MAX_ARGS: usize = 6;

/// A thread's Node-API environment, within one callback.
#[derive(Clone, Copy)]
pub(crate) struct Env<'c> {
    raw: sys::napi_env,
    callback: PhantomData<&'c ()>,
}

/// A JavaScript value, within one callback.
#[derive(Clone, Copy)]
pub(crate) struct Js<'c> {
    raw: sys::napi_value,
    callback: PhantomData<&'c ()>,
}

impl Js<'_> {
    /// What a callback returns for `undefined`: no Node-API call needed.
    pub(crate) const UNDEFINED: Self = Self::wrap(ptr::null_mut());

    const fn wrap(raw: sys::napi_value) -> Self {
        Self {
            raw,
            callback: PhantomData,
        }
    }
}

/// A reference that outlives callbacks and ends with its environment, which does not free it by itself.
pub(crate) struct Reference(sys::napi_env, sys::napi_ref);

impl Drop for Reference {
    fn drop(&mut self) {
        // SAFETY: dropped with its record, on its thread, by the hook that runs before the environment ends.
        unsafe { sys::napi_delete_reference(self.0, self.1) };
    }
}

/// What `typeof` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Symbol,
    Object,
    Function,
    BigInt,
    Other,
}

fn check(status: sys::napi_status) -> Result<(), Fault> {
    match status {
        sys::Status::napi_ok => Ok(()),
        sys::Status::napi_pending_exception
        | sys::Status::napi_closing
        | sys::Status::napi_cannot_run_js => Err(Fault::Pending),
        other => Err(Fault::Internal(format!(
            "Node-API answered with status {other}"
        ))),
    }
}

impl<'c> Env<'c> {
    const fn wrap(raw: sys::napi_env) -> Self {
        Self {
            raw,
            callback: PhantomData,
        }
    }

    /// Makes a value by a Node-API call that writes it to its last argument.
    fn make(call: impl FnOnce(&mut sys::napi_value) -> sys::napi_status) -> Result<Js<'c>, Fault> {
        let mut made = ptr::null_mut();
        check(call(&mut made))?;
        Ok(Js::wrap(made))
    }

    pub(crate) fn type_of(self, value: Js<'c>) -> Result<Type, Fault> {
        let mut kind = 0;
        // SAFETY: live environment and value, out-parameter in place.
        check(unsafe { sys::napi_typeof(self.raw, value.raw, &raw mut kind) })?;
        Ok(match kind {
            sys::ValueType::napi_undefined => Type::Undefined,
            sys::ValueType::napi_null => Type::Null,
            sys::ValueType::napi_boolean => Type::Boolean,
            sys::ValueType::napi_number => Type::Number,
            sys::ValueType::napi_string => Type::String,
            sys::ValueType::napi_symbol => Type::Symbol,
            sys::ValueType::napi_object => Type::Object,
            sys::ValueType::napi_function => Type::Function,
            sys::ValueType::napi_bigint => Type::BigInt,
            _ => Type::Other,
        })
    }

    /// The number; `None` for what is no number.
    #[inline]
    pub(crate) fn number(self, value: Js<'c>) -> Result<Option<f64>, Fault> {
        let mut number = 0.0;
        // SAFETY: live environment and value, out-parameter in place.
        let status = unsafe { sys::napi_get_value_double(self.raw, value.raw, &raw mut number) };
        if status == sys::Status::napi_number_expected {
            return Ok(None);
        }
        check(status).map(|()| Some(number))
    }

    /// The number as u32, as `>>> 0` would make it; 0 for what is no number.
    #[inline]
    pub(crate) fn id(self, value: Js<'c>) -> u32 {
        let mut id = 0;
        // SAFETY: live environment and value, out-parameter in place. On failure `id` stays 0, which is no id.
        unsafe { sys::napi_get_value_uint32(self.raw, value.raw, &raw mut id) };
        id
    }

    pub(crate) fn boolean(self, value: Js<'c>) -> Result<bool, Fault> {
        let mut boolean = false;
        // SAFETY: live environment and value, out-parameter in place.
        check(unsafe { sys::napi_get_value_bool(self.raw, value.raw, &raw mut boolean) })?;
        Ok(boolean)
    }

    /// The bigint where it fits 64 signed bits.
    pub(crate) fn int(self, value: Js<'c>) -> Result<Option<i64>, Fault> {
        let (mut int, mut lossless) = (0, false);
        // SAFETY: live environment and value, out-parameters in place.
        check(unsafe {
            sys::napi_get_value_bigint_int64(self.raw, value.raw, &raw mut int, &raw mut lossless)
        })?;
        Ok(lossless.then_some(int))
    }

    /// Appends the sign byte and the little-endian limbs of a bigint.
    pub(crate) fn limbs(self, value: Js<'c>, into: &mut Vec<u8>) -> Result<(), Fault> {
        let (mut sign, mut count) = (0, 0);
        let (no_sign, no_limbs) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: without buffers only the count is written.
        check(unsafe {
            sys::napi_get_value_bigint_words(self.raw, value.raw, no_sign, &raw mut count, no_limbs)
        })?;
        let mut limbs = vec![0_u64; count];
        let place = limbs.as_mut_ptr();
        // SAFETY: the vector has room for `count` limbs.
        check(unsafe {
            sys::napi_get_value_bigint_words(
                self.raw,
                value.raw,
                &raw mut sign,
                &raw mut count,
                place,
            )
        })?;
        into.push(u8::from(sign != 0));
        into.extend(limbs.iter().flat_map(|limb| limb.to_le_bytes()));
        Ok(())
    }

    pub(crate) fn is_array(self, value: Js<'c>) -> Result<bool, Fault> {
        let mut is = false;
        // SAFETY: live environment and value, out-parameter in place.
        check(unsafe { sys::napi_is_array(self.raw, value.raw, &raw mut is) })?;
        Ok(is)
    }

    pub(crate) fn array_len(self, array: Js<'c>) -> Result<u32, Fault> {
        let mut length = 0;
        // SAFETY: live environment and value, out-parameter in place.
        check(unsafe { sys::napi_get_array_length(self.raw, array.raw, &raw mut length) })?;
        Ok(length)
    }

    /// An element of an array. May run JavaScript (a getter), so no guard and no borrow may be held.
    pub(crate) fn element(self, array: Js<'c>, index: u32) -> Result<Js<'c>, Fault> {
        // SAFETY: live environment and value, out-parameter in place.
        Self::make(|made| unsafe { sys::napi_get_element(self.raw, array.raw, index, made) })
    }

    /// Runs `work` in a handle scope of its own, so that long loops do not pile up handles.
    pub(crate) fn scoped<T>(self, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut scope = ptr::null_mut();
        // SAFETY: live environment, out-parameter in place.
        check(unsafe { sys::napi_open_handle_scope(self.raw, &raw mut scope) })?;
        let result = work();
        // SAFETY: the scope opened above, closed once, innermost.
        let closed = check(unsafe { sys::napi_close_handle_scope(self.raw, scope) });
        result.and_then(|result| closed.map(|()| result))
    }

    /// Appends the content of a `Uint8Array`; `None` for what is none. Copied before anything looks at it: another
    /// thread may be writing to it.
    pub(crate) fn bytes(self, value: Js<'c>, into: &mut Vec<u8>) -> Result<Option<()>, Fault> {
        let mut typed = false;
        // SAFETY: live environment and value, out-parameter in place.
        check(unsafe { sys::napi_is_typedarray(self.raw, value.raw, &raw mut typed) })?;
        if !typed {
            return Ok(None);
        }
        let (mut kind, mut length, mut offset) = (0, 0, 0);
        let (mut data, mut buffer) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: live environment and value, out-parameters in place.
        check(unsafe {
            sys::napi_get_typedarray_info(
                self.raw,
                value.raw,
                &raw mut kind,
                &raw mut length,
                &raw mut data,
                &raw mut buffer,
                &raw mut offset,
            )
        })?;
        if kind != sys::TypedarrayType::uint8_array {
            return Ok(None);
        }
        if length == 0 {
            return self.check_attached(buffer, offset).map(Some);
        }
        into.try_reserve(length)
            .map_err(|_| Fault::Core(threadmap_core::Error::OutOfMemory))?;
        let place = into.spare_capacity_mut().as_mut_ptr().cast::<u8>();
        // SAFETY: `length` bytes of the engine's memory, alive during this callback; the copy tolerates that another
        // thread writes to shared memory meanwhile, and nothing reads the source twice.
        unsafe { ptr::copy_nonoverlapping(data.cast::<u8>(), place, length) };
        // SAFETY: reserved and written just now.
        unsafe { into.set_len(into.len() + length) };
        Ok(Some(()))
    }

    /// An array of no bytes may be one whose buffer has been taken away or has shrunk below it.
    #[cold]
    fn check_attached(self, buffer: sys::napi_value, offset: usize) -> Result<(), Fault> {
        let mut detached = false;
        // SAFETY: live environment and value, out-parameter in place.
        check(unsafe { sys::napi_is_detached_arraybuffer(self.raw, buffer, &raw mut detached) })?;
        let (mut data, mut length) = (ptr::null_mut(), usize::MAX);
        // SAFETY: as above. A shared buffer may be refused here; it can neither be detached nor shrink.
        unsafe { sys::napi_get_arraybuffer_info(self.raw, buffer, &raw mut data, &raw mut length) };
        if detached || offset > length {
            Err(Fault::Detached)
        } else {
            Ok(())
        }
    }

    pub(crate) fn instance_of(self, value: Js<'c>, constructor: Js<'c>) -> Result<bool, Fault> {
        let mut is = false;
        // SAFETY: live environment and values, out-parameter in place.
        check(unsafe { sys::napi_instanceof(self.raw, value.raw, constructor.raw, &raw mut is) })?;
        Ok(is)
    }

    pub(crate) fn undefined(self) -> Result<Js<'c>, Fault> {
        // SAFETY: live environment, out-parameter in place.
        Self::make(|made| unsafe { sys::napi_get_undefined(self.raw, made) })
    }

    pub(crate) fn null(self) -> Result<Js<'c>, Fault> {
        // SAFETY: live environment, out-parameter in place.
        Self::make(|made| unsafe { sys::napi_get_null(self.raw, made) })
    }

    pub(crate) fn new_boolean(self, value: bool) -> Result<Js<'c>, Fault> {
        // SAFETY: live environment, out-parameter in place.
        Self::make(|made| unsafe { sys::napi_get_boolean(self.raw, value, made) })
    }

    /// A number. Small integers go the short way: a third of the price of a double.
    #[inline]
    pub(crate) fn new_number(self, value: f64) -> Result<Js<'c>, Fault> {
        let int = value as i32;
        if f64::from(int).to_bits() == value.to_bits() {
            // SAFETY: live environment, out-parameter in place.
            return Self::make(|made| unsafe { sys::napi_create_int32(self.raw, int, made) });
        }
        // SAFETY: live environment, out-parameter in place.
        Self::make(|made| unsafe { sys::napi_create_double(self.raw, value, made) })
    }

    pub(crate) fn new_int(self, value: i64) -> Result<Js<'c>, Fault> {
        // SAFETY: live environment, out-parameter in place.
        Self::make(|made| unsafe { sys::napi_create_bigint_int64(self.raw, value, made) })
    }

    /// A bigint from what [`Env::limbs`] wrote.
    pub(crate) fn new_limbs(self, sign_and_limbs: &[u8]) -> Result<Js<'c>, Fault> {
        let (sign, limbs) = sign_and_limbs.split_first().unwrap_or((&0, &[]));
        let limbs: Vec<u64> = limbs
            .chunks_exact(8)
            .map(|limb| u64::from_le_bytes(limb.try_into().unwrap_or_default()))
            .collect();
        let (sign, count, place) = (i32::from(*sign), limbs.len(), limbs.as_ptr());
        // SAFETY: `count` limbs at `place`, out-parameter in place.
        Self::make(|made| unsafe {
            sys::napi_create_bigint_words(self.raw, sign, count, place, made)
        })
    }

    pub(crate) fn new_latin1(self, bytes: &[u8]) -> Result<Js<'c>, Fault> {
        let (place, length) = (bytes.as_ptr().cast(), bytes.len() as isize);
        // SAFETY: `length` bytes at `place`, copied by the engine.
        Self::make(|made| unsafe { sys::napi_create_string_latin1(self.raw, place, length, made) })
    }

    /// A string from little-endian UTF-16 bytes at any address.
    pub(crate) fn new_utf16(self, bytes: &[u8]) -> Result<Js<'c>, Fault> {
        let units: Vec<u16>;
        #[expect(clippy::cast_ptr_alignment, reason = "looked at in the next line")]
        let place = bytes.as_ptr().cast::<u16>();
        let place = if place.is_aligned() {
            place
        } else {
            units = bytes
                .chunks_exact(2)
                .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
                .collect();
            units.as_ptr()
        };
        let length = (bytes.len() / 2) as isize;
        // SAFETY: `length` aligned units at `place`, copied by the engine.
        Self::make(|made| unsafe { sys::napi_create_string_utf16(self.raw, place, length, made) })
    }

    pub(crate) fn new_buffer(self, bytes: &[u8]) -> Result<Js<'c>, Fault> {
        let (place, length, unused) = (bytes.as_ptr().cast(), bytes.len(), ptr::null_mut());
        // SAFETY: `length` bytes at `place`, copied by the engine.
        Self::make(|made| unsafe {
            sys::napi_create_buffer_copy(self.raw, length, place, unused, made)
        })
    }

    pub(crate) fn new_uint8_array(self, bytes: &[u8]) -> Result<Js<'c>, Fault> {
        let mut data = ptr::null_mut();
        let length = bytes.len();
        // SAFETY: live environment, out-parameters in place.
        let buffer = Self::make(|made| unsafe {
            sys::napi_create_arraybuffer(self.raw, length, &raw mut data, made)
        })?;
        if length > 0 {
            // SAFETY: the engine has just made `length` bytes at `data`, which nobody else knows.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), data.cast(), length) };
        }
        let kind = sys::TypedarrayType::uint8_array;
        // SAFETY: the whole of a live buffer.
        Self::make(|made| unsafe {
            sys::napi_create_typedarray(self.raw, kind, length, buffer.raw, 0, made)
        })
    }

    pub(crate) fn new_array(self, length: usize) -> Result<Js<'c>, Fault> {
        // SAFETY: live environment, out-parameter in place.
        Self::make(|made| unsafe { sys::napi_create_array_with_length(self.raw, length, made) })
    }

    pub(crate) fn set_element(self, array: Js<'c>, index: u32, value: Js<'c>) -> Result<(), Fault> {
        let value = if value.raw.is_null() {
            self.undefined()?
        } else {
            value
        };
        // SAFETY: live environment and values; arrays made here have no setters.
        check(unsafe { sys::napi_set_element(self.raw, array.raw, index, value.raw) })
    }

    pub(crate) fn reference(self, value: Js<'c>) -> Result<Reference, Fault> {
        let mut reference = ptr::null_mut();
        // SAFETY: live environment and value, out-parameter in place.
        check(unsafe { sys::napi_create_reference(self.raw, value.raw, 1, &raw mut reference) })?;
        Ok(Reference(self.raw, reference))
    }

    pub(crate) fn referenced(self, reference: &Reference) -> Result<Js<'c>, Fault> {
        // SAFETY: records keep references of their own environment, and strong ones.
        Self::make(|made| unsafe { sys::napi_get_reference_value(self.raw, reference.1, made) })
    }

    /// Calls a JavaScript function.
    pub(crate) fn call(self, function: Js<'c>, arguments: [Js<'c>; 2]) -> Result<Js<'c>, Fault> {
        let this = self.undefined()?;
        let arguments = arguments.map(|argument| argument.raw);
        let (count, place) = (arguments.len(), arguments.as_ptr());
        // SAFETY: live environment and values, `count` arguments at `place`.
        Self::make(|made| unsafe {
            sys::napi_call_function(self.raw, this.raw, function.raw, count, place, made)
        })
    }

    /// Makes the value the pending exception.
    pub(crate) fn throw(self, error: Js<'c>) -> Result<(), Fault> {
        // SAFETY: live environment and value.
        check(unsafe { sys::napi_throw(self.raw, error.raw) })
    }

    /// Tells V8 that this thread holds so many bytes more (or fewer) outside its heap. Returns what V8 counts in all.
    pub(crate) fn adjust_external_memory(self, change: i64) -> i64 {
        let mut total = 0;
        // SAFETY: live environment, out-parameter in place. A failure means that V8 is told later.
        unsafe { sys::napi_adjust_external_memory(self.raw, change, &raw mut total) };
        total
    }
}

/// One raw callback: a name, a number of arguments and what to do.
pub(crate) trait Operation {
    const NAME: &'static str;
    /// Arguments with the map's id and the key, also where a ref stands for these two.
    const ARGS: usize;
    /// Whether the first argument is the slot of a ref, which stands for id and key.
    const BY_REF: bool;
    fn run<'c>(call: &Call<'c>) -> Result<Js<'c>, Fault>;
}

/// What an operation is given.
pub(crate) struct Call<'c> {
    pub(crate) env: Env<'c>,
    pub(crate) record: &'c Record,
    pub(crate) args: [Js<'c>; MAX_ARGS],
    /// How many of them the caller gave; the rest are `undefined`.
    pub(crate) given: usize,
    /// The first argument as a number: the map that most calls are about.
    pub(crate) id: u32,
    /// What the ref stands for that was given for id and key.
    pub(crate) bound: Option<&'c Bound>,
}

unsafe extern "C" fn trampoline<O: Operation>(
    raw: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let env = Env::wrap(raw);
    // A ref takes the place of the key, and nothing that of the id: all others stand where they always do.
    let first = usize::from(O::BY_REF);
    let (mut count, mut args) = (O::ARGS - first, [ptr::null_mut(); MAX_ARGS]);
    let (place, mut data) = (args[first..].as_mut_ptr(), ptr::null_mut());
    // SAFETY: Node gives a live environment and info; there is room for `O::ARGS` arguments, the first left out with a
    // ref, and Node fills those that the caller left out with `undefined`.
    let status = unsafe {
        sys::napi_get_cb_info(
            raw,
            info,
            &raw mut count,
            place,
            ptr::null_mut(),
            &raw mut data,
        )
    };
    if status != sys::Status::napi_ok {
        return ptr::null_mut();
    }
    // SAFETY: `register` gave the record to every function; it lives until the environment's cleanup hook, after
    // which no JavaScript of that environment runs.
    let record = unsafe { &*data.cast::<Record>() };
    let args = args.map(Js::wrap);
    // Held for the call: JavaScript that runs inside of it may release the ref.
    let slot = if O::BY_REF { env.id(args[1]) } else { 0 };
    let chunk = if O::BY_REF {
        record.refs.chunk(slot)
    } else {
        None
    };
    let held = chunk.as_ref().and_then(|chunk| chunk.get(slot));
    if O::BY_REF && held.is_none() {
        // What the facade passes for a ref whose map is closed.
        Fault::closed().throw(env, record);
        return ptr::null_mut();
    }
    let bound = held.as_deref();
    let call = Call {
        env,
        record,
        args,
        given: count + first,
        id: bound.map_or_else(|| env.id(args[0]), |bound| bound.id),
        bound,
    };
    // The closure gives one pointer: a result that is handed over in memory costs 3 ns a call.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let result = O::run(&call);
        record.settle_memory(env);
        match result {
            Ok(value) => value.raw,
            Err(fault) => {
                fault.throw(env, record);
                ptr::null_mut()
            }
        }
    }));
    result.unwrap_or_else(|panic| {
        let _ = catch_unwind(AssertUnwindSafe(|| {
            Fault::from_panic(panic.as_ref()).throw(env, record);
        }));
        ptr::null_mut()
    })
}

/// Adds operation `O` to the exports.
pub(crate) fn register<O: Operation>(
    env: Env<'_>,
    exports: Js<'_>,
    record: *mut Record,
) -> Result<(), Fault> {
    let (name, length) = (O::NAME.as_ptr().cast(), O::NAME.len() as isize);
    // SAFETY: live environment, a name of `length` bytes, data that outlives the environment's JavaScript.
    let function = Env::make(|made| unsafe {
        sys::napi_create_function(
            env.raw,
            name,
            length,
            Some(trampoline::<O>),
            record.cast(),
            made,
        )
    })?;
    let key = env.new_latin1(O::NAME.as_bytes())?;
    // SAFETY: live environment and values.
    check(unsafe { sys::napi_set_property(env.raw, exports.raw, key.raw, function.raw) })
}

unsafe extern "C" fn release_record(record: *mut c_void) {
    // SAFETY: the hook runs once, with the pointer that `install` leaked.
    let record = unsafe { Box::from_raw(record.cast::<Record>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| record.release()));
}

/// Sets an environment up: its record, released by a cleanup hook (which also runs when a worker is terminated), and
/// its functions.
pub(crate) fn install(
    env: *mut c_void,
    exports: *mut c_void,
    functions: impl FnOnce(Env<'_>, Js<'_>, *mut Record) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (env, exports) = (Env::wrap(env.cast()), Js::wrap(exports.cast()));
    let record = Box::into_raw(Box::new(Record::new()));
    // SAFETY: each load leaks a record of its own, so the pair of function and argument is new to this environment.
    let status =
        unsafe { sys::napi_add_env_cleanup_hook(env.raw, Some(release_record), record.cast()) };
    if let Err(fault) = check(status) {
        // SAFETY: nobody has seen it.
        drop(unsafe { Box::from_raw(record) });
        return Err(fault);
    }
    functions(env, exports, record)
}

/// Node-API 9: what Node 20 has, and the newest that is needed.
#[unsafe(no_mangle)]
extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    9
}
