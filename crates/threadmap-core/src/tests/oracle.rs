//! The oracle: what every operation must answer, by a plain sorted map.
//!
//! An operation is made of four bytes, so whatever gives bytes can drive it: proptest (`model.rs`) and the fuzzer
//! (`fuzz/`), which includes this file. Hence nothing here but the public API.

use std::collections::BTreeMap;

use crate::{
    BlobKind, Entry, Error, Expected, Guard, Key, KeyKind, Map, Number, Participant, Value,
};

/// A value that a model can own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Model {
    Undefined,
    Null,
    Boolean(bool),
    Number(u64),
    Int(i64),
    Blob(BlobKind, Vec<u8>),
}

impl Model {
    fn of(value: &Value<'_>) -> Self {
        match *value {
            Value::Undefined => Self::Undefined,
            Value::Null => Self::Null,
            Value::Boolean(boolean) => Self::Boolean(boolean),
            Value::Number(number) => Self::Number(number.to_bits()),
            Value::Int(int) => Self::Int(int),
            Value::Blob(kind, bytes) => Self::Blob(kind, bytes.to_vec()),
        }
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Undefined => Value::Undefined,
            Self::Null => Value::Null,
            Self::Boolean(boolean) => Value::Boolean(*boolean),
            Self::Number(bits) => Value::Number(f64::from_bits(*bits)),
            Self::Int(int) => Value::Int(*int),
            Self::Blob(kind, bytes) => Value::Blob(*kind, bytes),
        }
    }
}

/// A key that a model can own: its kind and bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(u8, Vec<u8>);

impl Name {
    pub(crate) fn of(key: &Key<'_>) -> Self {
        Self(key.kind() as u8, key.as_bytes().to_vec())
    }

    pub(crate) fn key(&self) -> Key<'_> {
        match self.0 {
            kind if kind == KeyKind::BigInt as u8 => {
                Key::from_parts(KeyKind::BigInt, false, &self.1)
            }
            kind if kind == KeyKind::Bytes as u8 => Key::bytes(&self.1),
            _ => Key::latin1(&self.1),
        }
    }

    /// Half of the bytes name one of eight keys, so that operations meet; the others one of 128, some of them long
    /// and some the same but for their kind.
    fn made_of(byte: u8) -> Self {
        let number = if byte & 1 == 1 {
            byte >> 1 & 7
        } else {
            byte >> 1
        };
        match number % 8 {
            5 => Self::of(&Key::int(i64::from(number))),
            6 => Self::of(&Key::bytes(&i64::from(number - 1).to_le_bytes())),
            7 => Self::of(&Key::bytes(&[number; 70])),
            _ => Self::of(&Key::latin1(format!("k{number}").as_bytes())),
        }
    }
}

/// What a conditional operation expects.
#[derive(Clone, Debug)]
pub(crate) enum Guess {
    /// What is there.
    Right,
    Absent,
    Of(Model),
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Get(Name),
    Swap(Name, Model),
    Take(Name),
    Insert(Name, Model),
    Replace(Name, Model),
    CompareAndSet(Name, Guess, Model),
    CompareAndDelete(Name, Guess),
    Add(Name, i64),
    AddFloat(Name, i8),
    Max(Name, i64),
    Min(Name, i64),
    Version(Name, Model),
    DeleteVersion(Name),
    Scan,
    Clear,
}

/// Where a word stops being one: bigints of 48 and of 64 bits.
const EDGES: [i64; 8] = [
    i64::MAX,
    i64::MIN,
    i64::MAX - 2,
    1 << 47,
    (1 << 47) - 1,
    -(1 << 47),
    -(1 << 47) - 1,
    1 << 53,
];

fn int(byte: u8) -> i64 {
    if byte & 1 == 1 {
        EDGES[usize::from(byte >> 1 & 7)]
    } else {
        i64::from(byte as i8 >> 1) % 4
    }
}

