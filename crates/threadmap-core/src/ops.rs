//! Every operation on one key, written once for all variants.
//!
//! [`Map::step`] is the only loop: find the node, show what it holds, and do what the caller decides by one
//! compare-and-swap on the node's word, again if another thread was faster. Linearization points: that swap for
//! updates and removals; the linking of the node for inserts; the load of the word, or the miss, for the rest. A node
//! found dead is a miss at the moment of its death, which lies within the call or before the key was linked again.
//! Between `self.writing` and the end of that scope lies each change: that is all that refs ask of a writer
//! (`crate::stamps`), so an operation that goes through the loop has done its part.

use crate::error::Result;
use crate::hash::Hashed;
use crate::index::persistent::Persistent;
use crate::index::{Index, Trail};
use crate::key::Lookup;
use crate::map::Map;
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};
use crate::raw::prefetch::ahead;
use crate::raw::word::{Cell, OwnedWord, Word};
use crate::stamps::Writing;
use crate::step;
use crate::value::Value;

/// What to do about an entry, decided from what it holds.
pub(crate) enum Step<'v> {
    /// Leave it.
    Keep,
    /// Store this value; makes the entry where there is none.
    Put(Value<'v>),
    /// Remove it.
    Remove,
}

/// What an expected value is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Expected<'a> {
    /// No entry.
    Absent,
    /// An entry with this content.
    Value(Value<'a>),
}

impl Expected<'_> {
    fn is(&self, found: Option<&Cell<'_>>) -> bool {
        match (self, found) {
            (Expected::Absent, None) => true,
            (Expected::Value(expected), Some(cell)) => expected.same(&cell.value),
            _ => false,
        }
    }
}

