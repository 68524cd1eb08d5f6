//! Many values in one: long strings read as a whole, and arrays of doubles that JavaScript and a call share.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr;

use napi_sys as sys;
use threadmap_core::{Error, Text, narrow};

use super::{Env, Js, check};
use crate::error::Fault;

/// The content of a `Float64Array`, within one callback that runs no JavaScript while it is used.
#[derive(Clone, Copy)]
pub(crate) struct Doubles<'c> {
    place: *mut f64,
    length: usize,
    callback: PhantomData<&'c ()>,
}

impl Doubles<'_> {
    pub(crate) fn len(self) -> usize {
        self.length
    }

    #[inline]
    pub(crate) fn get(self, index: usize) -> f64 {
        assert!(index < self.length, "within the array");
        // SAFETY: checked just now.
        let place = unsafe { self.place.add(index) };
        // SAFETY: an element of a live array, which nobody else touches during the call.
        unsafe { place.read_unaligned() }
    }

    /// Stores the bits of a double.
    #[inline]
    pub(crate) fn set(self, index: usize, bits: u64) {
        assert!(index < self.length, "within the array");
        // SAFETY: checked just now.
        let place = unsafe { self.place.add(index) };
        // SAFETY: as in `get`.
        unsafe { place.cast::<u64>().write_unaligned(bits) }
    }
}

impl<'c> Env<'c> {
    /// The content of a `Float64Array`; `None` for what is none.
    pub(crate) fn doubles(self, value: Js<'c>) -> Result<Option<Doubles<'c>>, Fault> {
        let mut typed = false;
        // SAFETY: live environment and value, out-parameter in place.
        check(unsafe { sys::napi_is_typedarray(self.raw, value.raw, &raw mut typed) })?;
        if !typed {
            return Ok(None);
        }
        let (mut kind, mut length, mut data) = (0, 0, ptr::null_mut::<c_void>());
        let (no_buffer, no_offset) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: live environment and value, out-parameters in place.
        check(unsafe {
            sys::napi_get_typedarray_info(
                self.raw,
                value.raw,
                &raw mut kind,
                &raw mut length,
                &raw mut data,
                no_buffer,
                no_offset,
            )
        })?;
        Ok(
            (kind == sys::TypedarrayType::float64_array).then_some(Doubles {
                place: data.cast(),
                length,
                callback: PhantomData,
            }),
        )
    }

    /// The bytes of a string of so many units, all below 128; `None` for any other string, and for what is none.
    pub(crate) fn ascii(self, value: Js<'c>, units: usize) -> Result<Option<Vec<u8>>, Fault> {
        let mut bytes: Vec<u8> = Vec::new();
        // One unit more than it should have, to see that it has not, and the terminator.
        let room = units + 2;
        bytes
            .try_reserve_exact(room)
            .map_err(|_| Fault::Core(Error::OutOfMemory))?;
        let (place, mut written) = (bytes.as_mut_ptr().cast(), 0);
        // SAFETY: the vector has room for `room` bytes, the terminator included.
        let status = unsafe {
            sys::napi_get_value_string_utf8(self.raw, value.raw, place, room, &raw mut written)
        };
        if status == sys::Status::napi_string_expected {
            return Ok(None);
        }
        check(status)?;
        // SAFETY: that many bytes were written, fewer than there is room for.
        unsafe { bytes.set_len(written.min(room)) };
        // Other units take two bytes and more, so a string of them has more bytes, or its beginning has such bytes.
        Ok((written == units && bytes.is_ascii()).then_some(bytes))
    }

    /// The units of a string; `None` for what is none.
    pub(crate) fn units(self, value: Js<'c>) -> Result<Option<Vec<u16>>, Fault> {
        let (no_place, mut length) = (ptr::null_mut(), 0);
        // SAFETY: without a buffer only the length is written.
        let status = unsafe {
            sys::napi_get_value_string_utf16(self.raw, value.raw, no_place, 0, &raw mut length)
        };
        if status == sys::Status::napi_string_expected {
            return Ok(None);
        }
        check(status)?;
        let mut units: Vec<u16> = Vec::new();
        units
            .try_reserve_exact(length + 1)
            .map_err(|_| Fault::Core(Error::OutOfMemory))?;
        let (place, mut written) = (units.as_mut_ptr(), 0);
        // SAFETY: the vector has room for `length + 1` units.
        check(unsafe {
            sys::napi_get_value_string_utf16(
                self.raw,
                value.raw,
                place,
                length + 1,
                &raw mut written,
            )
        })?;
        // SAFETY: that many units were written.
        unsafe { units.set_len(written.min(length)) };
        Ok(Some(units))
    }

    /// Units as text: Latin-1 where all are below 256, as [`Env::text`] gives it.
    pub(crate) fn text_of<'b>(units: &'b [u16], bytes: &'b mut Vec<u8>) -> Text<'b> {
        bytes.clear();
        bytes.reserve(units.len());
        if !narrow(units, bytes.spare_capacity_mut()) {
            return Text::Utf16(units);
        }
        // SAFETY: `narrow` has written as many bytes as there are units.
        unsafe { bytes.set_len(units.len()) };
        Text::Latin1(bytes)
    }
}
