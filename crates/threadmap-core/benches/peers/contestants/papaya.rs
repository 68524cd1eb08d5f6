//! papaya 0.2: one open-addressed table of pointers, lock-free, resized by its writers in steps. Its entries cannot be
//! changed in place, so every write allocates; a guard an operation, as its own benchmark does.

use foldhash::quality::RandomState;
use papaya::HashMap;

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
        self.pin()
            .update_or_insert(key.owned(), |value| value + 1, 1);
    }

    fn visit(&self, (): &(), mut see: impl FnMut(u64)) {
        for (_, value) in &self.pin() {
            see(*value);
        }
    }
}
