//! Random sequences of operations against a plain sorted map, with and without forced collisions.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{MADE, MASKS, map_of};
use crate::{BlobKind, Entry, Error, Expected, Guard, Key, Map, Number, Participant, Value};

/// A value that a model can own.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Model {
    Undefined,
    Boolean(bool),
    Number(u64),
    Int(i64),
    Blob(u8, Vec<u8>),
}

impl Model {
    fn of(value: &Value<'_>) -> Self {
        match *value {
            Value::Undefined | Value::Null => Self::Undefined,
            Value::Boolean(boolean) => Self::Boolean(boolean),
            Value::Number(number) => Self::Number(number.to_bits()),
            Value::Int(int) => Self::Int(int),
            Value::Blob(kind, bytes) => Self::Blob(kind as u8, bytes.to_vec()),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Undefined => Value::Undefined,
            Self::Boolean(boolean) => Value::Boolean(*boolean),
            Self::Number(bits) => Value::Number(f64::from_bits(*bits)),
            Self::Int(int) => Value::Int(*int),
            Self::Blob(kind, bytes) => Value::Blob(BlobKind::ALL[usize::from(*kind)], bytes),
        }
    }
}

#[derive(Clone, Debug)]
enum Op {
    Get(u16),
    Swap(u16, Model),
    Take(u16),
    Insert(u16, Model),
    Replace(u16, Model),
    CompareAndSet(u16, Option<Model>, Model),
    CompareAndDelete(u16, Model),
    Add(u16, i64),
    AddFloat(u16, i8),
    Max(u16, i64),
    Min(u16, i64),
    Version(u16, Model),
    DeleteVersion(u16),
    Scan,
    Clear,
}

