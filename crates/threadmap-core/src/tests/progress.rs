//! What threads do to each other between two steps of a protocol.
//!
//! Shaken threads yield at fail-points, so that two cores interleave like many; a stopped thread stands at one for good
//! while others must go on. Segments are tiny, so that growth and shrinking happen all the time.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{Made, map_of};
use crate::step::test::{Manner, PASSED, behave};
use crate::{Expected, Key, Map, Participant, Value};

struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn insert(map: &Map, key: i64, value: i64, me: &Participant) -> bool {
    let (key, value) = (Key::int(key), Value::Int(value));
    map.compare_and_set(&key, &Expected::Absent, &value, &me.pin())
        .expect("memory")
}

fn take(map: &Map, key: i64, me: &Participant) -> bool {
    map.take(&Key::int(key), &me.pin()).is_some()
}

/// The keys that a scan gives, if none comes twice.
fn keys_of(map: &Map, me: &Participant) -> Result<BTreeSet<i64>, String> {
    let (mut found, mut at) = (BTreeSet::new(), Some(0));
    while let Some(from) = at {
        let (guard, mut entries) = (me.pin(), Vec::new());
        at = map.scan(from, 50, &guard, &mut entries);
        for entry in entries {
            let key = i64::from_le_bytes(entry.key.as_bytes().try_into().expect("an int"));
            if !found.insert(key) {
                return Err(format!("key {key} is there twice"));
            }
        }
    }
    Ok(found)
}

const THREADS: u64 = 4;

/// Keys that nobody takes out.
const LASTING: i64 = 30;

/// What is wrong when nobody is at work: what went in and did not come out must be there, once.
fn audit(map: &Map, balance: &[AtomicI64], me: &Participant) -> Result<(), String> {
    let found = keys_of(map, me)?;
    for (key, count) in (0..).zip(balance) {
        let (count, there) = (
            count.load(Ordering::Relaxed),
            map.contains(&Key::int(key), &me.pin()),
        );
        if count != i64::from(there) || there != found.contains(&key) {
            return Err(format!("key {key}: {count} by count, {there} by a lookup"));
        }
    }
    if map.len() != found.len() as u64 {
        return Err(format!("{} by count, {} by scan", map.len(), found.len()));
    }
    Ok(())
}

/// Rounds of few operations on few keys, each with an audit. What goes wrong ends the rounds, not a thread: the others
/// would wait for it.
fn shaken_rounds(made: Made, mask: u32, keys: u64, rounds: u64, steps: u64) {
    let (map, meeting) = (map_of(made, mask), Barrier::new(THREADS as usize));
    let balance: Vec<AtomicI64> = (0..keys).map(|_| AtomicI64::new(0)).collect();
    let wrong: Mutex<Option<String>> = Mutex::new(None);
    let work = |thread: u64| {
        let (me, mut random) = (Participant::new(), Random::new(thread + 1));
        behave(Some(Manner::Shaken(random.0)));
        for round in 0..rounds {
            meeting.wait();
            if wrong.lock().expect("no panic").is_some() {
                return;
            }
            // Some rounds fill, some drain: both grow and shrink segments while others are at work.
            let fill = 1 + round / 8 % 2 * 2;
            for _ in 0..steps {
                let (key, lasting) = (random.below(keys), -1 - random.below(LASTING as u64) as i64);
                let count = &balance[key as usize];
                if random.below(4) < fill {
                    let there = insert(&map, key as i64, round as i64, &me);
                    count.fetch_add(i64::from(there), Ordering::Relaxed);
                } else {
                    let gone = take(&map, key as i64, &me);
                    count.fetch_sub(i64::from(gone), Ordering::Relaxed);
                }
                if !map.contains(&Key::int(lasting), &me.pin()) {
                    let message = format!("key {lasting} is missed while others come and go");
                    *wrong.lock().expect("no panic") = Some(message);
                }
            }
            meeting.wait();
            if thread == round % THREADS {
                if let Err(what) = audit(&map, &balance, &me) {
                    *wrong.lock().expect("no panic") = Some(format!("round {round}, {what}"));
                }
                map.index.check();
            }
        }
    };
    let me = Participant::new();
    for key in 1..=LASTING {
        insert(&map, -key, 0, &me);
    }
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let work = &work;
            scope.spawn(move || work(thread));
        }
    });
    assert_eq!(wrong.into_inner().expect("no panic"), None);
}

