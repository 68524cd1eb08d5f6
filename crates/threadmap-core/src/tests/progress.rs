//! What threads do to each other between two steps of a protocol.
//!
//! Shaken threads yield at fail-points, so that two cores interleave like many; a stopped thread stands at one for good
//! while others must go on. Segments are tiny, so that growth and shrinking happen all the time.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{AtEnd, Made, map_of, taken};
use crate::step::test::{Manner, PASSED, behave};
use crate::{Copying, Expected, Key, Map, Number, Participant, Progress, Value};

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
    map.take(&Key::int(key), &me.pin())
        .expect("no damage")
        .is_some()
}

/// The keys that a scan gives, if none comes twice.
fn keys_of(map: &Map, me: &Participant) -> Result<BTreeSet<i64>, String> {
    let (mut found, mut at) = (BTreeSet::new(), Some(0));
    while let Some(from) = at {
        let (guard, mut entries) = (me.pin(), Vec::new());
        at = map.scan(from, 50, &guard, &mut entries).expect("no damage");
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
            map.contains(&Key::int(key), &me.pin()).expect("no damage"),
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
                if !map
                    .contains(&Key::int(lasting), &me.pin())
                    .expect("no damage")
                {
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
const STEPS: [&str; 21] = [
    "started",
    "read a word",
    "read a header",
    "read a slot",
    "claim a slot",
    "publish",
    "link",
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
    "come to fold a level",
    "fold a level",
    "settle",
];

/// Each step of a change while a snapshot of the sharded or the lock-free variant is being taken, and of that snapshot.
const TRACE_STEPS: [&str; 4] = ["push a trace", "settle a trace", "mark a trace", "link"];
const CUT_STEPS: [&str; 4] = [
    "open a cut",
    "take a moment",
    "scan for a cut",
    "close a cut",
];

/// Each step of the snapshot variant's protocol.
const SNAPSHOT_STEPS: [&str; 5] = [
    "load the root",
    "take the writers' lock",
    "make a version",
    "publish a root",
    "unlock and bury",
];

/// Sixty-four keys fill a level of tiny segments: with so many the trie has two levels, without any it has none.
const KEYS: u64 = 600;
/// What the others must do together while one thread stands at a step.
const ENOUGH: u64 = if cfg!(threadmap_sanitize) {
    10_000
} else {
    100_000
};

/// Fills and drains in turns, so that every step of growth and shrinking is passed.
fn wander(map: &Map, random: &mut Random, me: &Participant, round: u64) {
    let keys = if round % 4 < 2 { KEYS } else { 40 };
    for _ in 0..KEYS {
        let key = random.below(keys) as i64;
        if round.is_multiple_of(2) {
            insert(map, key, 1, me);
        } else {
            take(map, key, me);
        }
    }
    if round % 4 == 3 {
        for key in 0..KEYS as i64 {
            take(map, key, me);
        }
    }
}

/// One operation of any kind on any key.
fn any_operation(map: &Map, random: &mut Random, me: &Participant) {
    let (number, guard) = (random.below(KEYS) as i64, &me.pin());
    let (key, value) = (Key::int(number), Value::Int(number));
    let old = map
        .get(&key, guard)
        .expect("no damage")
        .map_or(Expected::Absent, Expected::Value);
    let (one, zero) = (Number::Int(1), Number::Int(0));
    match random.below(13) {
        0 => drop(map.contains(&key, guard).expect("no damage")),
        1 => drop(map.swap(&key, &value, guard).expect("memory")),
        2 | 3 => drop(map.take(&key, guard).expect("no damage")),
        4 => drop(map.get_or_insert(&key, &value, guard).expect("memory")),
        5 => drop(map.replace(&key, &Value::Null, guard).expect("memory")),
        6 => drop(
            map.compare_and_set(&key, &old, &value, guard)
                .expect("memory"),
        ),
        7 => drop(
            map.compare_and_delete(&key, &value, guard)
                .expect("no damage"),
        ),
        // Some of the values are no integers.
        8 => drop(map.add(&key, one, zero, guard)),
        9 => drop(map.max(&key, one, guard)),
        10 | 11 => {
            let version = map.get_entry(&key, guard).expect("memory");
            if let Some((_, version)) = version.filter(|_| random.below(2) == 0) {
                map.delete_if_version(&key, version, guard)
                    .expect("no damage");
            } else if let Some((_, version)) = version {
                map.set_if_version(&key, &value, version, guard)
                    .expect("memory");
            }
        }
        _ => drop(
            map.scan((number as u64) << 22, 20, guard, &mut Vec::new())
                .expect("no damage"),
        ),
    }
}

/// What the others do, with what they find wrong.
struct Others<'a> {
    map: &'a Map,
    count: u64,
    /// How often any of them has come to a meeting.
    came: AtomicU64,
    done: AtomicU64,
    /// Those that have not ended.
    left: AtomicU64,
    wrong: Mutex<Option<String>>,
    failed: AtomicBool,
}

/// One of the others.
struct Other<'a> {
    others: &'a Others<'a>,
    me: Participant,
    random: Random,
    /// How often all of them must have come for the meeting to be over.
    meetings: u64,
}

impl Other<'_> {
    /// Waits until all others have come; says whether this one was the last. A meeting ends as well when one of them
    /// has failed.
    fn meet(&mut self) -> bool {
        self.meetings += self.others.count;
        let came = self.others.came.fetch_add(1, Ordering::SeqCst) + 1;
        while self.others.came.load(Ordering::SeqCst) < self.meetings && !self.failed() {
            thread::yield_now();
        }
        came == self.meetings
    }

    fn failed(&self) -> bool {
        self.others.failed.load(Ordering::SeqCst)
    }

    fn fail(&self, message: String) {
        *self.others.wrong.lock().expect("no panic") = Some(message);
        self.others.failed.store(true, Ordering::SeqCst);
    }

    /// All of them are between two operations: one looks whether these keys are there and no others. Gives the bytes
    /// of the index.
    fn look(&mut self, keys: u64) -> u64 {
        let map = self.others.map;
        if self.meet() {
            let found = keys_of(map, &self.me);
            if found.as_ref().map(BTreeSet::len) != Ok(keys as usize) {
                self.fail(format!("{keys} keys were put in, there are {found:?}"));
            }
        }
        self.meet();
        let bytes = map.stats().index_bytes;
        self.meet();
        bytes
    }

    /// Any operations, then growth to all keys and shrinking to none, until all of them have done enough.
    fn work(&mut self) {
        let map = self.others.map;
        while self.others.done.load(Ordering::SeqCst) < ENOUGH && !self.failed() {
            // All have seen the same number, so that none leaves the others alone at a meeting.
            self.meet();
            for _ in 0..4 * KEYS {
                any_operation(map, &mut self.random, &self.me);
            }
            for key in 0..KEYS as i64 {
                insert(map, key, 1, &self.me);
            }
            let grown = self.look(KEYS);
            for key in 0..KEYS as i64 {
                take(map, key, &self.me);
            }
            let shrunk = self.look(0);
            if shrunk > grown / 2 {
                self.fail(format!(
                    "{grown} bytes of index with all keys, {shrunk} with none"
                ));
            }
            self.others.done.fetch_add(6 * KEYS, Ordering::SeqCst);
            self.meet();
        }
    }
}

