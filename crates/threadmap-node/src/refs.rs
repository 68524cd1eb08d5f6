//! The refs of one thread: for each, the map and the key that it stands for, converted and hashed once.
//!
//! Slots lie in chunks, each slot in a cache line of its own: using a ref looks at that line and at nothing else of
//! this file that is not hot. Invariant: a slot is given back once, by the facade when the `EntryRef` is garbage, and
//! not used after that; a chunk goes with its last slot, and what is left with the env record. Slot 0 is never given
//! out: it stands for nothing.

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

use threadmap_core::Prepared;

/// Slots of a chunk: one bit each.
const CHUNK: u32 = u64::BITS;

/// What a ref stands for.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) id: u32,
    pub(crate) key: Prepared,
}

#[repr(align(64))]
struct Slot(RefCell<Option<Bound>>);

/// Slots that come and go together.
pub(crate) struct Chunk {
    slots: [Slot; CHUNK as usize],
    /// A bit for each slot that is not taken.
    free: Cell<u64>,
}

impl Chunk {
    fn new() -> Self {
        Self {
            slots: std::array::from_fn(|_| Slot(RefCell::new(None))),
            free: Cell::new(u64::MAX),
        }
    }

    /// What the slot's ref stands for.
    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<Ref<'_, Bound>> {
        Ref::filter_map(
            self.slots[(slot % CHUNK) as usize].0.borrow(),
            Option::as_ref,
        )
        .ok()
    }
}

#[derive(Default)]
struct Table {
    chunks: Vec<Option<Rc<Chunk>>>,
    /// Chunks that may have free slots, or may not be there.
    roomy: Vec<u32>,
}

/// The table of slots.
#[derive(Default)]
pub(crate) struct Refs(RefCell<Table>);

impl Refs {
    /// The chunk of the slot.
    #[inline]
    pub(crate) fn chunk(&self, slot: u32) -> Option<Rc<Chunk>> {
        let table = self.0.borrow();
        table
            .chunks
            .get((slot / CHUNK) as usize)?
            .as_ref()
            .map(Rc::clone)
    }

    /// A slot for the ref.
    pub(crate) fn insert(&self, bound: Bound) -> u32 {
        let mut table = self.0.borrow_mut();
        loop {
            let number = table.roomy.last().copied().unwrap_or_else(|| {
                let number = table.chunks.len() as u32;
                table.chunks.push(None);
                table.roomy.push(number);
                number
            });
            let chunk = table.chunks[number as usize].get_or_insert_with(|| {
                let chunk = Chunk::new();
                if number == 0 {
                    chunk.free.set(u64::MAX - 1);
                }
                Rc::new(chunk)
            });
            let free = chunk.free.get();
            if free == 0 {
                table.roomy.pop();
                continue;
            }
            let at = free.trailing_zeros();
            chunk.free.set(free & (free - 1));
            chunk.slots[at as usize].0.replace(Some(bound));
            return number * CHUNK + at;
        }
    }

    /// Gives the slot back.
    pub(crate) fn remove(&self, slot: u32) {
        let Some(chunk) = self.chunk(slot) else {
            return;
        };
        // In use by a call that is under way: it stays taken, rather than go away under that call.
        let Ok(mut bound) = chunk.slots[(slot % CHUNK) as usize].0.try_borrow_mut() else {
            return;
        };
        if bound.take().is_none() {
            return;
        }
        let (mut table, number) = (self.0.borrow_mut(), slot / CHUNK);
        let free = chunk.free.get();
        if free == 0 {
            table.roomy.push(number);
        }
        chunk.free.set(free | 1 << (slot % CHUNK));
        if chunk.free.get() == u64::MAX {
            table.chunks[number as usize] = None;
        }
    }
}
