//! Which entries of the file are kept in memory, and how their bytes stay bounded.
//!
//! An entry is promoted when it is read a second time while the filter still knows of the first: a table of
//! fingerprints, one a slot, the last reader's. So what is read once by a scan displaces nothing. When there is no
//! room, the next entries in the order of hashes make place if they are what the file says anyway; their fingerprints
//! go to the filter, so that one read brings back what is still wanted (the ghost list of S3-FIFO, Yang et al., SOSP
//! 2023, without its queues: a hit writes nothing, so it costs what it costs in any map).
//!
//! Invariant: after a promotion the map's bytes, index and filter included, are at most the bound. One thread promotes
//! at a time; others read on from the file instead of waiting.

use super::Beneath;
use crate::error::Result;
use crate::hash::Hashed;
use crate::index::Index;
use crate::map::Map;
use crate::raw::epoch::Guard;
use crate::raw::node::NodeRef;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::value::Value;

/// Nodes that are looked at for eviction at a time.
const HAND: usize = 64;
/// How often that is done before a promotion is given up: what was written leaves no room.
const TRIES: usize = 4;
/// No entry that takes a larger part of the bound is promoted: it would cost the place of many.
const LARGEST_PART: u64 = 16;
/// The filter takes this part of the bound, between 4 KiB and 4 MiB: about half as many slots as there is room for
/// entries of a number each.
const FILTER_PART: u64 = 32;
/// This part of the bound is left free: the index may grow between two looks at it.
const MARGIN: u64 = 32;
/// One turn for each of these bytes of the bound, up to 64, lies between two looks at the size of the index: a look
/// visits each segment, and the margin is many times what the index grows by in as many turns.
const LOOK: u64 = 1 << 20;
/// Turns that are left out when no room could be made: what was written takes all of it, and looking for more each
/// time would cost more than reading the file.
const REST: u32 = 1 << 12;

/// What one map knows about it.
pub(crate) struct Promotion {
    bound: u64,
    /// Fingerprints of keys that the file was read for.
    filter: Box<[AtomicU32]>,
    busy: AtomicBool,
    /// Where the hand stands: a cursor of the index.
    hand: AtomicU32,
    /// Bytes of the index when it was looked at last.
    index_bytes: AtomicU64,
    /// Turns so far, and how many to leave out. Written by the busy thread alone.
    turns: AtomicU32,
    rest: AtomicU32,
    promotions: AtomicU64,
    evictions: AtomicU64,
}

impl Promotion {
    pub(super) fn new(bound: u64) -> Self {
        let slots = (bound / FILTER_PART / size_of::<AtomicU32>() as u64).clamp(1 << 10, 1 << 20);
        let slots = slots.next_power_of_two() as usize;
        Self {
            bound,
            filter: (0..slots).map(|_| AtomicU32::new(0)).collect(),
            busy: AtomicBool::new(false),
            hand: AtomicU32::new(0),
            index_bytes: AtomicU64::new(0),
            turns: AtomicU32::new(0),
            rest: AtomicU32::new(0),
            promotions: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
        }
    }

    pub(super) fn bound(&self) -> u64 {
        self.bound
    }

    /// Promotions and evictions so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.promotions), count(&self.evictions))
    }

    pub(crate) fn filter_bytes(&self) -> usize {
        size_of_val(&*self.filter)
    }

    fn slot(&self, key: &Hashed<'_>) -> (&AtomicU32, u32) {
        // The upper bits of a product: those of the hash alone are the shard's and the segment's.
        let spread =
            (u64::from(key.hash) << 16 | u64::from(key.tag)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &self.filter[(spread >> 40) as usize & (self.filter.len() - 1)];
        (slot, (spread as u32) | 1)
    }

    /// Notes that the file was read for the key; true when it was not long ago.
    pub(super) fn read_again(&self, key: &Hashed<'_>) -> bool {
        let (slot, fingerprint) = self.slot(key);
        // Relaxed: a lost note costs one more read of the file.
        if slot.load(Ordering::Relaxed) == fingerprint {
            return true;
        }
        slot.store(fingerprint, Ordering::Relaxed);
        false
    }
}

/// The one thread that promotes.
struct Busy<'p>(&'p AtomicBool);

