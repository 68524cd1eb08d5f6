//! A bucket: a header word that says which slots count, and the slots.
//!
//! After CLHT's lock-free table (David, Guerraoui, Trigonakis, 2015). The header holds a bit for each slot, FROZEN,
//! and a version that changes with every change of the bits. To insert, a thread claims an empty slot by
//! compare-and-swap, then publishes it by a compare-and-swap of the header that it had scanned for the key: whoever
//! published in between has changed the version. A claimer that stops for ever wastes its slot, no more.
//!
//! Invariants. `bit-means-linked`: a slot whose bit is set holds a published node and does not change while the bit
//! stays. `slot-once`: a node is put in one slot of a bucket once, so seeing it there twice means it was there in
//! between. `frozen-is-final`: after FROZEN neither bits nor published slots change. `claim-is-retired`: memory of a
//! node that was ever in a slot goes through a guard, also when it was never published.
//! Called by `segment.rs` alone.

use std::alloc::{Layout, handle_alloc_error};
use std::ptr::{self, NonNull};

use crate::hash::Hashed;
use crate::raw::epoch::Guard;
use crate::raw::heap;
use crate::raw::node::NodeRef;
use crate::step;
use crate::sync::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// Slots in the bucket itself: with header and overflow pointer they fill a cache line.
pub(super) const HOME: usize = if cfg!(any(loom, shuttle)) { 2 } else { 6 };
const MORE: usize = if cfg!(any(loom, shuttle)) { 1 } else { 7 };
const BLOCKS: usize = 2;
/// The most nodes that a bucket takes.
const SLOTS: usize = HOME + BLOCKS * MORE;
/// The most that it is filled with by a copy, so that a copy always makes room.
const FILL: usize = HOME + MORE;

const OCCUPIED: u64 = (1 << SLOTS) - 1;
const FROZEN: u64 = 1 << 31;
const VERSION: u64 = 1 << 32;

const TAG_SHIFT: u32 = 48;
const ADDRESS: u64 = (1 << TAG_SHIFT) - 1;

/// What a slot says: a node's address and sixteen bits of its key's hash; 0 is empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct SlotWord(u64);

impl SlotWord {
    pub(super) fn new(node: NodeRef<'_>, tag: u16) -> Self {
        Self(node.address() as u64 | u64::from(tag) << TAG_SHIFT)
    }

    pub(super) const fn tag(self) -> u16 {
        (self.0 >> TAG_SHIFT) as u16
    }

    /// The node; `None` for an empty slot.
    ///
    /// # Safety
    /// Read from a slot under the guard of lifetime `'g`.
    unsafe fn node<'g>(self) -> Option<NodeRef<'g>> {
        let address = (self.0 & ADDRESS) as usize;
        if address == 0 {
            return None;
        }
        // SAFETY: what is in a slot is a node, and `claim-is-retired` keeps it while the guard lives.
        Some(unsafe { NodeRef::at(address) })
    }
}

/// More slots for a bucket, never taken away while the bucket lives.
#[repr(C, align(64))]
struct More {
    slots: [AtomicU64; MORE],
    next: AtomicPtr<More>,
}

#[cfg_attr(any(loom, shuttle), derive(Default))]
#[repr(C, align(64))]
pub(super) struct Bucket {
    header: AtomicU64,
    home: [AtomicU64; HOME],
    more: AtomicPtr<More>,
}

/// What became of an insertion.
pub(super) enum Put {
    Published,
    /// A live node of the key is there.
    Exists,
    Frozen,
    /// The home slots are taken, and more were not allowed.
    Crowded,
    /// All slots are taken.
    Full,
}

/// What became of a removal.
pub(super) enum Cleared {
    /// It is out; whether it was the last.
    Out {
        empty: bool,
    },
    Frozen,
}

fn set_bits(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if bits == 0 {
            return None;
        }
        let place = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        Some(place)
    })
}

impl Bucket {
    fn block(&self, mut index: usize) -> Option<&More> {
        // Acquire: pairs with the Release that published the block.
        let mut at = self.more.load(Ordering::Acquire);
        loop {
            // SAFETY: a published block lives as long as its bucket.
            let block = unsafe { at.as_ref() }?;
            if index == 0 {
                return Some(block);
            }
            index -= 1;
            at = block.next.load(Ordering::Acquire);
        }
    }

