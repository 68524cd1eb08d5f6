//! The tables of all rows, one a group, and of the tails while growing.

use super::document::{Document, Table, figure};
use crate::series::{QUANTILES, Results, Series};

/// Adds a table for each group, and one for each kind of growth.
pub(crate) fn tell(document: &mut Document, results: &Results) {
    let mut groups: Vec<&str> = Vec::new();
    for series in &results.series {
        if !groups.contains(&series.kind.group.as_str()) {
            groups.push(&series.kind.group);
        }
    }
    for group in groups {
        document.heading(title(group));
        let rows: Vec<&Series> = results
            .series
            .iter()
            .filter(|series| series.kind.group == group)
            .collect();
        document.table(table(results, &rows));
    }
    for tail in &results.tails {
        document.heading(&format!(
            "Growing from empty, {}: one insert, us, median over {} runs",
            tail.kind.label(),
            tail.waits[0].len()
        ));
        let mut table = Table::new([""].into_iter().chain(QUANTILES.map(|(name, _)| name)));
        for (contestant, name) in results.names.iter().enumerate() {
            let waits = (0..QUANTILES.len()).map(|quantile| us(tail.wait(contestant, quantile)));
            table.row(
                false,
                [name.name.to_owned()].into_iter().chain(waits).collect(),
            );
        }
        document.table(table);
    }
}

fn title(group: &str) -> &str {
    match group {
        "churn" => "First in, first out, 100,000 live: an insert or a removal",
        "counter" => "One hot counter: += 1",
        "iterate" => "Iteration: an entry",
        "grow" => "Growing from empty: an insert, some 30 ns of clock in it",
        grid => grid,
    }
}

fn us(ns: f64) -> String {
    let us = ns / 1e3;
    if us < 9.995 {
        format!("{us:.2}")
    } else {
        figure(us)
    }
}

fn table(results: &Results, rows: &[&Series]) -> Table {
    let names = &results.names;
    let head = [""].into_iter().chain(names.iter().map(|name| name.name));
    let mut table = Table::new(head.chain([
        "best peer M/s",
        "ours M/s",
        "disturbed",
        "ours by best peer",
    ]));
    for series in rows {
        let mut cells = vec![series.kind.label()];
        for contestant in 0..names.len() {
            let price = series.price(contestant);
            cells.push(format!(
                "{} ±{:.0}%",
                figure(price.median),
                price.plus_minus()
            ));
        }
        let (ours, peer) = (results.best_of_ours(series), results.best_peer(series));
        let speed = series.speed(ours, peer);
        cells.push(figure(series.throughput(peer)));
        cells.push(figure(series.throughput(ours)));
        cells.push(format!("{:.0}%", series.disturbed * 100.0));
        cells.push(format!(
            "{:.2} ({:.2}..{:.2})",
            speed.median, speed.low, speed.high
        ));
        table.row(speed.median < 1.0, cells);
    }
    table
}
