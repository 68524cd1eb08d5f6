//! A map over a frozen file, under threads: promotion and eviction go on all the time and change nothing.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::thread;

use super::scratch::Scratch;
use super::{MASKS, Made, options_of};
use crate::sync::{AtomicBool, AtomicU64, Ordering};
use crate::{
    BlobKind, Entry, Error, Expected, FrozenMap, Key, Map, Number, Options, Participant, Value,
};

/// A file with the keys 0 to `entries`, each its own value.
fn file(scratch: &Scratch, entries: i64) -> FrozenMap {
    let (map, me) = (Map::new(Options::default()), Participant::new());
    for i in 0..entries {
        map.swap(&Key::int(i), &Value::Int(i), &me.pin())
            .expect("memory");
    }
    scratch.freeze(&map, "map");
    FrozenMap::open(&scratch.path("map"), true).expect("whole")
}

/// Over such a file, with room in memory for `some` bytes of its entries.
fn tier(made: Made, entries: i64, some: u64) -> Map {
    let scratch = Scratch::new();
    let room = some
        + if matches!(made, Made::LockFree) {
            40_000
        } else {
            0
        };
    Map::over(file(&scratch, entries), room, options_of(made, MASKS[0]))
}

fn get(map: &Map, me: &Participant, key: i64) -> Option<i64> {
    let guard = me.pin();
    match map.get(&Key::int(key), &guard).expect("no damage") {
        Some(Value::Int(value)) => Some(value),
        None => None,
        Some(other) => panic!("{other:?}"),
    }
}

const THREADS: i64 = 4;

/// Runs `work` on some threads while others read all keys, again and again, which promotes and evicts.
fn while_read(map: &Map, keys: i64, work: impl Fn(i64, &Participant) + Sync) {
    let (done, work) = (AtomicBool::new(false), &work);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let me = Participant::new();
                    let mut rounds = 0;
                    while rounds < 3 || !done.load(Ordering::Relaxed) {
                        for key in 0..keys {
                            get(map, &me, key);
                            get(map, &me, key);
                        }
                        rounds += 1;
                    }
                })
            })
            .collect();
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || work(thread, &Participant::new())))
            .collect();
        // All of them, before any panic goes on: the readers would read for ever.
        let ends: Vec<_> = workers
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect();
        done.store(true, Ordering::Relaxed);
        for end in ends {
            end.expect("no panic");
        }
        for reader in readers {
            reader.join().expect("no panic");
        }
    });
    let stats = map.tier_stats().expect("a tier");
    assert!(
        stats.promotions > 0 && stats.evictions > 0,
        "{stats:?} of {:?}",
        map.stats()
    );
}

/// A test for each index that can lie over a file.
macro_rules! over_each_index {
    ($(fn $name:ident($made:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            fn run($made: Made) $body

            #[test]
            fn one_shard() {
                run(Made::Sharded(1));
            }

            #[test]
            fn sharded() {
                run(Made::Sharded(4));
            }

            #[test]
            fn lock_free() {
                run(Made::LockFree);
            }
        }
    )*};
}

