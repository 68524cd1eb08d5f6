//! Reading a frozen file: mapped, checked, looked up in place.
//!
//! Opening checks the header and, in a file that is small enough to do so in a moment, every byte; lookups check the
//! bucket and the entry that they touch, every time, so that damage is an error and never an answer. Nothing is
//! copied. Any thread may read at any time. A file that is shortened while it is mapped is refused from then on
//! (`raw::mapping`).

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::Path;

use super::format::{self, HEADER, Header, Stored};
use crate::error::{Error, Result};
use crate::key::Key;
use crate::map::Entries;
use crate::raw::mapping::Mapping;
use crate::value::Value;

/// Files up to this size are checked whole when they are opened: 3 ms with the pages in memory, so that opening stays
/// below 10 ms.
const CHECKED_AT_OPEN: u64 = 16 << 20;

/// A map in a file, read-only. Lookups borrow from the file's pages.
///
/// ```
/// use threadmap_core::{Freezer, FrozenMap, Key, Map, Options, Participant, Value};
///
/// let (map, me) = (Map::new(Options::default()), Participant::new());
/// map.swap(&Key::latin1(b"de"), &Value::Number(49.0), &me.pin()).unwrap();
/// let path = std::env::temp_dir().join(format!("threadmap-doc-{}", std::process::id()));
/// let mut freezer = Freezer::new(&path, "json").unwrap();
/// while !freezer.step().unwrap() {
///     freezer.take(&map, &me.pin()).unwrap();
/// }
///
/// let frozen = FrozenMap::open(&path, false).unwrap();
/// assert!(frozen.get(&Key::latin1(b"de")).unwrap().unwrap().same(&Value::Number(49.0)));
/// # std::fs::remove_file(path).unwrap();
/// ```
#[derive(Debug)]
pub struct FrozenMap {
    mapping: Mapping,
    header: Header,
}

impl FrozenMap {
    /// Opens the file. Checks its header; every byte of it when it is at most 16 MiB, or when `verify` asks for that.
    ///
    /// # Errors
    /// [`Error::File`] when there is no such file, or none that can be read; [`Error::Corrupt`] when it is not what a
    /// [`crate::Freezer`] wrote.
    pub fn open(path: &Path, verify: bool) -> Result<Self> {
        let frozen = Self::open_unread(path)?;
        if verify || frozen.file_bytes() <= CHECKED_AT_OPEN {
            frozen.verify()?;
        }
        Ok(frozen)
    }

    /// Opens the file and reads no more than its header.
    pub(crate) fn open_unread(path: &Path) -> Result<Self> {
        let file = open_file(path).map_err(Error::file("open"))?;
        let data = file.metadata().map_err(Error::file("open"))?;
        if !data.is_file() {
            return Err(Error::NoRegularFile);
        }
        let length = data.len();
        if length < HEADER as u64 {
            // Not worth a mapping: what it begins with says what it is.
            let mut start = Vec::new();
            file.take(HEADER as u64 - 1)
                .read_to_end(&mut start)
                .map_err(Error::file("read"))?;
            Header::decode(&start, length)?;
            unreachable!("a header needs more bytes");
        }
        let mapping = Mapping::new(&file, length).map_err(Error::file("map"))?;
        let header = Header::decode(mapping.bytes(), length);
        mapping.check_whole()?;
        Ok(Self {
            header: header?,
            mapping,
        })
    }

    /// Checks every byte. Cost: reads the whole file.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn verify(&self) -> Result<()> {
        let body = &self.mapping.bytes()[HEADER..];
        let sum = xxhash_rust::xxh3::xxh3_64_with_seed(body, self.header.id);
        self.mapping.check_whole()?;
        if sum == self.header.body {
            return Ok(());
        }
        Err(Error::Corrupt {
            what: "its content fails its checksum",
            at: HEADER as u64,
        })
    }

    /// The value of the key. Cost: two cache lines of the file, and a checksum over them.
    ///
    /// What it returns lies in the file's pages: after copying it, ask [`FrozenMap::check_whole`].
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    #[inline]
    pub fn get(&self, key: &Key<'_>) -> Result<Option<Value<'_>>> {
        Ok(self.find(key)?.map(|found| found.value))
    }

    /// Whether the key has an entry.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn contains(&self, key: &Key<'_>) -> Result<bool> {
        let there = self.find(key)?.is_some();
        self.check_whole()?;
        Ok(there)
    }

    fn find(&self, key: &Key<'_>) -> Result<Option<Stored<'_>>> {
        let (header, file) = (&self.header, self.mapping.bytes());
        let hash = header.hash(key);
        let mut bucket = header.home(hash);
        for _ in 0..header.longest_run {
            let (slots, goes_on) = header.bucket(file, bucket)?;
            for at in format::candidates(slots, hash) {
                let stored = format::entry(file, header.id, header.data_end, at)?;
                if stored.key == *key {
                    return Ok(Some(stored));
                }
            }
            if !goes_on {
                return Ok(None);
            }
            bucket = header.after(bucket);
        }
        // No entry is farther from its home than that.
        Ok(None)
    }

    /// Gives entries to `give`, from the cursor `from` (0 to begin) until there are `enough` or none is left; returns
    /// the cursor to go on with. In the order of the file, each once.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub fn scan<'a>(
        &'a self,
        from: u64,
        enough: usize,
        give: &mut impl Entries<'a>,
    ) -> Result<Option<u64>> {
        let (mut at, end) = (from.max(HEADER as u64), self.header.data_end);
        for _ in 0..enough {
            if at >= end {
                break;
            }
            let Stored {
                key,
                value,
                end: next,
            } = format::entry(self.mapping.bytes(), self.header.id, end, at)?;
            give.push(key, value);
            at = next;
        }
        Ok((at < end).then_some(at))
    }

    /// Whether all that has been read so far was the file's: false once the file has been found shortened under the
    /// map. Ask after copying what a lookup gave, which may have become zeros meanwhile.
    ///
    /// # Errors
    /// [`Error::Corrupt`], now and ever after.
    pub fn check_whole(&self) -> Result<()> {
        self.mapping.check_whole()
    }

    /// Whether these bytes lie in the file.
    #[inline]
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        self.mapping
            .bytes()
            .as_ptr_range()
            .contains(&bytes.as_ptr())
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.header.entries
    }

    /// Whether [`FrozenMap::len`] is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.header.file_length()
    }

    /// The name of the codec that made the encoded values.
    #[must_use]
    pub fn codec(&self) -> &str {
        &self.header.codec
    }
}

#[cfg(unix)]
fn open_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // A pipe would be waited for otherwise, for ever.
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
}

#[cfg(not(unix))]
fn open_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).open(path)
}