impl Model {
    fn made_of(byte: u8) -> Self {
        let rest = byte >> 3;
        match byte & 7 {
            0 if rest & 1 == 0 => Self::Undefined,
            0 => Self::Null,
            1 => Self::Boolean(rest & 1 == 1),
            2 | 3 => Self::Number(f64::from(i16::from(rest % 7) - 3).to_bits()),
            4 => Self::Int(int(rest << 1)),
            5 => Self::Int(int(rest | 1)),
            _ => {
                // The longest is above what a thread keeps for its next blob.
                let length = [0, 1, 3, 40, 600][usize::from(rest >> 1) % 5];
                let kind = [BlobKind::Latin1, BlobKind::Bytes][usize::from(rest & 1)];
                Self::Blob(kind, vec![rest; length])
            }
        }
    }
}

impl Guess {
    fn made_of(byte: u8) -> Self {
        match byte % 4 {
            0 | 1 => Self::Right,
            2 => Self::Absent,
            _ => Self::Of(Model::made_of(byte >> 2)),
        }
    }

    fn model(&self, there: Option<&Model>) -> Option<Model> {
        match self {
            Self::Right => there.cloned(),
            Self::Absent => None,
            Self::Of(model) => Some(model.clone()),
        }
    }
}

impl Op {
    /// Every four bytes are an operation: which, on what, with what, and what it expects.
    pub(crate) fn made_of([which, key, value, more]: [u8; 4]) -> Self {
        let key = Name::made_of(key);
        let model = || Model::made_of(value);
        match which % 52 {
            0..=3 => Self::Get(key),
            4..=12 => Self::Swap(key, model()),
            13..=18 => Self::Take(key),
            19..=27 => Self::Insert(key, model()),
            28..=29 => Self::Replace(key, model()),
            30..=32 => Self::CompareAndSet(key, Guess::made_of(more), model()),
            33..=35 => Self::CompareAndDelete(key, Guess::made_of(more)),
            36..=38 => Self::Add(key, int(value)),
            39..=41 => Self::AddFloat(key, value as i8),
            42..=43 => Self::Max(key, int(value)),
            44..=45 => Self::Min(key, int(value)),
            46..=48 => Self::Version(key, model()),
            49 => Self::DeleteVersion(key),
            50 => Self::Scan,
            // Rarely, or nothing ever grows.
            _ if more % 4 == 0 => Self::Clear,
            _ => Self::Insert(key, model()),
        }
    }
}

/// The state that a map should have.
pub(crate) type Plain = BTreeMap<Name, Model>;

/// Everything that a scan gives, in chunks of any size; panics on a key that comes twice.
pub(crate) fn scan_all(map: &Map, me: &Participant, chunk: usize) -> Plain {
    let mut found = Plain::new();
    let mut from = Some(0);
    while let Some(cursor) = from {
        let guard = me.pin();
        let mut entries: Vec<Entry<'_>> = Vec::new();
        from = map
            .scan(cursor, chunk, &guard, &mut entries)
            .expect("no damage");
        for entry in entries {
            let twice = found.insert(Name::of(&entry.key), Model::of(&entry.value));
            assert!(twice.is_none(), "a key came twice");
        }
    }
    found
}

fn clear(map: &Map, me: &Participant) {
    let mut from = Some(0);
    while let Some(cursor) = from {
        from = map.clear_chunk(cursor, 8, &me.pin()).expect("no damage");
    }
}

fn number_op(
    model: &mut Plain,
    key: &Name,
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
                    model.insert(key.clone(), Model::Int(new));
                }
                None => assert_eq!(got, Err(Error::Overflow)),
            }
        }
        Some(_) => assert!(matches!(got, Err(Error::WrongCell { .. })), "{got:?}"),
    }
}