over_each_index! {
fn no_addition_is_lost_while_entries_come_and_go(made) {
    {
        let map = tier(made, 8_000, 150_000);
        while_read(&map, 8_000, |_, me| {
            for i in 0..20_000 {
                map.add(&Key::int(i * 7 % 2_000), Number::Int(1), Number::Int(0), &me.pin()).expect("int");
            }
        });
        let me = Participant::new();
        for key in 0..2_000 {
            assert_eq!(get(&map, &me, key), Some(key + THREADS * 10), "{key}");
        }
        assert_eq!(map.len(), 8_000);
        map.index.check();
    }
}

fn each_entry_of_the_file_is_taken_once_and_never_comes_back(made) {
    {
        let (map, taken) = (tier(made, 8_000, 150_000), AtomicU64::new(0));
        while_read(&map, 8_000, |_, me| {
            for key in 0..2_000 {
                if map.take(&Key::int(key), &me.pin()).expect("no damage").is_some() {
                    taken.fetch_add(1, Ordering::Relaxed);
                }
                assert_eq!(get(&map, me, key), None, "{key} came back");
                assert!(!map.replace(&Key::int(key), &Value::Int(1), &me.pin()).expect("no damage"));
            }
        });
        assert_eq!(taken.load(Ordering::Relaxed), 2_000);
        assert_eq!(map.len(), 6_000);
        map.index.check();
    }
}

fn a_write_is_seen_until_the_next_one(made) {
    {
        let map = tier(made, 4_000, 50_000);
        while_read(&map, 4_000, |thread, me| {
            // Each thread has keys of its own, so it knows what they hold.
            for key in (thread..4_000).step_by(THREADS as usize) {
                for value in [key, -key - 1, key] {
                    map.swap(&Key::int(key), &Value::Int(value), &me.pin()).expect("memory");
                    assert_eq!(get(&map, me, key), Some(value));
                }
                map.take(&Key::int(key), &me.pin()).expect("no damage");
                assert_eq!(get(&map, me, key), None);
                let absent = Expected::Absent;
                assert!(map.compare_and_set(&Key::int(key), &absent, &Value::Int(key), &me.pin()).expect("memory"));
                assert_eq!(get(&map, me, key), Some(key));
            }
        });
        assert_eq!(map.len(), 4_000);
    }
}

fn a_scan_gives_each_key_once_while_entries_come_and_go(made) {
    {
        let (map, me) = (tier(made, 3_000, 70_000), Participant::new());
        for key in 3_000..4_000 {
            map.swap(&Key::int(key), &Value::Int(key), &me.pin()).expect("memory");
        }
        while_read(&map, 3_000, |_, me| {
            for _ in 0..3 {
                let (mut seen, mut from) = (BTreeSet::new(), Some(0));
                while let Some(cursor) = from {
                    let guard = me.pin();
                    let mut entries: Vec<Entry<'_>> = Vec::new();
                    from = map.scan(cursor, 50, &guard, &mut entries).expect("no damage");
                    for entry in entries {
                        assert!(entry.value.same(&Value::Int(key_of(&entry))));
                        assert!(seen.insert(key_of(&entry)), "a key came twice");
                    }
                }
                assert!(seen.into_iter().eq(0..4_000), "each once");
            }
        });
    }
}

fn a_version_outlives_promotion_and_eviction(made) {
    {
        let (map, me) = (tier(made, 3_000, 30_000), Participant::new());
        let (_, version) = map.get_entry(&Key::int(7), &me.pin()).expect("memory").expect("there");
        while_read(&map, 3_000, |_, me| {
            for key in 0..3_000 {
                get(&map, me, key);
            }
        });
        let guard = me.pin();
        let again = map.get_entry(&Key::int(7), &guard).expect("memory").expect("there");
        assert_eq!(again.1, version);
        assert!(map.set_if_version(&Key::int(7), &Value::Int(1), version, &guard).expect("memory"));
        assert!(!map.delete_if_version(&Key::int(7), version, &guard).expect("memory"));
        assert_eq!(get(&map, &me, 7), Some(1));
    }
}

fn promoted_entries_stay_within_the_bound(made) {
    {
        let (map, me) = (tier(made, 20_000, 30_000), Participant::new());
        let bound = map.tier_stats().expect("a tier").hot_bytes;
        let mut draw = 1_u64;
        for _ in 0..200_000 {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // The lower half of the keys gets most reads.
            let key = (draw >> 33) % 20_000;
            let key = key * ((draw >> 20) % 20_000) / 20_000;
            assert_eq!(get(&map, &me, key as i64), Some(key as i64));
            assert!(map.stats().bytes <= bound, "{:?}", map.stats());
        }
        let stats = map.tier_stats().expect("a tier");
        assert!(stats.promotions > stats.evictions && stats.evictions > 0, "{stats:?}");
        assert_eq!(map.changes(), 0, "nothing has changed");
        assert_eq!(map.len(), 20_000);
    }
}
}

fn key_of(entry: &Entry<'_>) -> i64 {
    i64::from_le_bytes(entry.key.as_bytes().try_into().expect("eight bytes"))
}

#[test]
fn what_is_read_once_is_not_promoted() {
    let (map, me) = (tier(Made::Sharded(4), 5_000, 30_000), Participant::new());
    for key in 0..5_000 {
        assert_eq!(get(&map, &me, key), Some(key));
    }
    assert_eq!(map.tier_stats().expect("a tier").promotions, 0);
    for _ in 0..2 {
        assert_eq!(get(&map, &me, 7), Some(7));
    }
    assert_eq!(map.tier_stats().expect("a tier").promotions, 1);
    assert_eq!(get(&map, &me, 7), Some(7));
}

#[test]
fn what_is_written_is_never_evicted() {
    let (map, me) = (tier(Made::Sharded(1), 5_000, 30_000), Participant::new());
    for key in 0..2_000 {
        map.swap(&Key::int(key), &Value::Int(-key), &me.pin())
            .expect("memory");
    }
    assert!(map.stats().bytes > map.tier_stats().expect("a tier").hot_bytes);
    for _ in 0..3 {
        for key in 0..5_000 {
            get(&map, &me, key);
            get(&map, &me, key);
        }
    }
    assert_eq!(map.tier_stats().expect("a tier").promotions, 0, "no room");
    for key in 0..2_000 {
        assert_eq!(get(&map, &me, key), Some(-key));
    }
}

