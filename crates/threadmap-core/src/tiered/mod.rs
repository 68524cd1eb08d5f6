//! A frozen file beneath a map: what every operation means over the two of them.
//!
//! Invariant `beneath`: what a key holds is what its live node says; where the node is HIDDEN, nothing; where there is
//! no live node, what the file says, which never changes. So putting the file's value into memory (promotion) and
//! taking it out again (eviction) change nothing that anybody can see, at whatever moment they happen, and each
//! operation takes effect where it does in a map without a file: at one compare-and-swap of a node's word, or the
//! linking of a node. HIDDEN is what a removal leaves for a key that the file has; it stays as long as the map.
//!
//! Called by `ops.rs` and `map.rs` where a lookup in memory has missed; `promote.rs` says what is worth keeping there.

pub(crate) mod promote;

use crate::error::Result;
use crate::frozen::reader::FrozenMap;
use crate::hash::Hashed;
use crate::index::{Index, Trail};
use crate::key::{Key, Lookup};
use crate::map::{Entries, Entry, Map};
use crate::ops::Step;
use crate::options::Variant;
use crate::raw::epoch::Guard;
use crate::raw::node::{NodeRef, OwnedNode};
use crate::raw::word::{Cell, OwnedWord, Word};
use crate::value::Value;
use promote::Promotion;

/// Cursors of the second half of a scan, the entries that only memory has. No place in a file is so far, and a double
/// counts so far exactly.
const IN_MEMORY: u64 = 1 << 52;

/// What lies beneath a map.
pub(crate) struct Beneath {
    pub(crate) file: FrozenMap,
    pub(crate) promotion: Promotion,
}

/// Figures of a map over a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TierStats {
    /// Entries of the file.
    pub file_entries: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// The bound on the memory of promoted entries.
    pub hot_bytes: u64,
    /// Entries of the file that were put into memory because they were read often.
    pub promotions: u64,
    /// Of these, how many were taken out again to make room.
    pub evictions: u64,
}

/// What memory says about a key.
enum Memory<'g> {
    Live(Cell<'g>),
    Hidden,
    Nothing,
}

fn memory(node: Option<NodeRef<'_>>) -> (Word, Memory<'_>) {
    match node.map(NodeRef::read) {
        Some((word, Some(cell))) => (word, Memory::Live(cell)),
        Some((word, None)) if word == Word::HIDDEN => (word, Memory::Hidden),
        _ => (Word::DEAD, Memory::Nothing),
    }
}

impl Map {
    /// Makes a map over a frozen file: what is written stays in memory and shadows the file, what is removed is
    /// hidden, and entries that are read often are kept in memory too, in at most `hot_bytes` with all that is there.
    ///
    /// # Panics
    /// As [`Map::new`]; and for the snapshot variant, whose nodes don't change by their words.
    #[must_use]
    pub fn over(file: FrozenMap, hot_bytes: u64, options: crate::Options) -> Self {
        assert!(options.variant != Variant::Snapshot, "variant");
        let mut map = Self::new(options);
        map.counters.start_with(file.len());
        map.beneath = Some(Box::new(Beneath {
            file,
            promotion: Promotion::new(hot_bytes),
        }));
        map
    }

    /// Figures of the tier; `None` for a map without a file.
    #[must_use]
    pub fn tier_stats(&self) -> Option<TierStats> {
        let beneath = self.beneath.as_ref()?;
        let (promotions, evictions) = beneath.promotion.counts();
        Some(TierStats {
            file_entries: beneath.file.len(),
            file_bytes: beneath.file.file_bytes(),
            hot_bytes: beneath.promotion.bound(),
            promotions,
            evictions,
        })
    }

