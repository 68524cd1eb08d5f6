//! Whether one order of the calls explains what they returned, key by key.
//!
//! Each value is put once, and each call that replaces or removes a value says which. So the values of a key form
//! chains, from an insert to a removal, and an order is possible only if no call comes before one that must precede it.
//! What is checked is necessary for linearizability, and enough for lost, doubled, late and made-up values.

use std::collections::{BTreeMap, BTreeSet};

/// What a call did to its key. `None` is no entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Did {
    Read(Option<i64>),
    Wrote { was: Option<i64>, is: Option<i64> },
}

/// One call: its moments by a clock that all threads share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) key: i64,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) did: Did,
}

/// Fails unless an order may be possible that ends with these entries. Initial values count as put at 0.
pub(super) fn judge(calls: &[Call], initial: &[(i64, i64)], last: &BTreeMap<i64, i64>) {
    let put_at_first = initial.iter().map(|&(key, value)| Call {
        key,
        from: 0,
        to: 0,
        did: Did::Wrote {
            was: None,
            is: Some(value),
        },
    });
    let mut by_key: BTreeMap<i64, Vec<Call>> = BTreeMap::new();
    for call in put_at_first.chain(calls.iter().copied()) {
        by_key.entry(call.key).or_default().push(call);
    }
    for (key, calls) in &by_key {
        if let Err(why) = judge_key(calls, last.get(key).copied()) {
            panic!(
                "key {key:#x}: {why}\n{calls:#?}\nat last {:?}",
                last.get(key)
            );
        }
    }
    let strange = last.keys().find(|key| !by_key.contains_key(key));
    assert_eq!(strange, None, "a key that nobody has put");
}

fn judge_key(calls: &[Call], last: Option<i64>) -> Result<(), String> {
    let (mut put, mut gone) = (BTreeMap::new(), BTreeMap::new());
    for call in calls {
        if let Did::Wrote { was, is } = call.did {
            if let Some(is) = is {
                put.insert(is, call);
            }
            if let Some(was) = was
                && gone.insert(was, call).is_some()
            {
                return Err(format!("{was} was replaced or removed twice"));
            }
        }
    }
    let left: BTreeSet<_> = put
        .keys()
        .filter(|value| !gone.contains_key(value))
        .collect();
    if left != last.iter().collect() {
        return Err(format!("{left:?} should be left"));
    }
    for (value, end) in &gone {
        let Some(begin) = put.get(value) else {
            return Err(format!("{value} was never put"));
        };
        if end.to < begin.from {
            return Err(format!("{value} was gone before it was put"));
        }
    }
    // An entry is there from the end of its insert to the begin of its removal, whatever replaced its values.
    let entries = put.values().filter(|call| is_insert(call)).map(|insert| {
        let mut at = *insert;
        while let Did::Wrote {
            is: Some(value), ..
        } = at.did
            && let Some(next) = gone.get(&value)
        {
            at = next;
        }
        (insert.to, if is_removal(at) { at.from } else { u64::MAX })
    });
    let entries: Vec<_> = entries.collect();
    for call in calls {
        let missed = match call.did {
            Did::Read(Some(value)) => {
                let Some(begin) = put.get(&value) else {
                    return Err(format!("{value} was read and never put"));
                };
                if call.to < begin.from || gone.get(&value).is_some_and(|end| end.to < call.from) {
                    return Err(format!("{value} was read while it was not there"));
                }
                false
            }
            Did::Read(None)
            | Did::Wrote {
                was: None,
                is: Some(_),
            } => true,
            Did::Wrote { .. } => false,
        };
        let there = |&(from, to): &(u64, u64)| from < call.from && call.to < to;
        if missed && entries.iter().any(there) {
            return Err(format!("missed while it was there: {call:?}"));
        }
    }
    Ok(())
}

fn is_insert(call: &Call) -> bool {
    matches!(
        call.did,
        Did::Wrote {
            was: None,
            is: Some(_)
        }
    )
}

fn is_removal(call: &Call) -> bool {
    matches!(call.did, Did::Wrote { is: None, .. })
}
