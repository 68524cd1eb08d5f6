//! One lock of the standard library over one hash table: what most programs begin with.

use std::sync::RwLock;

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use super::Peer;
use crate::key::Key;

type Map<K> = RwLock<HashMap<<K as Key>::Owned, u64, RandomState>>;

pub(super) fn map<K: Key>(hasher: RandomState) -> Map<K> {
    RwLock::new(HashMap::with_hasher(hasher))
}

const SOUND: &str = "nobody panics under the lock";

impl<K: Key> Peer<K> for Map<K> {
    type Seat = ();

    fn seat(&self) {}

    #[inline]
    fn get(&self, (): &(), key: &K) -> Option<u64> {
        self.read().expect(SOUND).get(key.asked()).copied()
    }

    #[inline]
    fn set(&self, (): &(), key: &K, value: u64) {
        let mut map = self.write().expect(SOUND);
        if !K::OWNED_IS_FREE
            && let Some(found) = map.get_mut(key.asked())
        {
            *found = value;
            return;
        }
        map.insert(key.owned(), value);
    }

    #[inline]
    fn remove(&self, (): &(), key: &K) -> bool {
        // What is removed is dropped after the lock is gone.
        let removed = self.write().expect(SOUND).remove_entry(key.asked());
        removed.is_some()
    }

    #[inline]
    fn add(&self, (): &(), key: &K) {
        let mut map = self.write().expect(SOUND);
        if !K::OWNED_IS_FREE
            && let Some(found) = map.get_mut(key.asked())
        {
            *found += 1;
            return;
        }
        *map.entry(key.owned()).or_insert(0) += 1;
    }

    fn visit(&self, (): &(), mut see: impl FnMut(u64)) {
        for value in self.read().expect(SOUND).values() {
            see(*value);
        }
    }
}
