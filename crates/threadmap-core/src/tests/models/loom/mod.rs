//! Models for loom: two threads, one pair of steps each, every interleaving up to a bound of preemptions, and every
//! value that the orderings allow a load to see.
//!
//! Run by `ci/loom.mjs`. `LOOM_MAX_PREEMPTIONS` sets another bound than that of the form.

mod growth;
mod node_memory;
mod one_key;
mod roots;
mod shrinking;
mod stamps;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::loom::model::Builder;
use ::loom::thread;

use super::{Made, get, insert, map_of, reclaim, scan};
use crate::raw::watch;
use crate::step::order;
use crate::{Expected, Key, Map, Participant, Value};

/// Preemptions of the short form, and of the long one.
const SHORT: usize = 2;
const LONG: usize = 3;
/// Steps of one execution: none of these models has so many, unless it does not end.
const STEPS: usize = 20_000;

/// Runs a model of few steps in every interleaving with so many preemptions, and for each load with every value that
/// its ordering allows.
pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
    run(
        Ordering::Relaxed,
        if is_long() { LONG } else { SHORT },
        &Arc::new(model),
    );
}

/// Runs a model of many steps in every interleaving with so many preemptions, where each step is seen by those that
/// come after; the long form also with every value that an ordering allows, for one preemption.
fn explore_steps(model: impl Fn() + Send + Sync + 'static) {
    let model = Arc::new(model);
    run(
        Ordering::AcqRel,
        if is_long() { LONG } else { SHORT },
        &model,
    );
    if is_long() {
        run(Ordering::Relaxed, 1, &model);
    }
}

fn is_long() -> bool {
    std::env::var("THREADMAP_MODELS").is_ok_and(|form| form == "full")
}

#[expect(clippy::print_stdout, reason = "how much was explored is the result")]
fn run(seen: Ordering, preemptions: usize, model: &Arc<impl Fn() + Send + Sync + 'static>) {
    order::seen(seen);
    let mut builder = Builder::new();
    let preemptions = *builder.preemption_bound.get_or_insert(preemptions);
    builder.max_branches = STEPS;
    let executions = Arc::new(AtomicUsize::new(0));
    let (model, count) = (Arc::clone(model), Arc::clone(&executions));
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        watch::execution(|| {
            model();
            reclaim();
        });
    });
    let executions = executions.load(Ordering::Relaxed);
    println!("{executions} executions of at most {preemptions} preemptions, steps {seen:?}");
}

/// A lock-free map with these keys, each its own value.
fn map_with(keys: &[i64]) -> Arc<Map> {
    let (map, me) = (map_of(Made::LockFree), Participant::new());
    for &key in keys {
        insert(&map, key, key, &me);
    }
    Arc::new(map)
}

/// Runs both on the map at the same time, and gives what they found. They register and leave outside of the race.
fn race<A: 'static, B>(
    map: &Arc<Map>,
    first: impl FnOnce(&Map, &Participant) -> A + 'static,
    second: impl FnOnce(&Map, &Participant) -> B,
) -> (A, B) {
    let (one, two) = (Participant::new(), Participant::new());
    let shared = Arc::clone(map);
    let thread = thread::spawn(move || (first(&shared, &one), one, shared));
    let second = second(map, &two);
    let (first, _one, _shared) = thread.join().expect("no panic");
    (first, second)
}

fn replace(map: &Map, key: i64, from: i64, to: i64, me: &Participant) -> bool {
    let (key, from) = (Key::int(key), Expected::Value(Value::Int(from)));
    map.compare_and_set(&key, &from, &Value::Int(to), &me.pin())
        .expect("memory")
}

/// When nobody is at work: the map holds this and nothing else, by lookup, by scan and by count, and its structure is
/// whole.
fn holds(map: &Map, entries: &[(i64, i64)], me: &Participant) {
    let entries: BTreeMap<_, _> = entries.iter().copied().collect();
    assert_eq!(scan(map, me), entries, "by scan");
    for (&key, &value) in &entries {
        assert_eq!(get(map, key, me), Some(value), "key {key:#x} by lookup");
    }
    assert_eq!(map.len(), entries.len() as u64, "by count");
    map.index.check();
}
