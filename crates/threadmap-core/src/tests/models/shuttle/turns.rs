//! Interleavings that are too long to be met by chance: threads wait for one another at named steps, so one order of
//! some steps is fixed and the rest is drawn.

use std::sync::Arc;

use ::shuttle::Runner;
use ::shuttle::scheduler::RandomScheduler;
use ::shuttle::thread::{self, JoinHandle};

use super::super::{Made, Q, get, insert, key, map_of, reclaim, scan, take};
use super::config;
use crate::raw::watch;
use crate::step::turns::{Stop, Turn, stop};
use crate::{Map, Participant};

const SCHEDULES: usize = 50;

fn run(story: impl Fn() + Send + Sync + 'static) {
    let body = move || {
        watch::execution(|| {
            story();
            reclaim();
        });
    };
    Runner::new(RandomScheduler::new_from_seed(1, SCHEDULES), config()).run(body);
}

/// A thread that stops there, and makes it a turn when it ends.
fn spawn(
    turn: &Arc<Turn>,
    stops: impl IntoIterator<Item = Stop> + Send + 'static,
    ends: usize,
    work: impl FnOnce() + Send + 'static,
) -> JoinHandle<()> {
    let turn = Arc::clone(turn);
    thread::spawn(move || {
        stop(&turn, stops);
        work();
        turn.reach(ends);
    })
}

/// A node is freed while a word of the trie still leads to a replaced segment that holds it, and a reader of another
/// key is there: `one-origin` excludes it. Epochs let it happen only if the node was retired in the epoch of the thread
/// that parts the segment, because somebody else held that back, and the reader came in the next one.
fn a_reader_in_a_segment_that_others_have_left(
    then: impl Fn(&Map, &Participant) + Send + Sync + 'static,
) {
    // One tag, and in the bucket of A, but not of its hash.
    const OTHER: i64 = key(Q[2]);
    run(move || {
        let turn = Arc::new(Turn::default());
        let (old, me, reader) = (Participant::new(), Participant::new(), Participant::new());
        let map = Arc::new(map_of(Made::LockFree));
        insert(&map, A, A, &me);
        insert(&map, B, B, &me);
        let held = old.pin();
        me.pin().flush();
        let stops = [Stop {
            at: "lead a word on",
            reach: 1,
            wait_for: 3,
        }];
        let shared = Arc::clone(&map);
        let parts = spawn(&turn, stops, 4, move || {
            insert(&shared, OTHER + 1, 1, &Participant::new());
        });
        turn.wait_for(1);
        // One word of four leads to the half that has A.
        then(&map, &me);
        assert_eq!(take(&map, A, &me), Some(A));
        me.pin().flush();
        drop(held);
        me.pin().flush();
        let stops = [Stop {
            at: "read a slot",
            reach: 3,
            wait_for: 5,
        }];
        let shared = Arc::clone(&map);
        let reads = spawn(&turn, stops, 3, move || {
            assert_eq!(get(&shared, OTHER, &reader), None);
        });
        turn.wait_for(4);
        me.pin().flush();
        turn.reach(5);
        for thread in [parts, reads] {
            thread.join().expect("no panic");
        }
        map.index.check();
    });
}

const A: i64 = key(Q[0]);
const B: i64 = key(Q[1]);

#[test]
fn a_reader_in_the_origin_of_a_segment_that_has_lost_a_node() {
    a_reader_in_a_segment_that_others_have_left(|_, _| ());
}

#[test]
fn a_reader_in_the_origin_of_an_origin_of_a_segment_that_has_lost_a_node() {
    a_reader_in_a_segment_that_others_have_left(|map, me| {
        // Parts that half in its turn.
        assert!(insert(map, A + 1, 1, me));
        assert!(insert(map, A + 2, 1, me));
    });
}

/// `claim-is-retired`: the reader chose the slot while another key was published there, and finds a node that its
/// inserter has claimed it with and then gives up.
#[test]
fn a_reader_of_a_claim_that_is_given_up() {
    run(|| {
        let turn = Arc::new(Turn::default());
        let (me, other, reader) = (Participant::new(), Participant::new(), Participant::new());
        let map = Arc::new(map_of(Made::LockFree));
        insert(&map, A, A, &me);
        let stops = [
            Stop {
                at: "read a header",
                reach: 1,
                wait_for: 2,
            },
            Stop {
                at: "read a slot",
                reach: 3,
                wait_for: 5,
            },
        ];
        let shared = Arc::clone(&map);
        let reads = spawn(&turn, stops, 6, move || {
            let found = get(&shared, B, &reader);
            assert!(found.is_none() || found == Some(1), "{found:?}");
        });
        turn.wait_for(1);
        assert_eq!(take(&map, A, &me), Some(A));
        let stops = [Stop {
            at: "claim a slot",
            reach: 2,
            wait_for: 4,
        }];
        let shared = Arc::clone(&map);
        let inserts = spawn(&turn, stops, 5, move || {
            assert!(!insert(&shared, B, 2, &other));
            for _ in 0..3 {
                other.pin().flush();
            }
        });
        turn.wait_for(3);
        assert!(insert(&map, B, 1, &me));
        turn.reach(4);
        for thread in [inserts, reads] {
            thread.join().expect("no panic");
        }
        map.index.check();
    });
}

/// A thread that comes late to fold a level finds the level that has grown there since, and leaves it alone.
#[test]
fn a_level_that_has_grown_again_before_it_was_folded() {
    // Prefixes of six bits of which the first two agree, so below one word of the root.
    let keys = || (0..12).map(|number| key(number << 26));
    run(move || {
        let (turn, me) = (Arc::new(Turn::default()), Participant::new());
        let map = Arc::new(map_of(Made::LockFree));
        for key in keys() {
            assert!(insert(&map, key, 1, &me));
        }
        let stops = [Stop {
            at: "come to fold a level",
            reach: 1,
            wait_for: 2,
        }];
        let shared = Arc::clone(&map);
        let drains = spawn(&turn, stops, 3, move || {
            let me = Participant::new();
            for key in keys().skip(1) {
                take(&shared, key, &me);
            }
        });
        turn.wait_for(1);
        // Others fold it in its stead, and it grows.
        for key in keys() {
            take(&map, key, &me);
        }
        for key in keys() {
            assert!(insert(&map, key, 2, &me));
        }
        turn.reach(2);
        drains.join().expect("no panic");
        map.index.check();
        let found = scan(&map, &me);
        assert_eq!(found.len() as u64, map.len(), "by count");
        for key in keys() {
            assert_eq!(get(&map, key, &me), found.get(&key).copied());
        }
    });
}
