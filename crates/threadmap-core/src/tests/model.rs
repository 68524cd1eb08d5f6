//! Random sequences of operations against a plain sorted map, with and without forced collisions.

use proptest::prelude::*;

use super::oracle::{Op, Plain, apply, scan_all};
use super::scratch::Scratch;
use super::{MADE, MASKS, Made, map_of, options_of};
use crate::{FrozenMap, Key, Map, Options, Participant, Value};

/// Ten to forty nodes are a full segment here, so this goes through some splits and merges.
const LONGEST: usize = 200;

/// Cases of one way to force collisions, on the lock-free index; `THREADMAP_CASES` sets another number.
fn cases() -> u32 {
    let given = std::env::var("THREADMAP_CASES").ok();
    given.and_then(|cases| cases.parse().ok()).unwrap_or(25_000)
}

/// Sequences of operations. One number for each: a tree of strategies costs fifty times what the map does.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let made_of = |numbers: Vec<u32>| {
        let op = |number: u32| Op::made_of(number.to_le_bytes());
        numbers.into_iter().map(op).collect()
    };
    proptest::collection::vec(any::<u32>(), 1..LONGEST).prop_map(made_of)
}

/// Draws sequences and does them on a map and on the model.
fn like_a_plain_map(cases: u32, made: impl Strategy<Value = Made>, mask: u32) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let me = Participant::new();
    let run = |(ops, made): (Vec<Op>, Made)| {
        let (map, mut model) = (map_of(made, mask), Plain::new());
        for op in &ops {
            apply(op, &map, &mut model, &me);
        }
        map.index.check();
        prop_assert_eq!(scan_all(&map, &me, 3), model);
        Ok(())
    };
    if let Err(failure) = runner.run(&(ops(), made), run) {
        panic!("{failure}\n{runner}");
    }
}

/// A test for each way to force collisions, all together the number of cases that CI asks for.
macro_rules! whatever_collides {
    ($($name:ident: $mask:expr,)*) => {$(
        #[test]
        fn $name() {
            like_a_plain_map(cases(), Just(Made::LockFree), $mask);
            like_a_plain_map(cases() / 25, proptest::sample::select(MADE.as_slice()), $mask);
        }
    )*};
}

mod every_operation_does_what_a_plain_map_does {
    use super::*;

    whatever_collides! {
        whatever_the_hashes: MASKS[0],
        with_all_hashes_equal: MASKS[1],
        with_high_bits_equal: MASKS[2],
        with_low_bits_equal: MASKS[3],
    }
}

/// A frozen file of these entries, mapped; gone from its folder already.
fn frozen_of(entries: &Plain, me: &Participant) -> FrozenMap {
    let map = Map::new(Options::default());
    for (name, value) in entries {
        map.swap(&name.key(), &value.value(), &me.pin())
            .expect("memory");
    }
    let scratch = Scratch::new();
    scratch.freeze(&map, "map");
    FrozenMap::open(&scratch.path("map"), false).expect("a frozen file")
}

#[test]
fn over_a_file_every_operation_does_what_a_plain_map_does() {
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let me = Participant::new();
    let upper = MADE.into_iter().filter(|made| made.stamp() == 0);
    let made = proptest::sample::select(upper.collect::<Vec<_>>());
    // No room; room for some of what is promoted, with the index of one shard or of eight; for all.
    let hot_bytes = prop_oneof![Just(0), 9_000_u64..20_000, Just(1 << 20)];
    let run = |(before, ops, made, mask, hot_bytes): (Vec<Op>, Vec<Op>, Made, usize, u64)| {
        let (source, mut model) = (map_of(made, MASKS[mask]), Plain::new());
        for op in &before {
            apply(op, &source, &mut model, &me);
        }
        let options = options_of(made, MASKS[mask]);
        let map = Map::over(frozen_of(&model, &me), hot_bytes, options);
        for op in &ops {
            apply(op, &map, &mut model, &me);
        }
        map.index.check();
        prop_assert_eq!(scan_all(&map, &me, 3), model);
        Ok(())
    };
    if let Err(failure) = runner.run(&(ops(), ops(), made, 0..MASKS.len(), hot_bytes), run) {
        panic!("{failure}\n{runner}");
    }
}

on_each_index! {
fn growing_and_draining_goes_through_every_size(made) {
    for mask in MASKS {
        let (map, me) = (map_of(made, mask), Participant::new());
        let keys = if mask == 0 { 200 } else { 3_000_i64 };
        for i in 0..keys {
            map.swap(&Key::int(i), &Value::Int(i), &me.pin())
                .expect("memory");
            if i % 97 == 0 {
                map.index.check();
                assert_eq!(scan_all(&map, &me, 10).len() as i64, i + 1);
            }
        }
        for i in 0..keys {
            assert!(map.take(&Key::int(i), &me.pin()).expect("no damage").is_some());
            if i % 97 == 0 {
                map.index.check();
                assert_eq!(scan_all(&map, &me, 10).len() as i64, keys - i - 1);
            }
        }
        map.index.check();
    }
}
}
