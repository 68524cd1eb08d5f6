//! Strings on their way in, each read by one Node-API call where it is not long.

use std::mem::MaybeUninit;
use std::{ptr, slice};

use napi_sys as sys;
use threadmap_core::{Text, narrow};

use super::{Env, Js, check};
use crate::error::Fault;

/// Units of a string that are read without a look at its length first. Longer ones cost a second call.
const STACK_UNITS: usize = 256;

/// Room for the units of one string: on the stack for most, never cleared.
#[repr(C)]
pub(crate) struct TextBuf {
    units: MaybeUninit<[u16; STACK_UNITS]>,
    bytes: [MaybeUninit<u8>; STACK_UNITS],
    /// Parts the uninitialised bytes from the zeros of an empty vector: LLVM would clear all of them in one go,
    /// 3 ns a call.
    _not_zero: u64,
    long_units: Vec<u16>,
    long_bytes: Vec<u8>,
}

impl TextBuf {
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            units: MaybeUninit::uninit(),
            bytes: [MaybeUninit::uninit(); STACK_UNITS],
            _not_zero: 1,
            long_units: Vec::new(),
            long_bytes: Vec::new(),
        }
    }

    /// What the first `length` units say, as Latin-1 when all of them fit: exact for every JavaScript string, lone
    /// surrogates included, and the same string has the same form however the engine stores it.
    #[inline]
    fn stack_text(&mut self, length: usize) -> Text<'_> {
        // SAFETY: Node-API has written the first `length` units.
        let units = unsafe { slice::from_raw_parts(self.units.as_ptr().cast::<u16>(), length) };
        if !narrow(units, &mut self.bytes) {
            return Text::Utf16(units);
        }
        let place = self.bytes.as_ptr().cast::<u8>();
        // SAFETY: `narrow` has written as many bytes as there are units.
        Text::Latin1(unsafe { slice::from_raw_parts(place, length) })
    }

    fn long_text(&mut self) -> Text<'_> {
        if self.long_units.iter().fold(0, |all, unit| all | unit) > 0xff {
            return Text::Utf16(&self.long_units);
        }
        self.long_bytes.clear();
        self.long_bytes
            .extend(self.long_units.iter().map(|unit| *unit as u8));
        Text::Latin1(&self.long_bytes)
    }
}

// The core keeps strings little-endian; here their units go in and out as they stand in memory.
const _: () = assert!(
    cfg!(target_endian = "little"),
    "the addon is for little-endian machines; the core runs on all"
);

/// The bytes of UTF-16 units.
pub(crate) fn as_bytes(units: &[u16]) -> &[u8] {
    // SAFETY: any two bytes of a u16 are bytes, and the length is twice the count.
    unsafe { slice::from_raw_parts(units.as_ptr().cast(), size_of_val(units)) }
}

impl<'c> Env<'c> {
    /// The units of a string; `None` for what is no string. One Node-API call for up to 255 units.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "its result is handed over in memory otherwise: 5 ns a call"
    )]
    pub(crate) fn text<'b>(
        self,
        value: Js<'c>,
        buf: &'b mut TextBuf,
    ) -> Result<Option<Text<'b>>, Fault> {
        let mut length = 0;
        let place = buf.units.as_mut_ptr().cast::<u16>();
        // SAFETY: `place` has room for STACK_UNITS units, the terminator included.
        let status = unsafe {
            sys::napi_get_value_string_utf16(
                self.raw,
                value.raw,
                place,
                STACK_UNITS,
                &raw mut length,
            )
        };
        match status {
            sys::Status::napi_ok if length < STACK_UNITS - 1 => Ok(Some(buf.stack_text(length))),
            sys::Status::napi_ok => self.long_text(value, buf).map(Some),
            sys::Status::napi_string_expected => Ok(None),
            other => check(other).map(|()| None),
        }
    }

    #[cold]
    fn long_text<'b>(self, value: Js<'c>, buf: &'b mut TextBuf) -> Result<Text<'b>, Fault> {
        let mut length = 0;
        let no_place = ptr::null_mut();
        // SAFETY: without a buffer only the length is written.
        check(unsafe {
            sys::napi_get_value_string_utf16(self.raw, value.raw, no_place, 0, &raw mut length)
        })?;
        let units = &mut buf.long_units;
        units.clear();
        units
            .try_reserve_exact(length + 1)
            .map_err(|_| Fault::Core(threadmap_core::Error::OutOfMemory))?;
        let mut written = 0;
        let place = units.as_mut_ptr();
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
        Ok(buf.long_text())
    }
}
