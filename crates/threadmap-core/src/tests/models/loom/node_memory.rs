//! A node is freed while others look for it.

use super::super::{Q, get, key, swap, take};
use super::{explore, holds, map_with, race};
use crate::Participant;

const K: i64 = key(Q[1]);

#[test]
fn get_against_a_delete_that_frees() {
    explore(|| {
        let map = map_with(&[K]);
        let (found, taken) = race(
            &map,
            |map, me| [get(map, K, me), get(map, K, me)],
            |map, me| {
                let taken = take(map, K, me);
                for _ in 0..3 {
                    me.pin().flush();
                }
                taken
            },
        );
        assert_eq!(taken, Some(K));
        assert!(found[0].is_some() || found[1].is_none());
        holds(&map, &[], &Participant::new());
    });
}

/// The insert meets the dead node and clears it in the killer's stead; only the killer frees it.
#[test]
fn insert_against_a_delete_that_frees() {
    explore(|| {
        let map = map_with(&[K]);
        let (found, taken) = race(
            &map,
            |map, me| swap(map, K, 1, me),
            |map, me| {
                let taken = take(map, K, me);
                for _ in 0..3 {
                    me.pin().flush();
                }
                taken
            },
        );
        assert_eq!(taken, Some(if found.is_some() { 1 } else { K }));
        let left: &[_] = if found.is_some() { &[] } else { &[(K, 1)] };
        holds(&map, left, &Participant::new());
    });
}

/// A value that does not fit the word is in a blob, which is seen whole and freed once nobody can see it.
#[test]
fn get_against_updates_of_a_value_in_a_blob() {
    const WIDE: [i64; 2] = [1 << 60, 1 << 61];
    explore(|| {
        let map = map_with(&[K]);
        let (found, ()) = race(
            &map,
            |map, me| get(map, K, me),
            |map, me| {
                assert_eq!(swap(map, K, WIDE[0], me), Some(K));
                assert_eq!(swap(map, K, WIDE[1], me), Some(WIDE[0]));
                for _ in 0..3 {
                    me.pin().flush();
                }
            },
        );
        assert!([K, WIDE[0], WIDE[1]].map(Some).contains(&found));
        holds(&map, &[(K, WIDE[1])], &Participant::new());
    });
}
