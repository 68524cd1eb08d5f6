//! What a thread holds besides maps: snapshots, iterations, transactions. Part of its record, so gone with the thread.
//!
//! Ids are this thread's own and never come back, so a wrong one misses. Invariant: nothing here is borrowed while
//! JavaScript runs.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use threadmap_core::{Remains, Snapshot, Transaction};

use crate::env::Record;

/// Iterations that hold a version at the same time on one thread: those that nobody goes on with must not keep old
/// versions without bound, and nobody goes through so many at once.
const ITERATIONS: usize = 64;

/// What one thread holds.
#[derive(Default)]
pub(crate) struct Holdings {
    last_id: Cell<u32>,
    snapshots: RefCell<BTreeMap<u32, Rc<Snapshot>>>,
    /// The oldest first.
    iterations: RefCell<VecDeque<(u32, Rc<Snapshot>)>>,
    transactions: RefCell<BTreeMap<u32, Transaction>>,
}

impl Holdings {
    fn next_id(&self) -> u32 {
        self.last_id.set(self.last_id.get().wrapping_add(1).max(1));
        self.last_id.get()
    }

    /// Bytes that only snapshots keep, for V8 to know.
    pub(crate) fn bytes(&self) -> i64 {
        let snapshots = self.snapshots.borrow();
        snapshots.values().map(|held| held.own_bytes() as i64).sum()
    }

    /// Lets go of everything.
    pub(crate) fn release(&self) -> Vec<Remains> {
        let transactions = self.transactions.take().into_values();
        let snapshots = self.snapshots.take().into_values();
        let iterations = self.iterations.take().into_iter().map(|(_, held)| held);
        transactions
            .map(|transaction| transaction.abandon().release())
            .chain(snapshots.chain(iterations).filter_map(released))
            .collect()
    }
}

/// Lets go of a snapshot that is in no table any more.
fn released(held: Rc<Snapshot>) -> Option<Remains> {
    Rc::into_inner(held).map(Snapshot::release)
}

impl Record {
    /// Keeps a snapshot under a new id.
    pub(crate) fn keep_snapshot(&self, snapshot: Snapshot) -> u32 {
        let id = self.holdings.next_id();
        let held = Rc::new(snapshot);
        self.holdings.snapshots.borrow_mut().insert(id, held);
        id
    }

    pub(crate) fn snapshot(&self, id: u32) -> Option<Rc<Snapshot>> {
        self.holdings.snapshots.borrow().get(&id).map(Rc::clone)
    }

    pub(crate) fn release_snapshot(&self, id: u32) {
        let held = self.holdings.snapshots.borrow_mut().remove(&id);
        if let Some(held) = held {
            self.let_go(held);
        }
    }

    /// Lets go of a snapshot that is in no table any more, and frees what only it has kept.
    pub(crate) fn let_go(&self, held: Rc<Snapshot>) {
        if let Some(remains) = released(held) {
            self.bury(remains);
        }
    }

    /// Keeps the version that an iteration goes over.
    pub(crate) fn keep_iteration(&self, held: Rc<Snapshot>) -> u32 {
        let id = self.holdings.next_id();
        let oldest = {
            let mut iterations = self.holdings.iterations.borrow_mut();
            iterations.push_back((id, held));
            (iterations.len() > ITERATIONS).then(|| iterations.pop_front())
        };
        if let Some((_, held)) = oldest.flatten() {
            self.let_go(held);
        }
        id
    }

    pub(crate) fn iteration(&self, id: u32) -> Option<Rc<Snapshot>> {
        let iterations = self.holdings.iterations.borrow();
        let found = iterations.iter().find(|(known, _)| *known == id);
        found.map(|(_, held)| Rc::clone(held))
    }

    pub(crate) fn end_iteration(&self, id: u32) {
        let ended = {
            let mut iterations = self.holdings.iterations.borrow_mut();
            let place = iterations.iter().position(|(known, _)| *known == id);
            place.and_then(|place| iterations.remove(place))
        };
        if let Some((_, held)) = ended {
            self.let_go(held);
        }
    }

    /// Keeps a transaction under a new id.
    pub(crate) fn keep_transaction(&self, transaction: Transaction) -> u32 {
        let id = self.holdings.next_id();
        let transactions = &self.holdings.transactions;
        transactions.borrow_mut().insert(id, transaction);
        id
    }

    /// Runs something that calls no JavaScript on a transaction.
    pub(crate) fn with_transaction<R>(
        &self,
        id: u32,
        run: impl FnOnce(&mut Transaction) -> R,
    ) -> Option<R> {
        self.holdings
            .transactions
            .borrow_mut()
            .get_mut(&id)
            .map(run)
    }

    pub(crate) fn end_transaction(&self, id: u32) -> Option<Transaction> {
        self.holdings.transactions.borrow_mut().remove(&id)
    }
}
