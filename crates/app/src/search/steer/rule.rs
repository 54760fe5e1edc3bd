//! Rules of search: what staff want shown for some words or in some categories.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{
    CategoryId, ChannelId, CollectionId, CustomerGroupId, ProductId, SearchRuleId,
};
use tradepost_domain::kernel::issue::check_line;
use tradepost_domain::kernel::limits::RULE_LIST_MAX;
use tradepost_domain::kernel::{Handle, Issue, Locale};
use tradepost_port::search::plan::Pin;
use tradepost_store::pricing::rule::{CUSTOMER_GROUP, RuleTable, SEARCH_RULE, Spoken};
use utoipa::ToSchema;

use super::synonym::text_issue;
use crate::change::Kind;
use crate::pricing::rule::{Named, PatchOf, RuleFields, RuleView, SpokenOf, rule_kind};
use crate::pricing::{common_issues, yes};

/// Rules of a shop: every search looks at all of them.
const RULES_MAX: i64 = 1_000;
/// Queries, pins, boosts or banners of one rule.
const PARTS_MAX: usize = 50;
/// Entries of all boosts of one rule together.
const BOOSTED_MAX: usize = 1_000;
/// Words of a query in a rule.
const QUERY_WORDS_MAX: usize = 16;
/// Characters of an address.
const URL_LEN_MAX: usize = 2_000;
/// The last place that can be pinned.
const POSITION_MAX: u16 = 100;
/// Percents of a score.
const PERCENT_MAX: u16 = 10_000;

/// How the words of a search are compared. Upper and lower case, endings and words such as "the" make no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueryMatch {
    /// All words of the search, in their order.
    Is,
    /// Words that stand side by side somewhere in the search.
    Contains,
    /// The first words of the search.
    Starts,
}

/// Words that are searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleQuery {
    /// How they are compared.
    pub r#match: QueryMatch,
    /// The words.
    #[schema(min_length = 1, max_length = 100, example = "running shoes")]
    pub text: String,
}

/// A product with a place of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulePin {
    /// The product. Where shoppers cannot see it, the pin does nothing.
    #[schema(value_type = String)]
    pub product_id: ProductId,
    /// Its place, 1 for the first. One behind the first page stands at the end of that.
    #[schema(minimum = 1, maximum = 100)]
    pub position: u16,
}

impl RulePin {
    /// As search takes it.
    pub(super) fn pin(&self) -> Pin {
        Pin { id: self.product_id, place: usize::from(self.position).saturating_sub(1) }
    }
}

/// A selection of products: those on any of its lists, which have 1 to 250 entries together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleProducts {
    /// Products.
    #[schema(value_type = Vec<String>, max_items = 250)]
    pub product_ids: Vec<ProductId>,
    /// Categories, with all below them.
    #[schema(value_type = Vec<String>, max_items = 250)]
    pub category_ids: Vec<CategoryId>,
    /// Collections.
    #[schema(value_type = Vec<String>, max_items = 250)]
    pub collection_ids: Vec<CollectionId>,
    /// Handles of brands.
    #[schema(max_items = 250)]
    pub brands: Vec<String>,
    /// Handles of product types.
    #[schema(max_items = 250)]
    pub product_types: Vec<String>,
    /// Tags.
    #[schema(max_items = 250)]
    pub tags: Vec<String>,
}

/// Products that come sooner or later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleBoost {
    /// Which products.
    pub products: RuleProducts,
    /// What is made of their score: 200 doubles it, 50 halves it.
    #[schema(minimum = 1, maximum = 10_000)]
    pub percent: u16,
}

/// Something to show beside the products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleBanner {
    /// What it says.
    #[schema(min_length = 1, max_length = 255)]
    pub title: String,
    /// Address of its picture: a path of the storefront or `https://…`.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub image_url: Option<String>,
    /// Where it leads: a path of the storefront or `https://…`.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub url: Option<String>,
}

