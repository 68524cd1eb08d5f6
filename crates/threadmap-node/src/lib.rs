//! The Node-API boundary of threadmap: converts, owns the per-thread records, holds no map logic.
//!
//! One image serves all threads of the process; its statics are the shared world, and it is pinned at load so that
//! the maps outlive the last worker that loaded it. Each thread's environment gets a record and one raw callback an
//! operation (`calls`), registered once. The few functions that need no record are `#[napi]`: they cost more a call
//! and are called seldom.

pub mod build;
mod calls;
mod env;
mod error;
mod ffi;
mod files;
mod holdings;
mod key;
mod options;
mod refs;
mod registry;
mod value;

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use napi_derive::napi;

/// Random for each process: handles of another one are told apart by it.
static PROCESS: LazyLock<String> = LazyLock::new(|| {
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", random(), random())
});

/// What tells this process from all others.
#[napi]
#[must_use]
pub fn process_id() -> String {
    PROCESS.clone()
}

/// The names of living maps, in no order.
#[napi]
#[must_use]
pub fn names() -> Vec<String> {
    registry::names()
}

/// Sets the calling thread's environment up; runs once in each.
#[napi(module_exports)]
pub fn install(exports: napi::bindgen_prelude::Object<'_>, env: napi::Env) -> napi::Result<()> {
    use napi::JsValue;
    napi::bindgen_prelude::retain_current_module_for_unload_safety();
    ffi::install(env.raw().cast(), exports.raw().cast(), calls::register_all)
        .map_err(|fault| napi::Error::from_reason(format!("threadmap cannot be loaded: {fault:?}")))
}