impl Map {
    /// Shows `decide` what the key has, and does what it says, atomically. Returns what `give` makes of what was there
    /// before, and of whether anything was done ([`was`], [`done`]): what is not asked for is not put together.
    /// `decide` may run several times and must have no effects of its own.
    #[inline]
    pub(crate) fn step<'g, 'v, R>(
        &'g self,
        key: &impl Lookup,
        guard: &'g Guard<'_>,
        decide: impl FnMut(Option<Cell<'g>>) -> Result<Step<'v>>,
        give: impl FnOnce(Option<Value<'g>>, bool) -> R,
    ) -> Result<R> {
        let hashed = self.hash(key);
        if let Some(beneath) = &self.beneath {
            return self.step_beneath(beneath, &hashed, guard, decide, give);
        }
        let located = self.locate(key, &hashed, guard);
        self.step_from(key, &hashed, located, guard, decide, give)
    }

    /// [`Map::step`] from where the key was located under this guard, in a map without a file.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "left to the compiler, some of its callers pay 70 instructions for what they hand over"
    )]
    pub(crate) fn step_from<'g, 'v, R>(
        &'g self,
        key: &impl Lookup,
        hashed: &Hashed<'_>,
        (mut node, mut trail): (Option<NodeRef<'g>>, Trail),
        guard: &'g Guard<'_>,
        mut decide: impl FnMut(Option<Cell<'g>>) -> Result<Step<'v>>,
        give: impl FnOnce(Option<Value<'g>>, bool) -> R,
    ) -> Result<R> {
        // A way of its own for a number that another one follows: what may be of any kind is put together in memory.
        if let Some(node) = node.filter(|_| self.index.persistent().is_none())
            && let Some((word, number)) = node.number()
        {
            let value = Value::Number(number);
            let cell = Cell {
                value,
                version: None,
            };
            match decide(Some(cell))? {
                Step::Keep => return Ok(give(Some(value), false)),
                Step::Put(next) => {
                    let writing = self.writing(hashed);
                    let replaced = self.replace_word(node, word, &next, Some(cell), guard)?;
                    self.follow(key, &writing);
                    if replaced {
                        return Ok(give(Some(value), true));
                    }
                }
                Step::Remove => {}
            }
        }
        loop {
            let (word, found) = self.look(node);
            let decision = decide(found)?;
            if matches!((&decision, found), (Step::Keep, _) | (Step::Remove, None)) {
                return Ok(give(found.map(|cell| cell.value), false));
            }
            let writing = self.writing(hashed);
            let done = if let Some(index) = self.index.persistent() {
                exchange(index, hashed, node, &decision, guard)?
            } else {
                match (decision, node, found) {
                    // Also where the entry is gone, but its node stays for a snapshot that is being taken.
                    (Step::Put(value), Some(node), _) if word != Word::DEAD => {
                        let replaced = self.replace_word(node, word, &value, found, guard)?;
                        self.follow(key, &writing);
                        replaced
                    }
                    (Step::Put(value), ..) => self.link(hashed, &value, trail, guard)?,
                    (Step::Remove, Some(node), Some(_)) => self.remove(hashed, node, word, guard),
                    (Step::Keep | Step::Remove, ..) => {
                        unreachable!("kept above, or found in a node")
                    }
                }
            };
            if done {
                return Ok(give(found.map(|cell| cell.value), true));
            }
            // Another thread was faster: the same node says by how much, unless it was no help.
            if found.is_none() || self.index.persistent().is_some() {
                (node, trail) = self.index.find_with_trail(hashed, guard);
            }
        }
    }

    /// What a node holds; of a stamped one its stamp is the version.
    #[inline]
    fn look<'g>(&self, node: Option<NodeRef<'g>>) -> (Word, Option<Cell<'g>>) {
        let (word, mut found) = node.map_or((Word::DEAD, None), NodeRef::read);
        if self.index.persistent().is_some()
            && let (Some(node), Some(cell)) = (node, &mut found)
        {
            cell.version = Some(node.stamp());
        }
        (word, found)
    }

    /// To be held over every change: see `crate::stamps`.
    #[inline]
    pub(crate) fn writing(&self, key: &Hashed<'_>) -> Writing<'_> {
        let writing = self.stamps.write(key.hash);
        step::after("started");
        writing
    }

    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "a caller that knows the value's kind saves 50 instructions of its encoding"
    )]
    pub(crate) fn replace_word(
        &self,
        node: NodeRef<'_>,
        word: Word,
        value: &Value<'_>,
        found: Option<Cell<'_>>,
        guard: &Guard<'_>,
    ) -> Result<bool> {
        let version = found.and_then(|cell| cell.version);
        let version = version.map(|_| self.fresh_version());
        let next = OwnedWord::encode(value, version, guard)?;
        let replaced = self.change_word(node, word, next, guard);
        if let Some(bytes) = replaced {
            self.counters
                .change(i64::from(found.is_none()), bytes, guard);
        }
        Ok(replaced.is_some())
    }

    /// Another word for the node, if it still says `word`; gives the bytes that came with it.
    #[inline]
    fn change_word(
        &self,
        node: NodeRef<'_>,
        word: Word,
        next: OwnedWord,
        guard: &Guard<'_>,
    ) -> Option<i64> {
        if self.cuts.are_taken() {
            let pushed = node.push(word, Some(next), guard);
            self.cuts.note_trace();
            return pushed;
        }
        node.replace(word, next, guard).ok()
    }

    fn link(
        &self,
        key: &Hashed<'_>,
        value: &Value<'_>,
        trail: Trail,
        guard: &Guard<'_>,
    ) -> Result<bool> {
        let mut word = OwnedWord::encode(value, None, guard)?;
        let traced = self.cuts.are_taken();
        if traced {
            word = word.traced(guard);
        }
        let node = OwnedNode::new(key, word, guard)?;
        let (bytes, seen) = (node.bytes(), node.seen(guard));
        let linked = self.index.insert(key, node, trail, guard);
        step::after("link");
        if linked {
            self.counters.change(1, bytes, guard);
        }
        if linked && traced {
            // Reading it settles when it came.
            seen.read();
            self.cuts.note_trace();
        }
        Ok(linked)
    }

    pub(crate) fn remove(
        &self,
        key: &Hashed<'_>,
        node: NodeRef<'_>,
        word: Word,
        guard: &Guard<'_>,
    ) -> bool {
        if self.cuts.are_taken() {
            let pushed = node.push(word, None, guard);
            self.cuts.note_trace();
            if let Some(bytes) = pushed {
                self.counters.change(-1, bytes, guard);
                // The last snapshot may have ended before this came: then nobody else takes the node out.
                if !self.cuts.are_taken() {
                    self.untrace(node, guard);
                }
            }
            return pushed.is_some();
        }
        let killed = node.kill(word, guard);
        step::after("kill");
        if let Ok(bytes) = killed {
            self.index.unlink(key, node, guard);
            self.counters.change(-1, bytes, guard);
        }
        killed.is_ok()
    }

    /// Takes what snapshots have left in a node off it, and the node out if its entry is gone. Under a guard, and when
    /// no snapshot is being taken: so it is over before the next one's moment.
    pub(crate) fn untrace(&self, node: NodeRef<'_>, guard: &Guard<'_>) {
        if let Some((bytes, dead)) = node.untrace(guard) {
            if dead {
                self.index.unlink(&self.hash(&node.key()), node, guard);
            }
            self.counters.bytes_only(bytes, guard);
        }
    }

    /// The value of the key. Cost: one lookup; under the sharded variant its shard's lock for reading.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where the map lies over a damaged file.
    #[inline]
    pub fn get<'g>(&'g self, key: &impl Lookup, guard: &'g Guard) -> Result<Option<Value<'g>>> {
        self.get_with(key, guard, |found| found)
    }

    /// What `give` makes of the value of the key, in the registers where the lookup has left it.
    ///
    /// # Errors
    /// As for [`Map::get`].
    #[inline]
    pub fn get_with<'g, R>(
        &'g self,
        key: &impl Lookup,
        guard: &'g Guard,
        give: impl FnOnce(Option<Value<'g>>) -> R,
    ) -> Result<R> {
        let hashed = self.hash(key);
        let node = self.index.find(&hashed, guard);
        let found = node.and_then(NodeRef::value);
        // A way of its own: a value that may be of any kind is put together in memory, and read again from there.
        if let Some(Value::Number(number)) = found {
            return Ok(give(Some(Value::Number(number))));
        }
        if let (None, Some(beneath)) = (found, &self.beneath) {
            return Ok(give(self.get_beneath(beneath, &hashed, node, guard)?));
        }
        Ok(give(found))
    }

    /// Whether the key has an entry.
    ///
    /// # Errors
    /// As for [`Map::get`].
    pub fn contains(&self, key: &impl Lookup, guard: &Guard) -> Result<bool> {
        let node = self.index.find(&self.hash(key), guard);
        if node.is_some_and(|node| node.read().1.is_some()) {
            return Ok(true);
        }
        match &self.beneath {
            None => Ok(false),
            Some(beneath) => Self::contains_beneath(beneath, key, node),
        }
    }

    /// Stores the value whatever was there.
    ///
    /// # Errors
    /// As for [`Map::swap`]; 4 ns less than that.
    pub fn set(&self, key: &impl Lookup, value: &Value<'_>, guard: &Guard) -> Result<()> {
        self.admit(key, value)?;
        self.step(key, guard, |_| Ok(Step::Put(*value)), |_, _| ())
    }

    /// Stores the value whatever was there; returns what was there.
    ///
    /// # Errors
    /// When key or value is over its limit or memory is out.
    pub fn swap<'g>(
        &'g self,
        key: &impl Lookup,
        value: &Value<'_>,
        guard: &'g Guard,
    ) -> Result<Option<Value<'g>>> {
        self.admit(key, value)?;
        self.step(key, guard, |_| Ok(Step::Put(*value)), was)
    }

    /// Removes the entry; returns what was there. Of several callers exactly one gets it.
    ///
    /// # Errors
    /// As for [`Map::get`]; and over a file when memory is out.
    pub fn take<'g>(&'g self, key: &impl Lookup, guard: &'g Guard) -> Result<Option<Value<'g>>> {
        self.step(key, guard, |_| Ok(Step::Remove), was)
    }

    /// The value of the key, after storing `value` if it had none.
    ///
    /// # Errors
    /// As for [`Map::swap`].
    pub fn get_or_insert<'g>(
        &'g self,
        key: &impl Lookup,
        value: &Value<'_>,
        guard: &'g Guard,
    ) -> Result<Option<Value<'g>>> {
        self.admit(key, value)?;
        let keep_or_put = |found: Option<Cell<'_>>| {
            Ok(if found.is_some() {
                Step::Keep
            } else {
                Step::Put(*value)
            })
        };
        self.step(key, guard, keep_or_put, was)
    }

    /// Stores the value if the key has an entry; says whether it did.
    ///
    /// # Errors
    /// As for [`Map::swap`].
    pub fn replace(&self, key: &impl Lookup, value: &Value<'_>, guard: &Guard) -> Result<bool> {
        self.admit(key, value)?;
        let put_or_keep = |found: Option<Cell<'_>>| {
            Ok(if found.is_some() {
                Step::Put(*value)
            } else {
                Step::Keep
            })
        };
        self.step(key, guard, put_or_keep, done)
    }

    /// Stores the value if the key has what is expected; says whether it did.
    ///
    /// # Errors
    /// As for [`Map::swap`].
    pub fn compare_and_set(
        &self,
        key: &impl Lookup,
        expected: &Expected<'_>,
        value: &Value<'_>,
        guard: &Guard,
    ) -> Result<bool> {
        self.admit(key, value)?;
        let decide = |found: Option<Cell<'_>>| {
            Ok(if expected.is(found.as_ref()) {
                Step::Put(*value)
            } else {
                Step::Keep
            })
        };
        self.step(key, guard, decide, done)
    }

    /// Removes the entry if it has what is expected; says whether it did.
    ///
    /// # Errors
    /// As for [`Map::take`].
    pub fn compare_and_delete(
        &self,
        key: &impl Lookup,
        expected: &Value<'_>,
        guard: &Guard,
    ) -> Result<bool> {
        let decide = |found: Option<Cell<'_>>| {
            Ok(if found.is_some_and(|cell| cell.value.same(expected)) {
                Step::Remove
            } else {
                Step::Keep
            })
        };
        self.step(key, guard, decide, done)
    }

    /// The value and a version that changes with every change of the entry and never comes back, also after a
    /// removal and a new insert. The first caller for an entry makes it keep versions from then on.
    ///
    /// # Errors
    /// When memory is out.
    pub fn get_entry<'g>(
        &'g self,
        key: &impl Lookup,
        guard: &'g Guard,
    ) -> Result<Option<(Value<'g>, u64)>> {
        let hashed = self.hash(key);
        loop {
            let node = self.index.find(&hashed, guard);
            while let Some(node) = node
                && let (word, Some(cell)) = self.look(Some(node))
            {
                if let Some(version) = cell.version {
                    return Ok(Some((cell.value, version)));
                }
                let version = self.fresh_version();
                let next = OwnedWord::encode(&cell.value, Some(version), guard)?;
                if let Some(bytes) = self.change_word(node, word, next, guard) {
                    self.counters.bytes_only(bytes, guard);
                    return Ok(Some((cell.value, version)));
                }
            }
            match &self.beneath {
                Some(beneath) if self.lift(beneath, &hashed, node, guard)? => {}
                _ => return Ok(None),
            }
        }
    }

    /// Stores the value if the entry still has that version; says whether it did.
    ///
    /// # Errors
    /// As for [`Map::swap`].
    pub fn set_if_version(
        &self,
        key: &impl Lookup,
        value: &Value<'_>,
        version: u64,
        guard: &Guard,
    ) -> Result<bool> {
        self.admit(key, value)?;
        let decide = |found: Option<Cell<'_>>| {
            Ok(if has(found, version) {
                Step::Put(*value)
            } else {
                Step::Keep
            })
        };
        self.step(key, guard, decide, done)
    }

    /// Removes the entry if it still has that version; says whether it did.
    ///
    /// # Errors
    /// As for [`Map::take`].
    pub fn delete_if_version(
        &self,
        key: &impl Lookup,
        version: u64,
        guard: &Guard,
    ) -> Result<bool> {
        let decide = |found: Option<Cell<'_>>| {
            Ok(if has(found, version) {
                Step::Remove
            } else {
                Step::Keep
            })
        };
        self.step(key, guard, decide, done)
    }

    /// Removes one chunk of entries, from the cursor `from` (0 to begin); returns the cursor to go on with. Each key
    /// goes at a moment of its own, and what is written meanwhile may stay. Over a file each of its keys is hidden,
    /// which takes memory for the key.
    ///
    /// In the snapshot variant the first chunk is all there is; [`Map::clear_at_once`] leaves less to the caller's luck.
    ///
    /// # Errors
    /// As for [`Map::take`].
    pub fn clear_chunk(&self, from: u64, enough: usize, guard: &Guard) -> Result<Option<u64>> {
        match &self.beneath {
            None => Ok(self.drain_chunk(from as u32, enough, guard).map(u64::from)),
            Some(beneath) => self.clear_beneath(beneath, from, enough, guard),
        }
    }

    /// Takes one chunk of what is in memory away, as [`Map::clear_chunk`] does; a file beneath is left alone. For maps
    /// that nobody can reach any more: whoever ends one pays for it in steps.
    pub fn drain_chunk(&self, from: u32, enough: usize, guard: &Guard) -> Option<u32> {
        if self.clear_at_once(guard).is_some() {
            return None;
        }
        let mut nodes = Vec::new();
        let next = self.index.scan(from, enough, guard, &mut nodes);
        for node in ahead(&nodes) {
            let key = node.key();
            let hashed = self.hash(&key);
            while let (word, found) = node.read()
                && (found.is_some() || word == Word::HIDDEN)
            {
                let _writing = self.writing(&hashed);
                self.remove(&hashed, node, word, guard);
            }
        }
        next
    }
}

/// Gives what was there.
fn was(was: Option<Value<'_>>, _done: bool) -> Option<Value<'_>> {
    was
}

/// Gives whether anything was done.
fn done(_was: Option<Value<'_>>, done: bool) -> bool {
    done
}

fn has(found: Option<Cell<'_>>, version: u64) -> bool {
    found.is_some_and(|cell| cell.version == Some(version))
}

/// The change in the snapshot variant: another node instead of another word.
fn exchange(
    index: &Persistent,
    key: &Hashed<'_>,
    node: Option<NodeRef<'_>>,
    change: &Step<'_>,
    guard: &Guard<'_>,
) -> Result<bool> {
    let next = match change {
        Step::Put(value) => {
            let word = OwnedWord::encode(value, None, guard)?;
            Some(OwnedNode::stamped(key, word, index.stamp(), guard)?)
        }
        _ => None,
    };
    Ok(index.exchange(key, node, next, guard))
}