#[test]
fn what_is_equal_but_not_the_same_is_never_evicted() {
    let (scratch, me) = (Scratch::new(), Participant::new());
    let stored = Map::new(Options::default());
    for key in 0..5_000 {
        stored
            .swap(&Key::int(key), &Value::Number(0.0), &me.pin())
            .expect("memory");
    }
    let bytes = Value::Blob(BlobKind::Bytes, b"bytes");
    stored
        .swap(&Key::int(1), &bytes, &me.pin())
        .expect("memory");
    scratch.freeze(&stored, "map");
    let file = FrozenMap::open(&scratch.path("map"), true).expect("whole");
    let map = Map::over(file, 30_000, options_of(Made::Sharded(1), MASKS[0]));
    // Equal to what the file has, as `compareAndSet` sees it, and yet read differently.
    let buffer = Value::Blob(BlobKind::Buffer, b"bytes");
    map.swap(&Key::int(1), &buffer, &me.pin()).expect("memory");
    map.swap(&Key::int(2), &Value::Number(-0.0), &me.pin())
        .expect("memory");
    for key in (0..5_000).flat_map(|key| [key; 3]) {
        let guard = me.pin();
        let found = map.get(&Key::int(key), &guard).expect("no damage");
        match (key, found.expect("there")) {
            (1, Value::Blob(kind, _)) => assert_eq!(kind, BlobKind::Buffer),
            (2, Value::Number(number)) => assert!(number.is_sign_negative()),
            (_, found) => assert!(found.identical(&Value::Number(0.0)), "{key}: {found:?}"),
        }
    }
    assert!(map.tier_stats().expect("a tier").evictions > 1_000);
    let guard = me.pin();
    let found = |key| {
        map.get(&Key::int(key), &guard)
            .expect("no damage")
            .expect("there")
    };
    assert!(found(1).identical(&buffer));
    assert!(found(2).identical(&Value::Number(-0.0)));
}

#[test]
fn a_tier_frozen_again_is_what_it_was() {
    let (scratch, me) = (Scratch::new(), Participant::new());
    let map = Map::over(file(&scratch, 1_000), 1 << 20, Options::default());
    for key in 0..1_000 {
        get(&map, &me, key);
        get(&map, &me, key);
    }
    map.swap(&Key::int(1), &Value::Null, &me.pin())
        .expect("memory");
    map.take(&Key::int(2), &me.pin()).expect("no damage");
    map.swap(&Key::int(5_000), &Value::Int(3), &me.pin())
        .expect("memory");
    scratch.freeze(&map, "map");
    let again = FrozenMap::open(&scratch.path("map"), true).expect("whole");
    assert_eq!(again.len(), 1_000);
    let found = |key| again.get(&Key::int(key)).expect("no damage");
    assert!(found(1).is_some_and(|value| value.same(&Value::Null)));
    assert!(found(2).is_none());
    assert!(found(3).is_some_and(|value| value.same(&Value::Int(3))));
    assert!(found(5_000).is_some_and(|value| value.same(&Value::Int(3))));
}

#[cfg(unix)]
#[test]
fn over_a_damaged_file_nothing_is_done_by_halves() {
    let (scratch, me) = (Scratch::new(), Participant::new());
    let map = Map::over(file(&scratch, 1_000), 1 << 20, Options::default());
    map.swap(&Key::int(1), &Value::Int(-1), &me.pin())
        .expect("memory");
    let file = OpenOptions::new()
        .write(true)
        .open(scratch.path("map"))
        .expect("the file");
    file.set_len(0).expect("shorter");
    let (guard, key) = (me.pin(), Key::int(500));
    let corrupt = |result: Result<bool, Error>| matches!(result, Err(Error::Corrupt { .. }));
    assert!(corrupt(map.get(&key, &guard).map(|found| found.is_some())));
    assert!(corrupt(map.contains(&key, &guard)));
    assert!(corrupt(
        map.swap(&key, &Value::Int(1), &guard)
            .map(|old| old.is_some())
    ));
    assert!(corrupt(map.take(&key, &guard).map(|old| old.is_some())));
    assert!(corrupt(map.compare_and_set(
        &key,
        &Expected::Absent,
        &Value::Int(1),
        &guard
    )));
    assert!(corrupt(map.compare_and_delete(
        &key,
        &Value::Int(500),
        &guard
    )));
    assert!(corrupt(
        map.get_entry(&key, &guard).map(|entry| entry.is_some())
    ));
    assert!(corrupt(
        map.scan(0, 10, &guard, &mut Vec::new())
            .map(|next| next.is_some())
    ));
    assert_eq!((map.len(), map.changes()), (1_000, 1));
    // What is in memory needs no file.
    assert_eq!(get(&map, &me, 1), Some(-1));
}
