//! Stamps: a kept value is the current one for as long as its stamp stands, whatever writers do, die of, or count to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::{AtEnd, MASKS, Made, map_of};
use crate::ops::Step;
use crate::raw::word::Cell;
use crate::step::test::{Manner, behave};
use crate::{
    Copying, Expected, Kept, Key, Lookup, Map, Number, Participant, Progress, StampTable, Value,
};

const KEY: Key<'static> = Key::latin1(b"key");

/// A map whose stamps every writer knows.
fn armed(made: Made, mask: u32, me: &Participant) -> (Map, Arc<StampTable>) {
    let map = map_of(made, mask);
    let table = arm(&map, me);
    (map, table)
}

/// Other tests hold guards in the same process, for moments.
fn arm(map: &Map, me: &Participant) -> Arc<StampTable> {
    loop {
        let table = map.arm(&me.pin()).expect("armed");
        if map
            .keep(&Key::null(), &me.pin())
            .expect("in memory")
            .stamp
            .is_some()
        {
            return table;
        }
        thread::yield_now();
    }
}

fn number(kept: &Kept<'_>) -> Option<f64> {
    match kept.value {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    }
}

type Change = fn(&Map, &Participant);

/// What changes the entry: `KEY` holds 1 before.
const CHANGES: [(&str, Change); 13] = [
    ("swap", |map, me| {
        map.swap(&KEY, &Value::Number(2.0), &me.pin())
            .expect("memory");
    }),
    ("swap of the same", |map, me| {
        map.swap(&KEY, &Value::Number(1.0), &me.pin())
            .expect("memory");
    }),
    ("swap for a blob", |map, me| {
        let value = Value::Blob(crate::BlobKind::Latin1, b"text");
        map.swap(&KEY, &value, &me.pin()).expect("memory");
    }),
    ("take", |map, me| {
        map.take(&KEY, &me.pin())
            .expect("in memory")
            .expect("there");
    }),
    ("replace", |map, me| {
        assert!(map.replace(&KEY, &Value::Null, &me.pin()).expect("memory"));
    }),
    ("compare_and_set", |map, me| {
        let expected = Expected::Value(Value::Number(1.0));
        let set = map.compare_and_set(&KEY, &expected, &Value::Null, &me.pin());
        assert!(set.expect("memory"));
    }),
    ("compare_and_delete", |map, me| {
        assert!(
            map.compare_and_delete(&KEY, &Value::Number(1.0), &me.pin())
                .expect("in memory")
        );
    }),
    ("set_if_version", |map, me| {
        let (_, version) = map
            .get_entry(&KEY, &me.pin())
            .expect("memory")
            .expect("there");
        let set = map.set_if_version(&KEY, &Value::Null, version, &me.pin());
        assert!(set.expect("memory"));
    }),
    ("delete_if_version", |map, me| {
        let (_, version) = map
            .get_entry(&KEY, &me.pin())
            .expect("memory")
            .expect("there");
        assert!(
            map.delete_if_version(&KEY, version, &me.pin())
                .expect("in memory")
        );
    }),
    ("add", |map, me| {
        map.add(&KEY, Number::Float(1.0), Number::Float(0.0), &me.pin())
            .expect("a number");
    }),
    ("max", |map, me| {
        map.max(&KEY, Number::Float(2.0), &me.pin())
            .expect("a number");
    }),
    ("min", |map, me| {
        map.min(&KEY, Number::Float(0.0), &me.pin())
            .expect("a number");
    }),
    ("clear_chunk", |map, me| {
        let mut from = Some(0);
        while let Some(cursor) = from {
            from = map.clear_chunk(cursor, 10, &me.pin()).expect("in memory");
        }
    }),
];