impl Drop for Other<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.others.failed.store(true, Ordering::SeqCst);
        }
        self.others.left.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One thread stands at the step for good; the others work on the same keys all the while.
fn others_go_on(step: &'static str, count: u64) {
    let map = map_of(Made::LockFree, u32::MAX);
    let (there, go) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let others = Others {
        map: &map,
        count,
        came: AtomicU64::new(0),
        done: AtomicU64::new(0),
        left: AtomicU64::new(count),
        wrong: Mutex::new(None),
        failed: AtomicBool::new(false),
    };
    let waited = thread::scope(|scope| {
        let (map, others, there, go) = (&map, &others, &there, &go);
        scope.spawn(move || {
            let (me, mut random) = (Participant::new(), Random::new(99));
            behave(Some(Manner::Stopped {
                at: step,
                there: Arc::clone(there),
                go: Arc::clone(go),
            }));
            for round in 0.. {
                wander(map, &mut random, &me, round);
                if there.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        for thread in 0..count {
            scope.spawn(move || {
                let mut other = Other {
                    others,
                    me: Participant::new(),
                    random: Random::new(thread + 1),
                    meetings: 0,
                };
                behave(Some(Manner::Shaken(other.random.0)));
                let mut round = thread;
                while !there.load(Ordering::SeqCst) {
                    wander(map, &mut other.random, &other.me, round);
                    round += 1;
                }
                // It stands. Nobody shakes now.
                behave(None);
                other.work();
            });
        }
        let patience = Instant::now() + super::patience(120);
        while others.left.load(Ordering::SeqCst) > 0 && Instant::now() < patience {
            thread::park_timeout(Duration::from_millis(1));
        }
        let waited = others.left.load(Ordering::SeqCst) > 0;
        go.store(true, Ordering::SeqCst);
        waited
    });
    assert!(
        !waited,
        "somebody waits for a thread that stands at '{step}'"
    );
    let wrong = others.wrong.into_inner().expect("no panic");
    assert_eq!(wrong, None, "while a thread stands at '{step}'");
    assert!(others.done.into_inner() >= ENOUGH, "{step}");
    let me = Participant::new();
    keys_of(&map, &me).expect("no key twice");
    map.index.check();
}

#[test]
fn a_thread_that_stands_at_any_step_delays_no_two_others() {
    for step in STEPS {
        others_go_on(step, 2);
    }
}

#[test]
fn a_thread_that_stands_at_any_step_delays_no_four_others() {
    for step in STEPS {
        others_go_on(step, 4);
    }
}

/// The names of the fail-points in the files of the folder, as they are written there.
fn fail_points(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("the sources").path();
        if path.is_dir() {
            fail_points(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the sources");
        for call in text.split(concat!("step::", "after(")).skip(1) {
            let name = call.split('"').nth(1).expect("a name");
            found.insert(name.to_owned());
        }
    }
}

#[test]
fn every_fail_point_of_the_source_is_one_that_a_thread_stands_at() {
    let mut found = BTreeSet::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    fail_points(&source, &mut found);
    let lists: [&[&str]; 4] = [&STEPS, &SNAPSHOT_STEPS, &TRACE_STEPS, &CUT_STEPS];
    let listed: BTreeSet<_> = lists.concat().into_iter().map(str::to_owned).collect();
    assert_eq!(found, listed);
}

#[test]
fn shaken_threads_pass_most_fail_points() {
    shaken_rounds(Made::LockFree, u32::MAX, 1_000, 60, 800);
    shaken_rounds(Made::LockFree, u32::MAX, 3, 1_000, 10);
    let passed = PASSED.lock().expect("no panic").clone();
    assert!(passed.len() > STEPS.len() / 2, "{passed:?}");
}

/// A writer stands at each step of making a version: readers go on, and see all of it or nothing.
#[test]
fn no_reader_waits_for_a_writer_of_the_snapshot_variant() {
    for step in SNAPSHOT_STEPS {
        let (map, me) = (map_of(Made::Snapshot, u32::MAX), Participant::new());
        for key in 0..100 {
            insert(&map, key, 0, &me);
        }
        let (there, go) = (Arc::default(), Arc::default());
        thread::scope(|scope| {
            let _go = AtEnd(&go);
            let manner = Manner::Stopped {
                at: step,
                there: Arc::clone(&there),
                go: Arc::clone(&go),
            };
            let map = &map;
            scope.spawn(move || {
                let me = Participant::new();
                behave(Some(manner));
                map.take(&Key::int(7), &me.pin()).expect("no damage");
            });
            while !there.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            let done = step == "publish a root" || step == "unlock and bury";
            let keys = keys_of(map, &me).expect("no key twice");
            assert_eq!(keys.len(), if done { 99 } else { 100 });
            assert_eq!(
                map.contains(&Key::int(7), &me.pin()).expect("no damage"),
                !done
            );
            assert_eq!(map.size(&me.pin()), keys.len() as u64);
        });
        assert!(!map.contains(&Key::int(7), &me.pin()).expect("no damage"));
        assert!(insert(&map, 7, 1, &me), "nothing stays locked");
        map.index.check();
    }
}

fn content(snapshot: &crate::Snapshot) -> Vec<(i64, i64)> {
    let mut entries = Vec::new();
    assert_eq!(snapshot.scan(0, usize::MAX, &mut entries), None);
    assert_eq!(entries.len() as u64, snapshot.len());
    let number = |value: Value<'_>| match value {
        Value::Int(number) => number,
        other => panic!("an int, not {other:?}"),
    };
    let mut all: Vec<(i64, i64)> = entries
        .iter()
        .map(|entry| {
            let key = i64::from_le_bytes(entry.key.as_bytes().try_into().expect("an int"));
            (key, number(entry.value))
        })
        .collect();
    all.sort_unstable();
    all
}

/// A writer stands at each step of a traced change, for good: other writers go on, and the snapshot that is being taken
/// is finished and right.
#[test]
fn a_writer_that_stands_delays_neither_others_nor_a_snapshot_under_way() {
    for step in TRACE_STEPS {
        for made in [Made::Sharded(2), Made::LockFree] {
            let (map, me) = (map_of(made, u32::MAX), Participant::new());
            let put = |key: i64, value: i64| {
                map.swap(&Key::int(key), &Value::Int(value), &me.pin())
                    .expect("memory");
            };
            (0..200).for_each(|key| put(key, 0));
            let mut copying = Copying::begin(&map, &me.pin());
            // Past its moment: the first step that makes more of it.
            while copying.step(&map, &me.pin()).expect("memory") == Progress::Waits {
                copying.pause();
            }
            let (there, go) = (Arc::default(), Arc::default());
            thread::scope(|scope| {
                let _go = AtEnd(&go);
                let manner = Manner::Stopped {
                    at: step,
                    there: Arc::clone(&there),
                    go: Arc::clone(&go),
                };
                let map = &map;
                scope.spawn(move || {
                    let me = Participant::new();
                    behave(Some(manner));
                    for value in 1..4 {
                        let (key, value) = (Key::int(7), Value::Int(value));
                        map.swap(&key, &value, &me.pin()).expect("memory");
                    }
                    insert(map, 1_000, 1, &me);
                });
                while !there.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                for key in 0..100 {
                    put(key, 2);
                    assert!(take(map, key, &me));
                    put(key, 3);
                    put(key + 5_000, 1);
                }
                assert!(take(map, 150, &me));
                while copying.step(map, &me.pin()).expect("memory") != Progress::Done {}
                let snapshot = copying.finish(map, &me.pin());
                assert_eq!(
                    content(&snapshot),
                    (0..200).map(|key| (key, 0)).collect::<Vec<_>>()
                );
            });
            assert!(!map.contains(&Key::int(150), &me.pin()).expect("no damage"));
            map.index.check();
        }
    }
}

/// Whoever takes a snapshot stands at each of its steps: writers go on.
#[test]
fn a_snapshot_that_stands_delays_no_writer() {
    for step in CUT_STEPS {
        for made in [Made::Sharded(2), Made::LockFree] {
            let (map, me) = (map_of(made, u32::MAX), Participant::new());
            for key in 0..200 {
                insert(&map, key, 0, &me);
            }
            let (there, go) = (Arc::default(), Arc::default());
            thread::scope(|scope| {
                let _go = AtEnd(&go);
                let manner = Manner::Stopped {
                    at: step,
                    there: Arc::clone(&there),
                    go: Arc::clone(&go),
                };
                let map = &map;
                let taker = scope.spawn(move || {
                    behave(Some(manner));
                    let snapshot = taken(map, &Participant::new());
                    content(&snapshot).len()
                });
                while !there.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                for key in 0..400 {
                    take(map, key, &me);
                    assert!(insert(map, key, 1, &me));
                    assert!(take(map, key, &me));
                }
                assert!(map.is_empty());
                go.store(true, Ordering::SeqCst);
                let copied = taker.join().expect("no panic");
                assert!(
                    copied == 200 || step == "open a cut" && copied == 0,
                    "{copied} at {step}"
                );
            });
            // Whether the sweep came before the last traces or after: the next snapshot leaves nothing.
            drop(taken(&map, &me));
            assert_eq!(map.held_bytes(), 0, "{step}");
            map.index.check();
        }
    }
}
