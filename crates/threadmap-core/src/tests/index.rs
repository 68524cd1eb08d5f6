//! What an index must do between two steps of others.

use std::collections::BTreeSet;

use super::{MADE, MASKS, map_of};
use crate::index::Index;
use crate::{Entry, Key, Map, Participant, Value};

#[test]
fn an_insert_does_not_wait_for_whoever_removed_the_key_before() {
    // Nodes of the snapshot variant do not die.
    for made in MADE.into_iter().filter(|made| made.stamp() == 0) {
        let (map, me) = (map_of(made, u32::MAX), Participant::new());
        let (key, guard) = (Key::latin1(b"key"), me.pin());
        map.swap(&key, &Value::Int(1), &guard).expect("memory");
        // A thread that stops for ever between the death of the entry and its unlinking.
        let node = map.index.find(&map.hash(&key), &guard).expect("linked");
        node.kill(node.read().0, &guard).expect("alive");
        assert!(map.get(&key, &guard).expect("no damage").is_none());
        assert!(!map.contains(&key, &guard).expect("no damage"));
        assert!(
            map.swap(&key, &Value::Int(2), &guard)
                .expect("memory")
                .is_none()
        );
        assert!(
            map.get(&key, &guard)
                .expect("no damage")
                .expect("there")
                .same(&Value::Int(2))
        );
        // It wakes up: the new entry is not its business.
        map.index.unlink(&map.hash(&key), node, &guard);
        assert!(
            map.get(&key, &guard)
                .expect("no damage")
                .expect("there")
                .same(&Value::Int(2))
        );
    }
}

/// Scans from the cursor until `stop` or the end; panics on a key that has come before.
fn scan_until(
    map: &Map,
    me: &Participant,
    from: u64,
    stop: u64,
    seen: &mut BTreeSet<i64>,
) -> Option<u64> {
    let mut at = Some(from);
    while let Some(cursor) = at.filter(|&cursor| cursor < stop) {
        let guard = me.pin();
        let mut entries: Vec<Entry<'_>> = Vec::new();
        at = map
            .scan(cursor, 1, &guard, &mut entries)
            .expect("no damage");
        for entry in entries {
            let Value::Int(number) = entry.value else {
                panic!("an int")
            };
            assert!(seen.insert(number), "{number} came twice");
        }
    }
    at
}

on_each_index! {
fn a_scan_half_way_survives_merges_and_splits(made) {
    {
        let (map, me) = (map_of(made, MASKS[0]), Participant::new());
        let put = |i: i64| {
            map.swap(&Key::int(i), &Value::Int(i), &me.pin())
                .expect("memory");
        };
        for i in 0..2_000 {
            put(i);
        }
        let mut seen = BTreeSet::new();
        let mut at = Some(0);
        // Sevenths of the hashes: no merged segment begins where a step ended.
        for step in 1..=7_i64 {
            let stop = step as u32 * (u32::MAX / 7);
            at = at.and_then(|cursor| scan_until(&map, &me, cursor, stop.into(), &mut seen));
            // Down to 1 key in 20, which merges; up again with other keys, which splits; and down once more.
            for i in (0..2_000).filter(|i| i % 20 != 0) {
                map.take(&Key::int(i), &me.pin()).expect("no damage");
            }
            for i in 0..2_000 {
                put(i + 10_000 * step);
            }
            for i in 0..2_000 {
                map.take(&Key::int(i + 10_000 * step), &me.pin()).expect("no damage")
                    .expect("there");
            }
            map.index.check();
        }
        assert_eq!(
            at.and_then(|cursor| scan_until(&map, &me, cursor, u32::MAX.into(), &mut seen)),
            None
        );
        assert!(
            (0..2_000).step_by(20).all(|i| seen.contains(&i)),
            "what stays is given"
        );
    }
}
}
