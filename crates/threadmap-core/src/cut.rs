//! Snapshots of the sharded and the lock-free variant: one consistent cut, copied while others write.
//!
//! Five stages, each in short steps under guards of their own. *Open*: writers begin to trace what they change
//! (`raw::trace`). *Grace*: those that have not noticed are inside of a call; their calls end. *Moment*: the clock moves
//! on; that is the linearization point. *Copy*: of each node what it held at that moment. *Sweep*: when nobody else is
//! copying, the traces are taken off and the nodes of removed entries taken out.
//!
//! No writer waits for anybody at any time. Only the caller waits, in the second stage, for calls that were under way;
//! it gives up after [`patience`]. A map of which no snapshot is being taken pays one load of a quiet line a write.
//!
//! Invariant `plain-before-cut`: a change that is not traced is complete before the moment of any snapshot that has not
//! been swept yet. A writer looks under its guard whether snapshots are being taken; the grace period ends after every
//! guard whose holder may have seen that none are. Why the copy is exact: `docs/design/snapshot.md`.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::index::Index;
use crate::map::Map;
use crate::raw::epoch::{Guard, Participant};
use crate::raw::node::OwnedNode;
use crate::raw::persistent::edit::Edit;
use crate::raw::persistent::store::Store;
use crate::raw::prefetch::ahead;
use crate::raw::trace::Moment;
use crate::raw::word::OwnedWord;
use crate::snapshot::Snapshot;
use crate::step;
use crate::sync::{AtomicBool, AtomicUsize, Ordering, yield_now};

/// How long the caller waits for calls that were under way. The longest of them, a bulk operation on millions of keys,
/// takes a second or two.
#[cfg(not(test))]
fn patience() -> Duration {
    Duration::from_secs(10)
}
#[cfg(test)]
fn patience() -> Duration {
    crate::tests::patience(2)
}
/// Looks at whether they are over before the caller lets other threads run for longer.
const LOOKS: u32 = 64;
/// Nodes that one step visits: some 100 us.
const CHUNK: usize = 256;

/// What writers of one map must know of its snapshots.
pub(crate) struct Cuts {
    /// Snapshots that are being taken.
    taken: AtomicUsize,
    /// Whether there may be traces.
    traces: AtomicBool,
}

impl Cuts {
    pub(crate) fn new() -> Self {
        Self {
            taken: AtomicUsize::new(0),
            traces: AtomicBool::new(false),
        }
    }

    /// Whether a change must be traced. Asked under the guard of the change.
    #[inline]
    pub(crate) fn are_taken(&self) -> bool {
        // SeqCst: a removal asks again after its push, and must see the end of the last snapshot or be seen by its
        // sweep. On the processors that count, a plain load.
        self.taken.load(Ordering::SeqCst) != 0
    }

    /// Says that there is a trace. After it was made: who clears this flag looks for traces afterwards.
    pub(crate) fn note_trace(&self) {
        if !self.traces.load(Ordering::SeqCst) {
            self.traces.store(true, Ordering::SeqCst);
        }
    }
}

/// What a step of a snapshot has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It waits for calls of other threads: let go of the guard and call [`Copying::pause`].
    Waits,
    /// There is more to do.
    More,
    /// [`Copying::finish`] gives the snapshot.
    Done,
}

enum Stage {
    Grace { since: u64, looks: u32 },
    Copy { moment: Moment, from: u32 },
    Sweep { from: u32 },
    Done,
}

/// A snapshot in the making. Steps are for one map, the one that it began with, and are to be taken to the end: until
/// then the writers of that map trace what they change.
#[must_use = "writers trace what they change until its steps are done"]
pub struct Copying {
    stage: Stage,
    began: Instant,
    store: Arc<Store>,
    edit: Edit,
    changes: u64,
}

impl Copying {
    /// Begins: from here on writers trace what they change.
    ///
    /// # Panics
    /// For a map over a file, whose writers trace nothing.
    pub fn begin(map: &Map, guard: &Guard<'_>) -> Self {
        assert!(map.beneath.is_none(), "no map over a file");
        map.cuts.taken.fetch_add(1, Ordering::SeqCst);
        step::after("open a cut");
        let store = Arc::new(Store::new());
        Self {
            stage: Stage::Grace {
                since: guard.begin_grace(),
                looks: 0,
            },
            began: Instant::now(),
            edit: store.build(),
            store,
            changes: 0,
        }
    }

