//! Steps on one key, in one bucket that stays.

use super::super::{Q, get, key, swap, take};
use super::{explore, holds, insert, map_with, race, replace};
use crate::Participant;

const K: i64 = key(Q[1]);
const OTHER: i64 = key(Q[2]);

#[test]
fn insert_against_insert_of_the_same_key() {
    explore(|| {
        let map = map_with(&[]);
        let (one, two) = race(
            &map,
            |map, me| (insert(map, K, 1, me), get(map, K, me)),
            |map, me| (insert(map, K, 2, me), get(map, K, me)),
        );
        assert!(one.0 != two.0, "one of them makes the entry");
        let winner = if one.0 { 1 } else { 2 };
        assert_eq!((one.1, two.1), (Some(winner), Some(winner)));
        holds(&map, &[(K, winner)], &Participant::new());
    });
}

#[test]
fn insert_against_insert_of_another_key() {
    explore(|| {
        let map = map_with(&[]);
        let (one, two) = race(
            &map,
            |map, me| insert(map, K, 1, me),
            |map, me| insert(map, OTHER, 2, me),
        );
        assert!(one && two);
        holds(&map, &[(K, 1), (OTHER, 2)], &Participant::new());
    });
}

#[test]
fn insert_against_delete() {
    explore(|| {
        let map = map_with(&[]);
        let (made, taken) = race(
            &map,
            |map, me| insert(map, K, 1, me),
            |map, me| take(map, K, me),
        );
        assert!(made);
        let left: &[_] = if taken == Some(1) { &[] } else { &[(K, 1)] };
        holds(&map, left, &Participant::new());
    });
}

#[test]
fn compare_and_set_against_delete() {
    explore(|| {
        let map = map_with(&[K]);
        let (set, taken) = race(
            &map,
            |map, me| replace(map, K, K, 2, me),
            |map, me| take(map, K, me),
        );
        assert_eq!(taken, Some(if set { 2 } else { K }));
        holds(&map, &[], &Participant::new());
    });
}

#[test]
fn delete_against_delete() {
    explore(|| {
        let map = map_with(&[K]);
        let (one, two) = race(&map, |map, me| take(map, K, me), |map, me| take(map, K, me));
        assert_eq!(one.xor(two), Some(K), "exactly one gets it");
        holds(&map, &[], &Participant::new());
    });
}

#[test]
fn delete_against_reinsert() {
    explore(|| {
        let map = map_with(&[K]);
        let (taken, found) = race(
            &map,
            |map, me| take(map, K, me),
            |map, me| swap(map, K, 2, me),
        );
        match found {
            // Replaced, and that was taken.
            Some(K) => {
                assert_eq!(taken, Some(2));
                holds(&map, &[], &Participant::new());
            }
            None => {
                assert_eq!(taken, Some(K));
                holds(&map, &[(K, 2)], &Participant::new());
            }
            other => panic!("{other:?}"),
        }
    });
}

/// The header comes back to the same bits while another thread is between its scan and its publication.
#[test]
fn insert_against_an_insert_into_a_slot_used_before() {
    explore(|| {
        let map = map_with(&[OTHER]);
        let (one, two) = race(
            &map,
            |map, me| insert(map, K, 1, me),
            |map, me| {
                assert_eq!(take(map, OTHER, me), Some(OTHER));
                insert(map, K, 2, me)
            },
        );
        assert!(one != two, "one of them makes the entry");
        holds(&map, &[(K, if one { 1 } else { 2 })], &Participant::new());
    });
}

/// A slot that the reader chose by an old header holds a node that is not published yet.
#[test]
fn get_against_an_insert_into_a_slot_used_before() {
    explore(|| {
        let map = map_with(&[OTHER]);
        let (found, ()) = race(
            &map,
            |map, me| [get(map, K, me), get(map, K, me)],
            |map, me| {
                take(map, OTHER, me);
                assert!(insert(map, K, 1, me));
            },
        );
        assert!(
            found[0].is_none() || found[1] == Some(1),
            "found and then not: {found:?}"
        );
        holds(&map, &[(K, 1)], &Participant::new());
    });
}
