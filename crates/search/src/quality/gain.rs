//! Normalised discounted cumulative gain of the first ten hits (Järvelin and Kekäläinen, 2002), with the gain 2^grade - 1.

#![expect(clippy::float_arithmetic, reason = "statistics; no money is near")]

use super::{Bench, JUDGED_HITS, Judgments, QualityError};

/// How good hits are by what people said of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gain {
    /// Products that nobody judged count as bad.
    pub raw: f64,
    /// Products that nobody judged are left out, and later hits move up.
    pub condensed: f64,
    /// The same, but nothing moves up from behind the first ten.
    pub condensed_ten: f64,
    /// The share of hits that were judged.
    pub judged: f64,
    /// The raw gain of each query, in the order of the judgments.
    pub queries: Vec<(String, f64)>,
}

/// Hits that are looked at, so that ten are left when those that nobody judged are taken out.
const LOOKED_AT: usize = 50;

/// Asks all judged queries.
pub fn gain(bench: &Bench, judgments: &Judgments) -> Result<Gain, QualityError> {
    gain_of(judgments, |query, limit| bench.ask(query, limit))
}

/// The same of whatever answers a query with the ids of so many hits.
pub fn gain_of<Id: AsRef<str>, E>(
    judgments: &Judgments,
    mut ask: impl FnMut(&str, usize) -> Result<Vec<Id>, E>,
) -> Result<Gain, E> {
    let mut sum = Gain::default();
    for (query, grades) in judgments {
        let mut best: Vec<u8> = grades.values().copied().filter(|grade| *grade > 0).collect();
        if best.is_empty() {
            // Nothing is good for it: any answer is as good as any other.
            continue;
        }
        best.sort_unstable_by(|first, second| second.cmp(first));
        let ideal = discounted(best.iter().copied());
        let found: Vec<Option<u8>> =
            ask(query, LOOKED_AT)?.iter().map(|id| grades.get(id.as_ref()).copied()).collect();
        let first = || found.iter().copied().take(JUDGED_HITS);
        let raw = discounted(first().map(Option::unwrap_or_default)) / ideal;
        sum.raw += raw;
        sum.condensed += discounted(found.iter().copied().flatten()) / ideal;
        sum.condensed_ten += discounted(first().flatten()) / ideal;
        sum.judged += share(first().flatten().count(), first().count());
        sum.queries.push((query.clone(), raw));
    }
    let queries = sum.queries.len();
    for part in [&mut sum.raw, &mut sum.condensed, &mut sum.condensed_ten, &mut sum.judged] {
        *part *= share(1, queries);
    }
    Ok(sum)
}

/// The discounted gain of the first ten grades.
fn discounted(grades: impl Iterator<Item = u8>) -> f64 {
    let ranked = (2_u32..).zip(grades.take(JUDGED_HITS));
    ranked.map(|(place, grade)| (2_f64.powi(i32::from(grade)) - 1.0) / f64::from(place).log2()).sum()
}

/// A share of whole things; nothing of nothing is nothing.
pub fn share(part: usize, whole: usize) -> f64 {
    let exact = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { exact(part) / exact(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_is_that_of_the_paper() {
        let gain = discounted([3, 2, 0, 1].into_iter());
        assert!((gain - (7.0 + 3.0 / 3_f64.log2() + 1.0 / 5_f64.log2())).abs() < 1e-9);
    }

    #[test]
    fn hits_that_nobody_judged_are_bad_or_left_out_and_queries_without_a_good_product_do_not_count() {
        let grades = |of: &[(&str, u8)]| of.iter().map(|(id, grade)| ((*id).to_owned(), *grade)).collect();
        let judged = [("lamp", grades(&[("a", 3), ("b", 0)])), ("nothing", grades(&[("a", 0)]))];
        let judged = judged.map(|(query, grades)| (query.to_owned(), grades)).into_iter().collect();
        let answered = gain_of(&judged, |_, limit| {
            assert_eq!(limit, LOOKED_AT);
            Ok::<_, ()>(vec!["unseen", "a"])
        });
        let gain = answered.unwrap();
        assert!(
            (gain.raw - 1.0 / 3_f64.log2()).abs() < 1e-9 && (gain.condensed - 1.0).abs() < 1e-9,
            "{gain:?}"
        );
        assert!((gain.judged - 0.5).abs() < 1e-9 && gain.queries.len() == 1, "{gain:?}");
        assert_eq!(gain_of(&judged, |_, _| Err::<Vec<&str>, _>("away")), Err("away"));
    }

    #[test]
    fn only_the_first_ten_count() {
        assert!((discounted([0; 10].into_iter().chain([3])) - 0.0).abs() < 1e-9);
    }
}
