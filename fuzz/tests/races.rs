//! Threads that do any operations on one map, for `ThreadSanitizer`: `node ci/sanitize.mjs --thread`.
//!
//! A program without the test harness, whose channels the standard library synchronises where the sanitizer does not
//! look; threads are joined one by one, which it sees. What it checks itself is little: sums that must come out.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use threadmap_core::{BlobKind, Expected, Key, Map, Number, Options, Participant, Value, Variant};

const THREADS: u64 = 4;
const KEYS: u64 = 300;
const OPERATIONS: u64 = 12_000;

/// xorshift64 (Marsaglia, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// What all threads share: the map, and how many entries each has put in less those that it took out.
struct Shared {
    map: Map,
    balance: AtomicI64,
    /// What the counter must say.
    counted: AtomicI64,
}

/// An entry that nobody takes out.
const COUNTER: Key<'static> = Key::int(0);

fn any_operation(shared: &Shared, random: &mut Random, me: &Participant, fill: u64) {
    let (map, number) = (&shared.map, random.below(KEYS));
    let name = format!("key {number}");
    let (key, guard) = (Key::latin1(name.as_bytes()), &me.pin());
    let blob = Value::Blob(BlobKind::Bytes, &[number as u8; 40]);
    let old = map.get(&key, guard).expect("no damage");
    let insert = |value| {
        let put = map.compare_and_set(&key, &Expected::Absent, &value, guard);
        let put = put.expect("memory");
        // Relaxed: looked at when the threads have been joined.
        shared.balance.fetch_add(i64::from(put), Ordering::Relaxed);
    };
    let removed = |gone: bool| shared.balance.fetch_sub(i64::from(gone), Ordering::Relaxed);
    match random.below(13) {
        0 => assert!(
            old.is_none_or(|old| !format!("{old:?}").is_empty()),
            "all of it can be read"
        ),
        1 => drop(map.replace(&key, &blob, guard).expect("memory")),
        2 => drop(
            map.replace(&key, &Value::Number(number as f64), guard)
                .expect("memory"),
        ),
        3 => {
            if let Some(old) = old {
                map.compare_and_set(&key, &Expected::Value(old), &blob, guard)
                    .expect("memory");
            }
        }
        4 => {
            let (one, zero) = (Number::Int(1), Number::Int(0));
            map.add(&COUNTER, one, zero, guard).expect("an int");
            shared.counted.fetch_add(1, Ordering::Relaxed);
        }
        5 => {
            if let Some((_, version)) = map.get_entry(&key, guard).expect("memory") {
                removed(
                    map.delete_if_version(&key, version, guard)
                        .expect("no damage"),
                );
            }
        }
        6 => drop(
            map.scan(number << 23, 30, guard, &mut Vec::new())
                .expect("no damage"),
        ),
        7 => drop(map.keep(&key, guard).expect("no damage")),
        _ if random.below(4) < fill => insert(if number % 2 == 0 { blob } else { Value::Int(1) }),
        _ => drop(removed(map.take(&key, guard).expect("no damage").is_some())),
    }
}

/// Counts one more, by a transaction that another thread may spoil.
fn count_in_a_transaction(shared: &Shared, me: &Participant) {
    let Ok(mut begun) = shared.map.begin(&me.pin()) else {
        return; // not of this variant
    };
    let next = match begun.get(&COUNTER) {
        Some(Value::Int(count)) => count + 1,
        _ => 1,
    };
    begun.set(&COUNTER, &Value::Int(next)).expect("memory");
    let (committed, _snapshot) = begun.commit(&shared.map, &me.pin()).expect("memory");
    shared
        .counted
        .fetch_add(i64::from(committed), Ordering::Relaxed);
}

/// One map, from empty, by threads that fill and drain it in turns.
fn races(variant: Variant, hash_mask: u32) {
    let mut options = Options::default();
    options.variant = variant;
    options.shards = 2;
    options.hash_mask = hash_mask;
    let shared = Arc::new(Shared {
        map: Map::new(options),
        balance: AtomicI64::new(0),
        counted: AtomicI64::new(0),
    });
    let threads: Vec<_> = (1..=THREADS)
        .map(|thread| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let mut random = Random(thread.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let mut last = 0;
                // New participants take over the slots and the garbage of those that have gone.
                for turn in 0..6 {
                    let me = Participant::new();
                    for operation in 0..OPERATIONS / 6 {
                        any_operation(&shared, &mut random, &me, 1 + turn % 2 * 2);
                        if operation % 10 == 0 {
                            count_in_a_transaction(&shared, &me);
                        }
                        if operation == 700 {
                            // From here on every writer moves stamps.
                            let _ = shared.map.arm(&me.pin());
                        }
                        // One that another thread holds up for too long is refused, and the next one counts.
                        if operation % 500 == 0
                            && let Ok(snapshot) = shared.map.snapshot(&me)
                        {
                            let count = match snapshot.get(&COUNTER) {
                                Some(Value::Int(count)) => count,
                                _ => 0,
                            };
                            assert!(count >= last, "a later snapshot has all of an earlier one");
                            last = count;
                        }
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    let me = Participant::new();
    let guard = me.pin();
    let count = shared.map.take(&COUNTER, &guard).expect("no damage");
    let counted = Value::Int(shared.counted.load(Ordering::Relaxed));
    assert!(
        count.is_some_and(|count| count.same(&counted)),
        "{variant:?}"
    );
    let entries = shared.map.len() as i64;
    assert_eq!(
        entries,
        shared.balance.load(Ordering::Relaxed),
        "{variant:?}"
    );
    shared.map.check();
}

fn main() {
    for variant in [Variant::LockFree, Variant::Sharded, Variant::Snapshot] {
        for mask in [u32::MAX, 0xffff_0000, 0xff] {
            races(variant, mask);
            println!("{variant:?}, bits {mask:#x} of the hash: fine");
        }
    }
}
