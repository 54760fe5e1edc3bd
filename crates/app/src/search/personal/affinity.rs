//! What a shopper seems to like: brands, categories, types and colours of what was looked at, put into the cart or bought lately.

#![expect(clippy::float_arithmetic, reason = "a weight of ranking; no money is near")]

use std::collections::HashMap;

use jiff::Timestamp;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::SearchDocument;

/// Half of what is done counts for half an hour, the other half for a month: what is looked for now, and taste.
const SESSION_SECONDS: f64 = 30.0 * 60.0;
const PROFILE_SECONDS: f64 = 30.0 * 24.0 * 3600.0;

/// Something that a shopper did with a product.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deed {
    pub(crate) product_id: ProductId,
    /// What it counts: more than a look is to put it into the cart, and more than that to buy it.
    pub(crate) weight: f64,
    pub(crate) at: Timestamp,
}

/// What a deed counts.
pub(crate) fn weight(action: &str) -> f64 {
    match action {
        "purchase" => 5.0,
        "add_to_cart" => 3.0,
        _ => 1.0,
    }
}

/// What products have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Trait {
    Brand,
    Category,
    Type,
    Color,
}

impl Trait {
    /// How much it says.
    fn weight(self) -> f64 {
        match self {
            Self::Brand => 0.35,
            Self::Category => 0.3,
            Self::Type => 0.2,
            Self::Color => 0.15,
        }
    }
}

fn traits(document: &SearchDocument) -> Vec<(Trait, String)> {
    let mut traits = Vec::new();
    traits.extend(document.brand.as_ref().map(|brand| (Trait::Brand, brand.handle.clone())));
    traits.extend(document.product_type.as_ref().map(|it| (Trait::Type, it.handle.clone())));
    // Only the deepest ones: everything lies in the root.
    let is_parent = |id| document.categories.iter().any(|other| other.parent == Some(id));
    let leaves = document.categories.iter().filter(|node| !is_parent(node.id));
    traits.extend(leaves.map(|node| (Trait::Category, node.id.to_string())));
    let options = document.variants.iter().flat_map(|variant| &variant.options);
    let colors = options.filter(|option| matches!(option.name.to_lowercase().as_str(), "color" | "colour"));
    for color in colors {
        let color = (Trait::Color, color.value.to_lowercase());
        if !traits.contains(&color) {
            traits.push(color);
        }
    }
    traits
}

/// What a shopper seems to like.
#[derive(Debug, Default)]
pub(crate) struct Taste {
    /// What each value counts, and what all deeds with a value of its kind do together.
    values: HashMap<(Trait, String), f64>,
    totals: HashMap<Trait, f64>,
}

impl Taste {
    /// Of what was done, with the products that are still there.
    pub(crate) fn of(deeds: &[Deed], documents: &HashMap<ProductId, SearchDocument>, now: Timestamp) -> Self {
        let mut taste = Self::default();
        for deed in deeds {
            let Some(document) = documents.get(&deed.product_id) else { continue };
            let age = now.duration_since(deed.at).as_secs_f64().max(0.0);
            let fresh = 0.5 * (-age / SESSION_SECONDS).exp2() + 0.5 * (-age / PROFILE_SECONDS).exp2();
            let weight = deed.weight * fresh;
            let traits = traits(document);
            let mut kinds = Vec::new();
            for (kind, value) in traits {
                *taste.values.entry((kind, value)).or_default() += weight;
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                    *taste.totals.entry(kind).or_default() += weight;
                }
            }
        }
        taste
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How near a product is to it, 0 to 1.
    pub(crate) fn affinity(&self, document: &SearchDocument) -> f64 {
        let mut best: HashMap<Trait, f64> = HashMap::new();
        for (kind, value) in traits(document) {
            let total = self.totals.get(&kind).copied().unwrap_or_default();
            let own = self.values.get(&(kind, value)).copied().unwrap_or_default();
            let share = if total > 0.0 { own / total } else { 0.0 };
            let best = best.entry(kind).or_default();
            *best = best.max(share);
        }
        best.into_iter().map(|(kind, share)| kind.weight() * share).sum::<f64>().clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use tradepost_domain::kernel::ids::EntityId;
    use tradepost_port::search::document::Named;
    use uuid::Uuid;

    use super::*;

    fn branded(number: u128, brand: &str) -> SearchDocument {
        let brand = Named { handle: brand.to_owned(), name: brand.to_owned() };
        let id = ProductId::from_uuid(Uuid::from_u128(number));
        SearchDocument { brand: Some(brand), ..SearchDocument::titled(id, "Boot") }
    }

    #[test]
    fn what_was_done_last_and_what_costs_more_trouble_counts_more() {
        let documents = [branded(1, "a"), branded(2, "b"), branded(3, "c")];
        let known: HashMap<_, _> = documents.iter().map(|it| (it.id, it.clone())).collect();
        let now = Timestamp::from_second(100_000_000).unwrap();
        let deed = |place: usize, action, hours: i64| Deed {
            product_id: documents[place].id,
            weight: weight(action),
            at: now - jiff::SignedDuration::from_hours(hours),
        };
        let near = |deeds: &[Deed]| {
            let taste = Taste::of(deeds, &known, now);
            documents.each_ref().map(|document| taste.affinity(document))
        };
        let [fresh, old, none] = near(&[deed(0, "click", 0), deed(1, "click", 24)]);
        assert!(fresh > old && old > none && none == 0.0, "{fresh} {old} {none}");
        let [seen, bought, _] = near(&[deed(0, "click", 0), deed(1, "purchase", 0)]);
        assert!(bought > seen && bought <= 1.0, "{seen} {bought}");
        assert!(Taste::of(&[], &known, now).is_empty());
    }
}
