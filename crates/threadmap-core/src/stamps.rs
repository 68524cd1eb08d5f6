//! Stamps: how a reader that has kept a value knows, by one load, that it is still the current one.
//!
//! A map that somebody keeps values of has pairs of counters, one for each of 4,096 groups of keys. Every writer moves
//! `started` before and `finished` after its change ([`Stamps::write`], in the one loop of `crate::ops`). A reader that
//! wants to keep a value looks at the pair before and after it reads ([`Map::keep`]): where no write was under way and
//! none has begun, the value goes with the stamp, the `started` of then. From then on one load of `started` that gives
//! the stamp says that no write to the group has begun since the value was current: so it *is* the current one, at the
//! moment of that load. A writer that stands still between its two steps makes readers ask the map, and nobody wait.
//!
//! Why a kept value is never old. Let S be the stamp. (a) A fill has read `finished` = S by Acquire after `started` =
//! S. Each of those S additions to `finished` is a Release of a writer whose change and whose `started` came before, so
//! all S writers are done and seen. (b) Had the value come from a writer beyond the first S, the Acquire with which it
//! was read (from the word, or the link of the index) would have made that writer's `started` visible to the second
//! look, which says S. So the value is that of exactly the first S changes. (c) A load of `started` that gives S has no
//! later change before it: who has seen a change, or has heard of it from one who has, sees the `started` before it,
//! because the change was published by a Release after that addition.
//!
//! What changes many keys by one store (a transaction, `replace_all`, a clear of the snapshot variant) moves the stamps of
//! all their groups around it.
//!
//! Writers pay only when the table is there. It comes with the first reader that asks ([`Map::arm`]) and values are kept
//! only after a grace period: when every guard is gone whose holder may have written without looking (`epoch.rs`).
//!
//! Wrap-around is settled by stopping: a pair that has seen almost 2^32 writes stays beyond [`LIMIT`], where nothing is
//! kept, for good; no stamp of before comes back. A reader of that group asks the map from then on.

use crate::error::Result;
use crate::hash::Hashed;
use crate::index::{Index, Trail};
use crate::key::{Lookup, Prepared};
use crate::map::Map;
use crate::raw::epoch::Guard;
use crate::raw::late::Late;
use crate::raw::node::NodeRef;
use crate::sync::{Arc, AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use crate::value::Value;

/// Pairs of a table: 32 KiB, so that a writer of another key seldom spoils a kept value and the table still fits the
/// first cache. A power of two.
pub const STAMPS: usize = if cfg!(any(loom, shuttle)) { 2 } else { 4096 };
/// Where a pair stops: so far below the wrap that no number of threads adds itself over it between two looks.
const LIMIT: u32 = u32::MAX - (1 << 20);
/// Looks for the end of a grace period, once the first ones have failed: one in so many fills.
const LOOK_EVERY: u32 = 64;

#[repr(C)]
struct Pair {
    started: AtomicU32,
    finished: AtomicU32,
}

/// The pairs of one map, side by side: `started` of group g is the number 2g, `finished` the number 2g + 1, each of 32
/// bits. Lives as long as the map and whoever else holds it.
#[repr(C, align(64))]
pub struct StampTable {
    pairs: [Pair; STAMPS],
}

/// What a fill has read, and whether it may be kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'g> {
    /// The value; `None` for a miss.
    pub value: Option<Value<'g>>,
    /// The stamp under which it may be kept, if it may.
    pub stamp: Option<u32>,
    /// Where its stamp moves: the group of the key.
    pub group: usize,
}

impl StampTable {
    fn new() -> Self {
        Self {
            pairs: std::array::from_fn(|_| Pair {
                started: AtomicU32::new(0),
                finished: AtomicU32::new(0),
            }),
        }
    }

    /// Out of line, as the end of it is: maps without a table lose less by that.
    #[inline(never)]
    fn start(&self, hash: u32) -> Writing<'_> {
        let pair = self.pair(hash);
        Writing {
            pair: Some(pair),
            before: pair.start(),
        }
    }

    fn pair(&self, hash: u32) -> &Pair {
        &self.pairs[group(hash)]
    }
}

impl std::fmt::Debug for StampTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StampTable").finish_non_exhaustive()
    }
}

const fn group(hash: u32) -> usize {
    hash as usize & (STAMPS - 1)
}