/// What leaves the entry as it is: `KEY` holds 1.
const KEEPS: [(&str, Change); 9] = [
    ("get", |map, me| {
        assert!(map.get(&KEY, &me.pin()).expect("in memory").is_some());
    }),
    ("get_or_insert", |map, me| {
        let guard = me.pin();
        let found = map.get_or_insert(&KEY, &Value::Null, &guard);
        assert!(found.expect("memory").is_some());
    }),
    ("compare_and_set", |map, me| {
        let set = map.compare_and_set(&KEY, &Expected::Absent, &Value::Null, &me.pin());
        assert!(!set.expect("memory"));
    }),
    ("compare_and_delete", |map, me| {
        assert!(
            !map.compare_and_delete(&KEY, &Value::Null, &me.pin())
                .expect("in memory")
        );
    }),
    ("set_if_version", |map, me| {
        let set = map.set_if_version(&KEY, &Value::Null, u64::MAX, &me.pin());
        assert!(!set.expect("memory"));
    }),
    ("get_entry", |map, me| {
        assert!(map.get_entry(&KEY, &me.pin()).expect("memory").is_some());
    }),
    ("max", |map, me| {
        map.max(&KEY, Number::Float(1.0), &me.pin())
            .expect("a number");
    }),
    ("an add that is refused", |map, me| {
        map.add(&KEY, Number::Int(1), Number::Int(0), &me.pin())
            .expect_err("a float");
    }),
    ("take of another key", |map, me| {
        assert!(
            map.take(&Key::latin1(b"other"), &me.pin())
                .expect("in memory")
                .is_none()
        );
    }),
];

on_each_index! {
fn every_change_moves_the_stamp_and_nothing_else_does(made) {
    let me = Participant::new();
    for mask in MASKS {
        let (map, _table) = armed(made, mask, &me);
        for (cases, changes) in [(&CHANGES[..], true), (&KEEPS[..], false)] {
            for (what, case) in cases {
                map.swap(&KEY, &Value::Number(1.0), &me.pin()).expect("memory");
                let guard = me.pin();
                let stamp = map.keep(&KEY, &guard).expect("in memory").stamp.expect("nobody writes");
                case(&map, &me);
                assert_eq!(map.stamp(&KEY) != stamp, changes, "{what}, {made:?}");
                let after = map.keep(&KEY, &guard).expect("in memory");
                assert_eq!(after.stamp, Some(map.stamp(&KEY)), "{what}: nobody writes any more");
                drop(guard);
            }
        }
    }
}
}

on_each_index! {
fn an_insert_moves_the_stamp_of_a_kept_miss(made) {
    let me = Participant::new();
    let (map, _table) = armed(made, u32::MAX, &me);
    let guard = me.pin();
    let miss = map.keep(&KEY, &guard).expect("in memory");
    assert!(miss.value.is_none());
    map.swap(&KEY, &Value::Null, &guard).expect("memory");
    assert_ne!(Some(map.stamp(&KEY)), miss.stamp);
}
}

#[test]
fn a_prepared_key_is_the_key_and_of_another_map_too() {
    let me = Participant::new();
    let (map, other) = (
        map_of(Made::LockFree, u32::MAX),
        map_of(Made::LockFree, u32::MAX),
    );
    for key in [
        KEY,
        Key::null(),
        Key::number(1.5),
        Key::int(7),
        Key::utf16(&[1, 2]),
        Key::bytes(&[3; 40]),
    ] {
        let prepared = map.prepare(&key);
        assert_eq!(Lookup::as_bytes(&prepared), key.as_bytes());
        for map in [&map, &other] {
            let value = Value::Number(1.0);
            map.swap(&prepared, &value, &me.pin()).expect("memory");
            assert!(
                map.get(&key, &me.pin())
                    .expect("in memory")
                    .is_some_and(|found| found.same(&value)),
                "{key:?}"
            );
        }
        assert_eq!(map.hash(&key).hash, map.hash(&prepared).hash);
        assert_eq!(map.hash(&key).tag, map.hash(&prepared).tag);
    }
}

#[test]
fn without_stamps_and_before_the_end_of_the_grace_period_nothing_is_kept() {
    let (me, other) = (Participant::new(), Participant::new());
    let map = map_of(Made::LockFree, u32::MAX);
    assert_eq!(map.keep(&KEY, &me.pin()).expect("in memory").stamp, None);
    // Pinned before: it may have found no table, and may write without looking until it is gone.
    let writer = other.pin();
    for _ in 0..100 {
        let _ = map.arm(&me.pin());
        assert_eq!(map.keep(&KEY, &me.pin()).expect("in memory").stamp, None);
    }
    drop(writer);
    arm(&map, &me);
    assert!(
        map.keep(&KEY, &me.pin())
            .expect("in memory")
            .stamp
            .is_some()
    );
    // Pinned after: it knows of the table.
    let _writer = other.pin();
    assert!(
        map.keep(&KEY, &me.pin())
            .expect("in memory")
            .stamp
            .is_some()
    );
}

