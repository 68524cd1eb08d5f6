//! Two thin segments become one while others work on them.

use std::sync::Arc;

use super::super::{Q, get, key, scan, take};
use super::{explore, explore_steps, holds, insert, map_with, race};
use crate::{Map, Participant};

const LEFT: i64 = key(Q[0]);
const RIGHT: i64 = key(Q[2]);
const MORE: i64 = key(Q[3]);

/// Two segments with a key each. Taking one of them merges both.
fn two_segments() -> Arc<Map> {
    let map = map_with(&[LEFT, RIGHT, MORE]);
    let me = Participant::new();
    assert_eq!(take(&map, MORE, &me), Some(MORE));
    map
}

#[test]
fn get_against_merge() {
    explore(|| {
        let map = two_segments();
        let (found, taken) = race(
            &map,
            |map, me| [get(map, RIGHT, me), get(map, RIGHT, me)],
            |map, me| take(map, LEFT, me),
        );
        assert_eq!((found, taken), ([Some(RIGHT); 2], Some(LEFT)));
        holds(&map, &[(RIGHT, RIGHT)], &Participant::new());
    });
}

#[test]
fn insert_against_merge() {
    explore_steps(|| {
        let map = two_segments();
        let (made, taken) = race(
            &map,
            |map, me| insert(map, MORE, 1, me),
            |map, me| take(map, LEFT, me),
        );
        assert!(made && taken == Some(LEFT));
        holds(&map, &[(RIGHT, RIGHT), (MORE, 1)], &Participant::new());
    });
}

#[test]
fn merge_against_merge() {
    explore_steps(|| {
        let map = two_segments();
        let (one, two) = race(
            &map,
            |map, me| take(map, LEFT, me),
            |map, me| take(map, RIGHT, me),
        );
        assert_eq!((one, two), (Some(LEFT), Some(RIGHT)));
        holds(&map, &[], &Participant::new());
    });
}

/// The left segment is parted while a merge is proposed to it and not yet to the right one, which is parted, too.
#[test]
fn split_against_merge() {
    const KEYS: [i64; 5] = [RIGHT + 1, MORE + 1, LEFT + 1, key(Q[1]), LEFT + 2];
    explore_steps(|| {
        let map = two_segments();
        let (taken, ()) = race(
            &map,
            |map, me| take(map, LEFT, me),
            |map, me| {
                for key in KEYS {
                    assert!(insert(map, key, key, me));
                }
            },
        );
        assert_eq!(taken, Some(LEFT));
        let left = KEYS.into_iter().chain([RIGHT]).map(|key| (key, key));
        holds(&map, &left.collect::<Vec<_>>(), &Participant::new());
    });
}

#[test]
fn iterate_against_merge() {
    explore(|| {
        let map = two_segments();
        let (found, taken) = race(&map, scan, |map, me| take(map, LEFT, me));
        assert_eq!(taken, Some(LEFT));
        assert_eq!(found.get(&RIGHT), Some(&RIGHT), "it is there all the time");
        holds(&map, &[(RIGHT, RIGHT)], &Participant::new());
    });
}

/// The two segments fill an inner node, which goes with them.
#[test]
fn get_against_a_merge_that_folds_a_level() {
    const NEAR: [i64; 3] = [key(0), key(0x2000_0000), key(0x1000_0000)];
    explore(|| {
        let map = map_with(&NEAR);
        assert_eq!(take(&map, NEAR[2], &Participant::new()), Some(NEAR[2]));
        let (found, taken) = race(
            &map,
            |map, me| [get(map, NEAR[1], me), get(map, NEAR[1], me)],
            |map, me| take(map, NEAR[0], me),
        );
        assert_eq!((found, taken), ([Some(NEAR[1]); 2], Some(NEAR[0])));
        holds(&map, &[(NEAR[1], NEAR[1])], &Participant::new());
    });
}
