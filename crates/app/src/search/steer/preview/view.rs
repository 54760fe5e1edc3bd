//! What a look ahead is asked, and what it tells.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{ChannelId, CustomerGroupId, ProductId, SearchRuleId};
use utoipa::ToSchema;

use super::super::rule::{RuleBanner, SearchRuleCreate};
use super::super::weights::SearchWeights;
use crate::search::views::{QueryView, StepView};

/// What to look at.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchPreview {
    /// The search, by the parameters of `GET /api/search` that choose and order products (`q`, `category`, `collection`,
    /// `filter[…]`, `sort`, `as_words`, `limit` up to 50).
    #[serde(default)]
    #[schema(example = json!({"q": "lamp", "filter[price][lte]": "5000"}))]
    pub parameters: BTreeMap<String, String>,
    /// Where; in the default channel when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub channel_id: Option<ChannelId>,
    /// In which of the channel's locales; its default when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// When; now when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    /// For customers of these groups; for guests when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub customer_group_ids: Vec<CustomerGroupId>,
    /// Weights to try instead of those that hold there.
    #[serde(default)]
    #[schema(required = false)]
    pub weights: Option<SearchWeights>,
    /// As a shopper would see it who agreed to an order of their own and has just looked at these products.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub seen_product_ids: Vec<ProductId>,
    /// Rules to try, as if they were stored; of the same priority, stored ones go first.
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub rules: Vec<SearchRuleCreate>,
    /// Stored rules that are left out.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 50)]
    pub without: Vec<SearchRuleId>,
}

/// What shoppers would be shown, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchPreviewView {
    /// The products in their order.
    pub products: Vec<PreviewProduct>,
    /// All products that are found.
    #[schema(minimum = 0)]
    pub total: u64,
    /// The rules that apply, in their order.
    pub rules: Vec<PreviewRule>,
    /// Products that rules leave out, the first ones of these.
    pub hidden: Vec<PreviewHidden>,
    /// Where the shopper is led.
    #[schema(required = true)]
    pub redirect: Option<PreviewRedirect>,
    /// What is shown beside the products.
    pub banners: Vec<PreviewBanner>,
    /// What was made of the words.
    #[schema(required = true)]
    pub query: Option<QueryView>,
    /// The same without any rule.
    pub without_rules: PreviewPlain,
}

/// A product, and why it stands where it does.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewProduct {
    /// Which.
    #[schema(value_type = String)]
    pub product_id: ProductId,
    /// Its title.
    pub title: String,
    /// Its handle.
    pub handle: String,
    /// The step that found it; the first one of a pin.
    pub step: StepView,
    /// How well it fits within its step, boosts included; 0 for pins, and where no words are asked for.
    pub score: f32,
    /// What the score is made of; nothing where there is none, or where it cannot be told.
    #[schema(required = true)]
    pub score_parts: Option<PreviewScore>,
    /// Its position without any rule, if it is among the first there.
    #[schema(required = true, minimum = 1)]
    pub position_without_rules: Option<usize>,
    /// Where it would stand for the shopper of `seen_product_ids`, and why.
    #[schema(required = true)]
    pub personal: Option<PreviewPersonal>,
    /// The rule that pins it here.
    #[schema(required = true)]
    pub pinned_by: Option<PreviewRule>,
    /// The boosts that hold for it.
    pub boosted_by: Vec<PreviewBoost>,
}

/// A place of a shopper's own.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PreviewPersonal {
    /// Its position.
    #[schema(minimum = 1)]
    pub position: usize,
    /// How near it is to what was looked at, by brand, category, type and colour: 0 to 1.
    #[schema(minimum = 0, maximum = 1)]
    pub affinity: f64,
}

/// What a score is made of: `words` times `prior` times `boosts`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PreviewScore {
    /// How well its words fit; products that meet a condition which was read out of the words have more.
    pub words: f32,
    /// What how well it sells multiplies that by.
    pub prior: f32,
    /// What the boosts of rules multiply that by.
    pub boosts: f32,
    /// What `words` would be if they were looked for in this field alone; `named` is paid where all words are in its name. They
    /// are no sum: a word is paid for its best field, and a little for the others.
    #[schema(example = json!({"title": 9.25, "named": 5.0}))]
    pub fields: BTreeMap<&'static str, f32>,
}

/// A rule that applies.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewRule {
    /// Its id; none of a rule that is tried.
    #[schema(required = true, value_type = Option<String>)]
    pub id: Option<SearchRuleId>,
    /// Its handle, if it has one.
    #[schema(required = true)]
    pub handle: Option<String>,
    /// Its name.
    pub name: String,
}

/// A boost that holds for a product.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewBoost {
    /// Of which rule.
    pub rule: PreviewRule,
    /// What is made of the score.
    pub percent: u16,
}

/// A product that rules leave out.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewHidden {
    /// Which.
    #[schema(value_type = String)]
    pub product_id: ProductId,
    /// Its title.
    pub title: String,
    /// Its handle.
    pub handle: String,
    /// The first rule that leaves it out.
    pub rule: PreviewRule,
}

/// Where the shopper is led.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewRedirect {
    /// The address.
    pub url: String,
    /// By which rule.
    pub rule: PreviewRule,
}

/// Something that is shown beside the products.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewBanner {
    /// What.
    pub banner: RuleBanner,
    /// By which rule.
    pub rule: PreviewRule,
}

/// What is shown without rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewPlain {
    /// The products in their order.
    #[schema(value_type = Vec<String>)]
    pub product_ids: Vec<ProductId>,
    /// All products that are found.
    #[schema(minimum = 0)]
    pub total: u64,
}
