//! What one map holds at each stage of its life.
//!
//! Invariant: all maps go the same way: a first map is filled and drained, so that what the library keeps for the
//! thread is there and not counted; a second one is filled key by key, unsized, drained in the order of its filling,
//! and then gets some thousand more operations, so that whatever a library puts off has its occasion.

use std::fs::read_to_string;
use std::io::{self, Write};
use std::process::Command;

use threadmap_core::Participant;

use crate::COUNTED;
use crate::contestants::entrants;
use crate::draw;
use crate::key::{Key, Text16};
use crate::plan::Plan;

/// The argument that makes this program the child which weighs one map.
pub(crate) const CHILD: &str = "--weigh";
/// Kinds of keys.
pub(crate) const KINDS: [&str; 2] = [u64::NAME, Text16::NAME];
/// The first two are weighed in every run, all of them in a full one. None is a power of two or next to one: tables
/// that double are met at several fills.
const SIZES: [usize; 5] = [100_000, 1_000_000, 300_000, 3_000_000, 10_000_000];
/// Entries of the first map.
pub(crate) const WARMING: usize = 20_000;
/// Between two looks at what our maps hold while they grow; what others hold at most is counted by each allocation.
const SAMPLED: usize = 100;
/// What a check lets a drained map keep for the thread's next entries: blocks of several sizes, and what of their slabs
/// they keep from others; versions of the snapshot variant that are not due, a bag's worth of each size. The smallest
/// map that is weighed has more than that when it is full.
pub(crate) const KEPT_BY_A_THREAD: f64 = 3e6;
/// Pairs of an insert and a removal after draining.
const SETTLING: usize = 5_000;

/// Bytes of one map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weight {
    pub(crate) map: String,
    pub(crate) ours: bool,
    pub(crate) strings: bool,
    pub(crate) entries: f64,
    pub(crate) empty: f64,
    pub(crate) full: f64,
    pub(crate) peak: f64,
    pub(crate) drained: f64,
    /// As the system sees it, over what was resident before the map was made.
    pub(crate) resident_full: f64,
    pub(crate) resident_drained: f64,
}

/// Entries of the maps to weigh.
pub(crate) fn sizes(plan: &Plan) -> &'static [usize] {
    let largest = plan.sizes.iter().max().copied().unwrap_or(0);
    if largest < WARMING {
        return &[WARMING];
    }
    let count = if largest > 1_000_000 { SIZES.len() } else { 2 };
    &SIZES[..count]
}

/// Names of all maps, or of ours.
pub(crate) fn names(only_ours: bool) -> Vec<&'static str> {
    entrants::<u64>()
        .into_iter()
        .filter(|entrant| entrant.ours || !only_ours)
        .map(|entrant| entrant.name)
        .collect()
}

/// The figures that this program prints as a child with these arguments.
pub(crate) fn said_by_child(arguments: &[&str]) -> io::Result<Vec<f64>> {
    let output = Command::new(std::env::current_exe()?)
        .args(arguments)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{arguments:?} failed: {said}")));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let figures = text.split_whitespace().map(str::parse::<f64>);
    figures.collect::<Result<_, _>>().map_err(io::Error::other)
}

/// Weighs a map in a child process.
pub(crate) fn in_its_own_process(kind: &str, name: &str, size: usize) -> io::Result<Weight> {
    let figures = said_by_child(&[CHILD, kind, name, &size.to_string()])?;
    let &[empty, full, peak, drained, resident_full, resident_drained] = figures.as_slice() else {
        return Err(io::Error::other(format!("{name} was not weighed")));
    };
    Ok(Weight {
        map: name.to_owned(),
        ours: entrants::<u64>()
            .iter()
            .any(|entrant| entrant.ours && entrant.name == name),
        strings: kind == Text16::NAME,
        entries: size as f64,
        empty,
        full,
        peak,
        drained,
        resident_full,
        resident_drained,
    })
}

/// The child: weighs and prints.
///
/// # Panics
/// When its arguments are not those of [`in_its_own_process`].
pub(crate) fn child(mut given: impl Iterator<Item = String>) {
    let mut next = || given.next().expect("kind, name, size");
    let (kind, name, size) = (next(), next(), next().parse().expect("a size"));
    let figures = if kind == Text16::NAME {
        weigh::<Text16>(&name, size)
    } else {
        weigh::<u64>(&name, size)
    };
    let line: Vec<String> = figures.iter().map(i64::to_string).collect();
    writeln!(io::stdout(), "{}", line.join(" ")).expect("the parent reads");
}

fn weigh<K: Key>(name: &str, size: usize) -> [i64; 6] {
    let entrants = entrants::<K>();
    let entrant = entrants
        .iter()
        .find(|entrant| entrant.name == name)
        .expect("its name");
    let keys: Vec<K> = draw::keys(size, 6);
    let first = (entrant.make)();
    first.fill(&keys[..WARMING]);
    first.drain(&keys[..WARMING]);
    let (before, resident_before) = (allocated(), resident());
    let map = (entrant.make)();
    let empty = allocated() - before;
    let mut peak = 0;
    for some in keys.chunks(SAMPLED) {
        map.fill(some);
        peak = peak.max(allocated() - before);
    }
    let full = allocated() - before;
    if !entrant.ours {
        peak = COUNTED.max_allocated() as i64 - before;
    }
    let resident_full = resident() - resident_before;
    map.drain(&keys);
    for _ in 0..SETTLING {
        map.fill(&keys[..1]);
        map.drain(&keys[..1]);
    }
    let drained = allocated() - before;
    let resident_drained = resident() - resident_before;
    drop(first);
    [empty, full, peak, drained, resident_full, resident_drained]
}

/// What the allocator has given, less those parts of our slabs that hold nothing: their memory is with the system.
pub(crate) fn allocated() -> i64 {
    let slabs = Participant::new().slabs();
    COUNTED.allocated() as i64 - slabs.reserved as i64 + slabs.used as i64
}

/// Zero where the system does not tell it as Linux does.
pub(crate) fn resident() -> i64 {
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<i64>().ok());
    kib.unwrap_or(0) * 1024
}