    /// The slot of that number, if its block is there.
    #[inline]
    fn slot(&self, place: usize) -> Option<&AtomicU64> {
        if let Some(slot) = self.home.get(place) {
            return Some(slot);
        }
        let (block, place) = ((place - HOME) / MORE, (place - HOME) % MORE);
        Some(&self.block(block)?.slots[place])
    }

    /// A slot whose bit was seen set.
    #[inline]
    fn taken(&self, place: usize) -> &AtomicU64 {
        self.slot(place)
            .expect("a slot with a bit has a block: blocks are published before bits")
    }

    /// Whether what was read from a slot was published while it was there; `header` was read before it.
    #[inline]
    fn confirm(&self, header: u64, place: usize, word: SlotWord) -> bool {
        // Acquire: pairs with the publication; the slot was loaded with Acquire, so this load comes after it.
        let now = self.header.load(Ordering::Acquire);
        // The same version: `bit-means-linked` since before the slot was read. Another one, but the bit is set and
        // the slot still says so: `slot-once`, and the bit was its own.
        now == header
            || (now >> place & 1 == 1 && self.taken(place).load(Ordering::Acquire) == word.0)
    }

    /// The slots that have the tag, more or less: all that have a bit in the header and keep it. Of the home slots all
    /// are looked at: a loop over those with bits would be mispredicted, at twice the price.
    #[inline]
    fn with_tag(&self, header: u64, tag: u16) -> u64 {
        let mut found = 0;
        for (place, slot) in self.home.iter().enumerate() {
            // Acquire keeps these loads behind that of the header.
            let word = SlotWord(slot.load(Ordering::Acquire));
            found |= u64::from(word.tag() == tag) << place;
        }
        if header & OCCUPIED >> HOME << HOME != 0 {
            found |= OCCUPIED >> HOME << HOME;
        }
        found
    }

