//! Ours beside a limit, in turns.

use crate::LabError;

/// One side of a comparison: measures itself once and answers its rate a second.
pub type Side<'a> = Box<dyn FnMut() -> Result<f64, LabError> + 'a>;

/// What is compared with what.
pub struct Comparison<'a> {
    /// What of ours: `listing, warm`.
    pub name: &'static str,
    /// The limit: `static bytes of the same size`.
    pub limit_name: &'static str,
    /// Unit of both rates: `requests`, `products`.
    pub unit: &'static str,
    /// The ratio that is to be reached, where there is one.
    pub goal: Option<f64>,
    /// Ours.
    pub ours: Side<'a>,
    /// The limit.
    pub limit: Side<'a>,
}

/// What came of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Ratio {
    /// What of ours.
    pub name: String,
    /// The limit.
    pub limit_name: String,
    /// Unit of the rates.
    pub unit: String,
    /// Rate of ours in each round.
    pub ours_per_second: Vec<f64>,
    /// Rate of the limit in each round.
    pub limit_per_second: Vec<f64>,
    /// Median of ours over median of the limit.
    pub ratio: f64,
    /// Lowest and highest ratio of a single round.
    pub spread: (f64, f64),
    /// The ratio that is to be reached, where there is one.
    pub goal: Option<f64>,
}

impl Ratio {
    /// Whether the goal is reached.
    pub fn reached(&self) -> bool {
        self.goal.is_none_or(|goal| self.ratio >= goal)
    }
}

/// A rate.
pub fn per_second(count: u64, took: std::time::Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::EPSILON)
}

/// The middle value; the mean of the two middle ones where their number is even. Zero of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or(0.0);
    if sorted.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.saturating_sub(1)), at(middle)) }
}

impl Comparison<'_> {
    /// Measures both sides in turns; the first turn of each warms it up and does not count.
    pub fn run(mut self, rounds: usize) -> Result<Ratio, LabError> {
        (self.limit)()?;
        (self.ours)()?;
        let (mut ours, mut limit) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
        for _ in 0..rounds.max(1) {
            limit.push((self.limit)()?);
            ours.push((self.ours)()?);
        }
        let singles: Vec<f64> =
            ours.iter().zip(&limit).map(|(ours, limit)| ours / limit.max(f64::EPSILON)).collect();
        let spread =
            singles.iter().fold((f64::MAX, 0.0_f64), |(low, high), one| (low.min(*one), high.max(*one)));
        Ok(Ratio {
            name: self.name.to_owned(),
            limit_name: self.limit_name.to_owned(),
            unit: self.unit.to_owned(),
            ratio: median(&ours) / median(&limit).max(f64::EPSILON),
            ours_per_second: ours,
            limit_per_second: limit,
            spread,
            goal: self.goal,
        })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the values are exact")]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn the_sides_take_turns_and_the_first_turn_does_not_count() {
        let turns = RefCell::new(String::new());
        let side = |letter: char, rates: Vec<f64>| -> Side<'_> {
            let mut rates = rates.into_iter();
            let turns = &turns;
            Box::new(move || {
                turns.borrow_mut().push(letter);
                Ok(rates.next().unwrap_or_default())
            })
        };
        let comparison = Comparison {
            name: "ours",
            limit_name: "limit",
            unit: "requests",
            goal: Some(0.5),
            ours: side('o', vec![999.0, 40.0, 60.0, 50.0]),
            limit: side('l', vec![1.0, 100.0, 100.0, 100.0]),
        };
        let ratio = comparison.run(3).unwrap();
        assert_eq!(*turns.borrow(), "lolololo");
        assert_eq!((ratio.ratio, ratio.spread, ratio.reached()), (0.5, (0.4, 0.6), true));
    }
}