impl<'p> Busy<'p> {
    fn take(busy: &'p AtomicBool) -> Option<Self> {
        // Acquire: pairs with the Release of the promoter before, whose counts are then seen.
        (!busy.swap(true, Ordering::Acquire)).then_some(Self(busy))
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Map {
    /// Puts a copy of the file's value into memory if there is room, or room can be made. Changes nothing that anybody
    /// can see.
    pub(super) fn promote(
        &self,
        beneath: &Beneath,
        key: &Hashed<'_>,
        value: &Value<'_>,
        guard: &Guard<'_>,
    ) -> Result<()> {
        let promotion = &beneath.promotion;
        // Header, blob header and the index's share: what a node takes beside key and value, rounded up.
        let bytes = 64 + key.bytes.len() as u64 + value.len() as u64;
        if bytes > promotion.bound / LARGEST_PART {
            return Ok(());
        }
        let Some(_busy) = Busy::take(&promotion.busy) else {
            return Ok(());
        };
        let rest = promotion.rest.load(Ordering::Relaxed);
        if rest > 0 {
            promotion.rest.store(rest - 1, Ordering::Relaxed);
            return Ok(());
        }
        if !self.make_room(beneath, bytes, guard)? {
            promotion.rest.store(REST, Ordering::Relaxed);
            return Ok(());
        }
        if self.link_copy(beneath, key, value, guard)? {
            promotion.promotions.fetch_add(1, Ordering::Relaxed);
            // The index may have grown by the link.
            self.make_room(beneath, 0, guard)?;
        }
        Ok(())
    }

    /// Evicts until so many bytes have room; false when they have not in the end.
    fn make_room(&self, beneath: &Beneath, bytes: u64, guard: &Guard<'_>) -> Result<bool> {
        let promotion = &beneath.promotion;
        let turns = (promotion.bound / LOOK).clamp(1, 64) as u32;
        if promotion
            .turns
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(turns)
        {
            self.look_at_index(promotion);
        }
        for _ in 0..TRIES {
            if self.used(promotion) + bytes <= promotion.bound - promotion.bound / MARGIN {
                return Ok(true);
            }
            self.evict(beneath, guard)?;
            self.look_at_index(promotion);
        }
        Ok(self.used(promotion) + bytes <= promotion.bound)
    }

    /// Bytes that count against the bound.
    fn used(&self, promotion: &Promotion) -> u64 {
        self.held_bytes() + promotion.index_bytes.load(Ordering::Relaxed)
    }

    fn look_at_index(&self, promotion: &Promotion) {
        let bytes = self.stats().index_bytes;
        promotion.index_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Takes those of the next entries out of memory that are what the file says.
    fn evict(&self, beneath: &Beneath, guard: &Guard<'_>) -> Result<()> {
        let promotion = &beneath.promotion;
        let mut nodes = Vec::with_capacity(HAND * 2);
        let from = promotion.hand.load(Ordering::Relaxed);
        let next = self.index.scan(from, HAND, guard, &mut nodes);
        promotion.hand.store(next.unwrap_or(0), Ordering::Relaxed);
        for node in nodes {
            self.evict_node(beneath, node, guard)?;
        }
        Ok(())
    }

    fn evict_node(&self, beneath: &Beneath, node: NodeRef<'_>, guard: &Guard<'_>) -> Result<()> {
        let (word, Some(cell)) = node.read() else {
            return Ok(());
        };
        // An entry with a version stays: its version would be lost.
        let key = node.key();
        if cell.version.is_some()
            || !beneath
                .file
                .get(&key)?
                .is_some_and(|stored| stored.identical(&cell.value))
        {
            return Ok(());
        }
        let hashed = self.hash(&key);
        // Only if it still says what was compared; what it says then is what the file goes on saying.
        if let Ok(bytes) = node.kill(word, guard) {
            self.index.unlink(&hashed, node, guard);
            self.counters.bytes_only(bytes, guard);
            let promotion = &beneath.promotion;
            promotion.evictions.fetch_add(1, Ordering::Relaxed);
            let (slot, fingerprint) = promotion.slot(&hashed);
            slot.store(fingerprint, Ordering::Relaxed);
        }
        Ok(())
    }
}
