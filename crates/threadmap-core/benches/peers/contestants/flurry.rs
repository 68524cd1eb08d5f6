//! flurry 0.5: Java's `ConcurrentHashMap` in Rust. A guard an operation.

use flurry::HashMap;
use foldhash::quality::RandomState;

use super::Peer;
use crate::key::Key;

pub(super) type Map<K> = HashMap<<K as Key>::Owned, u64, RandomState>;

impl<K: Key> Peer<K> for Map<K> {
    type Seat = ();

    fn seat(&self) {}

    #[inline]
    fn get(&self, (): &(), key: &K) -> Option<u64> {
        self.pin().get(key.asked()).copied()
    }

    #[inline]
    fn set(&self, (): &(), key: &K, value: u64) {
        self.pin().insert(key.owned(), value);
    }

    #[inline]
    fn remove(&self, (): &(), key: &K) -> bool {
        self.pin().remove(key.asked()).is_some()
    }

    #[inline]
    fn add(&self, (): &(), key: &K) {
        let map = self.pin();
        let more = |_: &K::Owned, value: &u64| Some(value + 1);
        while map.compute_if_present(key.asked(), more).is_none() {
            if map.try_insert(key.owned(), 1).is_ok() {
                return;
            }
        }
    }

    fn visit(&self, (): &(), mut see: impl FnMut(u64)) {
        for value in self.pin().values() {
            see(*value);
        }
    }
}
