//! Which rules apply to a question, and what they make of it.

use std::sync::Arc;

use jiff::Timestamp;
use tradepost_domain::catalog::product_query::{Filter, Sort};
use tradepost_domain::kernel::ids::{CategoryId, ProductId};
use tradepost_port::search::plan::{Boost, Pin};
use tradepost_port::search::{Condition, SearchRequest};

use super::rule::{QueryMatch, RuleBanner, RuleProducts, SearchRuleView};

/// A rule with its words as a shelf compares them.
#[derive(Debug)]
pub(crate) struct LocalRule {
    rule: Arc<SearchRuleView>,
    queries: Vec<Vec<String>>,
}

/// What rules make of a question.
#[derive(Debug, Default)]
pub(crate) struct Course {
    pins: Vec<Pin>,
    boosts: Vec<Boost>,
    filters: Vec<Condition>,
    pub(crate) redirect: Option<String>,
    pub(crate) banners: Vec<RuleBanner>,
}

impl LocalRule {
    pub(super) fn new(rule: Arc<SearchRuleView>, stems: &dyn Fn(&str) -> Vec<String>) -> Self {
        let queries = rule.fields.queries.iter().map(|query| stems(&query.text)).collect();
        Self { rule, queries }
    }

    fn applies(&self, words: &[String], category: Option<CategoryId>, now: Timestamp) -> bool {
        let fields = &self.rule.fields;
        let meets = |(own, query): (&Vec<String>, &super::rule::RuleQuery)| match query.r#match {
            _ if own.is_empty() => false,
            QueryMatch::Is => own == words,
            QueryMatch::Starts => words.starts_with(own),
            QueryMatch::Contains => words.windows(own.len()).any(|part| part == own),
        };
        let in_category = fields.category_ids.is_empty()
            || category.is_some_and(|category| fields.category_ids.contains(&category));
        in_category
            && fields.starts_at.is_none_or(|start| start <= now)
            && fields.ends_at.is_none_or(|end| now < end)
            && (self.queries.is_empty() || self.queries.iter().zip(&fields.queries).any(meets))
    }
}

impl Course {
    /// What the rules, in their order, make of a question: its words, its category, its moment.
    pub(crate) fn of(
        rules: &[LocalRule],
        words: &[String],
        (category, now): (Option<CategoryId>, Timestamp),
    ) -> Self {
        let mut course = Self::default();
        for rule in rules.iter().filter(|rule| rule.applies(words, category, now)) {
            course.take(&rule.rule);
        }
        course
    }

    fn take(&mut self, rule: &SearchRuleView) {
        let fields = &rule.fields;
        for pin in &fields.pins {
            let place = usize::from(pin.position).saturating_sub(1);
            // The rule that goes first has the place and the product.
            if self.pins.iter().all(|other| other.place != place && other.id != pin.product_id) {
                self.pins.push(Pin { id: pin.product_id, place });
            }
        }
        let boost =
            |boost: &super::rule::RuleBoost| Boost::by_percent(selected(&boost.products), boost.percent);
        self.boosts.extend(fields.boosts.iter().map(boost));
        if !fields.hide_product_ids.is_empty() {
            let hidden: Vec<ProductId> = fields.hide_product_ids.clone();
            self.filters.push(Condition::Product(hidden).negated());
        }
        self.filters.extend(fields.only.as_ref().map(selected));
        if self.redirect.is_none() {
            self.redirect.clone_from(&fields.redirect);
        }
        self.banners.extend(fields.banners.iter().cloned());
    }

    /// Steers a request.
    pub(crate) fn steer(&self, request: &mut SearchRequest) {
        request.filters.extend(self.filters.iter().cloned());
        if request.text.is_none() && request.sort == Sort::BestSelling && self.is_about_order() {
            // Without words relevance is what sells, with pins and boosts.
            request.sort = Sort::Relevance;
        }
        request.pins = fitting(self.pins.clone(), request.page.limit);
        request.boosts.clone_from(&self.boosts);
    }

    fn is_about_order(&self) -> bool {
        !self.pins.is_empty() || !self.boosts.is_empty()
    }
}

/// Pins with places of their own on a page of so many hits: one behind it would be on none, for later pages have no pins. Those
/// for which there is no room are none.
fn fitting(mut pins: Vec<Pin>, limit: usize) -> Vec<Pin> {
    pins.sort_unstable_by_key(|pin| pin.place);
    pins.truncate(limit);
    let mut end = limit;
    for pin in pins.iter_mut().rev() {
        end = pin.place.min(end.saturating_sub(1));
        pin.place = end;
    }
    pins
}

/// The products of a selection.
fn selected(products: &RuleProducts) -> Condition {
    let RuleProducts { product_ids, category_ids, collection_ids, brands, product_types, tags } = products;
    let mut any = Vec::new();
    let mut add = |is_empty: bool, condition: Condition| {
        if !is_empty {
            any.push(condition);
        }
    };
    add(product_ids.is_empty(), Condition::Product(product_ids.clone()));
    add(category_ids.is_empty(), Condition::Category(category_ids.clone()));
    add(collection_ids.is_empty(), Condition::Collection(collection_ids.clone()));
    add(brands.is_empty(), Condition::Is(Filter::Brand(brands.clone())));
    add(product_types.is_empty(), Condition::Is(Filter::ProductType(product_types.clone())));
    add(tags.is_empty(), Condition::Is(Filter::Tag(tags.clone())));
    Condition::Any(any)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use tradepost_domain::kernel::ids::EntityId;

    #[test]
    fn pins_behind_the_page_stand_at_its_end_and_push_no_other_off() {
        let placed = |places: &[usize], limit| {
            let pins =
                places.iter().map(|place| Pin { id: ProductId::from_uuid(Uuid::nil()), place: *place });
            fitting(pins.collect(), limit).iter().map(|pin| pin.place).collect::<Vec<_>>()
        };
        assert_eq!(placed(&[7, 0, 5], 10), [0, 5, 7]);
        assert_eq!(placed(&[7, 0, 5], 4), [0, 2, 3]);
        assert_eq!(placed(&[7, 0, 5], 3), [0, 1, 2]);
        assert_eq!(placed(&[7, 3, 5], 2), [0, 1]);
        assert_eq!(placed(&[7], 0), [0; 0]);
    }
}
