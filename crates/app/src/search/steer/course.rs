//! Which rules apply to a question, and what they make of it.

use std::sync::Arc;

use jiff::Timestamp;
use tradepost_domain::catalog::product_query::{Filter, Sort, SortKey};
use tradepost_domain::kernel::ids::{CategoryId, CustomerGroupId, ProductId};
use tradepost_port::search::plan::{Boost, Pin, Start};
use tradepost_port::search::{Condition, SearchRequest};

use super::rule::{QueryMatch, RuleBanner, RuleBoost, RulePin, RuleProducts, SearchRuleView};

/// A rule with its words as a shelf compares them.
#[derive(Debug)]
pub(crate) struct LocalRule {
    rule: Arc<SearchRuleView>,
    queries: Vec<Vec<String>>,
}

/// On what occasion something is asked.
#[derive(Debug, Clone)]
pub(crate) struct Occasion {
    /// In the list of this category.
    pub(crate) category: Option<CategoryId>,
    /// When.
    pub(crate) now: Timestamp,
    /// By a customer of these groups.
    pub(crate) groups: Vec<CustomerGroupId>,
}

/// What rules make of a question.
#[derive(Debug, Default)]
pub(crate) struct Course {
    /// The rules that apply, in their order.
    pub(crate) applied: Vec<Arc<SearchRuleView>>,
    pins: Vec<Pin>,
    boosts: Vec<Boost>,
    hidden: Vec<ProductId>,
    only: Vec<Condition>,
    pub(crate) redirect: Option<String>,
    pub(crate) banners: Vec<RuleBanner>,
}

/// What rules that apply together do at most: each of it is looked at for every product that is found.
const PINS_MAX: usize = 200;
const BOOSTS_MAX: usize = 100;
const HIDDEN_MAX: usize = 5_000;
const ONLY_MAX: usize = 20;
const BANNERS_MAX: usize = 50;

impl LocalRule {
    pub(super) fn new(rule: Arc<SearchRuleView>, stems: &dyn Fn(&str) -> Vec<String>) -> Self {
        let queries = rule.fields.queries.iter().map(|query| stems(&query.text)).collect();
        Self { rule, queries }
    }

    /// The rule as staff wrote it.
    pub(super) fn rule(&self) -> &Arc<SearchRuleView> {
        &self.rule
    }

    fn applies(&self, words: &[String], occasion: &Occasion) -> bool {
        let Occasion { category, now, groups } = occasion;
        let fields = &self.rule.fields;
        let meets = |(own, query): (&Vec<String>, &super::rule::RuleQuery)| match query.r#match {
            _ if own.is_empty() => false,
            QueryMatch::Is => own == words,
            QueryMatch::Starts => words.starts_with(own),
            QueryMatch::Contains => words.windows(own.len()).any(|part| part == own),
        };
        let in_category = fields.category_ids.is_empty()
            || category.as_ref().is_some_and(|category| fields.category_ids.contains(category));
        let for_them = fields.customer_group_ids.is_empty()
            || fields.customer_group_ids.iter().any(|group| groups.contains(group));
        in_category
            && for_them
            && fields.starts_at.is_none_or(|start| start <= *now)
            && fields.ends_at.is_none_or(|end| *now < end)
            && (self.queries.is_empty() || self.queries.iter().zip(&fields.queries).any(meets))
    }
}

impl Course {
    /// What the rules, in their order, make of a question of these words.
    pub(crate) fn of(rules: &[LocalRule], words: &[String], occasion: &Occasion) -> Self {
        let mut course = Self::default();
        for rule in rules.iter().filter(|rule| rule.applies(words, occasion)) {
            course.take(&rule.rule);
        }
        course
    }

    fn take(&mut self, rule: &Arc<SearchRuleView>) {
        let fields = &rule.fields;
        add(&mut self.pins, fields.pins.iter().map(RulePin::pin), PINS_MAX);
        let boost = |boost: &RuleBoost| Boost::by_percent(selected(&boost.products), boost.percent);
        add(&mut self.boosts, fields.boosts.iter().map(boost), BOOSTS_MAX);
        add(&mut self.hidden, fields.hide_product_ids.iter().copied(), HIDDEN_MAX);
        add(&mut self.only, fields.only.iter().map(selected), ONLY_MAX);
        if self.redirect.is_none() {
            self.redirect.clone_from(&fields.redirect);
        }
        add(&mut self.banners, fields.banners.iter().cloned(), BANNERS_MAX);
        self.applied.push(rule.clone());
    }

    /// Steers a request. Behind the first page, `shown` says how many pins that had.
    pub(crate) fn steer(&mut self, request: &mut SearchRequest, shown: usize) {
        request.demands.append(&mut self.only);
        if !self.hidden.is_empty() {
            request.demands.push(Condition::Product(std::mem::take(&mut self.hidden)).negated());
        }
        let by_score = match &request.page.start {
            Start::Offset(_) => !self.pins.is_empty() || !self.boosts.is_empty(),
            // It goes on as it began, whatever rules there are by now.
            Start::After(after) => shown > 0 || matches!(after.key, SortKey::Score(_)),
        };
        if request.text.is_none() && request.sort == Sort::BestSelling && by_score {
            // Without words relevance is what sells, with pins and boosts.
            request.sort = Sort::Relevance;
        }
        request.pins_within =
            if matches!(request.page.start, Start::Offset(_)) { request.page.limit } else { shown };
        request.pins = std::mem::take(&mut self.pins);
        request.boosts = std::mem::take(&mut self.boosts);
    }

    /// Whether a rule hides a product.
    pub(crate) fn hides(&self, id: ProductId) -> bool {
        self.hidden.contains(&id)
    }
}

fn add<T>(to: &mut Vec<T>, more: impl Iterator<Item = T>, most: usize) {
    to.extend(more.take(most.saturating_sub(to.len())));
}

/// The products of a selection.
pub(crate) fn selected(products: &RuleProducts) -> Condition {
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
