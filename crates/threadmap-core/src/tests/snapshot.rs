//! Snapshots of every variant: what they hold is one moment of the map, and stays; and they leave nothing behind.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proptest::prelude::*;

use super::{AtEnd, MADE, MASKS, Made, map_of, taken};
use crate::step::test::{Manner, behave};
use crate::{BlobKind, Entry, Error, Key, Map, Number, Participant, Snapshot, Value};

type Content = BTreeMap<i64, i64>;

fn number(value: &Value<'_>) -> i64 {
    match *value {
        Value::Int(number) => number,
        Value::Blob(_, bytes) => bytes.len() as i64,
        _ => panic!("an int or a blob, not {value:?}"),
    }
}

/// Everything in a snapshot, by its scan in chunks of any size; checked against its lookups.
fn content(snapshot: &Snapshot, chunk: usize) -> Content {
    let (mut found, mut from) = (Content::new(), Some(0));
    while let Some(cursor) = from {
        let mut entries: Vec<Entry<'_>> = Vec::new();
        from = snapshot.scan(cursor, chunk, &mut entries);
        for entry in entries {
            let key = i64::from_le_bytes(entry.key.as_bytes().try_into().expect("an int"));
            let value = number(&entry.value);
            assert_eq!(snapshot.get(&entry.key).as_ref().map(number), Some(value));
            assert!(found.insert(key, value).is_none(), "{key} came twice");
        }
    }
    assert_eq!(found.len() as u64, snapshot.len());
    found
}

fn put(map: &Map, key: i64, value: i64, me: &Participant) {
    map.swap(&Key::int(key), &Value::Int(value), &me.pin())
        .expect("memory");
}

#[derive(Clone, Debug)]
enum Op {
    Put(u8, u16),
    /// A value that is a blob of so many bytes.
    PutBlob(u8, u8),
    Take(u8),
    Add(u8),
    Version(u8),
    Clear,
    Replace(BTreeMap<u8, u16>),
    Hold,
    Release(prop::sample::Index),
}

fn ops() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => any::<(u8, u16)>().prop_map(|(k, v)| Op::Put(k, v)),
        3 => any::<(u8, u8)>().prop_map(|(k, v)| Op::PutBlob(k, v)),
        6 => any::<u8>().prop_map(Op::Take),
        2 => any::<u8>().prop_map(Op::Add),
        2 => any::<u8>().prop_map(Op::Version),
        1 => Just(Op::Clear),
        1 => proptest::collection::btree_map(any::<u8>(), any::<u16>(), 0..60).prop_map(Op::Replace),
        3 => Just(Op::Hold),
        2 => any::<prop::sample::Index>().prop_map(Op::Release),
    ]
}

fn clear(map: &Map, me: &Participant) {
    let mut from = Some(0);
    while let Some(cursor) = from {
        from = map.clear_chunk(cursor, 8, &me.pin()).expect("no damage");
    }
}

