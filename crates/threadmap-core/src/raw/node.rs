//! A node: one entry, at an address that never changes.
//!
//! `{ hash u32, meta u32 (kind 4 bits, buffer flag, length 24 bits), value word u64 }` and the key's bytes. The key
//! never changes and a node never serves another key, so finding a node is finding the entry; everything that happens
//! to the entry's value is a compare-and-swap on the word. DEAD in the word is the entry's end: the next writer of the
//! key makes a new node. Variants differ only in how they find nodes (`crate::index`).
//!
//! A *stamped* node is one of the snapshot variant: it never changes, a change of its entry makes another node, and the
//! stamp behind its key tells when. It takes eight bytes, which the other variants do not pay.

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::slice;

use super::epoch::Guard;
use super::heap;
use super::prefetch::prefetch;
use super::trace::{Moment, TraceRef};
use super::watch;
use super::word::{Cell, OwnedWord, Word};
use crate::error::Error;
use crate::hash::Hashed;
use crate::key::{Key, KeyKind, same_bytes};
use crate::step;
use crate::sync::{AtomicU64, Ordering};
use crate::value::Value;

/// The longest key that a node can hold: 24 bits of length.
pub(crate) const MAX_KEY_BYTES: usize = (1 << LENGTH_BITS) - 1;

const LENGTH_BITS: u32 = 24;
const BUFFER: u32 = 1 << LENGTH_BITS;
const STAMPED: u32 = 1 << (LENGTH_BITS + 1);
const KIND_SHIFT: u32 = 28;

#[repr(C)]
struct Node {
    hash: u32,
    meta: u32,
    word: AtomicU64,
}

/// Kind and length of a key as a node has them; a length of more than 24 bits spoils it, and no node has such a key.
#[inline]
const fn meta(kind: KeyKind, length: usize) -> u32 {
    (kind as u32) << KIND_SHIFT | length as u32
}

const HEADER: usize = size_of::<Node>();
const STAMP: usize = size_of::<u64>();

/// A node seen under a guard.
#[derive(Clone, Copy)]
pub(crate) struct NodeRef<'g> {
    node: NonNull<Node>,
    guard: PhantomData<&'g ()>,
}

