//! Options, variants and their prices, stocks, weights, codes.

use crate::code::barcode;
use crate::generate::Draft;
use crate::model::SampleVariant;
use crate::rng::Rng;
use crate::vocabulary::{Color, Scale, VOCABULARY};

/// Most variants of a product.
const MAX_VARIANTS: usize = 12;

/// How a shop ends its prices.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// 24.90, 149.00
    Ninety,
    /// 24.95, 149.90
    NinetyFive,
    /// 25.00, 150.00
    Round,
}

/// A step of a scale that the product is made in.
#[derive(Debug, Clone)]
struct Step {
    value: String,
    price_percent: i64,
    grams_percent: i64,
}

/// What all variants of a product share.
#[derive(Debug)]
struct Terms {
    base_cents: i64,
    grams: i64,
    /// Percent taken off, if the product is on sale.
    discount: Option<i64>,
    ending: Ending,
}

/// Options with their values, as the product has them.
type Options = Vec<(String, Vec<String>)>;

/// The options and the variants of the product.
pub(crate) fn make(draft: &Draft) -> (Options, Vec<SampleVariant>) {
    let mut rng = draft.stream("variants");
    let scale = draft.kind.scale.as_ref().and_then(|name| VOCABULARY.scales.get(name));
    let shown = if draft.kind.color_option { draft.colors.len() } else { 1 };
    let colors: Vec<&'static Color> = draft.colors.iter().copied().take(shown).collect();
    let steps = steps(scale, MAX_VARIANTS / colors.len().max(1), &mut rng);
    let by_color = draft.kind.color_option && (colors.len() > 1 || steps.len() > 1);
    let mut options = Vec::new();
    if by_color {
        options.push(("Color".to_owned(), colors.iter().map(|color| color.name.clone()).collect()));
    }
    if let Some(scale) = scale {
        options.push((scale.option.clone(), steps.iter().map(|step| step.value.clone()).collect()));
    }
    let terms = terms(draft, &mut rng);
    let mut variants = Vec::new();
    for color in colors {
        for step in &steps {
            let mut chosen = Vec::new();
            if by_color {
                chosen.push(("Color".to_owned(), color.name.clone()));
            }
            if let Some(scale) = scale {
                chosen.push((scale.option.clone(), step.value.clone()));
            }
            let index = u64::try_from(variants.len()).unwrap_or(0);
            variants.push(variant(draft, &terms, (color, step), (chosen, index), &mut rng));
        }
    }
    (options, variants)
}

/// Neighbouring steps of the scale, as many as there is room for; one nameless step without a scale.
fn steps(scale: Option<&Scale>, room: usize, rng: &mut Rng) -> Vec<Step> {
    let Some(scale) = scale else {
        return vec![Step { value: String::new(), price_percent: 100, grams_percent: 100 }];
    };
    let all = scale.values.iter().enumerate().map(|(index, value)| Step {
        value: value.clone(),
        price_percent: scale.price.get(index).copied().unwrap_or(100),
        grams_percent: scale.grams.get(index).copied().unwrap_or(100),
    });
    let length = room.min(scale.values.len());
    let spare = u64::try_from(scale.values.len() - length).unwrap_or(0);
    // The middle sizes are those every product comes in: the start is the mean of two draws.
    let start = u64::midpoint(rng.below(spare + 1), rng.below(spare + 1));
    all.skip(usize::try_from(start).unwrap_or(0)).take(length).collect()
}

fn terms(draft: &Draft, rng: &mut Rng) -> Terms {
    let (euros, sigma) = draft.kind.price;
    let median = euros * draft.brand.price_percent;
    Terms {
        base_cents: rng.lognormal(median, sigma),
        grams: rng.between(draft.kind.grams.0, draft.kind.grams.1),
        discount: rng.chance(15).then(|| 5 * rng.between(2, 8)),
        ending: match rng.below(10) {
            0..=4 => Ending::Ninety,
            5..=7 => Ending::NinetyFive,
            _ => Ending::Round,
        },
    }
}

fn variant(
    draft: &Draft,
    terms: &Terms,
    (color, step): (&'static Color, &Step),
    (options, index): (Vec<(String, String)>, u64),
    rng: &mut Rng,
) -> SampleVariant {
    let before = terms.base_cents * step.price_percent / 100;
    let now = before * (100 - terms.discount.unwrap_or(0)) / 100;
    let eur = retail(now, terms.ending, false);
    let usd = retail(now * 108 / 100, terms.ending, true);
    let above = |price: i64, before: i64, dollars: bool| {
        terms.discount.map(|_| {
            let compare = retail(before, terms.ending, dollars);
            // Rounding may eat a small discount of a cheap thing: the next euro is then the price before.
            if compare > price { compare } else { price + 100 }
        })
    };
    let mut sku = draft.number.clone();
    for (_, value) in &options {
        sku.push('-');
        sku.push_str(&crate::code::slug(value).to_uppercase());
    }
    let grams = terms.grams * step.grams_percent / 100;
    SampleVariant {
        sku,
        options,
        price_eur_cents: eur,
        compare_at_eur_cents: above(eur, before, false),
        price_usd_cents: usd,
        compare_at_usd_cents: above(usd, before * 108 / 100, true),
        stock: stock(rng),
        weight_grams: u32::try_from(grams).unwrap_or(0).max(1),
        barcode: barcode(draft.seed, draft.ordinal, index),
        picture: draft.picture(color),
    }
}

/// Some have none, some their last three, most enough.
fn stock(rng: &mut Rng) -> u32 {
    let units = match rng.below(100) {
        0..=7 => 0,
        8..=17 => rng.between(1, 3),
        18..=84 => rng.between(4, 60),
        _ => rng.between(61, 400),
    };
    u32::try_from(units).unwrap_or(0)
}

/// The nearest price that a shop would print: steps of 1 euro below 100, of 5 below 500, of 10 below 2,000 and
/// of 50 above, less the cents that the ending leaves out. Prices in dollars end in .99.
fn retail(cents: i64, ending: Ending, dollars: bool) -> i64 {
    let step = match cents {
        ..10_000 => 100,
        10_000..50_000 => 500,
        50_000..200_000 => 1_000,
        _ => 5_000,
    };
    let rounded = ((cents + step / 2) / step * step).max(100);
    let small = rounded < 10_000;
    let less = match (ending, small) {
        (Ending::Round, _) => 0,
        _ if dollars => 1,
        (Ending::Ninety, false) => 100,
        (Ending::Ninety, true) | (Ending::NinetyFive, false) => 10,
        (Ending::NinetyFive, true) => 5,
    };
    rounded - less
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_end_as_a_shop_prints_them() {
        assert_eq!(retail(2_463, Ending::Ninety, false), 2_490);
        assert_eq!(retail(2_463, Ending::NinetyFive, false), 2_495);
        assert_eq!(retail(2_463, Ending::Round, false), 2_500);
        assert_eq!(retail(2_463, Ending::Ninety, true), 2_499);
        assert_eq!(retail(14_780, Ending::Ninety, false), 14_900);
        assert_eq!(retail(129_700, Ending::Ninety, false), 129_900);
        assert_eq!(retail(3, Ending::Ninety, false), 90);
    }
}
