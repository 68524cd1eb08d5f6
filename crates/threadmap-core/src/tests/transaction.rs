//! Transactions: all or nothing, in one order for everybody.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::{AtEnd, Made, map_of, taken};
use crate::step::test::{Manner, behave};
use crate::{BlobKind, Error, Key, Map, Participant, Transaction, Value};

fn number(value: Option<Value<'_>>) -> i64 {
    match value {
        Some(Value::Int(number)) => number,
        None => 0,
        other => panic!("an int, not {other:?}"),
    }
}

/// Runs it until it is committed; how often it ran.
fn transact(map: &Map, me: &Participant, work: impl Fn(&mut Transaction)) -> u64 {
    for runs in 1.. {
        let mut transaction = map.begin(&me.pin()).expect("its variant");
        work(&mut transaction);
        if transaction.commit(map, &me.pin()).expect("memory").0 {
            return runs;
        }
    }
    unreachable!()
}

#[test]
fn money_moves_but_is_never_made_or_lost() {
    const ACCOUNTS: u64 = 12;
    const THREADS: u64 = 4;
    let (map, me) = (map_of(Made::Snapshot, u32::MAX), Participant::new());
    for account in 0..ACCOUNTS {
        map.swap(&Key::int(account as i64), &Value::Int(100), &me.pin())
            .expect("memory");
    }
    let total = || {
        let snapshot = taken(&map, &Participant::new());
        let mut entries = Vec::new();
        snapshot.scan(0, usize::MAX, &mut entries);
        entries
            .iter()
            .map(|entry| number(Some(entry.value)))
            .sum::<i64>()
    };
    let (stop, lost) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let done = AtEnd(&stop);
        let movers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (map, lost) = (&map, &lost);
                scope.spawn(move || {
                    behave(Some(Manner::Shaken(thread + 31)));
                    let me = Participant::new();
                    // Until some have run again, too: on a busy machine threads seldom meet.
                    let enough = |step| step >= 3_000 && lost.load(Ordering::Relaxed) > 0;
                    for step in (0..1_000_000_u64).take_while(|&step| !enough(step)) {
                        let from = Key::int((step.wrapping_mul(7 + thread) % ACCOUNTS) as i64);
                        let to = Key::int((step.wrapping_mul(5) % ACCOUNTS) as i64);
                        let runs = transact(map, &me, |tx| {
                            let amount = number(tx.get(&from)) / 3;
                            if step % 32 == thread {
                                thread::yield_now();
                            }
                            for (key, change) in [(&from, -amount), (&to, amount)] {
                                let next = number(tx.get(key)) + change;
                                tx.set(key, &Value::Int(next)).expect("short");
                            }
                        });
                        lost.fetch_add(runs - 1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let watcher = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(total(), 100 * ACCOUNTS as i64);
            }
        });
        for mover in movers {
            mover.join().expect("no panic");
        }
        drop(done);
        watcher.join().expect("the total stays");
    });
    assert_eq!(total(), 100 * ACCOUNTS as i64);
    assert!(lost.into_inner() > 0, "some ran again");
    map.index.check();
}

#[test]
fn what_a_transaction_has_read_must_stand_also_where_it_was_nothing() {
    let (map, me) = (map_of(Made::Snapshot, u32::MAX), Participant::new());
    let (read, written) = (Key::latin1(b"read"), Key::latin1(b"written"));
    let put = |key: &Key<'_>, value: i64| {
        map.swap(key, &Value::Int(value), &me.pin())
            .expect("memory");
    };
    let commit = |transaction: Transaction| {
        let done = transaction.commit(&map, &me.pin());
        done.expect("memory").0
    };
    let begin = || map.begin(&me.pin()).expect("its variant");

    let mut tx = begin();
    assert!(tx.get(&read).is_none());
    tx.set(&written, &Value::Int(1)).expect("short");
    put(&read, 5);
    assert!(!commit(tx), "what was nothing is something");
    assert!(
        map.get(&written, &me.pin()).expect("no damage").is_none(),
        "nothing has happened"
    );

    let mut tx = begin();
    tx.set(&written, &Value::Int(1)).expect("short");
    put(&read, 6);
    assert!(commit(tx), "it has not read it");

    let mut tx = begin();
    assert_eq!(number(tx.get(&read)), 6);
    tx.set(&written, &Value::Int(2)).expect("short");
    put(&read, 7);
    put(&read, 6);
    assert!(!commit(tx), "6 -> 7 -> 6 is a change");

    let mut tx = begin();
    assert_eq!(number(tx.get(&read)), 6);
    put(&read, 8);
    assert_eq!(number(tx.get(&read)), 6, "it reads one moment");
    assert!(commit(tx), "it wrote nothing: it took place when it began");

    let mut tx = begin();
    tx.set(&read, &Value::Int(9)).expect("short");
    assert_eq!(number(tx.get(&read)), 9, "its own write");
    assert!(tx.delete(&read));
    assert!(tx.get(&read).is_none());
    assert!(!tx.delete(&read));
    put(&read, 10);
    assert!(commit(tx), "it has read only what it wrote itself");
    assert!(!map.contains(&read, &me.pin()).expect("no damage"));
    map.index.check();
}

#[test]
fn a_dropped_transaction_has_done_nothing_and_leaves_nothing() {
    let (map, me) = (map_of(Made::Snapshot, u32::MAX), Participant::new());
    let before = map.stats();
    let mut tx = map.begin(&me.pin()).expect("its variant");
    let long = Value::Blob(BlobKind::Bytes, &[7; 100]);
    tx.set(&Key::int(1), &long).expect("short");
    drop(tx);
    assert_eq!(map.stats(), before);
    let other = map_of(Made::LockFree, 1);
    assert!(matches!(
        other.begin(&me.pin()).err(),
        Some(Error::OtherVariant { .. })
    ));
}
