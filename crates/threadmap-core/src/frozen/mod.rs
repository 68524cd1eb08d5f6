//! Frozen files: all entries of a map, written once, read by any process through its memory.
//!
//! [`Freezer`] writes one, step by step, under another name until it is whole; [`FrozenMap`] maps one and looks up
//! without copying. `format` is the layout (`docs/frozen-format.md`), `docs/design/frozen.md` says why.

pub(crate) mod format;
pub(crate) mod reader;
pub(crate) mod writer;
