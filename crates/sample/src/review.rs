//! Reviews: as many as the sales suggest, as good as the product is, in words that fit the stars and the thing.

use crate::attribute::{Language, ProductFacts};
use crate::generate::Draft;
use crate::model::{ReviewStatus, SampleReview};
use crate::rng::Rng;
use crate::template::fill;
use crate::vocabulary::VOCABULARY;

/// Most reviews of a product.
const MAX_REVIEWS: u64 = 30;

/// Buyers for each one that writes.
const BUYERS_A_REVIEW: u64 = 60;

/// How the stars are spread (1 to 5) over a product that is good, fair or poor.
const GOOD: [u64; 5] = [2, 4, 9, 26, 59];
const FAIR: [u64; 5] = [5, 8, 18, 33, 36];
const POOR: [u64; 5] = [14, 19, 27, 24, 16];

/// The reviews of a product that has sold `sold` units in `days` days, newest first.
pub(crate) fn write(draft: &Draft, sold: u64, days: u32) -> Vec<SampleReview> {
    let mut rng = draft.stream("reviews");
    let expected = sold / BUYERS_A_REVIEW;
    let count = (expected / 2 + rng.below(expected + 1)).min(MAX_REVIEWS - rng.below(6));
    let stars = match rng.below(100) {
        0..=61 => GOOD,
        62..=91 => FAIR,
        _ => POOR,
    };
    let mut reviews: Vec<SampleReview> = Vec::new();
    for _ in 0..count {
        let review = one(draft, &stars, days, &mut rng);
        // Two buyers do not write the same headline: the second is left out.
        if reviews.iter().all(|other| other.title != review.title && other.body != review.body) {
            reviews.push(review);
        }
    }
    reviews.sort_by_key(|review| review.days_ago);
    reviews
}

fn one(draft: &Draft, stars: &[u64; 5], days: u32, rng: &mut Rng) -> SampleReview {
    let rating = rng.weighted(stars.iter().copied());
    let Draft { kind, brand, model, drawn, .. } = draft;
    let facts = ProductFacts { kind, brand: &brand.name, model, drawn, language: Language::English };
    let days_ago = 1 + rng.below(u64::from(days));
    let (title, body) = words(&facts, rating, rng);
    let initial = u8::try_from(rng.below(24)).map_or('A', |letter| char::from(b'A' + letter));
    SampleReview {
        author: format!("{} {initial}.", rng.text(&VOCABULARY.reviews.names)),
        rating: u8::try_from(rating + 1).unwrap_or(5),
        title,
        body,
        days_ago: u32::try_from(days_ago).unwrap_or(1),
        status: if rng.chance(94) { ReviewStatus::Approved } else { ReviewStatus::Pending },
    }
}

/// An opening that fits the stars, what was good or bad or both, and perhaps a closing.
fn words(facts: &ProductFacts<'_>, rating: usize, rng: &mut Rng) -> (String, String) {
    let reviews = &VOCABULARY.reviews;
    let Some((voice, aspects)) = reviews.voices.get(rating).zip(reviews.aspects.get(&facts.kind.reviews))
    else {
        return (String::new(), String::new());
    };
    let mut sentences = Vec::new();
    if rng.chance(75) {
        sentences.push(rng.text(&voice.open));
    }
    match rating {
        4 => sentences.push(rng.text(&aspects.good)),
        3 if rng.chance(50) => sentences.push(rng.text(&aspects.good)),
        2 | 3 => sentences.extend([rng.text(&aspects.good), rng.text(&aspects.bad)]),
        _ => sentences.push(rng.text(&aspects.bad)),
    }
    if rng.chance(60) {
        sentences.push(rng.text(&voice.close));
    }
    let filled: Vec<String> = sentences.iter().map(|sentence| fill(sentence, facts)).collect();
    (fill(rng.text(&voice.titles), facts), filled.join(" "))
}