    /// The node of the key at some moment of the call, with the place and header that it was seen by.
    #[inline]
    fn search<'g>(
        &self,
        key: &Hashed<'_>,
        _guard: &'g Guard<'_>,
    ) -> (u64, Option<(usize, NodeRef<'g>)>) {
        'again: loop {
            // Acquire: pairs with the Release of each publication, so that the slots are seen filled.
            let header = self.header.load(Ordering::Acquire);
            step::after("read a header");
            for place in set_bits(header & self.with_tag(header, key.tag)) {
                // Acquire: the node's content was written before it was claimed.
                let word = SlotWord(self.taken(place).load(Ordering::Acquire));
                if word.tag() != key.tag {
                    continue;
                }
                step::after("read a slot");
                // SAFETY: read under the guard.
                let Some(node) = (unsafe { word.node() }) else {
                    continue;
                };
                if !node.is_for(key) {
                    continue;
                }
                if self.confirm(header, place, word) {
                    return (header, Some((place, node)));
                }
                continue 'again;
            }
            return (header, None);
        }
    }

    /// The node of the key, dead or alive. A miss is one at the moment when the header was read, or when the node
    /// that was there then died; in a frozen bucket, when the trie led here: see `Trie::lookup`.
    #[inline]
    pub(super) fn find<'g>(&self, key: &Hashed<'_>, guard: &'g Guard<'_>) -> Option<NodeRef<'g>> {
        Some(self.search(key, guard).1?.1)
    }

    /// The same, with the header that it was looked for by.
    #[inline]
    pub(super) fn find_with_header<'g>(
        &self,
        key: &Hashed<'_>,
        guard: &'g Guard<'_>,
    ) -> (u64, Option<NodeRef<'g>>) {
        let (header, found) = self.search(key, guard);
        (header, found.map(|(_, node)| node))
    }

    /// Publishes the node of `word` unless a live one of its key is here; adds slots, if it may, and their bytes to
    /// `extend`. `seen` is a header by which the key was looked for in vain. The linearization point of an insert is
    /// the compare-and-swap of the header. Unless it is published, the node stays the caller's, to be retired.
    pub(super) fn insert(
        &self,
        key: &Hashed<'_>,
        word: SlotWord,
        mut seen: Option<u64>,
        extend: Option<&AtomicUsize>,
        guard: &Guard<'_>,
    ) -> Put {
        let mut claimed: Option<usize> = None;
        let give_up = |claimed: Option<usize>, put: Put| {
            if let Some(place) = claimed {
                self.empty(place);
            }
            put
        };
        loop {
            let (header, found) = seen
                .take()
                .map_or_else(|| self.search(key, guard), |header| (header, None));
            if header & FROZEN != 0 {
                // The claim stays: nothing looks at slots without a bit in a frozen bucket.
                return Put::Frozen;
            }
            let mut next = header.wrapping_add(VERSION);
            if let Some((place, node)) = found {
                if !node.is_dead() {
                    return give_up(claimed, Put::Exists);
                }
                next &= !(1 << place);
                if self.step(header, next) {
                    step::after("clear another's dead");
                    self.empty(place);
                }
                continue;
            }
            let place = match claimed {
                Some(place) => place,
                None => match self.claim(header, word, extend, guard) {
                    Ok(place) => {
                        step::after("claim a slot");
                        *claimed.insert(place)
                    }
                    Err(put) => return put,
                },
            };
            next |= 1 << place;
            if self.step(header, next) {
                step::after("publish");
                return Put::Published;
            }
        }
    }

    /// `AcqRel`: publishes the slot to whoever reads the header with Acquire, and sees what it replaces.
    fn step(&self, header: u64, next: u64) -> bool {
        self.header
            .compare_exchange(header, next, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Makes a slot free again. Called by whoever has cleared its bit, or claimed it in vain: nobody else changes a slot
    /// that is not empty and has no bit.
    fn empty(&self, place: usize) {
        // Release, so that the next claimer's bit cannot be seen before.
        self.taken(place).store(0, Ordering::Release);
    }

    /// Puts the word into a slot that is empty and has no bit.
    fn claim(
        &self,
        header: u64,
        word: SlotWord,
        extend: Option<&AtomicUsize>,
        guard: &Guard<'_>,
    ) -> Result<usize, Put> {
        for place in set_bits(!header & OCCUPIED) {
            let slot = match (self.slot(place), extend) {
                (Some(slot), _) => slot,
                (None, Some(bytes)) => self.extended(place, bytes, guard),
                (None, None) => return Err(Put::Crowded),
            };
            if slot.load(Ordering::Relaxed) != 0 {
                continue;
            }
            // Release: whoever reads the slot sees the node's content. Acquire: the bit of the slot's last user is
            // seen cleared.
            if slot
                .compare_exchange(0, word.0, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
            {
                return Ok(place);
            }
        }
        Err(Put::Full)
    }

    /// The slot, after adding the block that it lies in, and its size to `bytes`.
    fn extended(&self, place: usize, bytes: &AtomicUsize, guard: &Guard<'_>) -> &AtomicU64 {
        let link = match (place - HOME) / MORE {
            0 => &self.more,
            before => {
                &self
                    .block(before - 1)
                    .expect("blocks are added in order")
                    .next
            }
        };
        let Some(fresh) = guard.alloc(size_of::<More>()).map(NonNull::cast::<More>) else {
            handle_alloc_error(Layout::new::<More>())
        };
        let empty = More {
            slots: Default::default(),
            next: AtomicPtr::new(ptr::null_mut()),
        };
        // SAFETY: fresh, and of one cache line, so aligned as one.
        unsafe { fresh.write(empty) };
        // Before anybody can see it: see `Trie::bytes`. Relaxed: a figure for operators.
        bytes.fetch_add(size_of::<More>(), Ordering::Relaxed);
        // Release publishes the empty slots; of several threads one wins.
        let linked = link.compare_exchange(
            ptr::null_mut(),
            fresh.as_ptr(),
            Ordering::AcqRel,
            Ordering::Acquire,
        );
        if linked.is_ok() {
            step::after("add slots");
        } else {
            bytes.fetch_sub(size_of::<More>(), Ordering::Relaxed);
            // SAFETY: it lost the race, so nobody has seen it.
            unsafe { heap::free(fresh.cast(), size_of::<More>()) };
        }
        self.taken(place)
    }

    /// Takes the dead node's bit and slot away, if they are still there.
    pub(super) fn clear(&self, dead: NodeRef<'_>) -> Cleared {
        loop {
            let header = self.header.load(Ordering::Acquire);
            if header & FROZEN != 0 {
                return Cleared::Frozen;
            }
            let mine = |&place: &usize| {
                self.taken(place).load(Ordering::Acquire) & ADDRESS == dead.address() as u64
            };
            let Some(place) = set_bits(header & OCCUPIED).find(mine) else {
                return Cleared::Out { empty: false };
            };
            let next = header.wrapping_add(VERSION) & !(1 << place);
            if self.step(header, next) {
                step::after("clear a bit");
                self.empty(place);
                return Cleared::Out {
                    empty: next & OCCUPIED == 0,
                };
            }
        }
    }

    /// Ends all changes of bits and published slots.
    pub(super) fn freeze(&self) {
        // AcqRel: what was published before is seen by the copier; a failed publication sees this.
        self.header.fetch_or(FROZEN, Ordering::AcqRel);
        step::after("freeze a bucket");
    }

    /// How many nodes are linked.
    pub(super) fn count(&self) -> usize {
        (self.header.load(Ordering::Relaxed) & OCCUPIED).count_ones() as usize
    }

    /// Gives the linked nodes: those that stay are all given, others may be.
    pub(super) fn each<'g>(
        &self,
        _guard: &'g Guard<'_>,
        mut give: impl FnMut(SlotWord, NodeRef<'g>),
    ) {
        let header = self.header.load(Ordering::Acquire);
        for place in set_bits(header & OCCUPIED) {
            let word = SlotWord(self.taken(place).load(Ordering::Acquire));
            // SAFETY: read under the guard.
            if let Some(node) = unsafe { word.node() }
                && self.confirm(header, place, word)
            {
                give(word, node);
            }
        }
    }

    /// Puts a node into a bucket that nobody else can see yet; false when it is full.
    pub(super) fn fill(&mut self, word: SlotWord, guard: &Guard<'_>) -> bool {
        // Relaxed, as below: nobody else is there.
        let header = self.header.load(Ordering::Relaxed);
        let place = (header & OCCUPIED).count_ones() as usize;
        if place == FILL {
            return false;
        }
        let slot = match self.slot(place) {
            Some(slot) => slot,
            // Counted with the whole segment once it is published.
            None => self.extended(place, &AtomicUsize::new(0), guard),
        };
        slot.store(word.0, Ordering::Relaxed);
        self.header.store(header | 1 << place, Ordering::Relaxed);
        true
    }

    /// The words of linked nodes of a bucket that nobody else can see any more.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = SlotWord> + '_ {
        let header = self.header.load(Ordering::Relaxed);
        set_bits(header & OCCUPIED).map(|place| SlotWord(self.taken(place).load(Ordering::Relaxed)))
    }

    /// How many blocks of more slots it has, and their bytes.
    pub(super) fn extra_bytes(&self) -> usize {
        (0..BLOCKS)
            .take_while(|&block| self.block(block).is_some())
            .count()
            * size_of::<More>()
    }
}

impl SlotWord {
    /// Frees the node and its value now.
    ///
    /// # Safety
    /// Nobody else can see the index that it was linked in.
    pub(super) unsafe fn free(self) {
        // SAFETY: the caller has the index for itself, so a linked node is its alone.
        if let Some(node) = unsafe { self.node() } {
            // SAFETY: as above.
            unsafe { node.free() };
        }
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // Relaxed, as below: nobody else is there.
        let mut at = self.more.load(Ordering::Relaxed);
        while let Some(block) = NonNull::new(at) {
            // SAFETY: blocks belong to their bucket alone.
            at = unsafe { block.as_ref() }.next.load(Ordering::Relaxed);
            // SAFETY: allocated with this size.
            unsafe { heap::free(block.cast(), size_of::<More>()) };
        }
    }
}
