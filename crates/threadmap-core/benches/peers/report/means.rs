//! How we stand against each peer on the whole, and where we stand worst.

use super::document::{Document, Table, figure};
use crate::series::{Results, Series};
use crate::stats::geometric_mean;

/// Rows that are shown as the worst of a variant.
const WORST: usize = 12;

type Choice = (&'static str, fn(&Series) -> bool);

const CHOICES: [Choice; 10] = [
    ("all rows", |_| true),
    ("string keys", |series| series.kind.strings),
    ("u64 keys", |series| !series.kind.strings),
    ("1 thread", |series| series.kind.threads == 1),
    ("2 threads", |series| series.kind.threads == 2),
    ("8 threads", |series| series.kind.threads == 8),
    ("reads 100%", |series| {
        series.kind.row.ends_with("reads 100%")
    }),
    ("reads 90%", |series| series.kind.row.ends_with("reads 90%")),
    ("reads 0%", |series| series.kind.row.ends_with("reads 0%")),
    ("no grid", |series| !series.kind.row.contains("reads")),
];

/// Adds both tables for each of our variants.
pub(crate) fn tell(document: &mut Document, results: &Results) {
    for ours in results.ours() {
        let name = results.names[ours].name;
        document.heading(&format!(
            "{name}: our speed by each peer's, geometric means (above 1 we are faster)"
        ));
        document.table(means(results, ours));
        document.heading(&format!("{name}: the worst rows"));
        document.table(worst(results, ours));
    }
}

fn means(results: &Results, ours: usize) -> Table {
    let peers = results.peers();
    let names = peers.iter().map(|&peer| results.names[peer].name);
    let mut table = Table::new(
        ["", "rows"]
            .into_iter()
            .chain(names)
            .chain(["the best", "lost"]),
    );
    for (choice, of) in CHOICES {
        let rows: Vec<&Series> = results.series.iter().filter(|series| of(series)).collect();
        if rows.is_empty() {
            continue;
        }
        let mut cells = vec![choice.to_owned(), rows.len().to_string()];
        for &peer in &peers {
            let mean = geometric_mean(rows.iter().map(|series| series.speed(ours, peer).median));
            cells.push(format!("{mean:.2}"));
        }
        let by_best = rows
            .iter()
            .map(|series| results.speed_by_best(series, ours));
        let lost = by_best.clone().filter(|&speed| speed < 1.0).count();
        cells.push(format!("{:.2}", geometric_mean(by_best)));
        cells.push(lost.to_string());
        table.row(false, cells);
    }
    table
}

fn worst(results: &Results, ours: usize) -> Table {
    let mut rows: Vec<(&Series, f64)> = results
        .series
        .iter()
        .map(|series| (series, results.speed_by_best(series, ours)))
        .collect();
    rows.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut table = Table::new(["", "ours, ns", "best, ns", "best peer", "ours by best"]);
    for (series, speed) in rows.into_iter().take(WORST) {
        let peer = results.best_peer(series);
        let cells = vec![
            series.kind.name(),
            figure(series.price(ours).median),
            figure(series.price(peer).median),
            results.names[peer].name.to_owned(),
            format!("{speed:.2}"),
        ];
        table.row(speed < 1.0, cells);
    }
    table
}
