//! The only room with `unsafe`: memory that threads share, and how it is given back.
//!
//! | fact | holds because |
//! |---|---|
//! | `linked-is-alive` | a [`node::Linked`] exists from publication until whoever took it out of the index retires it, once |
//! | `retired-outlives-guards` | what is retired is freed only after every guard pinned at that moment is gone |
//! | `word-owns-blob` | a blob is pointed to by exactly one word; who replaces that word retires the blob, once |
//! | `home-or-out` | a small block is in its span's list of free ones or belongs to one thread, never both |
//! | `word-owns-trace` | a list of traces is led to by one word; who takes a trace out of it retires that one, once |
//! | `dead-is-final` | a node's word that is DEAD never changes again |
//! | `stamped-is-linked` | who kills a node moves `started` of its group first, in `Map::step` and `Map::clear_chunk`; hints are set only when all writers do, to entries that are there |
#![allow(unsafe_code, reason = "this module is the crate's room for it")]

pub(crate) mod blob;
pub(crate) mod epoch;
mod fence;
pub(crate) mod heap;
pub(crate) mod hint;
pub(crate) mod late;
pub(crate) mod lock_free;
pub(crate) mod mapping;
#[cfg(all(test, loom))]
mod models;
pub(crate) mod node;
pub(crate) mod persistent;
pub(crate) mod prefetch;
mod sigbus;
pub(crate) mod slab;
#[cfg(not(loom))]
pub(crate) mod slots;
pub(crate) mod trace;
pub(crate) mod watch;
pub(crate) mod word;
