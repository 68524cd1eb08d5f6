//! Bytes: counted right, and given back.

use super::map_of;
use crate::{BlobKind, Key, Map, Participant, Value};

fn fill(map: &Map, me: &Participant, keys: i64) {
    for i in 0..keys {
        map.swap(
            &Key::int(i),
            &Value::Blob(BlobKind::Bytes, &[0; 100]),
            &me.pin(),
        )
        .expect("memory");
    }
}

on_each_index! {
fn a_drained_map_is_as_small_as_an_empty_one(made) {
    let (map, me) = (map_of(made, u32::MAX), Participant::new());
    let empty = map.stats();
    fill(&map, &me, 10_000);
    let full = map.stats();
    assert_eq!(full.entries, 10_000);
    // A node of 24 bytes and a blob of 108 each, and the index.
    assert_eq!(
        full.bytes - full.index_bytes,
        10_000 * (24 + made.stamp() + 108)
    );
    for i in 0..10_000 {
        map.take(&Key::int(i), &me.pin()).expect("no damage").expect("there");
    }
    let drained = map.stats();
    assert_eq!(drained.entries, 0);
    assert_eq!(
        drained.bytes, drained.index_bytes,
        "no bytes of entries are left"
    );
    assert!(
        drained.bytes <= 2 * empty.bytes,
        "{} after {}",
        drained.bytes,
        empty.bytes
    );
}
}

on_each_index! {
fn replacing_counts_what_is_gained_and_lost(made) {
    let (map, me) = (map_of(made, u32::MAX), Participant::new());
    let key = Key::latin1(b"key");
    let held = |map: &Map| {
        let stats = map.stats();
        stats.bytes - stats.index_bytes
    };
    map.swap(&key, &Value::Number(1.0), &me.pin())
        .expect("memory");
    let node = 16 + 3 + made.stamp();
    assert_eq!(held(&map), node);
    map.swap(
        &key,
        &Value::Blob(BlobKind::Latin1, b"0123456789"),
        &me.pin(),
    )
    .expect("memory");
    assert_eq!(held(&map), node + 8 + 10);
    map.get_entry(&key, &me.pin())
        .expect("memory")
        .expect("there");
    assert_eq!(
        held(&map),
        node + 8 + 10 + 8 - made.stamp(),
        "a version takes eight bytes more, unless a stamp is there"
    );
    map.take(&key, &me.pin()).expect("no damage").expect("there");
    assert_eq!(held(&map), 0);
}
}

on_each_index! {
fn a_guard_knows_what_changed_under_it(made) {
    let (map, me) = (map_of(made, u32::MAX), Participant::new());
    let guard = me.pin();
    map.swap(&Key::int(1), &Value::Number(1.0), &guard)
        .expect("memory");
    assert_eq!(guard.net_bytes(), 24 + made.stamp() as i64);
    map.take(&Key::int(1), &guard).expect("no damage").expect("there");
    assert_eq!(guard.net_bytes(), 0);
}
}

on_each_index! {
fn churn_keeps_the_index_flat(made) {
    let (map, me) = (map_of(made, u32::MAX), Participant::new());
    fill(&map, &me, 1_000);
    let before = map.stats().bytes;
    for i in 0..100_000 {
        map.take(&Key::int(i), &me.pin()).expect("no damage").expect("there");
        map.swap(
            &Key::int(i + 1_000),
            &Value::Blob(BlobKind::Bytes, &[0; 100]),
            &me.pin(),
        )
        .expect("memory");
    }
    let after = map.stats();
    assert_eq!(after.entries, 1_000);
    assert!(
        after.bytes <= before * 3 / 2,
        "{} after {before}",
        after.bytes
    );
}
}
