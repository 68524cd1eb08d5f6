//! Bytes and speed of one map under first-in-first-out churn with ever new keys, then without any entry.
//!
//! Invariant: as in `weigh.rs`, one process a map. Keys come and go in blocks of a tenth of the live ones; only that is
//! timed. Both ends of the queue draw the same sequence, so nothing of it is kept.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::contestants::entrants;
use crate::draw::Random;
use crate::key::Key;
use crate::plan::CHURNED;
use crate::report::document::{Document, Table, figure};
use crate::report::json::Json;
use crate::weigh::{KEPT_BY_A_THREAD, WARMING, allocated, resident, said_by_child};

/// The argument that makes this program the child which churns one map.
pub(crate) const CHILD: &str = "--churn-one";
/// Moments at which bytes and speed are taken.
const MOMENTS: usize = 10;
const BLOCK: usize = CHURNED / 10;
const SEED: u64 = 8;

/// What a map holds and how fast it is at one moment, over what there was before it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Nanoseconds an operation since the last moment.
    price: f64,
    bytes: f64,
    resident: f64,
}

/// One map's life.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    map: &'static str,
    ours: bool,
    empty: f64,
    /// During the churn.
    moments: Vec<Moment>,
    drained: Moment,
}

impl Life {
    /// Whether bytes grow in the second half of the churn by more than a tenth: before that, memory finds its places.
    fn grows(&self) -> bool {
        let (first, second) = self.moments.split_at(MOMENTS / 2);
        let bytes = |moments: &[Moment]| {
            let all = moments.iter().map(|moment| moment.bytes);
            all.fold(0.0, f64::max)
        };
        bytes(second) > 1.1 * bytes(first)
    }

    /// Ours is told to hold no more than twice the empty map when it is drained.
    fn misses(&self) -> bool {
        self.ours && (self.grows() || self.drained.bytes > 2.0 * self.empty)
    }

    /// What a check fails for: growth, or more than what this thread may keep for its next entries.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.ours && self.grows() {
            faults.push(format!("{}: bytes grow: {:?}", self.map, self.moments));
        }
        let (empty, drained) = (self.empty, self.drained.bytes);
        if self.ours && drained > 2.0 * empty + KEPT_BY_A_THREAD {
            faults.push(format!(
                "{}: {drained} bytes drained, {empty} empty",
                self.map
            ));
        }
        faults
    }
}

/// Churns every map in a child process of its own; only ours, where nothing but faults is asked for.
pub(crate) fn lives(operations: u64, only_ours: bool) -> io::Result<Vec<Life>> {
    entrants::<u64>()
        .into_iter()
        .filter(|entrant| entrant.ours || !only_ours)
        .map(|entrant| {
            let said = said_by_child(&[CHILD, entrant.name, &operations.to_string()])?;
            let (empty, rest) = said.split_first().expect("the bytes of the empty map");
            let mut moments: Vec<Moment> = rest
                .as_chunks()
                .0
                .iter()
                .map(|&[price, bytes, resident]| Moment {
                    price,
                    bytes,
                    resident,
                })
                .collect();
            let drained = moments.pop().expect("the last moment");
            Ok(Life {
                map: entrant.name,
                ours: entrant.ours,
                empty: *empty,
                moments,
                drained,
            })
        })
        .collect()
}

/// The child: churns and prints.
///
/// # Panics
/// When its arguments are not those of [`lives`].
pub(crate) fn child(mut given: impl Iterator<Item = String>) {
    let name = given.next().expect("a name");
    let operations: u64 = given
        .next()
        .and_then(|count| count.parse().ok())
        .expect("a count");
    let (empty, moments) = churn(&name, operations as usize);
    let mut out = io::stdout();
    writeln!(out, "{empty}").expect("the parent reads");
    for Moment {
        price,
        bytes,
        resident,
    } in moments
    {
        writeln!(out, "{price} {bytes} {resident}").expect("the parent reads");
    }
}

