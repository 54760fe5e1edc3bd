//! What scores are made of: the same products are asked for again with parts of the scoring left out. No engine has to know of it.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use std::collections::{BTreeMap, HashMap};

use tradepost_domain::catalog::product_query::Sort;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::plan::{Field, Page, Scoring, StepKind};
use tradepost_port::search::{Condition, Hit, SearchError, SearchRequest};

use super::view::PreviewScore;
use crate::search::standing::{Standing, finish};

/// Scores, with the steps that they are of.
type Scores = HashMap<ProductId, (StepKind, f32)>;

fn name(field: Field) -> &'static str {
    match field {
        Field::Core => "core",
        Field::Title => "title",
        Field::Tail => "tail",
        Field::Brand => "brand",
        Field::Type => "types",
        Field::Attributes => "attributes",
        Field::Description => "description",
        Field::Compound => "compound",
    }
}

/// A scoring by nothing at all.
fn nothing(like: &Scoring) -> Scoring {
    Scoring {
        core: 0.0,
        title: 0.0,
        tail: 0.0,
        brand: 0.0,
        types: 0.0,
        attributes: 0.0,
        description: 0.0,
        compound: 0.0,
        named: 0.0,
        popularity: 0.0,
        ..like.clone()
    }
}

/// The scorings that look at one part alone, by its name.
fn alone(scoring: &Scoring) -> Vec<(&'static str, Scoring)> {
    let mut parts = vec![("named", Scoring { named: scoring.named, ..nothing(scoring) })];
    for field in Field::ALL {
        let mut one = nothing(scoring);
        let weight = match field {
            Field::Core => &mut one.core,
            Field::Title => &mut one.title,
            Field::Tail => &mut one.tail,
            Field::Brand => &mut one.brand,
            Field::Type => &mut one.types,
            Field::Attributes => &mut one.attributes,
            Field::Description => &mut one.description,
            Field::Compound => &mut one.compound,
        };
        *weight = scoring.of(field);
        parts.push((name(field), one));
    }
    parts
}

/// What the scores of these hits are made of. `plain` is their question without rules.
pub(super) fn parts(
    standing: &Standing,
    plain: &SearchRequest,
    hits: &[Hit],
) -> Result<HashMap<ProductId, PreviewScore>, SearchError> {
    let scored: Vec<&Hit> = hits.iter().filter(|hit| hit.score > 0.0).collect();
    if plain.sort != Sort::Relevance || plain.text.is_none() || scored.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<ProductId> = scored.iter().map(|hit| hit.id).collect();
    let usual = plain.scoring.clone().unwrap_or_else(|| standing.shelf.scoring());
    let ask = |scoring: Scoring| {
        let request = SearchRequest {
            demands: vec![Condition::Product(ids.clone())],
            facets: Vec::new(),
            page: Page::new(0, ids.len()),
            scoring: Some(scoring),
            ..plain.clone()
        };
        let hits = finish(standing.shelf.search(&request))?.hits.hits;
        Ok::<Scores, SearchError>(hits.iter().map(|hit| (hit.id, (hit.step, hit.score))).collect())
    };
    let unboosted = ask(usual.clone())?;
    let words = ask(Scoring { popularity: 0.0, ..usual.clone() })?;
    let fields = alone(&usual).into_iter().map(|(name, scoring)| Ok((name, ask(scoring)?)));
    let fields = fields.collect::<Result<Vec<_>, SearchError>>()?;
    // Among fewer products another step may find one: then nothing can be told.
    let of = |scores: &Scores, hit: &Hit| {
        scores.get(&hit.id).filter(|(step, _)| *step == hit.step).map(|(_, score)| *score)
    };
    let told = scored.into_iter().filter_map(|hit| {
        let (unboosted, words) = (of(&unboosted, hit)?, of(&words, hit)?);
        let fields: BTreeMap<_, _> = fields
            .iter()
            .filter_map(|(name, scores)| Some((*name, of(scores, hit)?)).filter(|(_, score)| *score > 0.0))
            .collect();
        let share = |whole: f32, part: f32| if part > 0.0 { whole / part } else { 1.0 };
        let (prior, boosts) = (share(unboosted, words), share(hit.score, unboosted));
        Some((hit.id, PreviewScore { words, prior, boosts, fields }))
    });
    Ok(told.collect())
}
