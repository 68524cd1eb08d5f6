//! Writing a frozen file, step by step, so that no call takes long and whoever writes may die at any moment.
//!
//! Invariant: until the last but one step the target is what it was; that step renames a whole, synchronised file over
//! it, so that a crash at any moment leaves the old file or the new one. A writer that is dropped takes its temporary
//! file with it; one whose process dies leaves `.threadmap-*.tmp` beside the target, which nothing reads. One thread
//! writes. A snapshot gives a file of one moment; of a map that is written to meanwhile it has what a scan has
//! (`Map::scan`).

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use super::format::{self, BUCKET, Bucket, HEADER, Header, MAX_CODEC_BYTES, SLOTS};
use crate::error::{Error, Result};
use crate::map::{Entry, Map};
use crate::raw::epoch::Guard;
use crate::raw::mapping::Mapping;
use crate::snapshot::Snapshot;

/// Entries that a step takes from the map under one guard.
const SCANNED: usize = 1024;
/// Entries that a step puts into the index: some milliseconds of cache misses.
const PLACED: usize = 1 << 16;
/// Buckets that a step writes: one megabyte.
const WRITTEN: usize = 1 << 14;
/// Entries a bucket, of seven places. At five, one bucket in eight sends an entry on, and a lookup visits 1.1.
const LOAD: u64 = 5;
/// The index is made anew with another seed when a lookup would visit more: chance gives some ten at 10^7 entries.
const LONGEST_RUN: u32 = 64;
/// Seeds that are tried before a long run is taken as it is.
const SEEDS: u32 = 4;

/// What can be written to a file: anything that gives its entries in chunks, each key once.
pub trait Source {
    /// As [`Map::scan`].
    ///
    /// # Errors
    /// As [`Map::scan`].
    fn scan<'g>(
        &'g self,
        from: u64,
        enough: usize,
        guard: &'g Guard<'_>,
        give: &mut Vec<Entry<'g>>,
    ) -> Result<Option<u64>>;

    /// As [`Map::check_whole`]: asked after what a scan gave has been copied.
    ///
    /// # Errors
    /// As [`Map::check_whole`].
    fn check_whole(&self) -> Result<()>;
}

impl Source for Map {
    fn scan<'g>(
        &'g self,
        from: u64,
        enough: usize,
        guard: &'g Guard<'_>,
        give: &mut Vec<Entry<'g>>,
    ) -> Result<Option<u64>> {
        Self::scan(self, from, enough, guard, give)
    }

    fn check_whole(&self) -> Result<()> {
        Self::check_whole(self)
    }
}

impl Source for Snapshot {
    fn scan<'g>(
        &'g self,
        from: u64,
        enough: usize,
        _guard: &'g Guard<'_>,
        give: &mut Vec<Entry<'g>>,
    ) -> Result<Option<u64>> {
        Ok(Self::scan(self, from as u32, enough, give).map(u64::from))
    }

    fn check_whole(&self) -> Result<()> {
        Ok(())
    }
}

/// Writes a map to a file.
pub struct Freezer {
    target: PathBuf,
    temporary: PathBuf,
    file: File,
    header: Header,
    body: Xxh3,
    seeds_tried: u32,
    /// Entries in the file's form that are not written yet.
    taken: Vec<u8>,
    stage: Stage,
}

enum Stage {
    /// The next entries to take are those from this cursor.
    Entries(u64),
    /// Entries were taken, to be written; more come from that cursor.
    Taken(Option<u64>),
    /// Putting them into the index, from this place in the file.
    Index(Placing),
    /// Writing the index, from this bucket.
    Buckets(Vec<Bucket>, usize),
    Header,
    Rename,
    Folder,
    Done,
}

impl std::fmt::Debug for Freezer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Freezer")
            .field("target", &self.target)
            .field("entries", &self.header.entries)
            .finish_non_exhaustive()
    }
}

struct Placing {
    /// What has been written so far.
    written: Mapping,
    table: Vec<Bucket>,
    at: u64,
}

fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The folder that the file is in.
fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