#[test]
fn a_grace_period_that_ends_late_is_noticed_by_a_read() {
    let (me, other) = (Participant::new(), Participant::new());
    let map = map_of(Made::LockFree, u32::MAX);
    let writer = other.pin();
    let _ = map.arm(&me.pin());
    drop(writer);
    while map
        .keep(&KEY, &me.pin())
        .expect("in memory")
        .stamp
        .is_none()
    {}
}

/// The stamps around which a count could come back: the sign of an `i32`, and the wrap itself.
#[test]
fn counts_pass_the_sign_and_stop_before_the_wrap() {
    let me = Participant::new();
    let (map, _table) = armed(Made::LockFree, u32::MAX, &me);
    let write = || {
        map.swap(&KEY, &Value::Null, &me.pin()).expect("memory");
    };
    map.set_stamp(&KEY, i32::MAX as u32 - 2);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..6 {
        let stamp = map
            .keep(&KEY, &me.pin())
            .expect("in memory")
            .stamp
            .expect("kept on both sides of the sign");
        assert!(seen.insert(stamp));
        write();
    }
    assert!(seen.contains(&(1 << 31)));

    let limit = u32::MAX - (1 << 20);
    map.set_stamp(&KEY, limit - 2);
    let last = map.keep(&KEY, &me.pin()).expect("in memory").stamp;
    assert_eq!(last, Some(limit - 2));
    write();
    assert_eq!(
        map.keep(&KEY, &me.pin()).expect("in memory").stamp,
        Some(limit - 1)
    );
    for _ in 0..100 {
        write();
        assert_eq!(
            map.keep(&KEY, &me.pin()).expect("in memory").stamp,
            None,
            "at the end of the counts"
        );
        assert!(
            map.stamp(&KEY) >= limit,
            "no stamp that was ever given comes back"
        );
        assert!(
            map.stamp(&KEY) <= limit + 1,
            "and the wrap stays out of reach"
        );
    }
}

#[test]
fn no_number_of_threads_counts_over_the_wrap() {
    let me = Participant::new();
    let (map, _table) = armed(Made::Sharded(1), u32::MAX, &me);
    let limit = u32::MAX - (1 << 20);
    map.set_stamp(&KEY, limit - 1000);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let me = Participant::new();
                let mut last = 0;
                for _ in 0..20_000 {
                    map.add(&KEY, Number::Int(1), Number::Int(0), &me.pin())
                        .expect("an int");
                    let now = map.stamp(&KEY);
                    assert!(now >= last || now >= limit, "{now} after {last}");
                    assert!(now < limit + 10);
                    last = now.min(limit);
                }
            });
        }
    });
    assert_eq!(map.keep(&KEY, &me.pin()).expect("in memory").stamp, None);
}

