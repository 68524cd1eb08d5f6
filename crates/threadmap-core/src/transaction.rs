//! Transactions: several keys of the snapshot variant, read and written as one step.
//!
//! Optimistic concurrency control with backward validation (Kung, Robinson, 1981): a transaction reads one snapshot and
//! keeps its writes to itself; at the end, under the writers' lock, each entry that it has read must be the very one
//! that is there, and then all its writes are published by one store. Nothing is locked while it is being made, and
//! one that is dropped has done nothing.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::key::{Key, KeyKind};
use crate::map::Map;
use crate::options::Options;
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};
use crate::raw::word::OwnedWord;
use crate::snapshot::Snapshot;
use crate::value::{OwnedValue, Value};

/// A key that keeps its own bytes, in the order of its encoding.
type OwnedKey = (u8, Box<[u8]>);

fn own(key: &Key<'_>) -> OwnedKey {
    (key.kind() as u8, key.as_bytes().into())
}

/// What a transaction is to do to one key.
#[derive(Default)]
enum Write {
    #[default]
    Nothing,
    Set(OwnedValue),
    Delete,
}

/// What a transaction has to do with one key.
#[derive(Default)]
struct Touched {
    /// How bytes were given, for whoever reads the key back.
    buffer: bool,
    /// The stamp that it was read with (0: no entry); `None` when it was not read.
    read: Option<u64>,
    write: Write,
}

/// Several reads and writes that happen together, or not at all.
pub struct Transaction {
    snapshot: Snapshot,
    options: Options,
    touched: BTreeMap<OwnedKey, Touched>,
}

impl Transaction {
    /// How the map was made.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Notes that the key is read: the transaction is lost when another thread changes it before the end.
    pub fn touch(&mut self, key: &Key<'_>) {
        let touched = self.touched.entry(own(key)).or_default();
        if touched.read.is_none() {
            touched.read = Some(self.snapshot.find(key).map_or(0, NodeRef::stamp));
        }
    }

    /// What the key holds for this transaction: its own write, or what the map held when it began.
    pub fn get(&mut self, key: &Key<'_>) -> Option<Value<'_>> {
        let touched = self.touched.entry(own(key)).or_default();
        match &touched.write {
            Write::Set(value) => Some(value.borrow()),
            Write::Delete => None,
            Write::Nothing => {
                let found = self.snapshot.find(key);
                touched.read = Some(found.map_or(0, NodeRef::stamp));
                found?.value()
            }
        }
    }

    fn write(&mut self, key: &Key<'_>, write: Write) {
        let touched = self.touched.entry(own(key)).or_default();
        touched.buffer = key.is_buffer();
        touched.write = write;
    }

    /// Stores a value, for this transaction until it is committed.
    ///
    /// # Errors
    /// When key or value is over its limit.
    pub fn set(&mut self, key: &Key<'_>, value: &Value<'_>) -> Result<()> {
        self.options.admit(key, value)?;
        self.write(key, Write::Set(OwnedValue::new(value)));
        Ok(())
    }

    /// Removes the entry, for this transaction until it is committed; says whether there is one.
    pub fn delete(&mut self, key: &Key<'_>) -> bool {
        let there = self.get(key).is_some();
        self.write(key, Write::Delete);
        there
    }

    /// Makes all writes visible by one store, the linearization point, if nothing that was read has changed since;
    /// says whether it did. A transaction that wrote nothing took place when it began. The snapshot that it read is for
    /// the caller to release.
    ///
    /// The writers' lock is held for as long as it takes to look at what was read and to store what was written.
    ///
    /// # Errors
    /// [`crate::Error::OtherVariant`] for a map that it is not of; when memory is out. Nothing has changed then.
    pub fn commit(self, map: &Map, guard: &Guard<'_>) -> Result<(bool, Snapshot)> {
        let index = map.persistent("a transaction")?;
        let stamp = index.stamp();
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        let keys: Vec<Key<'_>> = self
            .touched
            .iter()
            .map(|((kind, bytes), touched)| {
                Key::from_parts(KeyKind::ALL[usize::from(*kind)], touched.buffer, bytes)
            })
            .collect();
        for (key, touched) in keys.iter().zip(self.touched.values()) {
            let key = map.hash(key);
            reads.extend(touched.read.map(|stamp| (key, stamp)));
            let node = match &touched.write {
                Write::Nothing => continue,
                Write::Delete => None,
                Write::Set(value) => {
                    let word = OwnedWord::encode(&value.borrow(), None, guard)?;
                    Some(OwnedNode::stamped(&key, word, stamp, guard)?)
                }
            };
            writes.push((key, node));
        }
        if writes.is_empty() {
            return Ok((true, self.snapshot));
        }
        let _writing: Vec<_> = writes.iter().map(|(key, _)| map.writing(key)).collect();
        let committed = index.write(stamp, guard, |version, edit| {
            let stamp_now = |key| version.tree.find(key).map_or(0, NodeRef::stamp);
            let stands = version.is(self.snapshot.held())
                || reads.iter().all(|(key, read)| stamp_now(key) == *read);
            if stands {
                for (key, node) in writes {
                    match node {
                        Some(node) => edit.put(node, guard),
                        None => drop(edit.remove(&key, guard)),
                    }
                }
            }
            stands
        });
        Ok((committed, self.snapshot))
    }

    /// Gives up; nothing has happened. The snapshot that it read is for the caller to release.
    #[must_use]
    pub fn abandon(self) -> Snapshot {
        self.snapshot
    }
}

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction")
            .field("touched", &self.touched.len())
            .finish_non_exhaustive()
    }
}

impl Map {
    /// Begins a transaction on the content of this moment, in constant time: of the snapshot variant.
    ///
    /// # Errors
    /// [`crate::Error::OtherVariant`].
    pub fn begin(&self, guard: &Guard<'_>) -> Result<Transaction> {
        self.persistent("a transaction")?;
        Ok(Transaction {
            snapshot: self.hold(guard)?,
            options: self.options().clone(),
            touched: BTreeMap::new(),
        })
    }
}
