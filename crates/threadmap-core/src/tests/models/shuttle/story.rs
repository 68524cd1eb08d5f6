//! A random story: three to eight threads, twenty to fifty calls on few keys, judged at its end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Clock;
use std::sync::atomic::Ordering::Relaxed;

use ::shuttle::rand::{Rng, thread_rng};
use ::shuttle::thread;

use super::super::{Made, get, insert, key, map_of, number, reclaim, scan, swap, take};
use super::judge::{Call, Did, judge};
use crate::raw::watch;
use crate::{Expected, Key, Map, Number, Participant, Value};

/// Apart in each of the first bits, so that all of them take three levels of the trie; and with a hash that was before.
const KEYS: [i64; 10] = [
    key(0),
    key(0x2000_0000),
    key(0x1000_0000),
    key(0x8000_0000),
    key(0xc000_0000),
    key(0xa000_0000),
    key(0x9000_0000),
    key(0x4000_0000),
    key(0) | 1 << 48,
    key(0) | 2 << 48,
];
/// Never taken out.
const LASTING: [i64; 2] = [key(0x0800_0000), key(0xb000_0000) | 1 << 48];
/// Only added to and taken.
const COUNTER: i64 = key(0xe000_0000);

struct Teller {
    map: Arc<Map>,
    clock: Arc<Clock>,
    me: Participant,
    keys: Vec<i64>,
    next: i64,
    calls: Vec<Call>,
    added: i64,
    taken: i64,
}

impl Teller {
    fn now(&self) -> u64 {
        self.clock.fetch_add(1, Relaxed) + 1
    }

    /// A value that nobody else puts.
    fn fresh(&mut self) -> i64 {
        self.next += 1;
        self.next
    }

    fn call(&mut self, key: i64, call: impl FnOnce(&Map, &Participant) -> Option<Did>) {
        let from = self.now();
        let did = call(&self.map, &self.me);
        let to = self.now();
        self.calls
            .extend(did.map(|did| Call { key, from, to, did }));
    }

    fn read_all(&mut self) {
        let from = self.now();
        let found = scan(&self.map, &self.me);
        let to = self.now();
        for key in LASTING {
            assert_eq!(
                found.get(&key),
                Some(&key),
                "a key that stays is in each scan"
            );
        }
        let known = |key: &i64| self.keys.contains(key);
        let read = found.into_iter().filter(|(key, _)| known(key));
        let read: Vec<_> = read
            .map(|(key, value)| Call {
                key,
                from,
                to,
                did: Did::Read(Some(value)),
            })
            .collect();
        self.calls.extend(read);
    }

    /// All keys at one moment of the call.
    fn read_snapshot(&mut self) {
        let from = self.now();
        let snapshot = self.map.snapshot(&self.me).expect("memory");
        let to = self.now();
        for key in LASTING {
            assert!(snapshot.contains(&Key::int(key)), "a key that stays");
        }
        let read = self.keys.iter().map(|&key| Call {
            key,
            from,
            to,
            did: Did::Read(number(snapshot.get(&Key::int(key)))),
        });
        let read: Vec<_> = read.collect();
        self.calls.extend(read);
    }

    fn count(&mut self) {
        let guard = self.me.pin();
        let counter = Key::int(COUNTER);
        if thread_rng().gen_ratio(3, 4) {
            let (one, zero) = (Number::Int(1), Number::Int(0));
            self.map.add(&counter, one, zero, &guard).expect("an int");
            self.added += 1;
        } else {
            self.taken += number(self.map.take(&counter, &guard).expect("no damage")).unwrap_or(0);
        }
    }