on_each_index! {
fn a_writer_that_stands_still_or_panics_half_way_leaves_reads_right(made) {
    let me = Participant::new();
    let (map, _table) = armed(made, u32::MAX, &me);
    map.swap(&KEY, &Value::Number(1.0), &me.pin()).expect("memory");
    let kept = map.keep(&KEY, &me.pin()).expect("in memory").stamp.expect("nobody writes");
    // Before the change, and right behind it.
    let places = ["started", if matches!(made, Made::Snapshot) { "unlock and bury" } else { "kill" }];
    for at in places {
        let (there, go) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        thread::scope(|scope| {
            let manner = Manner::Stopped { at, there: Arc::clone(&there), go: Arc::clone(&go) };
            let map = &map;
            let writer = scope.spawn(move || {
                behave(Some(manner));
                map.take(&KEY, &Participant::new().pin()).expect("in memory");
                behave(None);
            });
            let _go = AtEnd(&go);
            while !there.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            // Nobody waits, nothing is kept, and what was kept is no more.
            let guard = me.pin();
            let now = map.keep(&KEY, &guard).expect("in memory");
            assert_eq!(now.value.is_some(), at == "started");
            assert_eq!(now.stamp, None);
            assert_ne!(map.stamp(&KEY), kept);
            map.swap(&KEY, &Value::Number(2.0), &me.pin()).expect("memory");
            assert_eq!(map.keep(&KEY, &me.pin()).expect("in memory").stamp, None);
            go.store(true, Ordering::SeqCst);
            writer.join().expect("no panic");
        });
        assert!(map.keep(&KEY, &me.pin()).expect("in memory").stamp.is_some());
        map.swap(&KEY, &Value::Number(1.0), &me.pin()).expect("memory");
    }
    for at in places {
        let before = map.stamp(&KEY);
        behave(Some(Manner::Panicking { at }));
        catch_unwind(AssertUnwindSafe(|| map.take(&KEY, &me.pin()).expect("in memory").is_some())).expect_err("asked for");
        behave(None);
        let guard = me.pin();
            let now = map.keep(&KEY, &guard).expect("in memory");
        assert_eq!(now.value.is_some(), at == "started");
        assert_eq!(now.stamp, Some(map.stamp(&KEY)), "the panic has ended the write");
        assert_ne!(map.stamp(&KEY), before);
    }
}
}

#[test]
fn an_ended_map_keeps_nothing_and_what_was_kept_of_it_is_no_more() {
    let me = Participant::new();
    let (map, _table) = armed(Made::LockFree, u32::MAX, &me);
    let stamp = map.keep(&KEY, &me.pin()).expect("in memory").stamp;
    map.end_stamps();
    assert_ne!(Some(map.stamp(&KEY)), stamp);
    map.swap(&KEY, &Value::Null, &me.pin()).expect("memory");
    assert_eq!(map.keep(&KEY, &me.pin()).expect("in memory").stamp, None);
}

#[test]
fn the_table_outlives_the_map_in_who_holds_it() {
    let me = Participant::new();
    let (map, table) = armed(Made::LockFree, u32::MAX, &me);
    let bytes = map.stats().index_bytes;
    drop(map);
    assert_eq!(Arc::strong_count(&table), 1);
    assert!(bytes > size_of_val(&*table) as u64);
}

on_each_index! {
/// Each writer says what it has written; who then hits must not have less.
fn a_hit_is_never_older_than_what_was_said_before(made) {
    const WRITES: u64 = 3_000;
    let me = Participant::new();
    let (map, _table) = armed(made, u32::MAX, &me);
    let said = AtomicU64::new(0);
    let hits = AtomicU64::new(0);
    thread::scope(|scope| {
        let (map, said, hits) = (&map, &said, &hits);
        scope.spawn(move || {
            let me = Participant::new();
            behave(Some(Manner::Shaken(7)));
            for write in 1..=WRITES {
                // Removals too: a kept miss has to go as a kept value does.
                if write % 3 == 0 {
                    map.take(&KEY, &me.pin()).expect("in memory");
                }
                map.swap(&KEY, &Value::Number(write as f64), &me.pin()).expect("memory");
                said.store(write, Ordering::Release);
                // Until somebody has hit again: among writes there may be none for long.
                let before = hits.load(Ordering::Relaxed);
                for _ in 0..if write % 64 == 0 { 1_000 } else { 0 } {
                    if hits.load(Ordering::Relaxed) > before {
                        break;
                    }
                    thread::yield_now();
                }
            }
        });
        for seed in 0..2 {
            scope.spawn(move || {
                let me = Participant::new();
                behave(Some(Manner::Shaken(seed + 1)));
                let mut kept: Option<(f64, u32)> = None;
                loop {
                    let least = said.load(Ordering::Acquire);
                    let value = match kept {
                        Some((value, stamp)) if map.stamp(&KEY) == stamp => {
                            hits.fetch_add(1, Ordering::Relaxed);
                            Some(value)
                        }
                        _ => {
                            let guard = me.pin();
                            let now = map.keep(&KEY, &guard).expect("in memory");
                            kept = number(&now).zip(now.stamp);
                            number(&now)
                        }
                    };
                    // A miss is the moment between a removal and the next write.
                    if let Some(value) = value {
                        assert!(value as u64 >= least, "{value} after {least} was said");
                    }
                    if least == WRITES {
                        break;
                    }
                }
            });
        }
    });
    assert!(hits.into_inner() > 0);
}
}