fn models() -> impl Strategy<Value = Model> {
    prop_oneof![
        Just(Model::Undefined),
        any::<bool>().prop_map(Model::Boolean),
        (-3_i8..3).prop_map(|n| Model::Number(f64::from(n).to_bits())),
        prop_oneof![-3_i64..3, any::<i64>()].prop_map(Model::Int),
        (0_u8..2, proptest::collection::vec(0_u8..3, 0..3))
            .prop_map(|(k, b)| Model::Blob(k * 3, b)),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let key = || prop_oneof![0_u16..8, 0_u16..200];
    prop_oneof![
        4 => key().prop_map(Op::Get),
        8 => (key(), models()).prop_map(|(k, v)| Op::Swap(k, v)),
        6 => key().prop_map(Op::Take),
        8 => (key(), models()).prop_map(|(k, v)| Op::Insert(k, v)),
        2 => (key(), models()).prop_map(|(k, v)| Op::Replace(k, v)),
        3 => (key(), proptest::option::of(models()), models()).prop_map(|(k, e, v)| Op::CompareAndSet(k, e, v)),
        3 => (key(), models()).prop_map(|(k, v)| Op::CompareAndDelete(k, v)),
        3 => (key(), prop_oneof![-3_i64..3, any::<i64>()]).prop_map(|(k, d)| Op::Add(k, d)),
        3 => (key(), any::<i8>()).prop_map(|(k, d)| Op::AddFloat(k, d)),
        2 => (key(), -5_i64..5).prop_map(|(k, d)| Op::Max(k, d)),
        2 => (key(), -5_i64..5).prop_map(|(k, d)| Op::Min(k, d)),
        3 => (key(), models()).prop_map(|(k, v)| Op::Version(k, v)),
        2 => key().prop_map(Op::DeleteVersion),
        1 => Just(Op::Scan),
        1 => Just(Op::Clear),
    ]
}

/// Everything that a scan gives, in chunks of any size; panics on a key that comes twice.
pub(super) fn scan_all(map: &Map, me: &Participant, chunk: usize) -> BTreeMap<Vec<u8>, Model> {
    let mut found = BTreeMap::new();
    let mut from = Some(0);
    while let Some(cursor) = from {
        let guard = me.pin();
        let mut entries: Vec<Entry<'_>> = Vec::new();
        from = map.scan(cursor, chunk, &guard, &mut entries);
        for entry in entries {
            let twice = found.insert(entry.key.as_bytes().to_vec(), Model::of(&entry.value));
            assert!(twice.is_none(), "a key came twice");
        }
    }
    found
}

fn clear(map: &Map, me: &Participant) {
    let mut from = Some(0);
    while let Some(cursor) = from {
        from = map.clear_chunk(cursor, 8, &me.pin());
    }
}

fn number_op(
    model: &mut BTreeMap<Vec<u8>, Model>,
    key: &[u8],
    operand: i64,
    run: impl FnOnce() -> Result<Number, Error>,
    combine: impl FnOnce(Option<i64>) -> Option<i64>,
) {
    let got = run();
    match model.get(key) {
        Some(Model::Int(_)) | None => {
            let old = model.get(key).map(|found| {
                if let Model::Int(int) = found {
                    *int
                } else {
                    operand
                }
            });
            match combine(old) {
                Some(new) => {
                    assert_eq!(got, Ok(Number::Int(new)));
                    model.insert(key.to_vec(), Model::Int(new));
                }
                None => assert_eq!(got, Err(Error::Overflow)),
            }
        }
        Some(_) => assert!(matches!(got, Err(Error::WrongCell { .. })), "{got:?}"),
    }
}

#[expect(clippy::too_many_lines, reason = "one arm an operation")]
fn apply(op: &Op, map: &Map, model: &mut BTreeMap<Vec<u8>, Model>, me: &Participant) {
    let text = |key: u16| format!("k{key}").into_bytes();
    let guard: &Guard = &me.pin();
    let of = |value: Option<Value<'_>>| value.as_ref().map(Model::of);
    match op {
        Op::Get(k) => {
            let k = text(*k);
            assert_eq!(of(map.get(&Key::latin1(&k), guard)), model.get(&k).cloned());
            assert_eq!(
                map.contains(&Key::latin1(&k), guard),
                model.contains_key(&k)
            );
        }
        Op::Swap(k, v) => {
            let k = text(*k);
            let old = map
                .swap(&Key::latin1(&k), &v.value(), guard)
                .expect("memory");
            assert_eq!(of(old), model.insert(k, v.clone()));
        }
        Op::Take(k) => {
            let k = text(*k);
            assert_eq!(of(map.take(&Key::latin1(&k), guard)), model.remove(&k));
        }
        Op::Insert(k, v) => {
            let k = text(*k);
            let found = map
                .get_or_insert(&Key::latin1(&k), &v.value(), guard)
                .expect("memory");
            assert_eq!(of(found), model.get(&k).cloned());
            model.entry(k).or_insert_with(|| v.clone());
        }
        Op::Replace(k, v) => {
            let k = text(*k);
            let done = map
                .replace(&Key::latin1(&k), &v.value(), guard)
                .expect("memory");
            assert_eq!(done, model.contains_key(&k));
            model.entry(k).and_modify(|found| *found = v.clone());
        }
        Op::CompareAndSet(k, expected, v) => {
            let k = text(*k);
            let expects = expected
                .as_ref()
                .map_or(Expected::Absent, |e| Expected::Value(e.value()));
            let done = map
                .compare_and_set(&Key::latin1(&k), &expects, &v.value(), guard)
                .expect("memory");
            assert_eq!(done, model.get(&k) == expected.as_ref());
            if done {
                model.insert(k, v.clone());
            }
        }
        Op::CompareAndDelete(k, expected) => {
            let k = text(*k);
            let done = map.compare_and_delete(&Key::latin1(&k), &expected.value(), guard);
            assert_eq!(done, model.get(&k) == Some(expected));
            if done {
                model.remove(&k);
            }
        }
        Op::Add(k, delta) => {
            let k = text(*k);
            let run = || map.add(&Key::latin1(&k), Number::Int(*delta), Number::Int(7), guard);
            number_op(model, &k, *delta, run, |old| {
                old.unwrap_or(7).checked_add(*delta)
            });
        }
        Op::AddFloat(k, delta) => {
            let k = text(*k);
            let delta = f64::from(*delta);
            let got = map.add(
                &Key::latin1(&k),
                Number::Float(delta),
                Number::Float(0.5),
                guard,
            );
            let old = match model.get(&k) {
                None => Some(0.5),
                Some(Model::Number(bits)) => Some(f64::from_bits(*bits)),
                Some(_) => None,
            };
            if let Some(old) = old {
                assert_eq!(got, Ok(Number::Float(old + delta)));
                model.insert(k, Model::Number((old + delta).to_bits()));
            } else {
                assert!(matches!(got, Err(Error::WrongCell { .. })));
            }
        }
        Op::Max(k, operand) => {
            let k = text(*k);
            let run = || map.max(&Key::latin1(&k), Number::Int(*operand), guard);
            number_op(model, &k, *operand, run, |old| {
                Some(old.map_or(*operand, |old| old.max(*operand)))
            });
        }
        Op::Min(k, operand) => {
            let k = text(*k);
            let run = || map.min(&Key::latin1(&k), Number::Int(*operand), guard);
            number_op(model, &k, *operand, run, |old| {
                Some(old.map_or(*operand, |old| old.min(*operand)))
            });
        }
        Op::Version(k, v) => version(&text(*k), v, map, model, guard),
        Op::DeleteVersion(k) => {
            let k = text(*k);
            let key = Key::latin1(&k);
            let version = map
                .get_entry(&key, guard)
                .expect("memory")
                .map_or(0, |(_, version)| version);
            assert!(!map.delete_if_version(&key, version + 1_000_000, guard));
            assert_eq!(
                map.delete_if_version(&key, version, guard),
                model.remove(&k).is_some()
            );
        }
        Op::Scan => assert_eq!(&scan_all(map, me, 5), model),
        Op::Clear => {
            clear(map, me);
            model.clear();
        }
    }
    assert_eq!(map.len(), model.len() as u64);
}

fn version(k: &[u8], v: &Model, map: &Map, model: &mut BTreeMap<Vec<u8>, Model>, guard: &Guard) {
    let key = Key::latin1(k);
    let entry = map.get_entry(&key, guard).expect("memory");
    assert_eq!(
        entry.as_ref().map(|(value, _)| Model::of(value)),
        model.get(k).cloned()
    );
    let Some((_, version)) = entry else {
        assert!(
            !map.set_if_version(&key, &v.value(), 1, guard)
                .expect("memory")
        );
        return;
    };
    assert_eq!(
        map.get_entry(&key, guard)
            .expect("memory")
            .map(|entry| entry.1),
        Some(version),
        "reading is no change"
    );
    assert!(
        !map.set_if_version(&key, &v.value(), version + 1_000_000, guard)
            .expect("memory")
    );
    assert!(
        map.set_if_version(&key, &v.value(), version, guard)
            .expect("memory")
    );
    assert!(
        !map.set_if_version(&key, &v.value(), version, guard)
            .expect("memory"),
        "a version is good once"
    );
    model.insert(k.to_vec(), v.clone());
}

/// Cases: ci/rust-long.mjs raises it.
fn cases() -> u32 {
    std::env::var("THREADMAP_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_does_what_a_plain_map_does(
        ops in proptest::collection::vec(ops(), 1..400),
        mask in 0_usize..4,
        made in 0..MADE.len(),
    ) {
        let (map, me) = (map_of(MADE[made], MASKS[mask]), Participant::new());
        let mut model = BTreeMap::new();
        for op in &ops {
            apply(op, &map, &mut model, &me);
        }
        map.index.check();
        prop_assert_eq!(scan_all(&map, &me, 3), model);
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
            assert!(map.take(&Key::int(i), &me.pin()).is_some());
            if i % 97 == 0 {
                map.index.check();
                assert_eq!(scan_all(&map, &me, 10).len() as i64, keys - i - 1);
            }
        }
        map.index.check();
    }
}
}
