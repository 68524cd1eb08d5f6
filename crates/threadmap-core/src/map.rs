//! The map: an index, its counters and its limits. What it can do is in `ops.rs` and `number.rs`.

use crate::counters::Counters;
use crate::cut::Cuts;
use crate::error::Result;
use crate::hash::{Hashed, KeyHasher};
use crate::index::{AnyIndex, Index};
use crate::key::{Key, Lookup, Prepared};
use crate::options::{Options, Variant};
use crate::raw::epoch::Guard;
use crate::raw::node::NodeRef;
use crate::raw::prefetch::ahead;
use crate::stamps::Stamps;
use crate::sync::{AtomicU64, Ordering};
use crate::tiered::Beneath;
use crate::value::Value;

/// A concurrent map from keys to values. Share it between threads by reference or `Arc`; each operation takes the
/// calling thread's [`Guard`](crate::Guard), and what it returns lives as long as that.
pub struct Map {
    pub(crate) index: AnyIndex,
    /// The file that has what memory has not.
    pub(crate) beneath: Option<Box<Beneath>>,
    pub(crate) counters: Counters,
    pub(crate) cuts: Cuts,
    pub(crate) stamps: Stamps,
    hasher: KeyHasher,
    versions: AtomicU64,
    options: Options,
}

/// Figures of a map at one moment; exact when nobody writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Entries.
    pub entries: u64,
    /// Bytes of keys, values and index together.
    pub bytes: u64,
    /// Bytes of the index alone.
    pub index_bytes: u64,
    /// Changes since the map was made.
    pub changes: u64,
}

/// One entry as a scan saw it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'g> {
    /// The key.
    pub key: Key<'g>,
    /// The value at the moment of the scan.
    pub value: Value<'g>,
}

/// What takes the entries of a scan.
pub trait Entries<'g> {
    /// Takes one more. Key and value apart: put together in memory and looked at there, they cost 5 ns an entry.
    fn push(&mut self, key: Key<'g>, value: Value<'g>);
}

impl<'g> Entries<'g> for Vec<Entry<'g>> {
    #[inline]
    fn push(&mut self, key: Key<'g>, value: Value<'g>) {
        Vec::push(self, Entry { key, value });
    }
}

/// Gives what the nodes hold.
#[inline]
pub(crate) fn entries<'g>(nodes: &[NodeRef<'g>], give: &mut impl Entries<'g>) {
    for node in ahead(nodes) {
        if let Some(value) = node.value() {
            give.push(node.key(), value);
        }
    }
}

impl Map {
    /// Makes a map.
    ///
    /// # Panics
    /// When `options.shards` is not a power of two up to [`Options::MAX_SHARDS`].
    #[must_use]
    pub fn new(options: Options) -> Self {
        assert!(
            options.shards.is_power_of_two() && options.shards <= Options::MAX_SHARDS,
            "shards"
        );
        Self {
            index: AnyIndex::new(&options),
            beneath: None,
            counters: Counters::new(),
            cuts: Cuts::new(),
            stamps: Stamps::new(),
            hasher: KeyHasher::new(options.hash_mask),
            versions: AtomicU64::new(1),
            options,
        }
    }

    /// How the map was made.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The structure.
    #[must_use]
    pub fn variant(&self) -> Variant {
        self.options.variant
    }

    /// How many entries there are: O(threads), exact when nobody writes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.index
            .persistent()
            .map_or_else(|| self.counters.entries(), |index| index.latest().entries)
    }

    /// How many entries there are. The snapshot variant: exact at a moment of the call. The others: as [`Map::len`].
    #[must_use]
    pub fn size(&self, guard: &Guard<'_>) -> u64 {
        self.index
            .persistent()
            .map_or_else(|| self.len(), |index| index.figures(guard).entries)
    }

    /// How many changes there have been. The snapshot variant: exact at a moment of the call. The others: as
    /// [`Map::changes`].
    #[must_use]
    pub fn version(&self, guard: &Guard<'_>) -> u64 {
        self.index
            .persistent()
            .map_or_else(|| self.changes(), |index| index.figures(guard).changes)
    }

    /// Whether [`Map::len`] is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many changes there have been: O(threads), never goes back, exact when nobody writes.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.index
            .persistent()
            .map_or_else(|| self.counters.changes(), |index| index.latest().changes)
    }

    /// Bytes of keys and values without the index: O(threads), exact when nobody writes.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        self.index
            .persistent()
            .map_or_else(|| self.counters.bytes(), |index| index.latest().bytes)
    }

    /// Figures for operators. Cost: a visit to each shard.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let filter = self
            .beneath
            .as_ref()
            .map_or(0, |beneath| beneath.promotion.filter_bytes());
        let beside = self.counters.size() + self.stamps.bytes() + size_of::<Self>() + filter;
        let index_bytes = (self.index.bytes() + beside) as u64;
        Stats {
            entries: self.len(),
            bytes: self.held_bytes() + index_bytes,
            index_bytes,
            changes: self.changes(),
        }
    }

    /// Gives entries to `give`, from the cursor `from` (0 to begin) until there are at least `enough` or none is
    /// left; returns the cursor to go on with.
    ///
    /// Weakly consistent: an entry present from the first call to the last is given exactly once, whatever grows or
    /// shrinks meanwhile; no key is given twice; others may or may not be seen. No writer waits for longer than it
    /// takes to copy one segment's pointers. A cursor is below 2^53.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where the map lies over a damaged file.
    pub fn scan<'g>(
        &'g self,
        from: u64,
        enough: usize,
        guard: &'g Guard,
        give: &mut impl Entries<'g>,
    ) -> Result<Option<u64>> {
        if let Some(beneath) = &self.beneath {
            return self.scan_beneath(beneath, from, enough, guard, give);
        }
        let mut nodes: Vec<NodeRef<'g>> = Vec::with_capacity(enough);
        let next = self.index.scan(from as u32, enough, guard, &mut nodes);
        entries(&nodes, give);
        Ok(next.map(u64::from))
    }

    /// Checks what must hold when nobody is at work.
    ///
    /// # Panics
    /// When it does not.
    #[cfg(feature = "tiny")]
    #[doc(hidden)]
    pub fn check(&self) {
        self.index.check();
    }

    pub(crate) fn hasher(&self) -> &KeyHasher {
        &self.hasher
    }

    /// Hashes the key once for many operations of this map.
    #[must_use]
    pub fn prepare(&self, key: &Key<'_>) -> Prepared {
        self.hasher.prepare(key)
    }

    #[inline]
    pub(crate) fn hash<'a>(&self, key: &'a impl Lookup) -> Hashed<'a> {
        self.hasher.hash(key)
    }

    #[inline]
    pub(crate) fn prepared<'a>(&self, key: &'a impl Lookup) -> Option<&'a Prepared> {
        self.hasher.prepared(key)
    }

    /// A version that no entry of this map has had.
    pub(crate) fn fresh_version(&self) -> u64 {
        self.versions.fetch_add(1, Ordering::Relaxed)
    }

    /// Refuses what is over the limits.
    ///
    /// # Errors
    /// [`crate::Error::KeyTooLarge`], [`crate::Error::ValueTooLarge`].
    pub fn admit(&self, key: &impl Lookup, value: &Value<'_>) -> Result<()> {
        self.options.admit(key, value)
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Map")
            .field("variant", &self.variant())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
