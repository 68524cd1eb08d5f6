//! How much is measured: smoke (seconds: whether it runs at all), quick (below three minutes), as it comes, and full
//! (most of an hour).

use std::time::Duration;

/// The sizes of a run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    /// Live keys of the grid.
    pub(crate) sizes: &'static [usize],
    pub(crate) rounds: usize,
    /// One contestant in one round.
    pub(crate) slice: Duration,
    /// What may be spent in all on repeating slices that another program has disturbed.
    pub(crate) patience: Duration,
    pub(crate) grow_to: &'static [usize],
    pub(crate) grow_threads: &'static [usize],
    pub(crate) grow_rounds: usize,
    /// Entries that are iterated over: one of the sizes.
    pub(crate) iterated: usize,
    /// Live entries under churn.
    pub(crate) churned: usize,
}

/// Threads of the rows. Eight stand for a pool larger than the machine.
pub(crate) const THREADS: [usize; 3] = [1, 2, 8];
/// Reads in a hundred.
pub(crate) const READS: [u64; 5] = [100, 99, 90, 50, 0];

/// Live entries under churn, but in a smoke run.
pub(crate) const CHURNED: usize = 100_000;

impl Plan {
    /// For tests of the pipeline: its figures say nothing.
    pub(crate) const SMOKE: Self = Self {
        name: "smoke",
        sizes: &[1_000],
        rounds: 2,
        slice: Duration::from_millis(1),
        patience: Duration::ZERO,
        grow_to: &[1_000],
        grow_threads: &[1],
        grow_rounds: 2,
        iterated: 1_000,
        churned: 1_000,
    };

    pub(crate) const QUICK: Self = Self {
        name: "quick",
        sizes: &[10_000, 1_000_000],
        rounds: 3,
        slice: Duration::from_millis(25),
        patience: Duration::from_secs(15),
        grow_to: &[1_000_000],
        grow_threads: &[1],
        grow_rounds: 3,
        iterated: 1_000_000,
        churned: CHURNED,
    };

    pub(crate) const NORMAL: Self = Self {
        name: "normal",
        sizes: &[10_000, 1_000_000],
        rounds: 7,
        slice: Duration::from_millis(60),
        patience: Duration::from_secs(120),
        grow_to: &[2_000_000],
        grow_threads: &[1, 2],
        grow_rounds: 5,
        iterated: 1_000_000,
        churned: CHURNED,
    };

    pub(crate) const FULL: Self = Self {
        name: "full",
        sizes: &[10_000, 1_000_000, 10_000_000],
        rounds: 9,
        slice: Duration::from_millis(100),
        patience: Duration::from_secs(900),
        grow_to: &[2_000_000, 10_000_000],
        grow_threads: &[1, 2],
        grow_rounds: 5,
        iterated: 1_000_000,
        churned: CHURNED,
    };
}

/// Operations of a stream: several times what a cache of the processor holds of the map, and no more than is drawn
/// in a moment.
pub(crate) fn stream_length(size: usize) -> usize {
    (size * 2).next_power_of_two().clamp(1 << 16, 1 << 22) / if size > 100_000 { 2 } else { 1 }
}