    /// Does some of the work. The guard is dropped after each step, so that other threads' memory can be freed.
    ///
    /// # Errors
    /// [`Error::Stalled`], and when memory is out. The snapshot has ended then.
    pub fn step(&mut self, map: &Map, guard: &Guard<'_>) -> Result<Progress> {
        match self.stage {
            Stage::Grace { since, looks } => {
                if guard.grace_is_over(since) {
                    self.changes = map.changes();
                    let moment = Moment::take();
                    step::after("take a moment");
                    self.stage = Stage::Copy { moment, from: 0 };
                    return Ok(Progress::More);
                }
                if self.began.elapsed() > patience() {
                    self.close(map);
                    return Err(Error::Stalled);
                }
                self.stage = Stage::Grace {
                    since,
                    looks: looks + 1,
                };
                Ok(Progress::Waits)
            }
            Stage::Copy { moment, from } => {
                match self.copy(map, moment, from, guard) {
                    Ok(Some(from)) => self.stage = Stage::Copy { moment, from },
                    Ok(None) => self.close(map),
                    Err(error) => {
                        self.close(map);
                        return Err(error);
                    }
                }
                Ok(Progress::More)
            }
            Stage::Sweep { from } => {
                self.stage = match sweep(map, from, guard) {
                    Some(from) => Stage::Sweep { from },
                    None => Stage::Done,
                };
                Ok(Progress::More)
            }
            Stage::Done => Ok(Progress::Done),
        }
    }

    /// Lets other threads run, without a guard: for longer when they have been looked at often.
    pub fn pause(&self) {
        match self.stage {
            Stage::Grace { looks, .. } if looks > LOOKS && !cfg!(any(loom, shuttle)) => {
                thread::park_timeout(Duration::from_micros(100));
            }
            _ => yield_now(),
        }
    }

    /// Copies a chunk of what there was at the moment; gives the cursor to go on with.
    fn copy(
        &mut self,
        map: &Map,
        moment: Moment,
        from: u32,
        guard: &Guard<'_>,
    ) -> Result<Option<u32>> {
        let mut nodes = Vec::with_capacity(CHUNK * 2);
        let next = map.index.scan(from, CHUNK, guard, &mut nodes);
        step::after("scan for a cut");
        for node in ahead(&nodes) {
            let Some(value) = node.value_at(moment) else {
                continue;
            };
            let word = OwnedWord::encode(&value, None, guard)?;
            let leaf = OwnedNode::stamped(&node.hashed(), word, self.edit.stamp(), guard)?;
            self.edit.put(leaf, guard);
        }
        Ok(next)
    }

    /// Ends tracing for this snapshot; the last one sweeps.
    fn close(&mut self, map: &Map) {
        let last = map.cuts.taken.fetch_sub(1, Ordering::SeqCst) == 1;
        step::after("close a cut");
        // Cleared before the sweep: what is traced from now on is not swept for sure, and says so again.
        self.stage = if last && map.cuts.traces.swap(false, Ordering::SeqCst) {
            Stage::Sweep { from: 0 }
        } else {
            Stage::Done
        };
    }

    /// The snapshot, once the steps are [`Progress::Done`].
    #[must_use]
    pub fn finish(self, map: &Map, guard: &Guard<'_>) -> Snapshot {
        debug_assert!(matches!(self.stage, Stage::Done));
        self.store.fill(self.edit, guard);
        let mut held = self.store.hold(guard);
        held.figures.changes = self.changes;
        Snapshot::of_copy(held, map)
    }
}

/// Takes the traces off a chunk of nodes; gives the cursor to go on with.
fn sweep(map: &Map, from: u32, guard: &Guard<'_>) -> Option<u32> {
    // Asked under the guard: a snapshot that begins after this waits for the guard before its moment.
    if map.cuts.are_taken() {
        map.cuts.note_trace();
        // Asked again: if the other has ended before the note, it sweeps nothing for this one.
        if map.cuts.are_taken() {
            return None;
        }
    }
    let mut nodes = Vec::with_capacity(CHUNK * 2);
    let next = map.index.scan(from, CHUNK, guard, &mut nodes);
    for node in ahead(&nodes) {
        map.untrace(node, guard);
    }
    next
}

impl std::fmt::Debug for Copying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Copying").finish_non_exhaustive()
    }
}

impl Map {
    /// The content of this moment: one consistent cut over the whole map, whatever other threads do.
    ///
    /// The snapshot variant: in constant time. The others copy every entry; other threads go on meanwhile, and none of
    /// them waits. The calling thread holds no guard.
    ///
    /// # Errors
    /// [`Error::Stalled`], and when memory is out.
    pub fn snapshot(&self, me: &Participant) -> Result<Snapshot> {
        if self.index.persistent().is_some() {
            return self.hold(&me.pin());
        }
        let mut copying = Copying::begin(self, &me.pin());
        loop {
            let progress = copying.step(self, &me.pin())?;
            match progress {
                Progress::Waits => copying.pause(),
                Progress::More => {}
                Progress::Done => return Ok(copying.finish(self, &me.pin())),
            }
        }
    }
}