/// A rule of search to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRuleCreate {
    /// Name as staff see it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Whether it can apply.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
    /// The larger goes first; of the same priority, the older.
    #[serde(default)]
    #[schema(minimum = -2_147_483_648_i64, maximum = 2_147_483_647)]
    pub priority: i32,
    /// First moment.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// First moment at which it applies no more.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Only in these channels; in all when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 250)]
    pub channel_ids: Vec<ChannelId>,
    /// Only in these languages; in all when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub locales: Vec<Locale>,
    /// Only when one of these is searched for; whatever is searched for, or nothing, when empty.
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub queries: Vec<RuleQuery>,
    /// Only for customers of one of these groups; for everybody when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub customer_group_ids: Vec<CustomerGroupId>,
    /// Only in lists of these categories, not of those below; everywhere when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 250)]
    pub category_ids: Vec<CategoryId>,
    /// Products at places of their own, in the usual order of a list.
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub pins: Vec<RulePin>,
    /// Products that are not listed.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 250)]
    pub hide_product_ids: Vec<ProductId>,
    /// Products that come sooner or later, in the usual order of a list.
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub boosts: Vec<RuleBoost>,
    /// Only these products are listed.
    #[serde(default)]
    pub only: Option<RuleProducts>,
    /// Where the shopper is to be led instead: a path of the storefront or `https://…`. Needs `queries`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 2000)]
    pub redirect: Option<String>,
    /// What is to be shown beside the products.
    #[serde(default)]
    #[schema(required = false, max_items = 50)]
    pub banners: Vec<RuleBanner>,
}

/// A rule of search as staff see it.
pub type SearchRuleView = RuleView<SearchRuleCreate>;
/// What to change of a rule of search.
pub type SearchRulePatch = PatchOf<SearchRuleCreate>;

fn url_issue(path: &str, url: &str) -> Option<Issue> {
    let is_path = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    check_line(path, url, URL_LEN_MAX, true).or_else(|| {
        let leads = is_path || url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty());
        let words = "expected a path that begins with one / or an address that begins with https://";
        (!leads || url.contains(' ')).then(|| Issue::new(path, "invalid_url", words))
    })
}

impl RuleProducts {
    fn entries(&self) -> usize {
        let Self { product_ids, category_ids, collection_ids, brands, product_types, tags } = self;
        let ids = [product_ids.len(), category_ids.len(), collection_ids.len()];
        ids.into_iter().chain([brands.len(), product_types.len(), tags.len()]).sum()
    }

    fn spoken_of(&self, path: &str) -> [SpokenOf; 5] {
        let handles = |what, keys: &Vec<String>, field: &str| SpokenOf {
            what,
            keys: keys.clone(),
            param: format!("{path}.{field}"),
        };
        [
            SpokenOf::ids(Spoken::Products, self.product_ids.iter().copied(), format!("{path}.product_ids")),
            SpokenOf::ids(
                Spoken::Categories,
                self.category_ids.iter().copied(),
                format!("{path}.category_ids"),
            ),
            SpokenOf::ids(
                Spoken::Collections,
                self.collection_ids.iter().copied(),
                format!("{path}.collection_ids"),
            ),
            handles(Spoken::Brands, &self.brands, "brands"),
            handles(Spoken::ProductTypes, &self.product_types, "product_types"),
        ]
    }

    fn issues(&self, path: &str) -> Vec<Issue> {
        let names = [("brands", &self.brands), ("product_types", &self.product_types), ("tags", &self.tags)];
        let mut issues = Vec::new();
        if !(1..=RULE_LIST_MAX).contains(&self.entries()) {
            let words = format!("a selection has 1 to {RULE_LIST_MAX} entries");
            issues.push(Issue::new(path, "invalid_count", words));
        }
        for (field, names) in names {
            let issue = |(index, name): (usize, &String)| {
                check_line(&format!("{path}.{field}[{index}]"), name, 255, true)
            };
            issues.extend(names.iter().enumerate().filter_map(issue));
        }
        issues
    }
}

impl SearchRuleCreate {
    fn count_issues(&self) -> Vec<Issue> {
        let counts = [
            ("$.channel_ids", self.channel_ids.len(), RULE_LIST_MAX),
            ("$.locales", self.locales.len(), PARTS_MAX),
            ("$.customer_group_ids", self.customer_group_ids.len(), PARTS_MAX),
            ("$.queries", self.queries.len(), PARTS_MAX),
            ("$.category_ids", self.category_ids.len(), RULE_LIST_MAX),
            ("$.pins", self.pins.len(), PARTS_MAX),
            ("$.hide_product_ids", self.hide_product_ids.len(), RULE_LIST_MAX),
            ("$.boosts", self.boosts.len(), PARTS_MAX),
            ("$.banners", self.banners.len(), PARTS_MAX),
        ];
        let over = counts.into_iter().filter(|(_, count, most)| count > most);
        let mut issues: Vec<Issue> = over
            .map(|(path, _, most)| Issue::new(path, "too_many", format!("at most {most} entries")))
            .collect();
        if self.boosts.iter().map(|boost| boost.products.entries()).sum::<usize>() > BOOSTED_MAX {
            let words = format!("boosts have at most {BOOSTED_MAX} entries together");
            issues.push(Issue::new("$.boosts", "too_many", words));
        }
        issues
    }