    /// Fails once the file has been found shortened: then what was copied from it since may be zeros. For callers that
    /// have copied what a scan gave.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn check_whole(&self) -> Result<()> {
        match &self.beneath {
            None => Ok(()),
            Some(beneath) => beneath.file.check_whole(),
        }
    }

    /// [`Map::check_whole`] where the value lies in the file: for callers that have copied it. What lies in memory
    /// outlives the file.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    #[inline]
    pub fn check_read(&self, value: &Value<'_>) -> Result<()> {
        match (&self.beneath, value) {
            (Some(beneath), Value::Blob(_, bytes)) if beneath.file.holds(bytes) => {
                beneath.file.check_whole()
            }
            _ => Ok(()),
        }
    }

    /// What the key has where memory has no live node for it: `node` is what was found.
    #[cold]
    pub(crate) fn get_beneath<'g>(
        &'g self,
        beneath: &'g Beneath,
        key: &Hashed<'_>,
        node: Option<NodeRef<'g>>,
        guard: &'g Guard<'_>,
    ) -> Result<Option<Value<'g>>> {
        match memory(node).1 {
            Memory::Live(cell) => return Ok(Some(cell.value)),
            Memory::Hidden => return Ok(None),
            Memory::Nothing => {}
        }
        let found = beneath.file.get(&key.key())?;
        beneath.file.check_whole()?;
        if let Some(value) = &found
            && beneath.promotion.read_again(key)
        {
            self.promote(beneath, key, value, guard)?;
        }
        Ok(found)
    }

    #[cold]
    pub(crate) fn contains_beneath(
        beneath: &Beneath,
        key: &impl Lookup,
        node: Option<NodeRef<'_>>,
    ) -> Result<bool> {
        match memory(node).1 {
            Memory::Live(_) => Ok(true),
            Memory::Hidden => Ok(false),
            Memory::Nothing => beneath.file.contains(&Key::from_parts(
                key.kind(),
                key.is_buffer(),
                key.as_bytes(),
            )),
        }
    }

    /// `Map::step` over a file.
    #[cold]
    pub(crate) fn step_beneath<'g, 'v, R>(
        &'g self,
        beneath: &'g Beneath,
        hashed: &Hashed<'_>,
        guard: &'g Guard<'_>,
        mut decide: impl FnMut(Option<Cell<'g>>) -> Result<Step<'v>>,
        give: impl FnOnce(Option<Value<'g>>, bool) -> R,
    ) -> Result<R> {
        loop {
            let node = self.index.find(hashed, guard);
            let (word, memory) = memory(node);
            let found = match memory {
                Memory::Live(cell) => Some(cell),
                Memory::Hidden => None,
                Memory::Nothing => beneath.file.get(&hashed.key())?.map(|value| Cell {
                    value,
                    version: None,
                }),
            };
            let step = decide(found)?;
            if matches!(memory, Memory::Nothing) {
                // What was decided must rest on what the file says, not on zeros.
                beneath.file.check_whole()?;
            }
            let was = found.map(|cell| cell.value);
            if matches!((&step, found), (Step::Keep, _) | (Step::Remove, None)) {
                return Ok(give(was, false));
            }
            let _writing = self.writing(hashed);
            let done = match (step, &memory, node) {
                (Step::Keep, ..) => unreachable!("kept above"),
                (Step::Put(value), Memory::Live(_), Some(node)) => {
                    self.replace_word(node, word, &value, found, guard)?
                }
                (Step::Put(value), Memory::Hidden, Some(node)) => {
                    let next = OwnedWord::encode(&value, None, guard)?;
                    self.exchange(node, word, next, 1, guard)
                }
                (Step::Put(value), ..) => {
                    let next = OwnedWord::encode(&value, None, guard)?;
                    self.link_word(hashed, next, i64::from(found.is_none()), guard)?
                }
                (Step::Remove, Memory::Live(_), Some(node)) => {
                    if beneath.file.contains(&hashed.key())? {
                        self.exchange(node, word, OwnedWord::hidden(), -1, guard)
                    } else {
                        self.remove(hashed, node, word, guard)
                    }
                }
                (Step::Remove, ..) => self.link_word(hashed, OwnedWord::hidden(), -1, guard)?,
            };
            if done {
                return Ok(give(was, true));
            }
        }
    }

    fn exchange(
        &self,
        node: NodeRef<'_>,
        word: Word,
        next: OwnedWord,
        entries: i64,
        guard: &Guard<'_>,
    ) -> bool {
        let replaced = node.replace(word, next, guard);
        if let Ok(bytes) = replaced {
            self.counters.change(entries, bytes, guard);
        }
        replaced.is_ok()
    }

    fn link_word(
        &self,
        key: &Hashed<'_>,
        word: OwnedWord,
        entries: i64,
        guard: &Guard<'_>,
    ) -> Result<bool> {
        let node = OwnedNode::new(key, word, guard)?;
        let bytes = node.bytes();
        let linked = self.index.insert(key, node, Trail::COLD, guard);
        if linked {
            self.counters.change(entries, bytes, guard);
        }
        Ok(linked)
    }

    /// Puts the file's value of a key into memory, so that a version can be kept with it. True when the caller should
    /// look again, false when there is no such entry.
    pub(crate) fn lift(
        &self,
        beneath: &Beneath,
        key: &Hashed<'_>,
        node: Option<NodeRef<'_>>,
        guard: &Guard<'_>,
    ) -> Result<bool> {
        if matches!(memory(node).1, Memory::Hidden) {
            return Ok(false);
        }
        let Some(value) = beneath.file.get(&key.key())? else {
            return Ok(false);
        };
        self.link_copy(beneath, key, &value, guard)?;
        Ok(true)
    }

    /// Links a copy of the file's value, unless memory has something for the key by now.
    pub(crate) fn link_copy(
        &self,
        beneath: &Beneath,
        key: &Hashed<'_>,
        value: &Value<'_>,
        guard: &Guard<'_>,
    ) -> Result<bool> {
        let node = OwnedNode::new(key, OwnedWord::encode(value, None, guard)?, guard)?;
        beneath.file.check_whole()?;
        let bytes = node.bytes();
        let linked = self.index.insert(key, node, Trail::COLD, guard);
        if linked {
            self.counters.bytes_only(bytes, guard);
        }
        Ok(linked)
    }

    /// `Map::scan` over a file: first each entry of the file, as memory has it or else as the file does, then those of
    /// memory that the file has not. Each key belongs to one half for ever, so that promotion and eviction can
    /// neither show it twice nor hide it.
    pub(crate) fn scan_beneath<'g>(
        &'g self,
        beneath: &'g Beneath,
        from: u64,
        enough: usize,
        guard: &'g Guard<'_>,
        give: &mut impl Entries<'g>,
    ) -> Result<Option<u64>> {
        if from >= IN_MEMORY {
            let mut nodes: Vec<NodeRef<'g>> = Vec::with_capacity(enough);
            let cursor = (from - IN_MEMORY) as u32;
            let next = self.index.scan(cursor, enough, guard, &mut nodes);
            for node in nodes {
                let key = node.key();
                if let (_, Some(cell)) = node.read()
                    && !beneath.file.contains(&key)?
                {
                    let value = cell.value;
                    give.push(key, value);
                }
            }
            return Ok(next.map(|next| IN_MEMORY + u64::from(next)));
        }
        let mut stored = Vec::with_capacity(enough);
        let next = beneath.file.scan(from, enough, &mut stored)?;
        for Entry { key, value } in stored {
            let node = self.index.find(&self.hash(&key), guard);
            let value = match memory(node).1 {
                Memory::Live(cell) => cell.value,
                Memory::Hidden => continue,
                Memory::Nothing => value,
            };
            give.push(key, value);
        }
        Ok(Some(next.unwrap_or(IN_MEMORY)))
    }

    /// `Map::clear_chunk` over a file: hides each key of the file, then removes what only memory has.
    pub(crate) fn clear_beneath(
        &self,
        beneath: &Beneath,
        from: u64,
        enough: usize,
        guard: &Guard<'_>,
    ) -> Result<Option<u64>> {
        let mut entries = Vec::new();
        let next = self.scan_beneath(beneath, from, enough, guard, &mut entries)?;
        for entry in entries {
            self.step(&entry.key, guard, |_| Ok(Step::Remove), |_, _| ())?;
        }
        Ok(next)
    }
}