/// The value that a prepared key leads to, by every way that uses its hint.
fn through(map: &Map, prepared: &crate::Prepared, me: &Participant) -> Option<f64> {
    let guard = me.pin();
    let kept = map.keep(prepared, &guard).expect("in memory");
    let by_key = map.get(&KEY, &guard).expect("in memory");
    assert_eq!(by_key.is_some(), kept.value.is_some());
    let keep = |found: Option<Cell<'_>>| {
        assert_eq!(found.is_some(), by_key.is_some());
        Ok(Step::Keep)
    };
    let stepped = map.step(prepared, &guard, keep, |_, done| done);
    assert_eq!(stepped, Ok(false));
    number(&kept)
}

on_each_index! {
fn a_prepared_key_finds_its_entry_over_all_that_happens_to_it(made) {
    let me = Participant::new();
    // Beginning at 0, and so that the counts pass the sign, or stop, on the way.
    let begins = [0, (1 << 31) - 1_000, u32::MAX - (1 << 20) - 1_000];
    for (mask, begin) in MASKS.into_iter().flat_map(|mask| begins.map(|begin| (mask, begin))) {
        let (map, _table) = armed(made, mask, &me);
        map.set_stamp(&KEY, begin);
        let prepared = map.prepare(&KEY);
        let mut random = 7_u64;
        let mut model = None;
        for step in 0..4_000_u32 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let value = f64::from(step);
            let key: &dyn Lookup = if random >> 40 & 1 == 0 { &KEY } else { &prepared };
            match random >> 33 & 7 {
                0 => assert_eq!(map.take(&key, &me.pin()).expect("in memory").is_some(), model.take().is_some()),
                1 | 2 => {
                    let guard = me.pin();
                    let was = map.swap(&key, &Value::Number(value), &guard).expect("memory");
                    assert_eq!(was.is_some(), model.replace(value).is_some());
                }
                3 | 4 => {
                    let (one, zero) = (Number::Float(1.0), Number::Float(0.0));
                    map.add(&key, one, zero, &me.pin()).expect("a number");
                    model = Some(model.unwrap_or(0.0) + 1.0);
                }
                5 if step % 8 == 0 => {
                    let mut from = Some(0);
                    while let Some(cursor) = from {
                        from = map.clear_chunk(cursor, 1_000, &me.pin()).expect("in memory");
                    }
                    model = None;
                }
                // Others, some of its group, and enough of them for growth.
                5 | 6 => {
                    let other = Key::int(i64::from(step) % 500);
                    map.swap(&other, &Value::Null, &me.pin()).expect("memory");
                }
                _ => me.pin().flush(),
            }
            assert_eq!(through(&map, &prepared, &me), model, "step {step}");
        }
    }
}
}

