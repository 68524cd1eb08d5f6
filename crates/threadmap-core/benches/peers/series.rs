//! What was measured: prices by row, contestant and round, and how long single inserts took.
//!
//! Invariant: round `r` of every contestant in a row was run within the same short while, so ratios are taken round
//! by round and then their median; machine noise that lasts longer than a round falls out of them.

use crate::stats::Spread;

/// A contestant's name, and whether it is ours.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) name: &'static str,
    pub(crate) ours: bool,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kind {
    /// Rows of one table.
    pub(crate) group: String,
    /// The row in it, without its threads.
    pub(crate) row: String,
    pub(crate) threads: usize,
    pub(crate) strings: bool,
}

impl Kind {
    /// What `--only` looks at.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.group, self.label())
    }

    pub(crate) fn label(&self) -> String {
        format!("{} {}t", self.row, self.threads)
    }
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) kind: Kind,
    /// Nanoseconds an operation and thread, by contestant and round.
    pub(crate) prices: Vec<Vec<f64>>,
    /// [`crate::pool::Slice::disturbed`] of the median slice.
    pub(crate) disturbed: f64,
}

impl Series {
    pub(crate) fn price(&self, contestant: usize) -> Spread {
        Spread::of(&self.prices[contestant])
    }

    /// How many times as fast as `other` the contestant is.
    pub(crate) fn speed(&self, contestant: usize, other: usize) -> Spread {
        let (mine, its) = (&self.prices[contestant], &self.prices[other]);
        let ratios: Vec<f64> = mine.iter().zip(its).map(|(mine, its)| its / mine).collect();
        Spread::of(&ratios)
    }

    /// Millions of operations a second, all threads together.
    pub(crate) fn throughput(&self, contestant: usize) -> f64 {
        self.kind.threads as f64 * 1e3 / self.price(contestant).median
    }
}

/// The parts of the distribution that tables tell.
pub(crate) const QUANTILES: [(&str, f64); 6] = [
    ("p50", 0.5),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
    ("p99.999", 0.99999),
    ("max", 1.0),
];

/// How long single inserts took while a map grew.
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    pub(crate) kind: Kind,
    /// Nanoseconds at each of [`QUANTILES`], by contestant and round.
    pub(crate) waits: Vec<Vec<[u64; QUANTILES.len()]>>,
}

impl Tail {
    /// The median over the rounds.
    pub(crate) fn wait(&self, contestant: usize, quantile: usize) -> f64 {
        let waits: Vec<f64> = self.waits[contestant]
            .iter()
            .map(|round| round[quantile] as f64)
            .collect();
        Spread::of(&waits).median
    }
}

/// All of a run.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) names: Vec<Name>,
    pub(crate) series: Vec<Series>,
    pub(crate) tails: Vec<Tail>,
}

impl Results {
    /// Our variants.
    pub(crate) fn ours(&self) -> Vec<usize> {
        (0..self.names.len())
            .filter(|&contestant| self.names[contestant].ours)
            .collect()
    }

    /// Everybody else.
    pub(crate) fn peers(&self) -> Vec<usize> {
        (0..self.names.len())
            .filter(|&contestant| !self.names[contestant].ours)
            .collect()
    }

    /// The cheapest of `among` by the median.
    fn cheapest(among: Vec<usize>, series: &Series) -> usize {
        let by_price =
            |&a: &usize, &b: &usize| series.price(a).median.total_cmp(&series.price(b).median);
        among
            .into_iter()
            .min_by(by_price)
            .expect("there are both ours and peers")
    }

    pub(crate) fn best_of_ours(&self, series: &Series) -> usize {
        Self::cheapest(self.ours(), series)
    }

    pub(crate) fn best_peer(&self, series: &Series) -> usize {
        Self::cheapest(self.peers(), series)
    }

    /// How many times as fast as the row's best peer.
    pub(crate) fn speed_by_best(&self, series: &Series, contestant: usize) -> f64 {
        series.speed(contestant, self.best_peer(series)).median
    }

    /// How many rows another program has disturbed by more than `part`.
    pub(crate) fn disturbed(&self, part: f64) -> usize {
        self.series
            .iter()
            .filter(|series| series.disturbed > part)
            .count()
    }

    pub(crate) fn find(&self, group: &str, row: &str, threads: usize) -> Option<&Series> {
        let is = |series: &&Series| {
            let kind = &series.kind;
            kind.group == group && kind.row == row && kind.threads == threads
        };
        self.series.iter().find(is)
    }
}
