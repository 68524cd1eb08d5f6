//! dashmap 6: sharded locks over hash tables.

use dashmap::DashMap;
use foldhash::quality::RandomState;

use super::Peer;
use crate::key::Key;

pub(super) type Map<K> = DashMap<<K as Key>::Owned, u64, RandomState>;

impl<K: Key> Peer<K> for Map<K> {
    type Seat = ();

    fn seat(&self) {}

    #[inline]
    fn get(&self, (): &(), key: &K) -> Option<u64> {
        self.get(key.asked()).map(|value| *value)
    }

    #[inline]
    fn set(&self, (): &(), key: &K, value: u64) {
        if !K::OWNED_IS_FREE
            && let Some(mut found) = self.get_mut(key.asked())
        {
            *found = value;
            return;
        }
        self.insert(key.owned(), value);
    }

    #[inline]
    fn remove(&self, (): &(), key: &K) -> bool {
        self.remove(key.asked()).is_some()
    }

    #[inline]
    fn add(&self, (): &(), key: &K) {
        if !K::OWNED_IS_FREE
            && let Some(mut found) = self.get_mut(key.asked())
        {
            *found += 1;
            return;
        }
        *self.entry(key.owned()).or_insert(0) += 1;
    }

    fn visit(&self, (): &(), mut see: impl FnMut(u64)) {
        for entry in self {
            see(*entry.value());
        }
    }
}