    /// What cannot be meant together.
    fn contradictions(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        for (index, pin) in self.pins.iter().enumerate() {
            let before = self.pins.iter().take(index);
            let path = |field: &str| format!("$.pins[{index}].{field}");
            if before.clone().any(|other| other.product_id == pin.product_id) {
                issues.push(Issue::new(
                    path("product_id"),
                    "duplicate_value",
                    "another pin has this product",
                ));
            }
            if before.clone().any(|other| other.position == pin.position) {
                issues.push(Issue::new(path("position"), "duplicate_value", "another pin has this position"));
            }
            if self.hide_product_ids.contains(&pin.product_id) {
                let words = "this product is hidden by the same rule";
                issues.push(Issue::new(path("product_id"), "contradiction", words));
            }
        }
        issues
    }

    fn part_issues(&self) -> Vec<Issue> {
        let mut issues = Vec::new();
        for (index, query) in self.queries.iter().enumerate() {
            issues.extend(text_issue(&format!("$.queries[{index}].text"), &query.text, QUERY_WORDS_MAX));
        }
        for (index, pin) in self.pins.iter().enumerate() {
            if !(1..=POSITION_MAX).contains(&pin.position) {
                let path = format!("$.pins[{index}].position");
                issues.push(Issue::new(path, "out_of_range", format!("a position is 1 to {POSITION_MAX}")));
            }
        }
        for (index, boost) in self.boosts.iter().enumerate() {
            issues.extend(boost.products.issues(&format!("$.boosts[{index}].products")));
            if !(1..=PERCENT_MAX).contains(&boost.percent) {
                let path = format!("$.boosts[{index}].percent");
                issues.push(Issue::new(path, "out_of_range", format!("a percentage is 1 to {PERCENT_MAX}")));
            }
        }
        for (index, banner) in self.banners.iter().enumerate() {
            issues.extend(check_line(&format!("$.banners[{index}].title"), &banner.title, 255, true));
            for (field, url) in [("image_url", &banner.image_url), ("url", &banner.url)] {
                let path = format!("$.banners[{index}].{field}");
                issues.extend(url.as_ref().and_then(|url| url_issue(&path, url)));
            }
        }
        issues
    }
}

impl RuleFields for SearchRuleCreate {
    type Id = SearchRuleId;
    const TABLE: RuleTable = SEARCH_RULE;
    const KIND: Kind = rule_kind!("search_rule", "/api/admin/search/rules");
    const COUNT_MAX: Option<i64> = Some(RULES_MAX);

    fn name(&self) -> &str {
        &self.name
    }

    fn handle_mut(&mut self) -> &mut Option<Handle> {
        &mut self.handle
    }

    fn least() -> Value {
        json!({"name": "x"})
    }

    fn issues(&self) -> Vec<Issue> {
        let mut issues = common_issues(&self.name, self.starts_at, self.ends_at);
        issues.extend(self.count_issues());
        issues.extend(self.part_issues());
        issues.extend(self.contradictions());
        issues.extend(self.only.as_ref().map(|only| only.issues("$.only")).unwrap_or_default());
        issues.extend(self.redirect.as_ref().and_then(|url| url_issue("$.redirect", url)));
        if self.redirect.is_some() && self.queries.is_empty() {
            let words = "say for which words: a redirect without them would close the shop";
            issues.push(Issue::new("$.redirect", "queries_required", words));
        }
        issues
    }

    fn named(&self) -> Vec<Named> {
        vec![
            Named::new(None, &self.channel_ids, "$.channel_ids"),
            Named::new(Some(CUSTOMER_GROUP), &self.customer_group_ids, "$.customer_group_ids"),
        ]
    }

    fn spoken_of(&self) -> Vec<SpokenOf> {
        let categories = self.category_ids.iter().copied();
        let hidden = self.hide_product_ids.iter().copied();
        let mut all = vec![
            SpokenOf::ids(Spoken::Categories, categories, "$.category_ids".to_owned()),
            SpokenOf::ids(Spoken::Products, hidden, "$.hide_product_ids".to_owned()),
        ];
        let pin = |(index, pin): (usize, &RulePin)| {
            SpokenOf::ids(Spoken::Products, [pin.product_id], format!("$.pins[{index}].product_id"))
        };
        all.extend(self.pins.iter().enumerate().map(pin));
        all.extend(self.only.iter().flat_map(|only| only.spoken_of("$.only")));
        let boosts = self.boosts.iter().enumerate();
        all.extend(
            boosts
                .flat_map(|(index, boost)| boost.products.spoken_of(&format!("$.boosts[{index}].products"))),
        );
        all
    }
}
