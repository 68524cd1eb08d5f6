//! A process-wide table of things with ids that never come back.
//!
//! An id is a slot number and that slot's generation in 32 bits; a slot whose generations are used up is not used
//! again, so an old id can never mean a new thing. Looking one up takes two loads under a guard and no lock; what is
//! taken out is dropped once no guard can see it. Used for the maps of a process: any thread may call anything here.

use std::collections::VecDeque;
use std::ptr::{self, NonNull};

use super::epoch::Guard;
use crate::sync::{AtomicPtr, Mutex, Ordering, lock};

const SLOT_BITS: u32 = 20;
const CHUNK_BITS: u32 = 10;
const CHUNK: usize = 1 << CHUNK_BITS;
const CHUNKS: usize = 1 << (SLOT_BITS - CHUNK_BITS);
const GENERATIONS: u32 = 1 << (32 - SLOT_BITS);
/// Free slots are used again oldest first, and only from this many on, so that generations last.
const FREE_BEFORE_REUSE: usize = 1024;

struct Item<T> {
    id: u32,
    content: T,
}

type Chunk<T> = [AtomicPtr<Item<T>>; CHUNK];

/// Which slots can be used next, and with which generation.
struct Free {
    slots: VecDeque<(u32, u32)>,
    /// Slots below this have been used at least once.
    next: u32,
}

/// The table.
pub struct Slots<T: 'static> {
    chunks: [AtomicPtr<Chunk<T>>; CHUNKS],
    free: Mutex<Free>,
}

impl<T: Send + Sync + 'static> Slots<T> {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            free: Mutex::new(Free {
                slots: VecDeque::new(),
                next: 0,
            }),
        }
    }

    fn slot(&self, id: u32) -> Option<&AtomicPtr<Item<T>>> {
        let slot = (id >> (32 - SLOT_BITS)) as usize;
        // Acquire: pairs with the Release in `insert` that publishes the chunk.
        let chunk = self.chunks[slot >> CHUNK_BITS].load(Ordering::Acquire);
        // SAFETY: a chunk, once published, is never moved or freed.
        let chunk = unsafe { chunk.as_ref() }?;
        Some(&chunk[slot & (CHUNK - 1)])
    }

    /// What the id stands for, while the guard lives; `None` for ids that are gone or never were.
    #[inline]
    pub fn get<'g>(&'g self, id: u32, _guard: &'g Guard) -> Option<&'g T> {
        // Acquire: pairs with the Release in `insert` that publishes the item.
        let item = self.slot(id)?.load(Ordering::Acquire);
        // SAFETY: non-null items are live: `take` hands them out to be retired under an epoch, and this guard is pinned.
        let item = unsafe { item.as_ref::<'g>() }?;
        (item.id == id).then_some(&item.content)
    }

    /// Puts a thing in under a fresh id, which it is told first; `None` when the table is full.
    pub fn insert(&self, make: impl FnOnce(u32) -> T) -> Option<u32> {
        let (slot, generation) = self.take_slot()?;
        let id = slot << (32 - SLOT_BITS) | generation;
        let place = &self.chunks[slot as usize >> CHUNK_BITS];
        if place.load(Ordering::Acquire).is_null() {
            let fresh: Box<Chunk<T>> = Box::new([const { AtomicPtr::new(ptr::null_mut()) }; CHUNK]);
            let fresh = Box::into_raw(fresh);
            // Release publishes the empty slots to `slot`; of two inserters one wins.
            let published =
                place.compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire);
            if published.is_err() {
                // SAFETY: it lost the race, so nobody has seen it.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
        let item = Box::into_raw(Box::new(Item {
            id,
            content: make(id),
        }));
        // Release: pairs with the Acquire in `get`.
        self.slot(id)?.store(item, Ordering::Release);
        Some(id)
    }

    /// Takes out what the id stands for: from now on it cannot be looked up. Exactly one caller gets it, and retires
    /// it when done with it.
    pub fn take(&self, id: u32, _guard: &Guard) -> Option<Taken<T>> {
        let slot = self.slot(id)?;
        let item = slot.load(Ordering::Acquire);
        // SAFETY: as in `get`: live while the guard is pinned.
        if unsafe { item.as_ref() }.is_none_or(|item| item.id != id) {
            return None;
        }
        // AcqRel: the winner owns the item from here on; an address cannot come back while this guard is pinned.
        slot.compare_exchange(item, ptr::null_mut(), Ordering::AcqRel, Ordering::Relaxed)
            .ok()?;
        self.give_back(id);
        NonNull::new(item).map(Taken)
    }

    fn take_slot(&self) -> Option<(u32, u32)> {
        let mut free = lock(&self.free);
        if free.slots.len() < FREE_BEFORE_REUSE && free.next < 1 << SLOT_BITS {
            free.next += 1;
            // Generation 0 of slot 0 would be id 0, which callers like to use for "none".
            return Some((free.next - 1, 1));
        }
        free.slots.pop_front()
    }

    fn give_back(&self, id: u32) {
        let generation = (id & (GENERATIONS - 1)) + 1;
        if generation < GENERATIONS {
            lock(&self.free)
                .slots
                .push_back((id >> (32 - SLOT_BITS), generation));
        }
    }
}

/// What was taken out of the table: its taker's alone to retire, while others may still be reading it.
#[must_use = "what is not retired is never freed"]
pub struct Taken<T: 'static>(NonNull<Item<T>>);

impl<T: Send + Sync + 'static> Taken<T> {
    /// The thing itself.
    #[must_use]
    pub fn get(&self) -> &T {
        // SAFETY: only the taker retires it, by value.
        &unsafe { self.0.as_ref() }.content
    }

    /// Drops the thing once no guard can see it.
    pub fn retire(self, guard: &Guard) {
        // SAFETY: `take` gave it to one taker, and it came from `Box::into_raw`.
        let item = unsafe { Box::from_raw(self.0.as_ptr()) };
        // SAFETY: unreachable now but for pinned guards.
        unsafe { guard.retire_box(item) };
    }
}

