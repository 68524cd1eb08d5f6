//! Real threads: nothing is lost, nothing is given twice.

use std::thread;

use super::map_of;
use super::oracle::{Name, scan_all};
use crate::sync::{AtomicU64, Ordering};
use crate::{Expected, Key, Number, Participant, Value};

const THREADS: u64 = 4;

fn in_threads(work: impl Fn(u64, &Participant) + Sync) {
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let work = &work;
            scope.spawn(move || work(thread, &Participant::new()));
        }
    });
}

on_each_index! {
fn concurrent_adds_lose_nothing(made) {
    {
        let map = map_of(made, u32::MAX);
        in_threads(|_, me| {
            for i in 0..20_000_i64 {
                let (one, zero) = (Number::Int(1), Number::Int(0));
                map.add(&Key::int(i % 3), one, zero, &me.pin())
                    .expect("an int");
            }
        });
        let me = Participant::new();
        let sum: i64 = (0..3)
            .map(|i| {
                if let Some(Value::Int(n)) = map.get(&Key::int(i), &me.pin()).expect("no damage") {
                    n
                } else {
                    0
                }
            })
            .sum();
        assert_eq!(sum, 20_000 * THREADS as i64);
    }
}
}

on_each_index! {
fn every_inserted_entry_is_taken_exactly_once(made) {
    let map = map_of(made, u32::MAX);
    let (inserted, taken) = (AtomicU64::new(0), AtomicU64::new(0));
    in_threads(|_, me| {
        for i in 0..30_000_i64 {
            let (key, guard) = (Key::int(i % 40), me.pin());
            if map
                .compare_and_set(&key, &Expected::Absent, &Value::Int(i), &guard)
                .expect("memory")
            {
                inserted.fetch_add(1, Ordering::Relaxed);
            }
            if map.take(&Key::int((i * 7) % 40), &guard).expect("no damage").is_some() {
                taken.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let left = scan_all(&map, &Participant::new(), 10).len() as u64;
    assert_eq!(inserted.into_inner(), taken.into_inner() + left);
    assert_eq!(map.len(), left);
}
}

on_each_index! {
fn a_scan_gives_what_stays_exactly_once_while_the_map_grows_and_shrinks(made) {
    let map = map_of(made, u32::MAX);
    let me = Participant::new();
    for i in 0..500 {
        map.swap(&Key::int(i), &Value::Null, &me.pin())
            .expect("memory");
    }
    in_threads(|thread, me| {
        if thread == 0 {
            for _ in 0..200 {
                let found = scan_all(&map, me, 7); // panics on a key that comes twice
                let stable = (0..500_i64)
                    .filter(|i| found.contains_key(&Name::of(&Key::int(*i))))
                    .count();
                assert_eq!(stable, 500, "keys that are there throughout");
            }
            return;
        }
        let mine = |i: i64| 1_000 + i * THREADS as i64 + thread as i64;
        for _ in 0..20 {
            for i in 0..2_000 {
                map.swap(&Key::int(mine(i)), &Value::Null, &me.pin())
                    .expect("memory");
            }
            for i in 0..2_000 {
                map.take(&Key::int(mine(i)), &me.pin()).expect("no damage").expect("mine");
            }
        }
    });
    assert_eq!(map.len(), 500);
}
}

on_each_index! {
fn a_version_never_comes_back(made) {
    let map = map_of(made, u32::MAX);
    let wins = AtomicU64::new(0);
    in_threads(|_, me| {
        for i in 0..5_000_i64 {
            let (key, guard) = (Key::latin1(b"k"), me.pin());
            map.get_or_insert(&key, &Value::Int(0), &guard)
                .expect("memory");
            let Some((Value::Int(n), version)) = map.get_entry(&key, &guard).expect("memory")
            else {
                continue;
            };
            if i % 5 == 0 {
                map.take(&key, &guard).expect("no damage");
            } else if map
                .set_if_version(&key, &Value::Int(n + 1), version, &guard)
                .expect("memory")
            {
                wins.fetch_add(1, Ordering::Relaxed);
                let now = map
                    .get_entry(&key, &guard)
                    .expect("memory")
                    .map(|entry| entry.1);
                assert_ne!(now, Some(version));
            }
        }
    });
    assert!(wins.into_inner() > 0);
}
}

on_each_index! {
fn clear_loses_no_update_half_way(made) {
    let map = map_of(made, u32::MAX);
    let removed = AtomicU64::new(0);
    let added = AtomicU64::new(0);
    in_threads(|thread, me| {
        for i in 0..20_000_i64 {
            let guard = me.pin();
            if thread == 0 {
                if i % 100 == 0 {
                    map.clear_chunk(0, usize::MAX, &guard).expect("no damage");
                }
            } else if thread == 1 {
                // What is taken was added and is gone from the map: the sum over both must come out.
                if let Some(Value::Int(n)) = map.take(&Key::int(i % 8), &guard).expect("no damage") {
                    removed.fetch_add(n as u64, Ordering::Relaxed);
                }
            } else {
                map.add(&Key::int(i % 8), Number::Int(1), Number::Int(0), &guard)
                    .expect("an int");
                added.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let me = Participant::new();
    assert_eq!(map.len(), scan_all(&map, &me, 4).len() as u64);
    assert!(removed.into_inner() <= added.into_inner());
}
}
