//! Keys from any bytes: what is canonical stays so, tuples come apart as they were put together, strings are narrowed
//! exactly when they can be.

use std::mem::MaybeUninit;

use crate::{Key, KeyKind, Map, Options, Participant, Value};

/// A key that says by its first byte what it is, and the bytes after it.
fn key_of(data: &[u8]) -> Option<(Key<'_>, &[u8])> {
    let (&kind, data) = data.split_first()?;
    let number = |data: &[u8]| {
        let mut bytes = [0; 8];
        let length = data.len().min(8);
        bytes[..length].copy_from_slice(&data[..length]);
        u64::from_le_bytes(bytes)
    };
    let (here, rest) = data.split_at(data.len().min(usize::from(kind >> 3)));
    let key = match kind & 7 {
        0 => Key::undefined(),
        1 => Key::null(),
        2 => Key::boolean(here.is_empty()),
        3 => Key::number(f64::from_bits(number(here))),
        4 => Key::int(number(here) as i64),
        5 => Key::latin1(here),
        6 => Key::bytes(here).as_buffer(here.len() % 2 == 1),
        _ => Key::tuple(here),
    };
    Some((key, rest))
}

/// # Panics
/// When a key is not what it was made of.
pub fn keys(data: &[u8]) {
    // Bytes that nobody has put together: any elements or none, but no panic and an end.
    assert!(Key::tuple(data).elements().count() <= data.len() / 5);

    let (mut parts, mut rest) = (Vec::new(), data);
    while let Some((key, after)) = key_of(rest) {
        parts.push(key);
        rest = after;
    }
    let mut encoded = Vec::new();
    for part in &parts {
        Key::push_tuple(&mut encoded, part);
    }
    let whole = Key::tuple(&encoded);
    assert!(whole.elements().eq(parts.iter().copied()));

    let (map, me) = (Map::new(Options::default()), Participant::new());
    let guard = me.pin();
    for (place, part) in (0..).zip(&parts) {
        let same = Key::from_parts(part.kind(), false, part.as_bytes());
        assert_eq!(&same, part);
        if part.kind() == KeyKind::Number {
            let bits = u64::from_le_bytes(part.as_bytes().try_into().expect("eight bytes"));
            assert_eq!(&Key::number(f64::from_bits(bits)), part, "canonical");
        }
        map.swap(part, &Value::Int(place), &guard).expect("memory");
        assert!(
            map.get(&same, &guard)
                .expect("no damage")
                .is_some_and(|value| value.same(&Value::Int(place)))
        );
    }
    let first = |part: &Key<'_>| parts.iter().position(|other| other == part);
    let distinct = parts
        .iter()
        .enumerate()
        .filter(|&(place, part)| first(part) == Some(place));
    assert_eq!(map.len(), distinct.count() as u64);

    let units: Vec<u16> = data
        .as_chunks()
        .0
        .iter()
        .map(|&two| u16::from_le_bytes(two))
        .collect();
    let mut room = vec![MaybeUninit::new(0); units.len()];
    assert_eq!(
        threadmap_core::narrow(&units, &mut room),
        units.iter().all(|&unit| unit < 256)
    );
}
