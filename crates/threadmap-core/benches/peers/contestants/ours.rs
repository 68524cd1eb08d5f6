//! Our map as the boundary to Node uses it: one participant a thread for life, a pin an operation, numbers as values,
//! scans by chunks.

use std::rc::Rc;

use threadmap_core::{Guard, Map, Number, Options, Participant, Value, Variant};

use super::Peer;
use crate::key::Key;

/// As the boundary's `scan`.
const CHUNK: usize = 256;

thread_local! {
    static ME: Rc<Participant> = Rc::new(Participant::new());
}

pub(super) fn map(variant: Variant) -> Map {
    let mut options = Options::default();
    options.variant = variant;
    Map::new(options)
}

#[inline]
fn number(value: Value<'_>) -> u64 {
    match value {
        Value::Number(number) => number as u64,
        _ => unreachable!("only numbers are stored"),
    }
}

impl<K: Key> Peer<K> for Map {
    type Seat = Rc<Participant>;

    fn seat(&self) -> Rc<Participant> {
        ME.with(Rc::clone)
    }

    #[inline]
    fn get(&self, me: &Rc<Participant>, key: &K) -> Option<u64> {
        self.get(&key.ours(), &me.pin())
            .expect("no damage")
            .map(number)
    }

    #[inline]
    fn set(&self, me: &Rc<Participant>, key: &K, value: u64) {
        self.swap(&key.ours(), &Value::Number(value as f64), &me.pin())
            .expect("memory");
    }

    #[inline]
    fn remove(&self, me: &Rc<Participant>, key: &K) -> bool {
        self.take(&key.ours(), &me.pin())
            .expect("no damage")
            .is_some()
    }

    #[inline]
    fn add(&self, me: &Rc<Participant>, key: &K) {
        self.add(
            &key.ours(),
            Number::Float(1.0),
            Number::Float(0.0),
            &me.pin(),
        )
        .expect("a number");
    }

    fn visit(&self, me: &Rc<Participant>, mut see: impl FnMut(u64)) {
        let mut cursor = Some(0);
        while let Some(from) = cursor {
            let mut chunk = Vec::with_capacity(CHUNK * 2);
            let guard: Guard<'_> = me.pin();
            cursor = self
                .scan(from, CHUNK, &guard, &mut chunk)
                .expect("no damage");
            for entry in chunk {
                see(number(entry.value));
            }
        }
    }
}
