//! How good answers are, by the measures of the search room, and how long the first answer to each query took.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tradepost_search::quality::{AnswerKey, Gain, JUDGED_HITS, Judgments, KindScore, KnownItem, gain_of};

use super::material::Catalogue;
use super::side::{Question, Side};
use super::speed::{Times, timed};
use super::{Stop, Tell};
use crate::LabError;

/// Queries that one side is asked before it is the next one's turn.
const TURN: usize = 200;

/// How queries with errors were answered, by the kind of the error.
pub type Scores = BTreeMap<String, KindScore>;

/// Asks all sides all queries with errors, in turns; what came of it, and how long answers took.
pub fn known_items(
    runtime: &Runtime,
    sides: &[Arc<dyn Side>; 3],
    (catalogue, items): (&Catalogue, &[KnownItem]),
    (tell, stop): (Tell<'_>, &Stop),
) -> Result<[(Scores, Times); 3], LabError> {
    let key = AnswerKey::of(catalogue.products.iter().map(|(id, product)| (id.as_str(), product)));
    let what = format!("queries with errors, {}", catalogue.name);
    let mut all: [(Scores, Vec<Duration>); 3] = Default::default();
    let (mut done, of) = (0_u64, u64::try_from(items.len() * sides.len()).unwrap_or_default());
    for turn in items.chunks(TURN) {
        for (side, (scores, times)) in sides.iter().zip(&mut all) {
            for item in turn {
                stop.look()?;
                let question = Question { text: item.typed.clone(), limit: JUDGED_HITS, with_facets: false };
                let (hits, took) = timed(runtime, &**side, &question)?;
                scores.entry(item.kind.clone()).or_default().add(&key.mark(item, &hits));
                times.push(took);
                done += 1;
                tell(&what, done, of);
            }
        }
    }
    Ok(all.map(|(scores, times)| (scores, Times::new(times))))
}

/// Asks a side all judged queries.
pub fn judged(
    runtime: &Runtime,
    side: &dyn Side,
    judgments: &Judgments,
    stop: &Stop,
) -> Result<Gain, LabError> {
    gain_of(judgments, |text, limit| {
        stop.look()?;
        let question = Question { text: text.to_owned(), limit, with_facets: false };
        Ok(timed(runtime, side, &question)?.0)
    })
}

/// The sum of several kinds.
pub fn sum(scores: &Scores, kinds: &[&str]) -> Option<KindScore> {
    let mut sum = KindScore::default();
    kinds.iter().filter_map(|kind| scores.get(*kind)).for_each(|score| sum.add(score));
    (sum.asked > 0).then_some(sum)
}