impl Pair {
    /// Gives the count before.
    #[inline]
    fn start(&self) -> u32 {
        // Relaxed: the change that follows is published by a Release, and that orders this before it.
        let before = self.started.fetch_add(1, Ordering::Relaxed);
        if before >= LIMIT {
            self.stop();
        }
        before
    }

    /// Takes the count back to where nothing is kept: it was there already, so no reader can tell.
    #[cold]
    fn stop(&self) {
        // Release: who sees it sees what its writer did before; pairs with the load of a hit.
        self.started.store(LIMIT, Ordering::Release);
    }
}

/// A write that is under way; its end is the drop, also by a panic.
#[must_use]
pub(crate) struct Writing<'t> {
    pair: Option<&'t Pair>,
    /// The stamp before it.
    before: u32,
}

impl Drop for Writing<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(pair) = self.pair {
            // Release: pairs with the Acquire in `Stamps::look`.
            pair.finished.fetch_add(1, Ordering::Release);
        }
    }
}

/// The stamps of one map, or the place for them.
pub(crate) struct Stamps {
    table: Late<StampTable>,
    /// The epoch in which the grace period began, 0 before.
    armed_in: AtomicU64,
    /// Whether every writer knows of the table.
    settled: AtomicBool,
    fills: AtomicU32,
}

impl Stamps {
    pub(crate) fn new() -> Self {
        Self {
            table: Late::new(),
            armed_in: AtomicU64::new(0),
            settled: AtomicBool::new(false),
            fills: AtomicU32::new(0),
        }
    }

