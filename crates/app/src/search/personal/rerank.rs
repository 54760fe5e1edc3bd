//! The order of a page for one shopper: what suits rises, but not far, never to another step, and pins stay where they are.

#![expect(clippy::float_arithmetic, reason = "a weight of ranking; no money is near")]

use tradepost_port::search::plan::StepKind;

/// What the score of what suits best is multiplied by, less 1.
const GAIN: f64 = 0.15;
/// Places that a product is moved at most, up or down.
const MOVE_MAX: usize = 5;
/// Where there are no scores, what a place is worth.
const PLACE_WORTH: f64 = 0.02;

/// A place of a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ranked {
    pub(crate) score: f64,
    pub(crate) step: StepKind,
    pub(crate) pinned: bool,
    /// How well it suits, 0 to 1.
    pub(crate) affinity: f64,
}

/// The places of a page in their new order.
pub(crate) fn rerank(page: &[Ranked]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..page.len()).collect();
    let free: Vec<usize> =
        page.iter().enumerate().filter(|(_, place)| !place.pinned).map(|(index, _)| index).collect();
    let step = |index: &usize| page.get(*index).map(|place| place.step);
    // What is between two pins, and within a step, changes places among itself.
    for run in free.chunk_by(|first, second| step(first) == step(second)) {
        let places = run.iter().filter_map(|index| page.get(*index).copied()).collect::<Vec<_>>();
        for (slot, from) in run.iter().zip(within(&places)) {
            if let (Some(slot), Some(from)) = (order.get_mut(*slot), run.get(from)) {
                *slot = *from;
            }
        }
    }
    order
}

/// The new order of places of one step.
fn within(places: &[Ranked]) -> Vec<usize> {
    let by_place = places.iter().all(|place| place.score <= 0.0);
    let worth = |(index, place): (usize, &Ranked)| {
        let down = f64::from(u32::try_from(index).unwrap_or(u32::MAX)) * PLACE_WORTH;
        let score = if by_place { 1.0 / (1.0 + down) } else { place.score };
        score * (1.0 + GAIN * place.affinity.clamp(0.0, 1.0))
    };
    let worths: Vec<f64> = places.iter().enumerate().map(worth).collect();
    let worth = |index: &usize| worths.get(*index).copied().unwrap_or_default();
    let mut left: Vec<usize> = (0..places.len()).collect();
    let mut order = Vec::with_capacity(places.len());
    for place in 0..places.len() {
        let overdue = left.first().is_some_and(|first| first.saturating_add(MOVE_MAX) <= place);
        let near = left.iter().take_while(|index| **index <= place.saturating_add(MOVE_MAX)).enumerate();
        // The first of those that are worth the same.
        let best = near.fold(None, |best: Option<(usize, f64)>, (at, index)| match best {
            Some((_, most)) if worth(index) <= most => best,
            _ => Some((at, worth(index))),
        });
        let at = if overdue { 0 } else { best.map_or(0, |(at, _)| at) };
        if at < left.len() {
            order.push(left.remove(at));
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(score: f64, affinity: f64) -> Ranked {
        Ranked { score, step: StepKind::Exact, pinned: false, affinity }
    }

    #[test]
    fn what_suits_rises_as_far_as_its_score_and_five_places_allow() {
        let near = [place(10.0, 0.0), place(9.5, 1.0), place(5.0, 1.0)];
        assert_eq!(rerank(&near), [1, 0, 2]);
        let mut alike = vec![place(0.0, 0.0); 8];
        alike.push(place(0.0, 1.0));
        assert_eq!(rerank(&alike), [0, 1, 2, 8, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn pins_stay_and_no_step_is_crossed() {
        let pin = Ranked { pinned: true, ..place(0.0, 0.0) };
        let later = Ranked { step: StepKind::Relaxed, ..place(99.0, 1.0) };
        let page = [pin, place(10.0, 0.0), pin, place(10.0, 1.0), later];
        assert_eq!(rerank(&page), [0, 3, 2, 1, 4]);
    }

    proptest! {
        #[test]
        fn every_place_is_kept_once_and_moved_by_five_at_most(
            page in prop::collection::vec((0.0..20.0_f64, 0.0..1.0_f64), 0..60),
        ) {
            let mut page: Vec<Ranked> = page.into_iter().map(|(score, affinity)| place(score, affinity)).collect();
            page.sort_by(|first, second| second.score.total_cmp(&first.score));
            let order = rerank(&page);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..page.len()).collect::<Vec<_>>());
            for (to, from) in order.iter().enumerate() {
                prop_assert!(to.abs_diff(*from) <= MOVE_MAX, "{:?}", order);
            }
        }

        #[test]
        fn nothing_known_changes_nothing(scores in prop::collection::vec(0.0..20.0_f64, 0..60)) {
            let mut page: Vec<Ranked> = scores.into_iter().map(|score| place(score, 0.0)).collect();
            page.sort_by(|first, second| second.score.total_cmp(&first.score));
            prop_assert_eq!(rerank(&page), (0..page.len()).collect::<Vec<_>>());
        }
    }
}
