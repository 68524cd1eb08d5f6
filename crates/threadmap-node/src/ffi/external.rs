//! Memory of ours that JavaScript sees as an `ArrayBuffer`: the stamps of a map, the scratch area of a thread.
//!
//! Invariant: the memory lives as long as its owner in Rust or any buffer over it, whichever is longer; so what a
//! program does to such a buffer (keep it, take it away, post it) cannot make memory go away that native code uses.
//! What JavaScript writes there can make its own reads wrong and nothing else.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64};

use napi_sys as sys;
use threadmap_core::StampTable;

use super::{Env, Js, check};
use crate::error::Fault;

/// Memory whose every byte may be read and written at any time by anybody.
///
/// # Safety
/// The type is made of atomics alone, without padding.
pub(crate) unsafe trait Plain: Send + Sync + 'static {}

// SAFETY: pairs of `AtomicU32`; the alignment of 64 divides its size.
unsafe impl Plain for StampTable {}

/// What native code and JavaScript of one thread hand each other without the price of an argument.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// A number in or out.
    pub(crate) number: AtomicU64,
    /// The stamp under which what was just read may be kept.
    pub(crate) stamp: AtomicU32,
    /// Where it moves: the index of `started` in the stamps.
    pub(crate) place: AtomicI32,
}

// SAFETY: 8 and twice 4 bytes of atomics: no padding.
unsafe impl Plain for Scratch {}

unsafe extern "C" fn drop_owner<T>(_env: sys::napi_env, _data: *mut c_void, owner: *mut c_void) {
    // SAFETY: the count that `new_shared` left with the buffer, given back once.
    drop(unsafe { Arc::from_raw(owner.cast_const().cast::<T>()) });
}

impl<'c> Env<'c> {
    /// An `ArrayBuffer` over the memory of `owner`; `None` where the engine takes no memory but its own.
    pub(crate) fn new_shared<T: Plain>(self, owner: Arc<T>) -> Result<Option<Js<'c>>, Fault> {
        let owner = Arc::into_raw(owner);
        let (data, length) = (owner.cast_mut().cast::<c_void>(), size_of::<T>());
        let mut made = ptr::null_mut();
        // SAFETY: live environment; `length` bytes at `data`, which the count given to the buffer keeps alive.
        let status = unsafe {
            sys::napi_create_external_arraybuffer(
                self.raw,
                data,
                length,
                Some(drop_owner::<T>),
                data,
                &raw mut made,
            )
        };
        if status == sys::Status::napi_ok {
            return Ok(Some(Js::wrap(made)));
        }
        // SAFETY: refused, so no buffer has the count.
        drop(unsafe { Arc::from_raw(owner) });
        if status == sys::Status::napi_no_external_buffers_allowed {
            return Ok(None);
        }
        check(status).map(|()| None)
    }
}
