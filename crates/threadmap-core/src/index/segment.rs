//! Segments: what is under one shard's lock.
//!
//! Extendible hashing (Fagin et al., 1979): a directory indexed by the top bits of the hash points to small SIMD hash
//! tables; a full segment splits in two and two thin buddies merge, so no operation ever moves more than one
//! segment's nodes, however large the map is. Splits refine the order of hash prefixes and merges coarsen it, which
//! makes a hash a cursor that stays good across both.
//!
//! Invariant: directory entry `p` (the top `depth` bits) names the segment whose nodes all have `p` as the top bits
//! of their hash, counted below the bits that chose the shard; a segment of local depth `d` is named by `2^(depth-d)`
//! entries in a row. Only the holder of the shard's lock may call anything here.

use hashbrown::HashTable;

use crate::hash::{Hashed, spread};
use crate::raw::epoch::Guard;
use crate::raw::node::{Linked, NodeRef, OwnedNode};

/// Nodes in a full segment: 7/8 of 1,024 buckets. 896 pointers are moved in about 5 us, and hashbrown's own doubling
/// below that is as short; smaller segments cost memory for headers, larger ones a longer pause.
const FULL: usize = if cfg!(any(loom, shuttle)) {
    4
} else if cfg!(any(test, miri, feature = "tiny")) {
    14
} else {
    896
};
/// Buddies that hold this few together become one: a quarter, so that a merge is not followed by a split.
const THIN: usize = FULL / 4;
/// Prefix bits, shard bits included, at which segments stop splitting and just grow: keys that agree on so much of
/// their hash would not be parted by one bit more.
const MAX_PREFIX: u32 = if cfg!(any(test, miri, feature = "tiny")) {
    10
} else {
    20
};

struct Segment {
    table: HashTable<Linked>,
    depth: u32,
}

/// The segments of one shard.
pub(crate) struct Segments {
    directory: Vec<u32>,
    tables: Vec<Segment>,
    free: Vec<u32>,
    depth: u32,
    shard_bits: u32,
    /// How many segments have the directory's own depth; when none has, it halves.
    deepest: u32,
}

/// What an insertion found in the way, if anything.
pub(crate) enum Inserted {
    /// The node is linked.
    New,
    /// The node took the place of a dead one, which the caller retires.
    Instead(Linked),
    /// A live node is there; this one comes back.
    Refused(OwnedNode),
}

impl Segments {
    pub(crate) fn new(shard_bits: u32) -> Self {
        let first = Segment {
            table: HashTable::new(),
            depth: 0,
        };
        Self {
            directory: vec![0],
            tables: vec![first],
            free: Vec::new(),
            depth: 0,
            shard_bits,
            deepest: 1,
        }
    }

    /// The top `depth` bits of the hash below the shard's bits.
    #[inline]
    fn prefix(&self, hash: u32, depth: u32) -> usize {
        let below_shard = (u64::from(hash) << 32) << self.shard_bits;
        (below_shard >> 1 >> (63 - depth)) as usize
    }

    #[inline]
    fn segment(&self, hash: u32) -> &Segment {
        // One load less in a chain of loads that each wait for the one before: 2 ns of a lookup.
        if let [only] = self.tables.as_slice() {
            return only;
        }
        &self.tables[self.directory[self.prefix(hash, self.depth)] as usize]
    }

    #[inline]
    pub(crate) fn find<'g>(&self, key: &Hashed<'_>, guard: &'g Guard) -> Option<NodeRef<'g>> {
        self.segment(key.hash)
            .table
            .find(spread(key.hash), |link| link.get(guard).is_for(key))
            .map(|l| l.get(guard))
    }

    pub(crate) fn insert(&mut self, key: &Hashed<'_>, node: OwnedNode, guard: &Guard) -> Inserted {
        let place = self.directory[self.prefix(key.hash, self.depth)];
        let segment = &mut self.tables[place as usize];
        let found = segment
            .table
            .find_mut(spread(key.hash), |link| link.get(guard).is_for(key));
        if let Some(link) = found {
            if link.get(guard).is_dead() {
                return Inserted::Instead(std::mem::replace(link, node.link()));
            }
            return Inserted::Refused(node);
        }
        if segment.table.len() >= FULL && self.shard_bits + segment.depth < MAX_PREFIX {
            self.split(place, key.hash);
            return self.insert(key, node, guard);
        }
        segment
            .table
            .insert_unique(spread(key.hash), node.link(), |link| spread(link.hash()));
        Inserted::New
    }

    /// Takes the very node out, if it is still linked.
    pub(crate) fn remove(&mut self, node: NodeRef<'_>, guard: &Guard) -> Option<Linked> {
        let hash = node.hash();
        let place = self.directory[self.prefix(hash, self.depth)];
        let segment = &mut self.tables[place as usize];
        let found = segment
            .table
            .find_entry(spread(hash), |link| link.get(guard).is(node))
            .ok()?;
        let (link, _) = found.remove();
        let (len, depth) = (segment.table.len(), segment.depth);
        if depth > 0 && len <= THIN / 2 {
            self.merge(place, hash);
        } else if depth == 0 && segment.table.capacity() > 32 && len < segment.table.capacity() / 8
        {
            segment.table.shrink_to(len * 2, |link| spread(link.hash()));
        }
        Some(link)
    }