fn churn(name: &str, operations: usize) -> (f64, Vec<Moment>) {
    let entrants = entrants::<u64>();
    let entrant = entrants
        .iter()
        .find(|entrant| entrant.name == name)
        .expect("its name");
    // What the library keeps for the thread, as in `weigh.rs`.
    let first = (entrant.make)();
    let (mut newest, mut oldest) = (Random::new(SEED), Random::new(SEED));
    let draw = |random: &mut Random, keys: &mut Vec<u64>, count: usize| {
        keys.clear();
        keys.extend((0..count).map(|_| u64::draw(random)));
    };
    let mut keys = Vec::with_capacity(CHURNED);
    draw(&mut Random::new(1), &mut keys, WARMING);
    first.fill(&keys);
    first.drain(&keys);

    let (before, resident_before) = (allocated(), resident());
    let moment = |price: f64| Moment {
        price,
        bytes: (allocated() - before) as f64,
        resident: (resident() - resident_before) as f64,
    };
    let map = (entrant.make)();
    let empty = (allocated() - before) as f64;
    draw(&mut newest, &mut keys, CHURNED);
    map.fill(&keys);
    let mut moments = Vec::with_capacity(MOMENTS + 1);
    let blocks = (operations / MOMENTS).div_ceil(2 * BLOCK);
    for _ in 0..MOMENTS {
        let mut taken = Duration::ZERO;
        for _ in 0..blocks {
            draw(&mut newest, &mut keys, BLOCK);
            let begin = Instant::now();
            map.fill(&keys);
            taken += begin.elapsed();
            draw(&mut oldest, &mut keys, BLOCK);
            let begin = Instant::now();
            map.drain(&keys);
            taken += begin.elapsed();
        }
        moments.push(moment(
            taken.as_nanos() as f64 / (2 * blocks * BLOCK) as f64,
        ));
    }
    assert_eq!(map.visit().0, CHURNED as u64, "{name} after churn");
    draw(&mut oldest, &mut keys, CHURNED);
    let begin = Instant::now();
    map.drain(&keys);
    let price = begin.elapsed().as_nanos() as f64 / CHURNED as f64;
    // Whatever a library puts off has its occasion.
    for _ in 0..WARMING {
        map.fill(&keys[..1]);
        map.drain(&keys[..1]);
    }
    moments.push(moment(price));
    drop(first);
    (empty, moments)
}

/// The whole report.
pub(crate) fn report(
    facts: &[(&'static str, String)],
    operations: u64,
    lives: &[Life],
) -> Document {
    let mut document = Document::default();
    document.title("Churn");
    document.facts(facts);
    document.text(&format!(
        "{CHURNED} live keys, {operations} inserts and removals, first in, first out, by one thread. At each tenth: \
         bytes as the allocator counts them, and nanoseconds an operation. Then all are removed: bytes and resident \
         bytes against those of the empty map. Ours is marked where its bytes grow by more than a tenth in the second half or stay above twice the empty map."
    ));
    for (what, of) in [
        (
            "bytes",
            (|moment: &Moment| moment.bytes) as fn(&Moment) -> f64,
        ),
        ("ns an operation", |moment| moment.price),
    ] {
        document.heading(what);
        let tenths: Vec<String> = (1..=MOMENTS)
            .map(|tenth| format!("{tenth}/{MOMENTS}"))
            .collect();
        let mut table = Table::new(std::iter::once("").chain(tenths.iter().map(String::as_str)));
        for life in lives {
            let figures = life.moments.iter().map(|moment| figure(of(moment)));
            let cells = std::iter::once(life.map.to_owned()).chain(figures);
            table.row(life.misses(), cells.collect());
        }
        document.table(table);
    }
    document.heading("drained");
    let mut table = Table::new([
        "",
        "empty",
        "drained",
        "resident churned",
        "resident drained",
    ]);
    for life in lives {
        let resident = life.moments.last().map_or(0.0, |moment| moment.resident);
        let figures = [
            life.empty,
            life.drained.bytes,
            resident,
            life.drained.resident,
        ];
        let cells = std::iter::once(life.map.to_owned()).chain(figures.map(figure));
        table.row(life.misses(), cells.collect());
    }
    document.table(table);
    document
}

/// The raw figures.
pub(crate) fn raw(facts: &[(&'static str, String)], operations: u64, lives: &[Life]) -> Json {
    let figures = |moment: &Moment| {
        let named = [
            ("ns", moment.price),
            ("bytes", moment.bytes),
            ("resident", moment.resident),
        ];
        Json::object(named.map(|(name, figure)| (name.to_owned(), Json::Number(figure))))
    };
    let lives = lives.iter().map(|life| {
        Json::object([
            ("map".to_owned(), Json::text(life.map)),
            ("empty".to_owned(), Json::Number(life.empty)),
            (
                "moments".to_owned(),
                Json::List(life.moments.iter().map(figures).collect()),
            ),
            ("drained".to_owned(), figures(&life.drained)),
        ])
    });
    let facts = facts
        .iter()
        .map(|(name, fact)| ((*name).to_owned(), Json::text(fact)));
    Json::object([
        ("facts".to_owned(), Json::object(facts)),
        ("operations".to_owned(), Json::Number(operations as f64)),
        ("lives".to_owned(), Json::List(lives.collect())),
    ])
}
