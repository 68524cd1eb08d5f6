//! Snapshots: one version of a whole map, to be looked at for as long as one likes.

use crate::hash::KeyHasher;
use crate::index::persistent::Persistent;
use crate::key::Key;
use crate::map::{Entries, Map, entries};
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};
use crate::raw::persistent::edit::Edit;
use crate::raw::persistent::store::{HeldVersion, Remains};
use crate::raw::word::OwnedWord;
use crate::value::Value;
use crate::{Error, Options, Result};

const REPLACE: &str = "replacing everything at once";

/// The content of a map at one moment. It never changes, and outlives the map.
///
/// Reading it waits for nobody. Dropping it frees what only it has kept, in one go; [`Snapshot::release`] does that in
/// steps.
pub struct Snapshot {
    held: HeldVersion,
    hasher: KeyHasher,
    options: Options,
    /// Made by copying, so that nobody else has any of it.
    is_copy: bool,
}

impl Snapshot {
    /// The value of the key at that moment.
    #[must_use]
    pub fn get(&self, key: &Key<'_>) -> Option<Value<'_>> {
        self.find(key)?.value()
    }

    /// Whether the key had an entry.
    #[must_use]
    pub fn contains(&self, key: &Key<'_>) -> bool {
        self.find(key).is_some()
    }

    pub(crate) fn find(&self, key: &Key<'_>) -> Option<NodeRef<'_>> {
        self.held.tree().find(&self.hasher.hash(key))
    }

    /// How the map was made.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// How many changes the map had seen by then.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.held.figures.changes
    }

    /// How many entries there were. Exact.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.held.figures.entries
    }

    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of its keys and values, which it may share with the map and with other snapshots.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.held.figures.bytes
    }

    /// Bytes that it keeps for itself alone: those of a copy. A version of the snapshot variant is the map's own.
    #[must_use]
    pub fn own_bytes(&self) -> u64 {
        if self.is_copy {
            self.held.figures.bytes + self.held.figures.branch_bytes
        } else {
            0
        }
    }

    /// Gives entries to `give`, from the cursor `from` (0 to begin) until there are at least `enough` or none is
    /// left; returns the cursor to go on with. Cursors go by hashes, those of [`Map::scan`] of the snapshot variant.
    pub fn scan<'s>(
        &'s self,
        from: u32,
        enough: usize,
        give: &mut impl Entries<'s>,
    ) -> Option<u32> {
        let mut nodes = Vec::with_capacity(enough.min(1 << 12));
        let next = self.held.tree().scan(from, enough, &mut nodes);
        entries(&nodes, give);
        next
    }

    /// Lets go of it; what only it has kept is for the caller to free, step by step.
    pub fn release(self) -> Remains {
        self.held.release()
    }

    /// Of a store that nobody else has.
    pub(crate) fn of_copy(held: HeldVersion, map: &Map) -> Self {
        Self {
            held,
            hasher: map.hasher().clone(),
            options: map.options().clone(),
            is_copy: true,
        }
    }

    pub(crate) fn held(&self) -> &HeldVersion {
        &self.held
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A whole content in the making, for [`Map::replace_all`]. Other threads see nothing of it.
pub struct Content {
    edit: Edit,
    hasher: KeyHasher,
    options: Options,
}

impl Content {
    /// Adds an entry, in place of that of its key.
    ///
    /// # Errors
    /// When key or value is over its limit or memory is out.
    pub fn put(&mut self, key: &Key<'_>, value: &Value<'_>, guard: &Guard<'_>) -> Result<()> {
        self.options.admit(key, value)?;
        let word = OwnedWord::encode(value, None, guard)?;
        let stamp = self.edit.stamp();
        let node = OwnedNode::stamped(&self.hasher.hash(key), word, stamp, guard)?;
        self.edit.put(node, guard);
        Ok(())
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("entries", &self.edit.entries())
            .finish_non_exhaustive()
    }
}

impl Map {
    /// What only the snapshot variant can do.
    pub(crate) fn persistent(&self, operation: &'static str) -> Result<&Persistent> {
        self.index
            .persistent()
            .ok_or(Error::OtherVariant { operation })
    }

    /// The content of this moment, in constant time: of the snapshot variant.
    ///
    /// # Errors
    /// [`Error::OtherVariant`].
    pub fn hold(&self, guard: &Guard<'_>) -> Result<Snapshot> {
        Ok(Snapshot {
            held: self.persistent("a snapshot in constant time")?.hold(guard),
            hasher: self.hasher().clone(),
            options: self.options().clone(),
            is_copy: false,
        })
    }

    /// A content to be filled, and then put in the place of all that there is in this map.
    ///
    /// # Errors
    /// [`Error::OtherVariant`].
    pub fn content(&self) -> Result<Content> {
        Ok(Content {
            edit: self.persistent(REPLACE)?.build(),
            hasher: self.hasher().clone(),
            options: self.options().clone(),
        })
    }

    /// Replaces all entries by one store, if the map still is what `expected` holds; `None` when it is not. What is
    /// left of the old content is for the caller to free. `content` came from this map.
    ///
    /// # Errors
    /// [`Error::OtherVariant`].
    pub fn replace_all(
        &self,
        content: Content,
        expected: Option<&Snapshot>,
        guard: &Guard<'_>,
    ) -> Result<Option<Remains>> {
        let index = self.persistent(REPLACE)?;
        let _writing = self.stamps.write_all();
        Ok(index.replace(content.edit, expected.map(Snapshot::held), guard))
    }

    /// Removes every entry by one store, in the snapshot variant; `None` in the others.
    #[must_use]
    pub fn clear_at_once(&self, guard: &Guard<'_>) -> Option<Remains> {
        let index = self.index.persistent()?;
        let _writing = self.stamps.write_all();
        index.replace(index.build(), None, guard)
    }

    /// Whether the snapshot is one of this map, whose present content could still be it.
    #[must_use]
    pub fn is_of(&self, snapshot: &Snapshot) -> bool {
        self.index
            .persistent()
            .is_some_and(|index| index.has(snapshot.held()))
    }
}
