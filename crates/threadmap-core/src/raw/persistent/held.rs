//! What snapshots keep alive: nodes that the current version no longer leads to, each on the list of one snapshot.
//!
//! The dead lists of ZFS (Bonwick, Ahrens, 2003): a node that is replaced goes to the newest snapshot that may see it,
//! and when that one is closed to the one before, or is freed. So nodes bear no counts, readers write nothing, and a
//! snapshot costs no more than what has been replaced since.
//!
//! A snapshot's moment is a stamp; it sees only nodes that were made before and that died after it. A node's stamp may
//! be older than its publication (it is reserved before the writers' lock is taken), so a list may hold what its
//! snapshot cannot see: that is freed later than it could be, never earlier. The writers' lock guards all of it.

use std::collections::BTreeMap;

use super::branch::Link;

/// Items of one piece of a list: no more are ever moved, so that no writer pays for a long list's growth.
const PIECE: usize = 512;

/// What the current version no longer leads to.
#[derive(Clone, Copy)]
pub(super) struct Dead {
    pub(super) link: Link,
    /// The moment when the current version let go of it.
    pub(super) died: u64,
    /// With all that is below it.
    pub(super) deep: bool,
}

struct Moment {
    link: Link,
    /// Changes at that moment: with the link, what tells versions apart.
    changes: u64,
    holders: usize,
    dead: Vec<Vec<Dead>>,
}

/// The snapshots of one store, by their moments.
#[derive(Default)]
pub(super) struct Held {
    moments: BTreeMap<u64, Moment>,
}

impl Held {
    /// Keeps the version with this root; `now` is a stamp that nothing has yet. Returns the moment to release.
    pub(super) fn hold(&mut self, link: Link, changes: u64, now: u64) -> u64 {
        if let Some((&moment, newest)) = self.moments.iter_mut().next_back()
            && newest.link == link
            && newest.changes == changes
        {
            newest.holders += 1;
            return moment;
        }
        let fresh = Moment {
            link,
            changes,
            holders: 1,
            dead: Vec::new(),
        };
        self.moments.insert(now, fresh);
        now
    }

    /// One holder less; gives the list of a moment that nobody holds any more.
    pub(super) fn release(&mut self, moment: u64) -> Vec<Vec<Dead>> {
        let Some(held) = self.moments.get_mut(&moment) else {
            return Vec::new();
        };
        held.holders -= 1;
        if held.holders > 0 {
            return Vec::new();
        }
        self.moments
            .remove(&moment)
            .map_or_else(Vec::new, |held| held.dead)
    }

    /// Takes what a snapshot may see; gives back what none can.
    ///
    /// # Safety
    /// The link is of a node that is not freed yet, and the caller's to bury.
    pub(super) unsafe fn keep(&mut self, dead: Dead) -> Option<Dead> {
        let Some((&moment, newest)) = self.moments.range_mut(..dead.died).next_back() else {
            return Some(dead);
        };
        // SAFETY: the caller's promise.
        if unsafe { dead.link.birth() } > moment {
            return Some(dead);
        }
        match newest.dead.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(dead),
            _ => newest.dead.push(vec![dead]),
        }
        None
    }

    /// Snapshots that are held, and bytes of their lists.
    pub(super) fn figures(&self) -> (usize, usize) {
        let pieces = self.moments.values().flat_map(|held| &held.dead);
        let items: usize = pieces.map(Vec::capacity).sum();
        let holders = self.moments.values().map(|held| held.holders).sum();
        (holders, items * size_of::<Dead>())
    }
}
