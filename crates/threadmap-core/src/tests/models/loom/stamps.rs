//! Values that are kept while others write: a hit is never older than what its reader has been told, from the moment
//! on that the map keeps stamps; and a hint leads to no node that is freed.

use std::sync::Arc;

use super::super::{Q, key, number, swap, take};
use super::{explore, explore_steps, map_with, race};
use crate::sync::{AtomicBool, Ordering};
use crate::{Key, Lookup, Map, Participant};

const K: i64 = key(Q[1]);
const NEW: i64 = 1;

/// A map with K whose stamps every writer knows.
fn armed(keys: &[i64]) -> Arc<Map> {
    let (map, me) = (map_with(keys), Participant::new());
    for _ in 0..3 {
        let _ = map.arm(&me.pin());
    }
    assert!(
        map.keep(&Key::int(K), &me.pin())
            .expect("in memory")
            .stamp
            .is_some()
    );
    map
}

/// A fill, then what was told, then a look at the stamp: whoever may use the value must not have been told more.
fn fill_and_hit(map: &Map, key: &impl Lookup, told: &AtomicBool, me: &Participant) -> Option<i64> {
    let (value, stamp) = {
        let guard = me.pin();
        let kept = map.keep(key, &guard).expect("in memory");
        (number(kept.value), kept.stamp)
    };
    let told = told.load(Ordering::Acquire);
    let hit = stamp.is_some_and(|stamp| map.stamp(key) == stamp);
    assert!(!(hit && told) || value != Some(K), "what was kept is old");
    value
}

/// Both on a map: a reader that fills and hits, and a writer that tells when it has written.
fn reads_against(map: &Arc<Map>, write: impl FnOnce(&Map, &Participant)) {
    let told = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&told);
    race(
        map,
        move |map, me| fill_and_hit(map, &Key::int(K), &heard, me),
        |map, me| {
            write(map, me);
            told.store(true, Ordering::Release);
        },
    );
}

#[test]
fn fill_and_hit_against_an_update() {
    explore(|| reads_against(&armed(&[K]), |map, me| drop(swap(map, K, NEW, me))));
}

#[test]
fn fill_and_hit_against_a_removal() {
    explore(|| reads_against(&armed(&[K]), |map, me| drop(take(map, K, me))));
}

/// What is kept is a miss: `NEW` comes, and a hit must not miss it.
#[test]
fn fill_and_hit_against_an_insert() {
    explore(|| {
        let map = armed(&[]);
        let told = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&told);
        race(
            &map,
            move |map, me| {
                let guard = me.pin();
                let kept = map.keep(&Key::int(K), &guard).expect("in memory");
                let told = heard.load(Ordering::Acquire);
                let hit = kept
                    .stamp
                    .is_some_and(|stamp| map.stamp(&Key::int(K)) == stamp);
                assert!(
                    !(hit && told) || kept.value.is_some(),
                    "a miss was kept too long"
                );
            },
            |map, me| {
                swap(map, K, NEW, me);
                told.store(true, Ordering::Release);
            },
        );
    });
}

/// Two writers overlap: the second one's end is no end of the first one.
#[test]
fn fill_and_hit_of_a_writer_against_another_one() {
    explore_steps(|| {
        let map = armed(&[K]);
        let told = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&told);
        race(
            &map,
            move |map, me| {
                let kept = fill_and_hit(map, &Key::int(K), &heard, me);
                swap(map, K, 2, me);
                let guard = me.pin();
                let own = map.keep(&Key::int(K), &guard).expect("in memory");
                assert_ne!(number(own.value), Some(K), "its own write is over");
                kept
            },
            |map, me| {
                swap(map, K, NEW, me);
                told.store(true, Ordering::Release);
            },
        );
    });
}

/// The map begins to keep stamps while a writer is at work that may know nothing of it.
#[test]
fn arming_against_an_update() {
    explore_steps(|| {
        let map = map_with(&[K]);
        let told = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&told);
        race(
            &map,
            move |map, me| {
                for _ in 0..3 {
                    let _ = map.arm(&me.pin());
                }
                fill_and_hit(map, &Key::int(K), &heard, me)
            },
            |map, me| {
                swap(map, K, NEW, me);
                told.store(true, Ordering::Release);
            },
        );
    });
}

/// A hint is used while the node that it leads to is removed and freed.
#[test]
fn a_hint_against_a_delete_that_frees() {
    explore_steps(|| {
        let map = armed(&[K]);
        let told = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&told);
        race(
            &map,
            move |map, me| {
                let prepared = map.prepare(&Key::int(K));
                fill_and_hit(map, &prepared, &heard, me);
                fill_and_hit(map, &prepared, &heard, me)
            },
            |map, me| {
                take(map, K, me);
                for _ in 0..3 {
                    me.pin().flush();
                }
                told.store(true, Ordering::Release);
            },
        );
    });
}
