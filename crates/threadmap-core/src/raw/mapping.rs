//! A file mapped for reading, which may be shortened by others at any moment.
//!
//! Reading a page that the file no longer has raises SIGBUS, which kills the process. Here it does not: `sigbus` puts
//! a page of zeros in its place and marks the mapping, and [`Mapping::check_whole`] fails from then on. Invariant: what
//! was read before a `check_whole` that succeeds was the file's content. The bytes may change under a reader when
//! somebody overwrites the file in place; so nothing that was read twice may be taken for the same, and every use of
//! them must be sound for any bytes (`frozen::format` checks all that it follows).

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

use super::sigbus::{self, Watch};
use crate::error::{Error, Result};

/// A file's pages.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// First, so that it is dropped first: from then on no fault there is ours.
    watch: Watch,
    map: Mmap,
}

impl Mapping {
    /// Maps `length` bytes of the file, which has that many now.
    pub(crate) fn new(file: &File, length: u64) -> io::Result<Self> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
        // SAFETY: frozen files are written under another name and never written to afterwards, so the bytes stay; what
        // a stranger does to the file is contained as the head of this file says.
        let map = unsafe { MmapOptions::new().len(length).map(file) }?;
        Ok(Self {
            watch: sigbus::watch(map.as_ptr().addr(), map.len())?,
            map,
        })
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Fails once a page has been missing.
    #[inline]
    pub(crate) fn check_whole(&self) -> Result<()> {
        if self.watch.is_whole() {
            return Ok(());
        }
        Err(Error::Corrupt {
            what: "it was shortened while it was open, or its disk cannot be read",
            at: 0,
        })
    }
}