impl<T: 'static> std::fmt::Debug for Taken<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Taken").finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> Default for Slots<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: 'static> std::fmt::Debug for Slots<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slots").finish_non_exhaustive()
    }
}

impl<T: 'static> Drop for Slots<T> {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            let chunk = chunk.load(Ordering::Relaxed);
            if chunk.is_null() {
                continue;
            }
            // SAFETY: `&mut self`: nobody else is in the table, and published chunks came from `Box::into_raw`.
            let chunk = unsafe { Box::from_raw(chunk) };
            for item in chunk
                .iter()
                .map(|slot| slot.load(Ordering::Relaxed))
                .filter(|item| !item.is_null())
            {
                // SAFETY: as above.
                drop(unsafe { Box::from_raw(item) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Participant;

    #[test]
    fn an_id_never_means_a_second_thing() {
        let (slots, me) = (Slots::new(), Participant::new());
        let mut seen = std::collections::BTreeSet::new();
        for i in 0..50_000_u32 {
            let id = slots.insert(|_| i).expect("room");
            assert!(seen.insert(id), "id {id} came back");
            let guard = me.pin();
            assert_eq!(slots.get(id, &guard), Some(&i));
            slots.take(id, &guard).expect("there").retire(&guard);
            assert!(slots.take(id, &guard).is_none(), "only once");
            assert_eq!(slots.get(id, &guard), None);
        }
    }

    #[test]
    fn unknown_ids_are_none() {
        let (slots, me) = (Slots::<u8>::new(), Participant::new());
        for id in [0, 1, 4096, u32::MAX] {
            assert_eq!(slots.get(id, &me.pin()), None);
        }
    }

    #[test]
    fn used_up_slots_are_left_alone() {
        let (slots, me) = (Slots::new(), Participant::new());
        for _ in 0..FREE_BEFORE_REUSE * (GENERATIONS as usize + 2) {
            let id = slots.insert(|_| ()).expect("room");
            slots.take(id, &me.pin()).expect("there").retire(&me.pin());
        }
    }
}
