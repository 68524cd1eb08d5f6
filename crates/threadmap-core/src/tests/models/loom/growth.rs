//! A segment is parted while others work on its keys. The third key of the first segment parts it.

use super::super::{Q, get, key, scan, take};
use super::{explore, explore_steps, holds, insert, map_with, race, replace};
use crate::{Map, Participant};

const A: i64 = key(Q[0]);
const B: i64 = key(Q[2]);
const C: i64 = key(Q[1]);
const D: i64 = key(Q[3]);

/// Parts the segment of A and B.
fn part(map: &Map, me: &Participant) {
    assert!(insert(map, C, C, me));
}

#[test]
fn get_against_split() {
    explore(|| {
        let map = map_with(&[A, B]);
        let (found, ()) = race(
            &map,
            |map, me| [get(map, A, me), get(map, B, me), get(map, D, me)],
            part,
        );
        assert_eq!(found, [Some(A), Some(B), None]);
        holds(&map, &[(A, A), (B, B), (C, C)], &Participant::new());
    });
}

#[test]
fn compare_and_set_against_split() {
    explore(|| {
        let map = map_with(&[A, B]);
        let (set, ()) = race(
            &map,
            |map, me| replace(map, B, B, 1, me) && replace(map, B, 1, 2, me),
            part,
        );
        assert!(set, "nobody else changes it");
        holds(&map, &[(A, A), (B, 2), (C, C)], &Participant::new());
    });
}

#[test]
fn delete_against_split() {
    explore_steps(|| {
        let map = map_with(&[A, B]);
        let (taken, ()) = race(&map, |map, me| (take(map, B, me), get(map, B, me)), part);
        assert_eq!(taken, (Some(B), None));
        holds(&map, &[(A, A), (C, C)], &Participant::new());
    });
}

#[test]
fn insert_against_split() {
    explore_steps(|| {
        let map = map_with(&[A, B]);
        let (made, ()) = race(&map, |map, me| insert(map, D, D, me), part);
        assert!(made);
        holds(&map, &[(A, A), (B, B), (C, C), (D, D)], &Participant::new());
    });
}

/// Both part the segment, and put the same key where the parting leads them.
#[test]
fn split_against_split() {
    explore_steps(|| {
        let map = map_with(&[A, B]);
        let (one, two) = race(
            &map,
            |map, me| insert(map, C, 1, me),
            |map, me| insert(map, C, 2, me),
        );
        assert!(one != two, "one of them makes the entry");
        let winner = if one { 1 } else { 2 };
        holds(&map, &[(A, A), (B, B), (C, winner)], &Participant::new());
    });
}

/// Keys that agree in the bits of the root: the parting goes on through a new level.
#[test]
fn get_against_a_split_that_grows_a_level() {
    const NEAR: [i64; 3] = [key(0), key(0x2000_0000), key(0x1000_0000)];
    explore(|| {
        let map = map_with(&NEAR[..2]);
        let (found, made) = race(
            &map,
            |map, me| [get(map, NEAR[0], me), get(map, NEAR[1], me)],
            |map, me| insert(map, NEAR[2], NEAR[2], me),
        );
        assert!(made);
        assert_eq!(found, [Some(NEAR[0]), Some(NEAR[1])]);
        holds(&map, &NEAR.map(|key| (key, key)), &Participant::new());
    });
}

#[test]
fn iterate_against_split() {
    explore(|| {
        let map = map_with(&[A, B]);
        let (found, ()) = race(&map, scan, part);
        assert_eq!(found.get(&A), Some(&A), "it is there all the time");
        assert_eq!(found.get(&B), Some(&B), "it is there all the time");
        assert!(found.keys().all(|key| [A, B, C].contains(key)));
        holds(&map, &[(A, A), (B, B), (C, C)], &Participant::new());
    });
}