/// Does the operation on both and compares the answers.
///
/// # Panics
/// When they differ.
#[expect(clippy::too_many_lines, reason = "one arm an operation")]
pub(crate) fn apply(op: &Op, map: &Map, model: &mut Plain, me: &Participant) {
    let guard: &Guard = &me.pin();
    let of = |value: Option<Value<'_>>| value.as_ref().map(Model::of);
    match op {
        Op::Get(k) => {
            assert_eq!(
                of(map.get(&k.key(), guard).expect("no damage")),
                model.get(k).cloned()
            );
            assert_eq!(
                map.contains(&k.key(), guard).expect("no damage"),
                model.contains_key(k)
            );
        }
        Op::Swap(k, v) => {
            let old = map.swap(&k.key(), &v.value(), guard).expect("memory");
            assert_eq!(of(old), model.insert(k.clone(), v.clone()));
        }
        Op::Take(k) => {
            assert_eq!(
                of(map.take(&k.key(), guard).expect("no damage")),
                model.remove(k)
            );
        }
        Op::Insert(k, v) => {
            let found = map
                .get_or_insert(&k.key(), &v.value(), guard)
                .expect("memory");
            assert_eq!(of(found), model.get(k).cloned());
            model.entry(k.clone()).or_insert_with(|| v.clone());
        }
        Op::Replace(k, v) => {
            let done = map.replace(&k.key(), &v.value(), guard).expect("memory");
            assert_eq!(done, model.contains_key(k));
            model
                .entry(k.clone())
                .and_modify(|found| *found = v.clone());
        }
        Op::CompareAndSet(k, expected, v) => {
            let expected = expected.model(model.get(k));
            let expects = expected
                .as_ref()
                .map_or(Expected::Absent, |e| Expected::Value(e.value()));
            let done = map
                .compare_and_set(&k.key(), &expects, &v.value(), guard)
                .expect("memory");
            assert_eq!(done, model.get(k) == expected.as_ref());
            if done {
                model.insert(k.clone(), v.clone());
            }
        }
        Op::CompareAndDelete(k, expected) => {
            let expected = expected.model(model.get(k)).unwrap_or(Model::Undefined);
            let done = map
                .compare_and_delete(&k.key(), &expected.value(), guard)
                .expect("no damage");
            assert_eq!(done, model.get(k) == Some(&expected));
            if done {
                model.remove(k);
            }
        }
        Op::Add(k, delta) => {
            let run = || map.add(&k.key(), Number::Int(*delta), Number::Int(7), guard);
            number_op(model, k, *delta, run, |old| {
                old.unwrap_or(7).checked_add(*delta)
            });
        }
        Op::AddFloat(k, delta) => {
            let delta = f64::from(*delta);
            let got = map.add(&k.key(), Number::Float(delta), Number::Float(0.5), guard);
            let old = match model.get(k) {
                None => Some(0.5),
                Some(Model::Number(bits)) => Some(f64::from_bits(*bits)),
                Some(_) => None,
            };
            if let Some(old) = old {
                assert_eq!(got, Ok(Number::Float(old + delta)));
                model.insert(k.clone(), Model::Number((old + delta).to_bits()));
            } else {
                assert!(matches!(got, Err(Error::WrongCell { .. })));
            }
        }
        Op::Max(k, operand) => {
            let run = || map.max(&k.key(), Number::Int(*operand), guard);
            number_op(model, k, *operand, run, |old| {
                Some(old.map_or(*operand, |old| old.max(*operand)))
            });
        }
        Op::Min(k, operand) => {
            let run = || map.min(&k.key(), Number::Int(*operand), guard);
            number_op(model, k, *operand, run, |old| {
                Some(old.map_or(*operand, |old| old.min(*operand)))
            });
        }
        Op::Version(k, v) => version(k, v, map, model, guard),
        Op::DeleteVersion(k) => {
            let key = k.key();
            let version = map
                .get_entry(&key, guard)
                .expect("memory")
                .map_or(0, |(_, version)| version);
            assert!(
                !map.delete_if_version(&key, version + 1_000_000, guard)
                    .expect("no damage")
            );
            assert_eq!(
                map.delete_if_version(&key, version, guard)
                    .expect("no damage"),
                model.remove(k).is_some()
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

fn version(k: &Name, v: &Model, map: &Map, model: &mut Plain, guard: &Guard) {
    let key = k.key();
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
    model.insert(k.clone(), v.clone());
}