impl Freezer {
    /// Begins a file of which nothing is seen at `target` before it is whole. `codec` is the name of what made the
    /// encoded values.
    ///
    /// # Errors
    /// [`Error::File`] when no file can be made in that folder; [`Error::CodecTooLong`].
    pub fn new(target: &Path, codec: &str) -> Result<Self> {
        if codec.len() > MAX_CODEC_BYTES {
            let (got, limit) = (codec.len(), MAX_CODEC_BYTES);
            return Err(Error::CodecTooLong { got, limit });
        }
        if target.is_dir() {
            return Err(Error::NoRegularFile);
        }
        // Of a length of its own: the target's name may be as long as the system takes.
        let temporary = folder(target).join(format!(".threadmap-{:016x}.tmp", random()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&temporary)
            .map_err(Error::file("create"))?;
        let id = random();
        let mut freezer = Self {
            target: target.to_owned(),
            temporary,
            file,
            header: Header {
                id,
                hash_seed: random(),
                entries: 0,
                data_end: HEADER as u64,
                buckets: 1,
                body: 0,
                longest_run: 1,
                codec: codec.to_owned(),
            },
            body: Xxh3::with_seed(id),
            seeds_tried: 0,
            taken: Vec::new(),
            stage: Stage::Entries(0),
        };
        // Zeros are no header: a file that was never finished cannot be opened.
        freezer.write(&[0; HEADER])?;
        Ok(freezer)
    }

    /// Copies the next entries of the source, the same one each time, to be written by the next step; no file is
    /// touched, so the guard is not held for long. Does nothing when all have been copied.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the source lies over a damaged file. There is nothing to go on with then.
    pub fn take(&mut self, source: &impl Source, guard: &Guard<'_>) -> Result<()> {
        let Stage::Entries(cursor) = self.stage else {
            return Ok(());
        };
        let mut entries: Vec<Entry<'_>> = Vec::with_capacity(SCANNED);
        let next = source.scan(cursor, SCANNED, guard, &mut entries)?;
        self.taken.clear();
        for Entry { key, value } in &entries {
            let at = self.header.data_end + self.taken.len() as u64;
            format::push_entry(&mut self.taken, self.header.id, at, key, value)?;
        }
        source.check_whole()?;
        self.header.entries += entries.len() as u64;
        self.stage = Stage::Taken(next);
        Ok(())
    }

    /// Does the next piece of work on the file, which may wait for the disk: hold no guard. True when the file is in
    /// place. After an error there is nothing to go on with.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Corrupt`] where somebody has written to the temporary file. The target is what it
    /// was.
    pub fn step(&mut self) -> Result<bool> {
        let next = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Entries(cursor) => Stage::Entries(cursor),
            Stage::Taken(next) => self.write_taken(next)?,
            Stage::Index(placing) => self.place(placing)?,
            Stage::Buckets(table, from) => self.write_buckets(table, from)?,
            Stage::Header => {
                self.header.body = self.body.digest();
                self.file
                    .seek(SeekFrom::Start(0))
                    .map_err(Error::file("write"))?;
                self.write(&self.header.encode())?;
                self.file.sync_all().map_err(Error::file("synchronise"))?;
                Stage::Rename
            }
            Stage::Rename => {
                fs::rename(&self.temporary, &self.target).map_err(Error::file("replace"))?;
                // It has the target's name now: not to be removed with the writer.
                self.temporary.clear();
                Stage::Folder
            }
            Stage::Folder => {
                sync_folder(folder(&self.target)).map_err(Error::file("synchronise"))?;
                Stage::Done
            }
            Stage::Done => Stage::Done,
        };
        self.stage = next;
        Ok(matches!(self.stage, Stage::Done))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(Error::file("write"))
    }

    fn write_taken(&mut self, next: Option<u64>) -> Result<Stage> {
        let taken = std::mem::take(&mut self.taken);
        self.body.update(&taken);
        self.write(&taken)?;
        self.header.data_end += taken.len() as u64;
        // Back, for its room.
        self.taken = taken;
        Ok(match next {
            Some(cursor) => Stage::Entries(cursor),
            None => Stage::Index(self.start_index()?),
        })
    }

    fn start_index(&mut self) -> Result<Placing> {
        self.header.buckets = self.header.entries.div_ceil(LOAD).max(1);
        self.header.longest_run = 1;
        let mut table = Vec::new();
        let buckets = usize::try_from(self.header.buckets).map_err(|_| Error::OutOfMemory)?;
        table
            .try_reserve_exact(buckets)
            .map_err(|_| Error::OutOfMemory)?;
        table.resize(buckets, Bucket::default());
        Ok(Placing {
            written: Mapping::new(&self.file, self.header.data_end).map_err(Error::file("map"))?,
            table,
            at: HEADER as u64,
        })
    }

    /// The keys come back from what was written: less memory than to keep their hashes, and the entries are checked.
    fn place(&mut self, mut placing: Placing) -> Result<Stage> {
        for _ in 0..PLACED {
            if placing.at >= self.header.data_end {
                return Ok(Stage::Buckets(placing.table, 0));
            }
            let (file, at) = (placing.written.bytes(), placing.at);
            let stored = format::entry(file, self.header.id, self.header.data_end, at)?;
            let hash = self.header.hash(&stored.key);
            let mut bucket = self.header.home(hash);
            let mut run = 1;
            // Ends: there are more places than entries.
            while !put(&mut placing.table[bucket as usize], format::slot(at, hash)) {
                bucket = self.header.after(bucket);
                run += 1;
            }
            self.header.longest_run = self.header.longest_run.max(run);
            if run > LONGEST_RUN && self.seeds_tried < SEEDS {
                self.seeds_tried += 1;
                self.header.hash_seed = random();
                return Ok(Stage::Index(self.start_index()?));
            }
            placing.at = stored.end;
        }
        Ok(Stage::Index(placing))
    }

    fn write_buckets(&mut self, table: Vec<Bucket>, from: usize) -> Result<Stage> {
        let mut bytes = Vec::with_capacity((WRITTEN + 1) * BUCKET);
        if from == 0 {
            bytes.resize((self.header.index() - self.header.data_end) as usize, 0);
        }
        let to = table.len().min(from + WRITTEN);
        for (number, bucket) in (from as u64..).zip(&table[from..to]) {
            let start = bytes.len();
            bytes.extend(bucket.iter().flat_map(|word| word.to_le_bytes()));
            let slots = &bytes[start + 8..];
            let check = self.header.check_word(number, slots, bucket[0] == 1);
            bytes[start..start + 8].copy_from_slice(&check.to_le_bytes());
        }
        self.body.update(&bytes);
        self.write(&bytes)?;
        Ok(if to == table.len() {
            Stage::Header
        } else {
            Stage::Buckets(table, to)
        })
    }
}

/// Puts a slot into a bucket; where that is full, notes that the entry went on.
fn put(bucket: &mut Bucket, slot: u64) -> bool {
    let [goes_on, slots @ ..] = bucket;
    debug_assert_eq!(slots.len(), SLOTS);
    if let Some(place) = slots.iter_mut().find(|place| **place == 0) {
        *place = slot;
        true
    } else {
        *goes_on = 1;
        false
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        if self.temporary != Path::new("") {
            // Nothing is lost when this fails: nothing reads the file.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// The new name is on the disk when this returns.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A folder cannot be opened as a file there; the system writes names in order.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}