    fn step(&mut self) {
        let key = self.keys[thread_rng().gen_range(0..self.keys.len())];
        let value = self.fresh();
        let put = |was| Did::Wrote {
            was,
            is: Some(value),
        };
        match thread_rng().gen_range(0..21) {
            0..6 => self.call(key, |map, me| {
                insert(map, key, value, me).then(|| put(None))
            }),
            6..11 => self.call(key, |map, me| {
                Some(match take(map, key, me) {
                    None => Did::Read(None),
                    was => Did::Wrote { was, is: None },
                })
            }),
            11..13 => self.call(key, |map, me| Some(put(swap(map, key, value, me)))),
            13..15 => self.call(key, |map, me| {
                let was = get(map, key, me)?;
                let (name, from) = (Key::int(key), Value::Int(was));
                if thread_rng().gen_ratio(1, 2) {
                    let gone = map
                        .compare_and_delete(&name, &from, &me.pin())
                        .expect("no damage");
                    return gone.then_some(Did::Wrote {
                        was: Some(was),
                        is: None,
                    });
                }
                let set = map
                    .compare_and_set(&name, &Expected::Value(from), &Value::Int(value), &me.pin())
                    .expect("memory");
                set.then(|| put(Some(was)))
            }),
            15..17 => {
                self.call(key, |map, me| Some(Did::Read(get(map, key, me))));
                let lasting = LASTING[thread_rng().gen_range(0..LASTING.len())];
                assert_eq!(get(&self.map, lasting, &self.me), Some(lasting), "it stays");
            }
            17 => self.count(),
            18 => self.read_all(),
            19 => self.read_snapshot(),
            _ => self.me.pin().flush(),
        }
    }
}

/// One execution.
pub(super) fn story(made: Made) {
    watch::execution(|| {
        let (map, clock) = (Arc::new(map_of(made)), Arc::new(Clock::new(0)));
        let keys = match thread_rng().gen_range(0..4) {
            0 => KEYS[..2].to_vec(),
            1 => KEYS[..5].to_vec(),
            2 => [0, 8, 9, 1].map(|at| KEYS[at]).to_vec(),
            _ => KEYS.to_vec(),
        };
        let me = Participant::new();
        for key in LASTING {
            insert(&map, key, key, &me);
        }
        let initial: Vec<_> = keys
            .iter()
            .filter(|_| thread_rng().gen_ratio(1, 2))
            .map(|&key| (key, -key - 1))
            .collect();
        for &(key, value) in &initial {
            insert(&map, key, value, &me);
        }
        let threads = thread_rng().gen_range(3..=8);
        let steps = thread_rng().gen_range(20..=50) / threads;
        let tell = |thread: i64| {
            let mut teller = Teller {
                map: Arc::clone(&map),
                clock: Arc::clone(&clock),
                me: Participant::new(),
                keys: keys.clone(),
                // Of every other thread too long for a word: in blobs.
                next: thread << if thread % 2 == 0 { 52 } else { 32 },
                calls: Vec::new(),
                added: 0,
                taken: 0,
            };
            thread::spawn(move || {
                (0..steps).for_each(|_| teller.step());
                (teller.calls, teller.added - teller.taken)
            })
        };
        let threads: Vec<_> = (1..=threads).map(tell).collect();
        let (mut calls, mut counted) = (Vec::new(), 0);
        for thread in threads {
            let (more, count) = thread.join().expect("no panic");
            calls.extend(more);
            counted += count;
        }
        let mut last = scan(&map, &me);
        assert_eq!(last.len() as u64, map.len(), "by count");
        for (&key, &value) in &last {
            assert_eq!(get(&map, key, &me), Some(value), "by lookup");
        }
        map.index.check();
        assert_eq!(
            last.remove(&COUNTER).unwrap_or(0),
            counted,
            "every count counts"
        );
        for key in LASTING {
            assert_eq!(last.remove(&key), Some(key), "it stays");
        }
        judge(&calls, &initial, &last);
        let absent: BTreeSet<_> = keys.iter().filter(|key| !last.contains_key(key)).collect();
        for &key in absent {
            assert_eq!(get(&map, key, &me), None, "by lookup");
        }
        drop((map, me));
        reclaim();
    });
}