impl<'g> NodeRef<'g> {
    fn node(self) -> &'g Node {
        watch::used(self.node.as_ptr());
        // SAFETY: `linked-is-alive` when the reference was made, `retired-outlives-guards` since then.
        unsafe { self.node.as_ref() }
    }

    /// The hash that the key was stored under.
    #[inline]
    pub(crate) fn hash(self) -> u32 {
        self.node().hash
    }

    /// The key.
    #[inline]
    pub(crate) fn key(self) -> Key<'g> {
        let meta = self.node().meta;
        Key::from_parts(
            KeyKind::ALL[(meta >> KIND_SHIFT) as usize],
            meta & BUFFER != 0,
            self.bytes(),
        )
    }

    /// The bytes of the key.
    #[inline]
    fn bytes(self) -> &'g [u8] {
        let length = (self.node().meta & (BUFFER - 1)) as usize;
        // SAFETY: the key's bytes follow the header in the same allocation.
        let start = unsafe { self.node.cast::<u8>().add(HEADER) };
        // SAFETY: `length` bytes were written there before publication and never change.
        unsafe { slice::from_raw_parts(start.as_ptr(), length) }
    }

    /// Whether this node was made for that key.
    #[inline]
    pub(crate) fn is_for(self, wanted: &Hashed<'_>) -> bool {
        #[cfg(test)]
        comparisons::count();
        let Node {
            hash, meta: own, ..
        } = self.node();
        *hash == wanted.hash
            && own & !(BUFFER | STAMPED) == meta(wanted.kind, wanted.bytes.len())
            && same_bytes(self.bytes(), wanted.bytes)
    }

    /// The key with the hash that it was stored under; without a tag.
    pub(crate) fn hashed(self) -> Hashed<'g> {
        let meta = self.node().meta;
        Hashed {
            kind: KeyKind::ALL[(meta >> KIND_SHIFT) as usize],
            is_buffer: meta & BUFFER != 0,
            bytes: self.bytes(),
            hash: self.hash(),
            tag: 0,
        }
    }

    /// The address, to be kept where a reference cannot be.
    pub(crate) fn address(self) -> usize {
        self.node.as_ptr().expose_provenance()
    }

    /// The node at an address that [`NodeRef::address`] gave.
    ///
    /// # Safety
    /// The node is not freed before the end of `'g`: it was linked, or will be retired under a guard later than that
    /// of `'g`.
    pub(crate) unsafe fn at(address: usize) -> Self {
        let node = std::ptr::with_exposed_provenance_mut(address);
        Self {
            // SAFETY: no node lies at 0.
            node: unsafe { NonNull::new_unchecked(node) },
            guard: PhantomData,
        }
    }

    /// Frees the node without its value once no guard can see it: its word is DEAD, or retired already.
    ///
    /// # Safety
    /// No index leads to it any more, and nobody else retires it.
    pub(crate) unsafe fn retire(self, guard: &Guard<'_>) {
        // SAFETY: the caller's promise; allocated with this size.
        unsafe { guard.retire(self.node.cast(), self.size()) }
    }

    /// Frees the node and its value now.
    ///
    /// # Safety
    /// The caller is the only one to know it.
    pub(crate) unsafe fn free(self) {
        Linked(self.node).free();
    }

    /// Whether both are the same node.
    #[inline]
    pub(crate) fn is(self, other: NodeRef<'_>) -> bool {
        self.node == other.node
    }

    /// The value at this moment; `None` when the entry is dead or hidden. Acquire: what the writer did before is visible.
    #[inline]
    pub(crate) fn read(self) -> (Word, Option<Cell<'g>>) {
        let word = Word::from_bits(self.node().word.load(Ordering::Acquire));
        // SAFETY: loaded under the guard of `'g`.
        (word, unsafe { word.cell() })
    }

    /// The word, if it is a plain number at this moment; Acquire as for [`NodeRef::read`].
    #[inline]
    pub(crate) fn number(self) -> Option<(Word, f64)> {
        let word = Word::from_bits(self.node().word.load(Ordering::Acquire));
        word.number().map(|number| (word, number))
    }

    /// The value at this moment, without its version; Acquire as for [`NodeRef::read`].
    #[inline]
    pub(crate) fn value(self) -> Option<Value<'g>> {
        let word = Word::from_bits(self.node().word.load(Ordering::Acquire));
        // SAFETY: loaded under the guard of `'g`.
        unsafe { word.value() }
    }

    /// Asks the processor for the node, which will be looked at soon: misses of many nodes overlap then.
    #[inline]
    pub(crate) fn prefetch(self) {
        let place = self.node.as_ptr().cast::<u8>();
        prefetch(place);
        // Where a key of 16 bytes ends: some nodes lie in two lines.
        prefetch(place.wrapping_add(2 * HEADER - 1));
    }

    /// Asks the processor for what the word leads to, if it does.
    #[inline]
    pub(crate) fn prefetch_value(self) {
        // A model checker would take the load for a step. Relaxed: nobody follows it.
        if cfg!(not(any(loom, shuttle))) {
            Word::from_bits(self.node().word.load(Ordering::Relaxed)).prefetch();
        }
    }

    /// Whether the entry is dead.
    #[inline]
    pub(crate) fn is_dead(self) -> bool {
        self.node().word.load(Ordering::Acquire) == Word::DEAD.bits()
    }

    /// Replaces `current` by `next`: the linearization point of every update. On failure gives `next` back, unused.
    #[inline]
    pub(crate) fn replace(
        self,
        current: Word,
        next: OwnedWord,
        guard: &Guard,
    ) -> Result<i64, OwnedWord> {
        // Release: who reads `next` sees the blob's content; Acquire: the blob that comes out is seen whole.
        let swap = self.node().word.compare_exchange(
            current.bits(),
            next.word().bits(),
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if swap.is_err() {
            return Err(next);
        }
        // SAFETY: the new word's blob cannot be freed before this guard is gone, and the old one's neither.
        let gained = unsafe { next.into_word().heap_bytes() } as i64;
        // SAFETY: this swap took `current` out of the node.
        let lost = unsafe { current.retire(guard) } as i64;
        Ok(gained - lost)
    }

    /// Replaces `current`, which was read from it, by `next` (nothing: the entry is gone), and keeps what was there
    /// for the snapshots that are being taken. The stamp of the trace is the linearization point. Gives the bytes that
    /// came with it; `None` when another thread was faster.
    #[cold]
    pub(crate) fn push(
        self,
        current: Word,
        next: Option<OwnedWord>,
        guard: &Guard<'_>,
    ) -> Option<i64> {
        let word = next.as_ref().map_or(Word::DEAD, OwnedWord::word);
        let trace = TraceRef::make(word, current, guard);
        let traced = Word::of_trace(trace);
        // SAFETY: `next` owns it.
        let bytes = TraceRef::bytes_to_make(current) + unsafe { word.heap_bytes() };
        // Release: publishes the trace; AcqRel: what it leads to is seen whole.
        let swap = self.node().word.compare_exchange(
            current.bits(),
            traced.bits(),
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if swap.is_err() {
            // SAFETY: made above, with `current`.
            unsafe { trace.unmake(current) };
            return None;
        }
        next.map(OwnedWord::into_word);
        step::after("push a trace");
        trace.settle();
        step::after("settle a trace");
        let gone = trace.forget_same(guard);
        Some(bytes as i64 - gone as i64)
    }

    /// What the entry held at that moment.
    pub(crate) fn value_at(self, moment: Moment) -> Option<Value<'g>> {
        let word = Word::from_bits(self.node().word.load(Ordering::Acquire));
        // SAFETY: loaded under the guard of `'g`.
        let word = unsafe { word.word_at(moment) };
        // SAFETY: as above; traces own their words.
        Some(unsafe { word.cell() }?.value)
    }

    /// Takes the traces off, when no snapshot is being taken; gives the change of bytes, and whether the entry is gone,
    /// so that the node is dead now.
    pub(crate) fn untrace(self, guard: &Guard<'_>) -> Option<(i64, bool)> {
        let (word, cell) = self.read();
        // SAFETY: loaded under the guard of `'g`.
        let (plain, true) = (unsafe { word.untraced() }) else {
            return None;
        };
        if cell.is_none() {
            return Some((self.kill(word, guard).ok()?, true));
        }
        let swap = self.node().word.compare_exchange(
            word.bits(),
            plain.bits(),
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        swap.ok()?;
        // SAFETY: this swap took the traces out, and put what the first one says in their place.
        let gone = unsafe { word.retire_traces(false, guard) };
        Some((-(gone as i64), false))
    }

    /// Makes the entry dead if it still says `current`: the linearization point of every removal. Gives the bytes
    /// that are gone with it, the node's own among them.
    pub(crate) fn kill(self, current: Word, guard: &Guard) -> Result<i64, ()> {
        let node = self.node();
        let dead = Word::DEAD.bits();
        // AcqRel as in `replace`; nothing is published, but the word that comes out is read by the caller.
        node.word
            .compare_exchange(current.bits(), dead, Ordering::AcqRel, Ordering::Relaxed)
            .map_err(drop)?;
        // SAFETY: this swap took `current` out of the node.
        let lost = unsafe { current.retire(guard) } + self.size();
        Ok(-(lost as i64))
    }

    /// Bytes of the node without its blob.
    pub(crate) fn size(self) -> usize {
        let stamp = usize::from(self.node().meta & STAMPED != 0) * STAMP;
        HEADER + self.bytes().len() + stamp
    }

    /// Bytes of the node and its blob.
    pub(crate) fn whole_size(self) -> usize {
        // SAFETY: loaded under the guard of `'g`.
        self.size() + unsafe { self.read().0.heap_bytes() }
    }

    /// When a stamped node was made; 0 for any other.
    #[inline]
    pub(crate) fn stamp(self) -> u64 {
        let meta = self.node().meta;
        if meta & STAMPED == 0 {
            return 0;
        }
        let offset = HEADER + (meta & (BUFFER - 1)) as usize;
        // SAFETY: a stamped node has eight more bytes behind its key.
        let place = unsafe { self.node.cast::<u8>().add(offset) };
        // SAFETY: written before publication, never changed; at any address.
        unsafe { place.cast::<u64>().read_unaligned() }
    }

    /// Frees the node and its value once no guard can see them.
    ///
    /// # Safety
    /// A stamped node, so that its word never changes; no index leads to it any more, and nobody else retires it.
    pub(crate) unsafe fn retire_whole(self, guard: &Guard<'_>) {
        // SAFETY: the caller's promise: node and word are its alone to retire.
        unsafe { self.read().0.retire(guard) };
        // SAFETY: as above.
        unsafe { self.retire(guard) }
    }
}

/// A node that nobody else can see yet.
pub(crate) struct OwnedNode(NonNull<Node>);

impl OwnedNode {
    /// Makes a node for a key.
    pub(crate) fn new(
        hashed: &Hashed<'_>,
        word: OwnedWord,
        guard: &Guard<'_>,
    ) -> Result<Self, Error> {
        Self::make(hashed, word, None, guard)
    }

    /// Makes a node that never changes, with the stamp that tells it from all others of its key.
    pub(crate) fn stamped(
        hashed: &Hashed<'_>,
        word: OwnedWord,
        stamp: u64,
        guard: &Guard<'_>,
    ) -> Result<Self, Error> {
        Self::make(hashed, word, Some(stamp), guard)
    }

    #[inline]
    fn make(
        hashed: &Hashed<'_>,
        word: OwnedWord,
        stamp: Option<u64>,
        guard: &Guard<'_>,
    ) -> Result<Self, Error> {
        let bytes = hashed.bytes;
        if bytes.len() > MAX_KEY_BYTES {
            return Err(Error::KeyTooLarge {
                got: bytes.len(),
                limit: MAX_KEY_BYTES,
            });
        }
        let size = HEADER + bytes.len() + stamp.map_or(0, |_| STAMP);
        let start = guard.alloc(size).ok_or(Error::OutOfMemory)?;
        let buffer = if hashed.is_buffer { BUFFER } else { 0 };
        let flag = buffer | stamp.map_or(0, |_| STAMPED);
        let node = Node {
            hash: hashed.hash,
            meta: meta(hashed.kind, bytes.len()) | flag,
            word: AtomicU64::new(word.into_word().bits()),
        };
        // SAFETY: fresh memory of at least a header, aligned to eight.
        unsafe { start.cast().write(node) };
        // SAFETY: the key's place lies within the allocation.
        let target = unsafe { start.add(HEADER) };
        // SAFETY: `bytes.len()` bytes follow `target` in the block, and fresh memory overlaps nothing.
        unsafe { target.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len()) };
        if let Some(stamp) = stamp {
            // SAFETY: a stamped node's block has eight more bytes behind the key.
            let place = unsafe { target.add(bytes.len()) };
            // SAFETY: in bounds, at any address.
            unsafe { place.cast::<u64>().write_unaligned(stamp) };
        }
        Ok(Self(start.cast()))
    }

    /// Bytes of the node and its blob.
    pub(crate) fn bytes(&self) -> i64 {
        let node = NodeRef {
            node: self.0,
            guard: PhantomData,
        };
        let word = Word::from_bits(node.node().word.load(Ordering::Relaxed));
        // SAFETY: owned and unseen, so word and blob live.
        (node.size() + unsafe { word.heap_bytes() }) as i64
    }

    /// The node, as it will be seen once it is linked.
    pub(crate) fn seen<'g>(&self, _guard: &'g Guard<'_>) -> NodeRef<'g> {
        NodeRef {
            node: self.0,
            guard: PhantomData,
        }
    }

    /// Leaves the node to an index that has published it by its address.
    pub(crate) fn publish(self) {
        std::mem::forget(self);
    }

    /// Gives up a node that others may have looked at although it was never linked: its value is freed now, which
    /// nobody has looked at, its memory when no guard can see it.
    pub(crate) fn retire(self, guard: &Guard<'_>) {
        let node = self.seen(guard);
        let word = Word::from_bits(node.node().word.swap(Word::DEAD.bits(), Ordering::Relaxed));
        // SAFETY: never linked, so the word is this owner's alone.
        unsafe { word.free() };
        self.publish();
        // SAFETY: as above, and `self` is gone.
        unsafe { node.retire(guard) };
    }

    /// Gives the node to an index, which makes it visible by what it does with the link (a lock or a release store).
    pub(crate) fn link(self) -> Linked {
        let node = self.0;
        std::mem::forget(self);
        Linked(node)
    }
}