on_each_index! {
    fn nothing_is_lost_or_doubled_between_two_steps(made) {
        shaken_rounds(made, u32::MAX, 3, 500, 10);
        shaken_rounds(made, u32::MAX, 40, 200, 40);
        shaken_rounds(made, u32::MAX, 1_000, 32, 400);
        // All in one bucket, and all with one hash.
        shaken_rounds(made, 0xffff_0000, 60, 100, 60);
        shaken_rounds(made, 0, 40, 60, 60);
    }
}

/// Each step of the lock-free protocol that others can see.
const STEPS: [&str; 17] = [
    "read a header",
    "read a slot",
    "claim a slot",
    "publish",
    "kill",
    "clear a bit",
    "clear another's dead",
    "add slots",
    "propose a plan",
    "decide a merge",
    "freeze a bucket",
    "copy",
    "offer",
    "lead a word on",
    "grow a level",
    "fold a level",
    "settle",
];

/// One thread stands at the step for good; the others fill and drain the same keys all the while.
fn others_go_on(step: &'static str) {
    let map = map_of(Made::LockFree, u32::MAX);
    let (there, go) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let done = AtomicU64::new(0);
    let work = |random: &mut Random, me: &Participant, round: u64| {
        // Sixty-four keys and some: two levels of the trie, back to one segment, and on.
        let keys = if round % 4 < 2 { 600 } else { 40 };
        for _ in 0..600 {
            let key = random.below(keys) as i64;
            if round.is_multiple_of(2) {
                insert(&map, key, 1, me);
            } else {
                take(&map, key, me);
            }
        }
        if round % 4 == 3 {
            for key in 0..600 {
                take(&map, key, me);
            }
        }
    };
    thread::scope(|scope| {
        let (work, done, there, go) = (&work, &done, &there, &go);
        scope.spawn(move || {
            let (me, mut random) = (Participant::new(), Random::new(99));
            let (there, go) = (Arc::clone(there), Arc::clone(go));
            behave(Some(Manner::Stopped {
                at: step,
                there: Arc::clone(&there),
                go,
            }));
            for round in 0.. {
                work(&mut random, &me, round);
                if there.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        for thread in 0..2 {
            scope.spawn(move || {
                let (me, mut random) = (Participant::new(), Random::new(thread + 1));
                behave(Some(Manner::Shaken(random.0)));
                let mut round = thread;
                while !there.load(Ordering::SeqCst) {
                    work(&mut random, &me, round);
                    round += 1;
                }
                // It stands. Nobody shakes now: growth and shrinking of the same keys, to the end.
                behave(None);
                for round in 0..24 {
                    work(&mut random, &me, round);
                }
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        let patience = Instant::now() + Duration::from_secs(120);
        while done.load(Ordering::SeqCst) < 2 && Instant::now() < patience {
            thread::park_timeout(Duration::from_millis(1));
        }
        let waited = done.load(Ordering::SeqCst) < 2;
        go.store(true, Ordering::SeqCst);
        assert!(
            !waited,
            "somebody waits for a thread that stands at '{step}'"
        );
    });
    let me = Participant::new();
    keys_of(&map, &me).expect("no key twice");
    map.index.check();
}

#[test]
fn a_thread_that_stands_at_any_step_delays_nobody() {
    for step in STEPS {
        others_go_on(step);
    }
}

#[test]
fn every_fail_point_is_in_the_list() {
    shaken_rounds(Made::LockFree, u32::MAX, 1_000, 60, 800);
    shaken_rounds(Made::LockFree, u32::MAX, 3, 1_000, 10);
    let passed = PASSED.lock().expect("no panic").clone();
    let unknown: Vec<_> = passed.iter().filter(|step| !STEPS.contains(step)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(passed.len() > STEPS.len() / 2, "{passed:?}");
}