fn apply(op: &Op, map: &Map, model: &mut Content, me: &Participant) {
    match op {
        Op::Put(key, value) => {
            put(map, (*key).into(), (*value).into(), me);
            model.insert((*key).into(), (*value).into());
        }
        Op::PutBlob(key, length) => {
            let bytes = vec![1; usize::from(*length)];
            let value = Value::Blob(BlobKind::Bytes, &bytes);
            map.swap(&Key::int((*key).into()), &value, &me.pin())
                .expect("memory");
            model.insert((*key).into(), (*length).into());
        }
        Op::Take(key) => {
            let key = i64::from(*key);
            let (guard, old) = (me.pin(), model.remove(&key));
            assert_eq!(
                map.take(&Key::int(key), &guard)
                    .expect("no damage")
                    .as_ref()
                    .map(number),
                old
            );
        }
        Op::Add(key) => {
            let key = i64::from(*key);
            let one = Number::Int(1);
            if map.add(&Key::int(key), one, one, &me.pin()).is_ok() {
                *model.entry(key).or_insert(1) += 1;
            }
        }
        Op::Version(key) => {
            let entry = map
                .get_entry(&Key::int((*key).into()), &me.pin())
                .expect("memory")
                .map(|(value, _)| number(&value));
            assert_eq!(entry, model.get(&(*key).into()).copied());
        }
        Op::Clear => {
            clear(map, me);
            model.clear();
        }
        Op::Replace(entries) => {
            let Ok(mut content) = map.content() else {
                return;
            };
            for (&key, &value) in entries {
                let (key, value) = (Key::int(key.into()), Value::Int(value.into()));
                content.put(&key, &value, &me.pin()).expect("memory");
            }
            let before = map.changes();
            let replaced = map.replace_all(content, None, &me.pin()).expect("its map");
            assert!(replaced.is_some());
            assert_eq!(map.changes() - before, (model.len() + entries.len()) as u64);
            *model = entries
                .iter()
                .map(|(&key, &value)| (key.into(), value.into()))
                .collect();
        }
        Op::Hold | Op::Release(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_stays_what_the_map_was(
        ops in proptest::collection::vec(ops(), 1..300),
        mask in 0_usize..4,
        made in 0..MADE.len(),
    ) {
        let (map, me) = (map_of(MADE[made], MASKS[mask]), Participant::new());
        let (mut model, mut held) = (Content::new(), Vec::<(Snapshot, Content)>::new());
        for op in &ops {
            apply(op, &map, &mut model, &me);
            match op {
                Op::Hold => {
                    let snapshot = taken(&map, &me);
                    prop_assert_eq!(snapshot.version(), map.changes());
                    held.push((snapshot, model.clone()));
                }
                Op::Release(which) if !held.is_empty() => {
                    let (snapshot, model) = held.swap_remove(which.index(held.len()));
                    prop_assert_eq!(&content(&snapshot, 3), &model);
                }
                _ => {}
            }
        }
        map.index.check();
        for (snapshot, model) in &held {
            prop_assert_eq!(&content(snapshot, 7), model);
        }
        held.clear();
        clear(&map, &me);
        prop_assert_eq!(map.held_bytes(), 0);
    }
}

/// Threads that yield at fail-points write; a snapshot after the other is taken meanwhile and checked.
fn while_others_write(
    made: Made,
    write: impl Fn(&Map, i64, i64, &Participant) + Sync,
    check: impl Fn(&Content),
) {
    const WRITERS: i64 = 3;
    let (map, stop) = (map_of(made, u32::MAX), AtomicBool::new(false));
    thread::scope(|scope| {
        let _stop = AtEnd(&stop);
        for writer in 0..WRITERS {
            let (map, stop, write) = (&map, &stop, &write);
            scope.spawn(move || {
                behave(Some(Manner::Shaken(writer as u64 * 77 + 5)));
                let me = Participant::new();
                for round in 1.. {
                    write(map, writer, round, &me);
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        let me = Participant::new();
        behave(Some(Manner::Shaken(3)));
        for _ in 0..150 {
            let snapshot = taken(&map, &me);
            let found = content(&snapshot, 16);
            check(&found);
        }
    });
    let me = Participant::new();
    drop(taken(&map, &me));
    map.index.check();
    clear(&map, &me);
    assert_eq!(map.held_bytes(), 0, "no trace is left");
}

on_each_index! {
fn a_snapshot_cuts_the_writes_of_each_thread_at_one_place(made) {
    const KEYS: i64 = 40;
    // Round after round each writer writes its number to key after key: so a cut is n in the first keys and n - 1 in
    // the others.
    let write = |map: &Map, writer: i64, round: i64, me: &Participant| {
        for key in 0..KEYS {
            put(map, writer * 1_000 + key, round, me);
        }
    };
    while_others_write(made, write, |found| {
        for writer in 0..3 {
            let values: Vec<i64> = (0..KEYS)
                .map(|key| found.get(&(writer * 1_000 + key)).copied().unwrap_or(0))
                .collect();
            let (first, last) = (values[0], values[KEYS as usize - 1]);
            assert!(values.is_sorted_by(|a, b| a >= b), "{values:?}");
            assert!(first - last <= 1, "{values:?}");
        }
    });
}
}

on_each_index! {
fn a_snapshot_cuts_inserts_and_removals_at_one_place(made) {
    const SPAN: i64 = 30;
    // Each writer keeps a window of keys: the next one comes, then the last one goes.
    let write = |map: &Map, writer: i64, round: i64, me: &Participant| {
        put(map, writer * 1_000_000 + round % 300, round, me);
        if round > SPAN {
            let oldest = Key::int(writer * 1_000_000 + (round - SPAN) % 300);
            assert!(map.take(&oldest, &me.pin()).expect("no damage").is_some(), "its own key");
        }
    };
    while_others_write(made, write, |found| {
        for writer in 0..3 {
            let range = writer * 1_000_000..(writer + 1) * 1_000_000;
            let mut rounds: Vec<i64> = found.range(range).map(|(_, &round)| round).collect();
            rounds.sort_unstable();
            assert!(rounds.windows(2).all(|two| two[0] + 1 == two[1]), "{rounds:?}");
            assert!(rounds.len() as i64 <= SPAN + 1, "{rounds:?}");
            assert!(rounds.last().is_none_or(|&last| last <= SPAN || rounds.len() as i64 >= SPAN));
        }
    });
}
}

on_each_index! {
fn a_sum_that_only_moves_is_the_same_in_every_snapshot(made) {
    // One thread counts up in one key what it counts down in another, by turns: the sum is 0 or 1.
    let write = |map: &Map, writer: i64, _: i64, me: &Participant| {
        let zero = Number::Int(0);
        map.add(&Key::int(writer * 2), Number::Int(1), zero, &me.pin()).expect("an int");
        map.add(&Key::int(writer * 2 + 1), Number::Int(-1), zero, &me.pin()).expect("an int");
    };
    while_others_write(made, write, |found| {
        for writer in 0..3 {
            let of = |key: i64| found.get(&key).copied().unwrap_or(0);
            let sum = of(writer * 2) + of(writer * 2 + 1);
            assert!((0..=1).contains(&sum), "{sum} too many");
        }
    });
}
}

on_each_index! {
fn snapshots_of_many_threads_agree_about_the_order_of_writes(made) {
    // Two writers that know nothing of each other count; no snapshot may be ahead of another in one count and behind in
    // the other.
    let (map, stop) = (map_of(made, u32::MAX), AtomicBool::new(false));
    let seen: Vec<(i64, i64)> = thread::scope(|scope| {
        let _stop = AtEnd(&stop);
        for writer in 0..2 {
            let (map, stop) = (&map, &stop);
            scope.spawn(move || {
                behave(Some(Manner::Shaken(writer as u64 + 9)));
                let me = Participant::new();
                for round in 1.. {
                    put(map, writer, round, &me);
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        let takers: Vec<_> = (0..3)
            .map(|taker| {
                let map = &map;
                scope.spawn(move || {
                    behave(Some(Manner::Shaken(taker + 20)));
                    let me = Participant::new();
                    let of = |found: &Content, key| found.get(&key).copied().unwrap_or(0);
                    (0..120)
                        .map(|_| content(&taken(map, &me), 8))
                        .map(|found| (of(&found, 0), of(&found, 1)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let all = takers.into_iter().flat_map(|taker| taker.join().expect("no panic"));
        all.collect()
    });
    let mut sorted = seen;
    sorted.sort_unstable();
    assert!(sorted.windows(2).all(|two| two[0].1 <= two[1].1), "{sorted:?}");
}
}

#[test]
fn a_snapshot_gives_up_on_a_thread_that_stays_inside_of_a_call() {
    for made in [Made::Sharded(1), Made::LockFree] {
        let (map, me, other) = (
            map_of(made, u32::MAX),
            Participant::new(),
            Participant::new(),
        );
        put(&map, 1, 1, &me);
        let guard = other.pin();
        assert_eq!(map.snapshot(&me).err(), Some(Error::Stalled));
        drop(guard);
        put(&map, 1, 2, &me);
        let snapshot = map.snapshot(&me).expect("nobody stands");
        assert_eq!(content(&snapshot, 4), Content::from([(1, 2)]));
    }
}

#[test]
fn a_snapshot_outlives_its_map() {
    for made in MADE {
        let (map, me) = (map_of(made, u32::MAX), Participant::new());
        (0..500).for_each(|key| put(&map, key, key, &me));
        let snapshot = taken(&map, &me);
        clear(&map, &me);
        drop(map);
        assert_eq!(content(&snapshot, 64).len(), 500);
    }
}

#[test]
fn only_a_snapshot_of_the_present_content_is_expected() {
    let (map, me) = (map_of(Made::Snapshot, u32::MAX), Participant::new());
    put(&map, 1, 1, &me);
    let old = taken(&map, &me);
    put(&map, 1, 2, &me);
    let new = taken(&map, &me);
    let replace = |expected: &Snapshot| {
        let content = map.content().expect("its variant");
        let remains = map.replace_all(content, Some(expected), &me.pin());
        remains.expect("its variant").is_some()
    };
    assert!(!replace(&old), "1 -> 2 is a change");
    put(&map, 1, 1, &me);
    assert!(!replace(&new), "and back is another one");
    assert!(replace(&taken(&map, &me)));
    assert!(map.is_empty());
}
