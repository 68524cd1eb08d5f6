//! The root of the snapshot variant: one writer replaces it while others read below it, hold it, or want to replace it
//! too; and what a root no longer leads to is freed under nobody.

use std::sync::Arc;

use super::super::{Made, Q, get, key, map_of, number, swap, take};
use super::{explore, explore_steps, holds, insert, race, replace};
use crate::{Key, Map, Participant, Value};

const K: i64 = key(Q[1]);
const OTHER: i64 = key(Q[2]);

/// A map of versions with these keys, each its own value.
fn versions_of(keys: &[i64]) -> Arc<Map> {
    let (map, me) = (map_of(Made::Snapshot), Participant::new());
    for &key in keys {
        insert(&map, key, key, &me);
    }
    Arc::new(map)
}

fn free_all(me: &Participant) {
    for _ in 0..3 {
        me.pin().flush();
    }
}

/// Both values in one version, which is held for as long as that takes.
fn pair_in_a_snapshot(map: &Map, me: &Participant) -> [Option<i64>; 2] {
    let held = map.hold(&me.pin()).expect("versions");
    [K, OTHER].map(|key| number(held.get(&Key::int(key))))
}

/// Both keys get this value by one store of the root.
fn put_both(map: &Map, value: i64, me: &Participant) {
    let guard = me.pin();
    let mut content = map.content().expect("versions");
    for key in [K, OTHER] {
        content
            .put(&Key::int(key), &Value::Int(value), &guard)
            .expect("memory");
    }
    drop(map.replace_all(content, None, &guard).expect("versions"));
}

/// One more in K, by a transaction that begins again until it commits.
fn count_up(map: &Map, me: &Participant) {
    loop {
        let mut begun = map.begin(&me.pin()).expect("versions");
        let now = number(begun.get(&Key::int(K))).expect("an entry");
        begun
            .set(&Key::int(K), &Value::Int(now + 1))
            .expect("memory");
        if begun.commit(map, &me.pin()).expect("memory").0 {
            return;
        }
    }
}

#[test]
fn get_against_a_write_that_frees() {
    explore(|| {
        let map = versions_of(&[K, OTHER]);
        let (found, old) = race(
            &map,
            |map, me| [get(map, K, me), get(map, K, me)],
            |map, me| {
                let old = swap(map, K, 1, me);
                free_all(me);
                old
            },
        );
        assert_eq!(old, Some(K));
        assert!(found[0] == Some(K) || found[1] == Some(1), "{found:?}");
        holds(&map, &[(K, 1), (OTHER, OTHER)], &Participant::new());
    });
}

#[test]
fn get_against_a_delete_that_frees() {
    explore(|| {
        let map = versions_of(&[K, OTHER]);
        let (found, taken) = race(
            &map,
            |map, me| [get(map, K, me), get(map, OTHER, me)],
            |map, me| {
                let taken = take(map, K, me);
                free_all(me);
                taken
            },
        );
        assert_eq!((taken, found[1]), (Some(K), Some(OTHER)));
        holds(&map, &[(OTHER, OTHER)], &Participant::new());
    });
}

#[test]
fn writers_of_one_key() {
    explore(|| {
        let map = versions_of(&[K]);
        let (one, two) = race(
            &map,
            |map, me| replace(map, K, K, 1, me),
            |map, me| replace(map, K, K, 2, me),
        );
        assert!(one != two, "one of them finds what it expects");
        holds(&map, &[(K, if one { 1 } else { 2 })], &Participant::new());
    });
}

#[test]
fn writers_of_two_keys() {
    explore(|| {
        let map = versions_of(&[]);
        let (one, two) = race(
            &map,
            |map, me| insert(map, K, 1, me),
            |map, me| insert(map, OTHER, 2, me),
        );
        assert!(one && two);
        holds(&map, &[(K, 1), (OTHER, 2)], &Participant::new());
    });
}

/// K is written before OTHER, so no version has OTHER's new value and K's old one; and what a snapshot keeps is freed
/// when it ends, by it or by the writer.
#[test]
fn a_held_version_against_writes() {
    explore_steps(|| {
        let map = versions_of(&[K, OTHER]);
        let (seen, ()) = race(&map, pair_in_a_snapshot, |map, me| {
            swap(map, K, 1, me);
            swap(map, OTHER, 2, me);
            free_all(me);
        });
        let possible = [[K, OTHER], [1, OTHER], [1, 2]].map(|pair| pair.map(Some));
        assert!(possible.contains(&seen), "{seen:?}");
        holds(&map, &[(K, 1), (OTHER, 2)], &Participant::new());
    });
}

#[test]
fn a_held_version_against_a_replacement_of_all() {
    explore_steps(|| {
        let map = versions_of(&[K, OTHER]);
        let (seen, ()) = race(&map, pair_in_a_snapshot, |map, me| {
            put_both(map, 1, me);
            free_all(me);
        });
        assert!(
            [[Some(K), Some(OTHER)], [Some(1); 2]].contains(&seen),
            "{seen:?}"
        );
        holds(&map, &[(K, 1), (OTHER, 1)], &Participant::new());
    });
}

#[test]
fn a_write_against_a_replacement_of_all() {
    explore_steps(|| {
        let map = versions_of(&[K, OTHER]);
        let (old, ()) = race(
            &map,
            |map, me| swap(map, K, 2, me),
            |map, me| put_both(map, 1, me),
        );
        let after = if old == Some(1) { 2 } else { 1 };
        assert!([Some(1), Some(K)].contains(&old), "{old:?}");
        holds(&map, &[(K, after), (OTHER, 1)], &Participant::new());
    });
}

#[test]
fn transactions_of_one_key() {
    explore_steps(|| {
        let map = versions_of(&[]);
        insert(&map, K, 0, &Participant::new());
        race(&map, count_up, count_up);
        holds(&map, &[(K, 2)], &Participant::new());
    });
}