    /// Parts the segment that `hash` belongs to by one more bit of the hash.
    fn split(&mut self, place: u32, hash: u32) {
        let depth = self.tables[place as usize].depth + 1;
        if depth > self.depth {
            self.directory = self
                .directory
                .iter()
                .flat_map(|&entry| [entry, entry])
                .collect();
            self.depth = depth;
            self.deepest = 0;
        }
        let prefix = self.prefix(hash, depth) | 1;
        let mut upper = HashTable::with_capacity(FULL);
        let (shard_bits, segment) = (self.shard_bits, &mut self.tables[place as usize]);
        let bit = 31 - (shard_bits + depth - 1);
        for link in segment.table.extract_if(|link| link.hash() >> bit & 1 == 1) {
            upper.insert_unique(spread(link.hash()), link, |link| spread(link.hash()));
        }
        segment.depth = depth;
        let upper = Segment {
            table: upper,
            depth,
        };
        let upper_place = if let Some(free) = self.free.pop() {
            self.tables[free as usize] = upper;
            free
        } else {
            self.tables.push(upper);
            self.tables.len() as u32 - 1
        };
        let width = 1 << (self.depth - depth);
        self.directory[prefix * width..(prefix + 1) * width].fill(upper_place);
        if depth == self.depth {
            self.deepest += 2;
        }
    }

    /// Makes one of the segment and its buddy if together they are thin, and goes on upwards while that holds.
    fn merge(&mut self, place: u32, hash: u32) {
        let mut place = place;
        while self.tables[place as usize].depth > 0 {
            let depth = self.tables[place as usize].depth;
            let width = 1 << (self.depth - depth);
            let buddy = self.directory[(self.prefix(hash, depth) ^ 1) * width];
            let (kept, gone) = (place.min(buddy), place.max(buddy));
            let together =
                self.tables[kept as usize].table.len() + self.tables[gone as usize].table.len();
            if self.tables[buddy as usize].depth != depth || together > THIN {
                return;
            }
            let moving = std::mem::take(&mut self.tables[gone as usize].table);
            let segment = &mut self.tables[kept as usize];
            segment.depth = depth - 1;
            for link in moving {
                segment
                    .table
                    .insert_unique(spread(link.hash()), link, |link| spread(link.hash()));
            }
            segment
                .table
                .shrink_to(THIN * 2, |link| spread(link.hash()));
            self.free.push(gone);
            let first = self.prefix(hash, depth - 1) * width * 2;
            self.directory[first..first + width * 2].fill(kept);
            if depth == self.depth {
                self.deepest -= 2;
                self.halve();
            }
            place = kept;
        }
    }

    /// Halves the directory while no segment needs its last bit, and gives free places back when only one is left.
    fn halve(&mut self) {
        while self.depth > 0 && self.deepest == 0 {
            self.directory = self.directory.iter().step_by(2).copied().collect();
            self.depth -= 1;
            let depth = self.depth;
            let mut last = None;
            self.deepest = 0;
            for &place in &self.directory {
                if last != Some(place) && self.tables[place as usize].depth == depth {
                    self.deepest += 1;
                }
                last = Some(place);
            }
        }
        if self.depth == 0 {
            let only = self.tables.swap_remove(self.directory[0] as usize);
            self.tables = vec![only];
            self.directory = vec![0];
            self.free = Vec::new();
        }
    }

    /// Gives the nodes of the segment that `from` lies in, those below `from` left out, and the first hash after it.
    pub(crate) fn scan<'g>(
        &self,
        from: u32,
        guard: &'g Guard,
        give: &mut Vec<NodeRef<'g>>,
    ) -> Option<u32> {
        let segment = self.segment(from);
        let bits = self.shard_bits + segment.depth;
        let nodes = segment.table.iter().map(|link| link.get(guard));
        if u64::from(from) << bits & u64::from(u32::MAX) == 0 {
            give.extend(nodes);
        } else {
            // Only after a merge can a segment hold nodes below `from`: those were given before it.
            give.extend(nodes.filter(|node| node.hash() >= from));
        }
        if bits == 0 {
            return None;
        }
        ((from >> (32 - bits)) + 1)
            .checked_shl(32 - bits)
            .filter(|&next| next != 0)
    }

    /// Bytes of the tables and the directory.
    pub(crate) fn bytes(&self) -> usize {
        let tables: usize = self
            .tables
            .iter()
            .map(|segment| segment.table.allocation_size())
            .sum();
        tables
            + self.tables.capacity() * size_of::<Segment>()
            + (self.directory.capacity() + self.free.capacity()) * 4
    }

    /// Ends every node; nobody else can see the segments any more.
    pub(crate) fn free(&mut self) {
        for segment in &mut self.tables {
            for link in std::mem::take(&mut segment.table) {
                link.free();
            }
        }
    }
}

#[cfg(any(test, feature = "tiny"))]
impl Segments {
    /// Checks the invariant of the directory and that every node lies where its hash says.
    pub(crate) fn check(&self) {
        assert_eq!(self.directory.len(), 1 << self.depth);
        let mut deepest = 0;
        let mut at = 0;
        while at < self.directory.len() {
            let segment = &self.tables[self.directory[at] as usize];
            let width = 1 << (self.depth - segment.depth);
            assert_eq!(at % width, 0, "a segment starts at a multiple of its width");
            assert!(
                self.directory[at..at + width]
                    .iter()
                    .all(|&place| place == self.directory[at])
            );
            deepest += u32::from(segment.depth == self.depth);
            for link in &segment.table {
                assert_eq!(
                    self.prefix(link.hash(), segment.depth),
                    at / width,
                    "a node lies in its segment"
                );
            }
            at += width;
        }
        assert_eq!(deepest, self.deepest);
    }
}
