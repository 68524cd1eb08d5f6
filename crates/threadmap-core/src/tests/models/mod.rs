//! What models of both checkers share: keys whose hash is chosen, the operations that they ask for, and what must hold
//! when nobody is at work.
//!
//! Under the checkers everything is small: a bucket has two slots and two more, a segment is parted when it has more
//! than one, an inner node takes two bits of the hash. So a third key parts the first segment.

#[cfg(loom)]
pub(crate) mod loom;
#[cfg(shuttle)]
mod shuttle;

use std::collections::BTreeMap;

use super::Made;
use crate::{Expected, Key, Map, Participant, Value};

/// Hashes by their first two bits, and so by their word in the root.
const Q: [u32; 4] = [0, 0x4000_0000, 0x8000_0000, 0xc000_0000];

/// A key with that hash; all keys of a model have one tag, so that nothing hides behind another one.
const fn key(hash: u32) -> i64 {
    hash as i64
}

fn map_of(made: Made) -> Map {
    super::map_of(made, u32::MAX)
}

fn get(map: &Map, key: i64, me: &Participant) -> Option<i64> {
    number(map.get(&Key::int(key), &me.pin()).expect("no damage"))
}

/// Whether it was this call that made the entry.
fn insert(map: &Map, key: i64, value: i64, me: &Participant) -> bool {
    let (key, value) = (Key::int(key), Value::Int(value));
    map.compare_and_set(&key, &Expected::Absent, &value, &me.pin())
        .expect("memory")
}

fn swap(map: &Map, key: i64, value: i64, me: &Participant) -> Option<i64> {
    let guard = me.pin();
    number(
        map.swap(&Key::int(key), &Value::Int(value), &guard)
            .expect("memory"),
    )
}

fn take(map: &Map, key: i64, me: &Participant) -> Option<i64> {
    number(map.take(&Key::int(key), &me.pin()).expect("no damage"))
}

fn number(value: Option<Value<'_>>) -> Option<i64> {
    match value? {
        Value::Int(int) => Some(int),
        other => panic!("an int, not {other:?}"),
    }
}

/// All entries, segment by segment, each under a guard of its own; fails on a key that comes twice.
fn scan(map: &Map, me: &Participant) -> BTreeMap<i64, i64> {
    let (mut found, mut at) = (BTreeMap::new(), Some(0));
    while let Some(from) = at {
        let (guard, mut entries) = (me.pin(), Vec::new());
        at = map.scan(from, 1, &guard, &mut entries).expect("no damage");
        for entry in entries {
            let key = i64::from_le_bytes(entry.key.as_bytes().try_into().expect("an int"));
            let value = number(Some(entry.value)).expect("a value");
            assert!(
                found.insert(key, value).is_none(),
                "key {key:#x} came twice"
            );
        }
    }
    found
}

/// Frees all that has been retired, so that what is left shows as a leak.
fn reclaim() {
    let me = Participant::new();
    for _ in 0..3 {
        me.pin().flush();
    }
}
