//! What is told in the end: the tables, the verdict on the targets, and the raw figures.

pub(crate) mod document;
pub(crate) mod json;
mod means;
mod rows;
mod targets;

use crate::draw::drawn;
use crate::key::{Key, Text16};
use crate::plan::Plan;
use crate::series::Results;
use document::Document;
use json::Json;

/// From here on a row says little about threads that meet.
const DISTURBED: f64 = 0.1;

/// The whole report.
pub(crate) fn report(facts: &[(&'static str, String)], results: &Results) -> Document {
    let mut document = Document::default();
    document.title("Our core against the maps of Rust");
    document.facts(facts);
    document.text(
        "Nanoseconds an operation and thread (wall time x threads / operations), medians over the rounds, +- half the \
         distance between the quartiles; M/s are millions of operations a second of all threads together. What is no \
         read is half upserts, half removals over twice the live keys, and so are reads, half of which miss; with \
         100% reads all hit. The last column is our speed by the best peer's, round by round: median and quartiles. \
         A row that we lose is marked.",
    );
    let disturbed = results.disturbed(DISTURBED);
    document.text(&format!(
        "Disturbed is what the threads could have had of the machine and did not get, because another program had it: \
         more than a tenth in {disturbed} of {} rows. {}",
        results.series.len(),
        if disturbed == 0 {
            "That is a quiet machine."
        } else {
            "There two threads ran one after the other at times, and what they cost each other, above all in maps \
             with locks, is not in the figures: REPEAT THIS ON A QUIET MACHINE."
        }
    ));
    rows::tell(&mut document, results);
    if !results.series.is_empty() {
        means::tell(&mut document, results);
        targets::tell(&mut document, results);
    }
    document
}

/// What the programs in other languages need to know to measure the same.
fn plan_of(plan: &Plan) -> Json {
    let list = |values: &[usize]| Json::numbers(values.iter().map(|&value| value as f64));
    let number = |value: usize| Json::Number(value as f64);
    let members = [
        ("sizes", list(plan.sizes)),
        ("rounds", number(plan.rounds)),
        ("sliceMs", Json::Number(plan.slice.as_secs_f64() * 1e3)),
        ("growTo", list(plan.grow_to)),
        ("growThreads", list(plan.grow_threads)),
        ("growRounds", number(plan.grow_rounds)),
        ("iterated", number(plan.iterated)),
        ("churned", number(plan.churned)),
    ];
    Json::object(members.map(|(name, value)| (name.to_owned(), value)))
}

/// The raw figures.
pub(crate) fn raw(plan: &Plan, facts: &[(&'static str, String)], results: &Results) -> Json {
    let drawn = [
        (u64::NAME, drawn::<u64>()),
        (Text16::NAME, drawn::<Text16>()),
    ];
    let drawn = drawn.map(|(name, drawn)| (name.to_owned(), Json::text(&drawn)));
    let ours = results.names.iter().filter(|name| name.ours);
    let by_name = |values: Vec<Json>| {
        Json::object(
            results
                .names
                .iter()
                .map(|name| name.name.to_owned())
                .zip(values),
        )
    };
    let rows = results.series.iter().map(|series| {
        let prices = series
            .prices
            .iter()
            .map(|rounds| Json::numbers(rounds.iter().copied()));
        Json::object([
            ("name".to_owned(), Json::text(&series.kind.name())),
            (
                "threads".to_owned(),
                Json::Number(series.kind.threads as f64),
            ),
            ("disturbed".to_owned(), Json::Number(series.disturbed)),
            ("ns".to_owned(), by_name(prices.collect())),
        ])
    });
    let tails = results.tails.iter().map(|tail| {
        let waits = tail.waits.iter().map(|rounds| {
            Json::List(
                rounds
                    .iter()
                    .map(|round| Json::numbers(round.iter().map(|&ns| ns as f64)))
                    .collect(),
            )
        });
        Json::object([
            ("name".to_owned(), Json::text(&tail.kind.name())),
            ("ns".to_owned(), by_name(waits.collect())),
        ])
    });
    Json::object([
        (
            "facts".to_owned(),
            Json::object(
                facts
                    .iter()
                    .map(|(name, fact)| ((*name).to_owned(), Json::text(fact))),
            ),
        ),
        ("plan".to_owned(), plan_of(plan)),
        ("drawn".to_owned(), Json::object(drawn)),
        (
            "ours".to_owned(),
            Json::List(ours.map(|name| Json::text(name.name)).collect()),
        ),
        ("rows".to_owned(), Json::List(rows.collect())),
        (
            "quantiles".to_owned(),
            Json::List(
                crate::series::QUANTILES
                    .iter()
                    .map(|(name, _)| Json::text(name))
                    .collect(),
            ),
        ),
        ("tails".to_owned(), Json::List(tails.collect())),
    ])
}