on_each_index! {
/// Nodes come and go under the hint while the memory of the gone ones is used again at once.
fn hints_of_many_threads_lead_to_no_node_that_is_gone(made) {
    let me = Participant::new();
    let (map, _table) = armed(made, u32::MAX, &me);
    let total = AtomicU64::new(0);
    thread::scope(|scope| {
        let (map, total) = (&map, &total);
        for thread in 0..3_u64 {
            scope.spawn(move || {
                let me = Participant::new();
                behave(Some(Manner::Shaken(thread + 1)));
                let keys: Vec<_> = (0..4).map(|key| map.prepare(&Key::int(key))).collect();
                let mut random = thread + 1;
                let mut balance = 0_i64;
                for _ in 0..20_000 {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let key = &keys[(random >> 33) as usize % 4];
                    let guard = me.pin();
                    match random >> 60 {
                        0..6 => {
                            // A value of its own allocation: freed memory would be written over.
                            let old = map.swap(&key, &Value::Blob(crate::BlobKind::Latin1, &[b'x'; 40]), &guard);
                            balance += i64::from(old.expect("memory").is_none());
                        }
                        6..12 => balance -= i64::from(map.take(&key, &guard).expect("in memory").is_some()),
                        _ => {
                            if let Some(Value::Blob(_, bytes)) = map.keep(&key, &guard).expect("in memory").value {
                                assert_eq!(bytes, [b'x'; 40]);
                            }
                        }
                    }
                }
                total.fetch_add(balance as u64, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(map.len(), total.into_inner());
}
}

#[test]
fn what_changes_many_keys_by_one_store_moves_the_stamps_of_all() {
    let me = Participant::new();
    let (map, _table) = armed(Made::Snapshot, u32::MAX, &me);
    let keys: Vec<_> = (0..50).map(Key::int).collect();
    let fill = || {
        for key in &keys {
            map.set(key, &Value::Null, &me.pin()).expect("memory");
        }
    };
    let stamps = || keys.iter().map(|key| map.stamp(key)).collect::<Vec<_>>();
    let changes: [(&str, &dyn Fn()); 3] = [
        ("a transaction", &|| {
            let mut transaction = map.begin(&me.pin()).expect("of that variant");
            for (at, key) in keys.iter().enumerate() {
                if at % 2 == 0 {
                    transaction.set(key, &Value::Number(1.0)).expect("small");
                } else {
                    transaction.delete(key);
                }
            }
            assert!(transaction.commit(&map, &me.pin()).expect("memory").0);
        }),
        ("replace_all", &|| {
            let content = map.content().expect("of that variant");
            let replaced = map.replace_all(content, None, &me.pin());
            assert!(replaced.expect("of that variant").is_some());
        }),
        ("clear", &|| {
            assert!(map.clear_at_once(&me.pin()).is_some());
        }),
    ];
    for (what, change) in changes {
        fill();
        let before = stamps();
        change();
        let moved = stamps()
            .iter()
            .zip(&before)
            .filter(|(now, then)| now != then)
            .count();
        assert_eq!(moved, keys.len(), "{what}");
        for key in &keys {
            let guard = me.pin();
            let kept = map.keep(key, &guard).expect("in memory");
            assert_eq!(kept.stamp, Some(map.stamp(key)), "{what} is over");
        }
    }
}

/// A removed entry's node stays while a snapshot is being taken; the snapshot's end takes it out without a stamp.
#[test]
fn no_hint_leads_to_a_node_that_stays_for_a_snapshot_only() {
    for made in [Made::Sharded(1), Made::LockFree] {
        let me = Participant::new();
        let (map, _table) = armed(made, u32::MAX, &me);
        let prepared = map.prepare(&KEY);
        for round in 0..20 {
            map.set(&prepared, &Value::Number(1.0), &me.pin())
                .expect("memory");
            let mut copying = Copying::begin(&map, &me.pin());
            map.take(&prepared, &me.pin())
                .expect("in memory")
                .expect("there");
            // These look for the entry while its node is still linked.
            assert!(
                map.keep(&prepared, &me.pin())
                    .expect("in memory")
                    .value
                    .is_none()
            );
            assert!(map.take(&prepared, &me.pin()).expect("in memory").is_none());
            loop {
                let progress = copying.step(&map, &me.pin()).expect("memory");
                match progress {
                    Progress::Done => break,
                    Progress::Waits => copying.pause(),
                    Progress::More => {}
                }
            }
            drop(copying.finish(&map, &me.pin()));
            // The memory of the node is somebody else's by now.
            for other in 0..100 {
                me.pin().flush();
                let value = Value::Blob(crate::BlobKind::Latin1, &[b'x'; 40]);
                map.set(&Key::int(other), &value, &me.pin())
                    .expect("memory");
            }
            assert!(
                map.keep(&prepared, &me.pin())
                    .expect("in memory")
                    .value
                    .is_none(),
                "round {round}"
            );
            map.set(&prepared, &Value::Number(2.0), &me.pin())
                .expect("memory");
            let guard = me.pin();
            assert_eq!(
                number(&map.keep(&KEY, &guard).expect("in memory")),
                Some(2.0),
                "round {round}"
            );
        }
    }
}
