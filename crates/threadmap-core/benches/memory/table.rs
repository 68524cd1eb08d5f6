//! The report of bytes: a table for each kind and number of entries.

use crate::report::document::{Document, Table, figure};
use crate::report::json::Json;
use crate::weigh::Weight;

/// The whole report.
pub(crate) fn report(facts: &[(&'static str, String)], weights: &[(String, Weight)]) -> Document {
    let mut document = Document::default();
    if weights.is_empty() {
        return document;
    }
    document.title("Bytes of our core and of the maps of Rust");
    document.facts(facts);
    document.text(
        "Bytes an entry as asked from the allocator, but the empty map in bytes. Drained: after all entries were \
         removed again, by the entries that had been there, and by the empty map. Resident: the growth of what the \
         system counts for the process, headers and rounding of malloc in it. Ours is marked where it misses its \
         targets: 52 bytes an entry with numbers as keys, 60 with 16-byte strings; 1.3 times that at the peak of \
         growing; twice the empty map after draining.",
    );
    let mut rows = weights;
    while let Some((row, _)) = rows.first() {
        let (these, others) =
            rows.split_at(rows.iter().take_while(|(other, _)| other == row).count());
        document.heading(row);
        document.table(table(these));
        rows = others;
    }
    document
}

fn table(weights: &[(String, Weight)]) -> Table {
    let mut table = Table::new([
        "",
        "empty",
        "full",
        "peak",
        "drained",
        "by empty",
        "resident full",
        "resident drained",
    ]);
    for (_, weight) in weights {
        let each = |bytes: f64| format!("{:.1}", bytes / weight.entries);
        let cells = vec![
            weight.map.clone(),
            figure(weight.empty),
            each(weight.full),
            each(weight.peak),
            each(weight.drained),
            format!("{}x", figure(weight.drained / weight.empty.max(1.0))),
            each(weight.resident_full),
            each(weight.resident_drained),
        ];
        table.row(weight.ours && misses(weight, 0.0), cells);
    }
    table
}

/// Whether it holds more bytes than its targets, and so many that a drained map may keep.
pub(crate) fn misses(weight: &Weight, kept: f64) -> bool {
    let most = if weight.strings { 60.0 } else { 52.0 };
    weight.full > most * weight.entries
        || weight.peak > 1.3 * weight.full
        || weight.drained > 2.0 * weight.empty + kept
}

/// The raw figures.
pub(crate) fn raw(facts: &[(&'static str, String)], weights: &[(String, Weight)]) -> Json {
    let rows = weights.iter().map(|(row, weight)| {
        let figures = [
            ("entries", weight.entries),
            ("empty", weight.empty),
            ("full", weight.full),
            ("peak", weight.peak),
            ("drained", weight.drained),
            ("residentFull", weight.resident_full),
            ("residentDrained", weight.resident_drained),
        ];
        let figures = figures.map(|(name, bytes)| (name.to_owned(), Json::Number(bytes)));
        let names = [
            ("row".to_owned(), Json::text(row)),
            ("map".to_owned(), Json::text(&weight.map)),
        ];
        Json::object(names.into_iter().chain(figures))
    });
    let facts = facts
        .iter()
        .map(|(name, fact)| ((*name).to_owned(), Json::text(fact)));
    Json::object([
        ("facts".to_owned(), Json::object(facts)),
        ("weights".to_owned(), Json::List(rows.collect())),
    ])
}
