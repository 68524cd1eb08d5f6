//! scc 3, both of its maps: `HashMap` (a lock a bucket, entries changed in place) and `HashIndex` (readers take no
//! lock, an update is a new entry).

use foldhash::quality::RandomState;
use scc::hash_index::Entry;
use scc::{HashIndex, HashMap};

use super::Peer;
use crate::key::Key;

pub(super) type Map<K> = HashMap<<K as Key>::Owned, u64, RandomState>;
pub(super) type Index<K> = HashIndex<<K as Key>::Owned, u64, RandomState>;

impl<K: Key> Peer<K> for Map<K> {
    type Seat = ();

    fn seat(&self) {}

    #[inline]
    fn get(&self, (): &(), key: &K) -> Option<u64> {
        self.read_sync(key.asked(), |_, value| *value)
    }

    #[inline]
    fn set(&self, (): &(), key: &K, value: u64) {
        let changed = !K::OWNED_IS_FREE
            && self
                .update_sync(key.asked(), |_, found| *found = value)
                .is_some();
        if !changed {
            self.upsert_sync(key.owned(), value);
        }
    }

    #[inline]
    fn remove(&self, (): &(), key: &K) -> bool {
        self.remove_sync(key.asked()).is_some()
    }

    #[inline]
    fn add(&self, (): &(), key: &K) {
        let changed = !K::OWNED_IS_FREE
            && self
                .update_sync(key.asked(), |_, found| *found += 1)
                .is_some();
        if !changed {
            self.entry_sync(key.owned())
                .and_modify(|found| *found += 1)
                .or_insert(1);
        }
    }

    fn visit(&self, (): &(), mut see: impl FnMut(u64)) {
        self.iter_sync(|_, value| {
            see(*value);
            true
        });
    }
}

impl<K: Key> Peer<K> for Index<K> {
    type Seat = ();

    fn seat(&self) {}

    #[inline]
    fn get(&self, (): &(), key: &K) -> Option<u64> {
        self.peek_with(key.asked(), |_, value| *value)
    }

    #[inline]
    fn set(&self, (): &(), key: &K, value: u64) {
        if !K::OWNED_IS_FREE
            && let Some(mut found) = self.get_sync(key.asked())
        {
            found.update(value);
            return;
        }
        match self.entry_sync(key.owned()) {
            Entry::Occupied(mut found) => found.update(value),
            Entry::Vacant(place) => drop(place.insert_entry(value)),
        }
    }

    #[inline]
    fn remove(&self, (): &(), key: &K) -> bool {
        self.remove_sync(key.asked())
    }

    #[inline]
    fn add(&self, (): &(), key: &K) {
        if !K::OWNED_IS_FREE
            && let Some(mut found) = self.get_sync(key.asked())
        {
            let value = *found.get();
            found.update(value + 1);
            return;
        }
        match self.entry_sync(key.owned()) {
            Entry::Occupied(mut found) => {
                let value = *found.get();
                found.update(value + 1);
            }
            Entry::Vacant(place) => drop(place.insert_entry(1)),
        }
    }

    fn visit(&self, (): &(), mut see: impl FnMut(u64)) {
        self.iter_sync(|_, value| {
            see(*value);
            true
        });
    }
}
