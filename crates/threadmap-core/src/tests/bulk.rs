//! Many keys in one call: as many single ones, in their order.

use std::collections::BTreeMap;

use super::{MADE, MASKS, map_of};
use crate::{Entry, Key, Number, Participant, Value};

#[test]
fn entries_stored_at_once_are_as_those_stored_one_by_one() {
    for (made, mask) in MADE
        .into_iter()
        .flat_map(|made| MASKS.map(|mask| (made, mask)))
    {
        let (map, me) = (map_of(made, mask), Participant::new());
        let guard = me.pin();
        let mut model = BTreeMap::new();
        // Several batches, with keys that come again in the same one and in another.
        for round in 0..3 {
            let pairs = (0..150).map(|i| (i * 7 % (100 + round), i + round * 1_000));
            let entries = pairs
                .clone()
                .map(|(key, value)| (Key::int(key), Value::Int(value)));
            map.set_many(entries, &guard).expect("memory");
            model.extend(pairs);
        }
        assert_eq!(map.version(&guard), 450, "{made:?}: each one counts");
        let mut found: Vec<Entry<'_>> = Vec::new();
        assert_eq!(map.scan(0, 1_000, &guard, &mut found), Ok(None));
        assert_eq!(found.len(), model.len(), "{made:?}");
        for (key, value) in model {
            let is = map.get(&Key::int(key), &guard).expect("no damage");
            assert!(
                is.is_some_and(|is| is.same(&Value::Int(value))),
                "{made:?}: {key}"
            );
        }
        map.index.check();
    }
}

#[test]
fn sums_of_many_keys_are_as_those_of_one_after_the_other() {
    for made in MADE {
        let (map, me) = (map_of(made, u32::MAX), Participant::new());
        let guard = me.pin();
        let pairs: Vec<_> = (0..200)
            .map(|i| (Key::int(i % 30), Number::Int(i)))
            .collect();
        let (mut sums, mut model) = (Vec::new(), [0; 30]);
        map.add_many(&pairs, &guard, |_, sum| sums.push(sum))
            .expect("ints");
        let expected = (0..200).map(|i: i64| {
            model[i as usize % 30] += i;
            Number::Int(model[i as usize % 30])
        });
        assert!(expected.eq(sums), "{made:?}");
    }
}
