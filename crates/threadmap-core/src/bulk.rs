//! Operations on many keys. Each key is a step of its own; but in the snapshot variant, where making a version costs more
//! than the change, some dozens of changes are one version.

use crate::error::Result;
use crate::index::persistent::Persistent;
use crate::key::Key;
use crate::map::Map;
use crate::raw::epoch::Guard;
use crate::raw::node::OwnedNode;
use crate::raw::word::OwnedWord;
use crate::value::Value;

/// Changes in one version: the writers' lock is held for some 20 us.
const BATCH: usize = 64;

impl Map {
    /// Stores all entries in their order, each atomically.
    ///
    /// # Errors
    /// As for [`Map::set`]; entries before the one that is refused may be stored then.
    #[inline]
    pub fn set_many<'k>(
        &self,
        mut entries: impl Iterator<Item = (Key<'k>, Value<'k>)>,
        guard: &Guard<'_>,
    ) -> Result<()> {
        let Some(index) = self.index.persistent() else {
            return entries.try_for_each(|(key, value)| self.set(&key, &value, guard));
        };
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.extend(entries.by_ref().take(BATCH));
            if batch.is_empty() {
                return Ok(());
            }
            self.set_at_once(index, &batch, guard)?;
            batch.clear();
        }
    }

    /// Stores all entries by one store of the root.
    fn set_at_once(
        &self,
        index: &Persistent,
        entries: &[(Key<'_>, Value<'_>)],
        guard: &Guard<'_>,
    ) -> Result<()> {
        let stamp = index.stamp();
        let (mut nodes, mut writing) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        for (key, value) in entries {
            self.admit(key, value)?;
            let hashed = self.hash(key);
            let word = OwnedWord::encode(value, None, guard)?;
            nodes.push(OwnedNode::stamped(&hashed, word, stamp, guard)?);
            writing.push(self.writing(&hashed));
        }
        index.write(stamp, guard, |_, edit| {
            for node in nodes {
                edit.put(node, guard);
            }
        });
        Ok(())
    }
}