    /// Announces a change to the key of that hash, which is under way until the result is dropped. To be called before
    /// the change becomes visible, by Release or more, under the guard of the operation.
    #[inline]
    pub(crate) fn write(&self, hash: u32) -> Writing<'_> {
        match self.table.get() {
            None => Writing {
                pair: None,
                before: 0,
            },
            Some(table) => table.start(hash),
        }
    }

    /// Announces a change to every key, as [`Stamps::write`] does to one.
    pub(crate) fn write_all(&self) -> Vec<Writing<'_>> {
        let groups = self.table.get().map_or(0..0, |_| 0..STAMPS as u32);
        groups.map(|group| self.write(group)).collect()
    }

    fn arm(&self, guard: &Guard<'_>) {
        self.table.get_or_make(StampTable::new);
        if self.armed_in.load(Ordering::Relaxed) == 0 {
            let epoch = guard.begin_grace();
            // Of several armers any one's epoch will do: each came after the table was there. Relaxed: a number.
            let _ = self
                .armed_in
                .compare_exchange(0, epoch, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn settle(&self, guard: &Guard<'_>) -> bool {
        // Acquire: pairs with the Release below, so that what writers did who knew nothing is seen.
        if self.settled.load(Ordering::Acquire) {
            return true;
        }
        let since = self.armed_in.load(Ordering::Relaxed);
        let over = since != 0 && guard.grace_is_over(since);
        if over {
            self.settled.store(true, Ordering::Release);
        }
        over
    }

    #[cold]
    fn settle_at_times(&self, guard: &Guard<'_>) -> bool {
        let fills = self.fills.fetch_add(1, Ordering::Relaxed);
        fills.is_multiple_of(LOOK_EVERY) && self.settle(guard)
    }

    /// The pair and the stamp of now, if no write is under way in its group.
    fn look(&self, hash: u32, guard: &Guard<'_>) -> Option<(&Pair, u32)> {
        let pair = self.table.get()?.pair(hash);
        if !self.settled.load(Ordering::Acquire) && !self.settle_at_times(guard) {
            return None;
        }
        // Acquire: the second load stays behind it.
        let stamp = pair.started.load(Ordering::Acquire);
        // Acquire: pairs with the Release of each writer that is done.
        let done = pair.finished.load(Ordering::Acquire);
        (stamp < LIMIT && stamp == done).then_some((pair, stamp))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.table.get().map_or(0, |_| size_of::<StampTable>())
    }
}

impl Map {
    /// Makes the map keep stamps, if it does not yet, and tries to end the grace period, which takes about three calls,
    /// each under a guard of its own. Gives the table. From now on every change of the map costs two atomic additions.
    #[must_use]
    pub fn arm(&self, guard: &Guard<'_>) -> Option<Arc<StampTable>> {
        self.stamps.arm(guard);
        self.stamps.settle(guard);
        self.stamps.table.get_arc()
    }

    /// The value of the key, and whether it may be kept: for as long as the `started` of its group in the table of
    /// [`Map::arm`] is the stamp. Cost: that of [`Map::get`] and three loads.
    ///
    /// # Errors
    /// As for [`Map::get`].
    #[inline]
    pub fn keep<'g>(&'g self, key: &impl Lookup, guard: &'g Guard<'_>) -> Result<Kept<'g>> {
        let hashed = self.hash(key);
        let before = self.stamps.look(hashed.hash, guard);
        let found = match self.prepared(key) {
            Some(prepared) => self.find_from(prepared, before, &hashed, guard).0,
            None => self.index.find(&hashed, guard),
        };
        let mut value = found.and_then(NodeRef::value);
        if let (None, Some(beneath)) = (value, &self.beneath) {
            value = self.get_beneath(beneath, &hashed, found, guard)?;
        }
        let stamp = before.and_then(|(pair, stamp)| {
            // What was read stays before the second look; pairs with the Release of a writer's change.
            fence(Ordering::Acquire);
            (pair.started.load(Ordering::Relaxed) == stamp).then_some(stamp)
        });
        Ok(Kept {
            value,
            stamp,
            group: group(hashed.hash),
        })
    }

    /// The node of the key, where it was the last time if that is known to hold still; and the trail for an insert.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "its result is handed over in memory otherwise: 5 ns an operation"
    )]
    pub(crate) fn locate<'g>(
        &'g self,
        key: &impl Lookup,
        hashed: &Hashed<'_>,
        guard: &'g Guard<'_>,
    ) -> (Option<NodeRef<'g>>, Trail) {
        match self.prepared(key) {
            Some(prepared) => {
                let look = self.stamps.look(hashed.hash, guard);
                self.find_from(prepared, look, hashed, guard)
            }
            None => self.index.find_with_trail(hashed, guard),
        }
    }

    /// `look`: what [`Stamps::look`] has given under this guard.
    #[inline(never)]
    fn find_from<'g>(
        &'g self,
        prepared: &Prepared,
        look: Option<(&Pair, u32)>,
        key: &Hashed<'_>,
        guard: &'g Guard<'_>,
    ) -> (Option<NodeRef<'g>>, Trail) {
        // A node of the snapshot variant serves for one value only, and ends with it: nothing to come back to. One over
        // a file may be taken out again, which changes nothing but the place of the value, so it moves no stamp.
        let stamp = match (self.index.persistent(), &self.beneath) {
            (None, None) => look.map(|(_, stamp)| stamp),
            _ => None,
        };
        if let Some(node) = stamp.and_then(|stamp| prepared.hint.node(stamp, guard)) {
            return (Some(node), Trail::COLD);
        }
        let (node, trail) = self.index.find_with_trail(key, guard);
        // One whose entry is gone leads nowhere: it may be retired by now, or be kept only for a snapshot whose end
        // takes it out, which moves no stamp.
        if let (Some(stamp), Some(node)) = (stamp, node.filter(|node| node.value().is_some())) {
            prepared.hint.set(node, stamp);
        }
        (node, trail)
    }

    /// The write has replaced the value of the node that a prepared key leads to: it leads there still.
    #[inline]
    pub(crate) fn follow(&self, key: &impl Lookup, writing: &Writing<'_>) {
        if let (Some(prepared), Some(_)) = (self.prepared(key), writing.pair) {
            let (before, after) = (writing.before, writing.before.wrapping_add(1));
            // From the limit on a stamp may stand although there are writes.
            if after < LIMIT {
                prepared.hint.follow(before, after);
            }
        }
    }

    /// Ends all that is kept: the map is not to be read any more.
    pub fn end_stamps(&self) {
        for pair in self
            .stamps
            .table
            .get()
            .map_or(&[][..], |table| &table.pairs)
        {
            pair.stop();
        }
    }

    /// Lets the group of the key look as if it had been written so often, one after the other.
    #[cfg(test)]
    pub(crate) fn set_stamp(&self, key: &impl Lookup, writes: u32) {
        let table = self.stamps.table.get().expect("armed");
        let pair = table.pair(self.hash(key).hash);
        pair.started.store(writes, Ordering::Relaxed);
        pair.finished.store(writes, Ordering::Relaxed);
    }

    /// What a hit looks at.
    #[cfg(test)]
    pub(crate) fn stamp(&self, key: &impl Lookup) -> u32 {
        let table = self.stamps.table.get().expect("armed");
        table
            .pair(self.hash(key).hash)
            .started
            .load(Ordering::SeqCst)
    }
}
