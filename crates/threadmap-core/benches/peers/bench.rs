//! The order of things: which rows there are, and every contestant in turn in each round of a row.
//!
//! Invariant: maps of a row are alive together and have the same live keys; within a row nothing but the contestant
//! changes from one slice to the next, and the order turns from round to round.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::args::Args;
use crate::contestants::{Contestant, Entrant, entrants};
use crate::draw::{self, Law};
use crate::key::Key;
use crate::plan::{READS, THREADS, stream_length};
use crate::pool::{Lap, Line, Pool, Slice};
use crate::series::{Kind, Name, QUANTILES, Results, Series, Tail};
use crate::stats::Spread;
use crate::work::Ring;

/// No insert that took longer is told from this.
const LONGEST_NS: u64 = 100_000_000_000;

/// Disturbance below which a slice is good: what is left over is the waking of threads.
const QUIET: f64 = 0.05;
/// How often a slice is repeated at most when another program disturbs it.
const REPEATS: usize = 2;

type Map<K> = Arc<dyn Contestant<K>>;

/// A run under way.
pub(crate) struct Bench<'a> {
    args: &'a Args,
    pool: Pool,
    results: Results,
    patience: Duration,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(args: &'a Args) -> Self {
        let names = entrants::<u64>()
            .into_iter()
            .map(|Entrant { name, ours, .. }| Name { name, ours });
        Self {
            args,
            pool: Pool::new(THREADS.into_iter().max().unwrap_or(1)),
            patience: args.patience.unwrap_or(args.plan.patience),
            results: Results {
                names: names.collect(),
                ..Results::default()
            },
        }
    }

    pub(crate) fn results(self) -> Results {
        self.results
    }

    /// Every row with keys of this kind.
    pub(crate) fn run<K: Key>(&mut self) {
        for &size in self.args.plan.sizes {
            self.grid::<K>(size);
        }
        self.churn::<K>();
        self.counter::<K>();
        self.grow::<K>();
    }

    fn kind<K: Key>(group: &str, row: &str, threads: usize) -> Kind {
        Kind {
            group: group.into(),
            row: row.into(),
            threads,
            strings: !K::OWNED_IS_FREE,
        }
    }

    /// Measures a row, if it is asked for: `slice` runs one contestant's slice. Gives what else the slices tell, by
    /// contestant and round.
    fn row<T>(
        &mut self,
        kind: Kind,
        rounds: usize,
        mut slice: impl FnMut(&Pool, usize) -> (Slice, T),
    ) -> Vec<Vec<T>> {
        let count = self.results.names.len();
        let mut more: Vec<Vec<T>> = (0..count).map(|_| Vec::with_capacity(rounds)).collect();
        if !self.args.wants(&kind.name()) {
            return more;
        }
        let mut prices = vec![Vec::with_capacity(rounds); count];
        let mut disturbed = Vec::with_capacity(rounds * count);
        for round in 0..rounds {
            for turn in 0..count {
                // Forth and back, and each time another begins: nobody always follows the same neighbour.
                let turn = if round % 2 == 0 {
                    turn
                } else {
                    count - 1 - turn
                };
                let contestant = (turn + round) % count;
                let mut told = slice(&self.pool, contestant);
                for _ in 0..REPEATS {
                    if told.0.disturbed <= QUIET || self.patience.is_zero() {
                        break;
                    }
                    let begin = Instant::now();
                    let again = slice(&self.pool, contestant);
                    self.patience = self.patience.saturating_sub(begin.elapsed());
                    // Chosen by the disturbance, never by the price.
                    if again.0.disturbed < told.0.disturbed {
                        told = again;
                    }
                }
                prices[contestant].push(told.0.price);
                disturbed.push(told.0.disturbed);
                more[contestant].push(told.1);
            }
        }
        let disturbed = Spread::of(&disturbed).median;
        self.results.series.push(Series {
            kind,
            prices,
            disturbed,
        });
        more
    }

    /// Maps of the same entries, filled by two threads so that their memory comes from where later writes take it.
    fn filled<K: Key>(&self, keys: &[K]) -> Vec<Map<K>> {
        let halves: Arc<[Vec<K>]> = keys
            .chunks(keys.len().div_ceil(2))
            .map(<[K]>::to_vec)
            .collect();
        let fill = |entrant: Entrant<K>| {
            let map = (entrant.make)();
            let (filled, halves) = (Arc::clone(&map), Arc::clone(&halves));
            self.pool
                .run(halves.len(), move |thread| filled.fill(&halves[thread]));
            map
        };
        entrants::<K>().into_iter().map(fill).collect()
    }

    fn grid<K: Key>(&mut self, size: usize) {
        let group = format!("{} {size:e}", K::NAME);
        let iterate = Self::kind::<K>("iterate", &group, 1);
        let rows: Vec<(u64, Law)> = READS
            .into_iter()
            .flat_map(|reads| Law::ALL.map(|law| (reads, law)))
            .collect();
        let row_name = |(reads, law): (u64, Law)| format!("{} reads {reads}%", law.name());
        let wanted = |row| {
            THREADS.iter().any(|&threads| {
                self.args
                    .wants(&Self::kind::<K>(&group, &row_name(row), threads).name())
            })
        };
        let rows: Vec<_> = rows.into_iter().filter(|&row| wanted(row)).collect();
        let iterated = size == self.args.plan.iterated && self.args.wants(&iterate.name());
        if rows.is_empty() && !iterated {
            return;
        }
        let universe: Vec<K> = draw::keys(size * 2, 1);
        let present = draw::live(&universe);
        let maps = self.filled(&present);
        if iterated {
            self.iterate(iterate, size, &maps);
        }
        for row in rows {
            let (reads, law) = row;
            // Where nothing is written every read finds its key; elsewhere half of the keys are there.
            let keys = if reads == 100 { &present } else { &universe };
            let length = stream_length(size);
            let ops: Arc<[_]> = draw::stream(keys, law, reads, length, reads + 2).into();
            for threads in THREADS {
                let slice = self.args.plan.slice;
                let kind = Self::kind::<K>(&group, &row_name(row), threads);
                self.row(kind, self.args.plan.rounds, |pool, contestant| {
                    let (map, ops) = (Arc::clone(&maps[contestant]), Arc::clone(&ops));
                    let line = Line::new(threads, slice);
                    let work = move |thread| map.mixed(&ops, ops.len() / threads * thread, &line);
                    (Slice::of(&pool.run(threads, work)), ())
                });
            }
        }
    }

    fn iterate<K: Key>(&mut self, kind: Kind, size: usize, maps: &[Map<K>]) {
        self.row(kind, self.args.plan.rounds, |pool, contestant| {
            let map = Arc::clone(&maps[contestant]);
            let line = Line::new(1, Duration::ZERO);
            let laps = pool.run(1, move |_| map.iterate(&line));
            assert_eq!(
                laps[0].ops, size as u64,
                "a quiet map shows every entry once"
            );
            (Slice::of(&laps), ())
        });
    }

    fn churn<K: Key>(&mut self) {
        let churned = self.args.plan.churned;
        for threads in THREADS {
            let kind = Self::kind::<K>("churn", K::NAME, threads);
            if !self.args.wants(&kind.name()) {
                continue;
            }
            let each = churned / threads * Ring::<K>::TIMES;
            let keys: Vec<K> = draw::keys(each * threads, 3);
            let new_ring = |keys| Ring::new(keys, churned / threads);
            let rings = || -> Arc<[Ring<K>]> { keys.chunks(each).map(new_ring).collect() };
            let present: Vec<K> = rings()
                .iter()
                .flat_map(|ring| ring.window().to_vec())
                .collect();
            let maps: Vec<_> = self
                .filled(&present)
                .into_iter()
                .map(|map| (map, rings()))
                .collect();
            let slice = self.args.plan.slice;
            self.row(kind, self.args.plan.rounds, |pool, contestant| {
                let (map, rings) = &maps[contestant];
                let (map, rings) = (Arc::clone(map), Arc::clone(rings));
                let line = Line::new(threads, slice);
                let work = move |thread| map.churn(&rings[thread], &line);
                (Slice::of(&pool.run(threads, work)), ())
            });
            for (name, (map, _)) in self.results.names.iter().zip(&maps) {
                assert_eq!(
                    map.visit().0,
                    present.len() as u64,
                    "{} after churn",
                    name.name
                );
            }
        }
    }

    fn counter<K: Key>(&mut self) {
        let key: K = draw::keys(1, 4)[0];
        let maps: Vec<Map<K>> = entrants::<K>()
            .iter()
            .map(|entrant| (entrant.make)())
            .collect();
        let mut total = vec![0; maps.len()];
        for threads in THREADS {
            let slice = self.args.plan.slice;
            let kind = Self::kind::<K>("counter", K::NAME, threads);
            self.row(kind, self.args.plan.rounds, |pool, contestant| {
                let map = Arc::clone(&maps[contestant]);
                let line = Line::new(threads, slice);
                let laps = pool.run(threads, move |_| map.count(&key, &line));
                total[contestant] += laps.iter().map(|lap| lap.ops).sum::<u64>();
                (Slice::of(&laps), ())
            });
        }
        for ((map, total), name) in maps.iter().zip(total).zip(&self.results.names) {
            assert_eq!(
                map.read(&key).unwrap_or(0),
                total,
                "{} has lost counts",
                name.name
            );
        }
    }

    fn grow<K: Key>(&mut self) {
        let plan = self.args.plan;
        for &size in plan.grow_to {
            for &threads in plan.grow_threads {
                let kind = Self::kind::<K>("grow", &format!("{} {size:e}", K::NAME), threads);
                if self.args.wants(&kind.name()) {
                    self.grow_to::<K>(kind, size, threads);
                }
            }
        }
    }

    fn grow_to<K: Key>(&mut self, kind: Kind, size: usize, threads: usize) {
        let keys: Vec<K> = draw::keys(size, 5);
        let shares = keys.chunks(size.div_ceil(threads)).map(<[K]>::to_vec);
        let shares: Arc<[Vec<K>]> = shares.collect();
        let entrants = entrants::<K>();
        let rounds = self.args.plan.grow_rounds;
        let waits = self.row(kind.clone(), rounds, |pool, contestant| {
            let (map, shares) = ((entrants[contestant].make)(), Arc::clone(&shares));
            let line = Line::new(threads, Duration::ZERO);
            let done = pool.run(threads, move |thread| {
                let mut waits = histogram();
                (map.grow(&shares[thread], &line, &mut waits), waits)
            });
            let mut all = histogram();
            for (_, part) in &done {
                all.add(part).expect("the same bounds");
            }
            let laps: Vec<Lap> = done.into_iter().map(|(lap, _)| lap).collect();
            let waits = QUANTILES.map(|(_, at)| all.value_at_quantile(at));
            (Slice::of(&laps), waits)
        });
        self.results.tails.push(Tail { kind, waits });
    }
}

fn histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("bounds")
}