impl Drop for OwnedNode {
    fn drop(&mut self) {
        Linked(self.0).free();
    }
}

/// An index's hold on a node. There is one for each published node, and whoever takes it out of the index retires it.
pub(crate) struct Linked(NonNull<Node>);

// SAFETY: a node is shared memory: its key never changes after publication and its word is atomic.
unsafe impl Send for Linked {}
// SAFETY: as above.
unsafe impl Sync for Linked {}

impl Linked {
    /// The node, for as long as the guard lives.
    #[inline]
    pub(crate) fn get<'g>(&self, _guard: &'g Guard) -> NodeRef<'g> {
        NodeRef {
            node: self.0,
            guard: PhantomData,
        }
    }

    /// The hash of the node, where the index has no guard at hand (growth under its own lock).
    #[inline]
    pub(crate) fn hash(&self) -> u32 {
        // SAFETY: `linked-is-alive`: the borrow of the link keeps it in the index.
        unsafe { self.0.as_ref() }.hash
    }

    /// Frees the node once no guard can see it. Its word is DEAD, so it owns no blob.
    pub(crate) fn retire(self, guard: &Guard) {
        let size = self.get(guard).size();
        // SAFETY: `self` was the index's only hold and is consumed: unreachable but for guards, retired once.
        unsafe { guard.retire(self.0.cast(), size) }
    }

    /// Frees the node and its blob now: for an index that nobody can see any more.
    pub(crate) fn free(self) {
        let node = NodeRef {
            node: self.0,
            guard: PhantomData,
        };
        let size = node.size();
        let word = Word::from_bits(node.node().word.load(Ordering::Relaxed));
        // SAFETY: the last holder owns the word.
        unsafe { word.free() };
        // SAFETY: allocated with this size, and `self` is consumed.
        unsafe { heap::free(self.0.cast(), size) }
    }
}

/// How many nodes lookups have looked at on this thread: the cost that hash flooding would raise.
#[cfg(test)]
pub(crate) mod comparisons {
    use std::cell::Cell;

    thread_local! {
        static COUNT: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        COUNT.set(COUNT.get() + 1);
    }

    /// Looks since the last call.
    pub(crate) fn take() -> u64 {
        COUNT.replace(0)
    }
}
