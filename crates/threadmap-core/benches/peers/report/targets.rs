//! The targets of the core (issue 4, "Speed") and how far they are met. Told, never asserted.

use super::document::{Document, Table, figure};
use crate::series::{QUANTILES, Results, Series, Tail};
use crate::stats::geometric_mean;

/// What the issue asks in one place: our figure, the row that it comes from, and whether it is good enough.
struct Target {
    title: String,
    wanted: String,
    measured: f64,
    by: String,
    met: bool,
}

impl Target {
    fn at_least(wanted: f64, title: &str, (measured, by): (f64, String)) -> Self {
        Self {
            title: title.into(),
            wanted: format!(">= {wanted}"),
            measured,
            by,
            met: measured >= wanted,
        }
    }

    fn at_most(wanted: f64, title: &str, (measured, by): (f64, String)) -> Self {
        Self {
            title: title.into(),
            wanted: format!("<= {wanted}"),
            measured,
            by,
            met: measured <= wanted,
        }
    }

    fn cells(self) -> (bool, Vec<String>) {
        let (missed, verdict) = match self.measured.is_nan() {
            true => (false, "not measured"),
            false if self.met => (false, "met"),
            false => (true, "missed"),
        };
        let measured = if self.measured.is_nan() {
            "-".into()
        } else {
            format!("{:.2}", self.measured)
        };
        let cells = [self.title, self.wanted, measured, self.by, verdict.into()];
        (missed, cells.into())
    }
}

/// Adds the table of targets.
pub(crate) fn tell(document: &mut Document, results: &Results) {
    document.heading("The targets");
    let mut table = Table::new(["", "wanted", "measured", "where", ""]);
    let variants = results.ours().into_iter().flat_map(|ours| {
        let tails = results
            .tails
            .iter()
            .flat_map(move |tail| tails(results, tail, ours));
        crowding(results, ours).into_iter().chain(tails)
    });
    for target in against_papaya(results)
        .into_iter()
        .chain(against_all(results))
        .chain(variants)
    {
        let (missed, cells) = target.cells();
        table.row(missed, cells);
    }
    document.table(table);
}

fn least(values: impl Iterator<Item = (f64, String)>) -> (f64, String) {
    let none = (f64::NAN, String::new());
    values
        .min_by(|(a, _), (b, _)| a.total_cmp(b))
        .unwrap_or(none)
}

/// (a)
fn against_papaya(results: &Results) -> Vec<Target> {
    let find = |name: &str| results.names.iter().position(|found| found.name == name);
    let (Some(ours), Some(papaya)) = (find("lock-free"), find("papaya")) else {
        return Vec::new();
    };
    let speed = |series: &Series| (series.speed(ours, papaya).median, series.kind.name());
    let mean = geometric_mean(results.series.iter().map(|series| speed(series).0));
    vec![
        Target::at_least(
            1.5,
            "(a) lock-free by papaya, mean",
            (mean, "all rows".into()),
        ),
        Target::at_least(
            0.95,
            "(a) lock-free by papaya, worst row",
            least(results.series.iter().map(speed)),
        ),
    ]
}

/// (b)
fn against_all(results: &Results) -> Vec<Target> {
    let better = |series: &Series| {
        let speeds = results
            .ours()
            .into_iter()
            .map(|ours| results.speed_by_best(series, ours));
        (speeds.fold(f64::NAN, f64::max), series.kind.name())
    };
    let strings = results.series.iter().filter(|series| series.kind.strings);
    let mean = geometric_mean(strings.map(|series| better(series).0));
    vec![
        Target::at_least(
            0.95,
            "(b) our better by the best peer, worst row",
            least(results.series.iter().map(better)),
        ),
        Target::at_least(
            1.15,
            "(b) our better by the best peer, mean of strings",
            (mean, "string keys".into()),
        ),
    ]
}

/// (c) and (d)
fn crowding(results: &Results, ours: usize) -> Vec<Target> {
    let name = results.names[ours].name;
    let price = |group: &str, row: &str, threads: usize| {
        let found = results.find(group, row, threads);
        let price = found.map_or(f64::NAN, |series| series.price(ours).median);
        (price, format!("{group} {row} {threads}t"))
    };
    let mut worst = (f64::NAN, String::new());
    for eight in results
        .series
        .iter()
        .filter(|series| series.kind.threads == 8)
    {
        let (two, _) = price(&eight.kind.group, &eight.kind.row, 2);
        let cost = eight.price(ours).median / two;
        if cost > worst.0 || worst.0.is_nan() {
            worst = (cost, eight.kind.name());
        }
    }
    // Java's ConcurrentHashMap needs 61 ns there (anchors.md); 1.2 times that.
    let java = price("str16 1e4", "uniform reads 0%", 2);
    vec![
        Target::at_most(
            5.0,
            &format!("(c) {name}: price with 8 threads by 2"),
            worst,
        ),
        Target::at_most(
            200.0,
            &format!("(c) {name}: hot counter, ns"),
            price("counter", "u64", 8),
        ),
        Target::at_most(
            200.0,
            &format!("(c) {name}: hot counter, ns"),
            price("counter", "str16", 8),
        ),
        Target::at_most(73.0, &format!("(d) {name}: string writes, ns"), java),
    ]
}

/// (e), and point 4 of the issue.
fn tails(results: &Results, tail: &Tail, ours: usize) -> Vec<Target> {
    let limits = [(2, 20.0), (5, 1_000.0)];
    let target = |(quantile, limit): (usize, f64)| {
        let peers = results
            .peers()
            .into_iter()
            .map(|peer| tail.wait(peer, quantile) / 1e3);
        let best = peers.fold(f64::NAN, f64::min);
        let wait = tail.wait(ours, quantile) / 1e3;
        let (name, part) = (results.names[ours].name, QUANTILES[quantile].0);
        Target {
            title: format!("(e) {name}: insert while growing, {part}, us"),
            wanted: format!("<= {limit}, best peer {}", figure(best)),
            measured: wait,
            by: tail.kind.name(),
            met: wait <= limit && wait <= best,
        }
    };
    limits.map(target).into()
}
