//! Price lists: when they apply. Their prices are kept in `price_list_price`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{ChannelId, CustomerGroupId, PriceListId};
use tradepost_domain::kernel::limits::RULE_LIST_MAX;
use tradepost_domain::kernel::{Handle, Issue};
use tradepost_store::StoreError;
use tradepost_store::pricing::price_list_price;
use tradepost_store::pricing::rule::{CUSTOMER_GROUP, PRICE_LIST, RuleTable};
use utoipa::ToSchema;

use super::rule::{Named, PatchOf, RuleFields, RuleView, rule_kind};
use super::{common_issues, shown, yes};
use crate::change::Kind;
use crate::work::Work;

/// A price list to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceListCreate {
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
    /// Of the lists that have a price for a variant, the one with the largest priority sets it.
    #[serde(default)]
    #[schema(minimum = -2_147_483_648_i64, maximum = 2_147_483_647)]
    pub priority: i32,
    /// Channels it is for; empty for all.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 250)]
    pub channel_ids: Vec<ChannelId>,
    /// Groups of customers it is for; empty for everybody.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 250)]
    pub customer_group_ids: Vec<CustomerGroupId>,
    /// First moment.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// First moment at which it applies no more.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
}

/// A price list as staff see it.
pub type PriceListView = RuleView<PriceListCreate>;
/// What to change of a price list.
pub type PriceListPatch = PatchOf<PriceListCreate>;

impl RuleFields for PriceListCreate {
    type Id = PriceListId;
    const TABLE: RuleTable = PRICE_LIST;
    const KIND: Kind = rule_kind!("price_list", "/api/admin/price-lists");

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
        let lists = [
            ("$.channel_ids", self.channel_ids.len()),
            ("$.customer_group_ids", self.customer_group_ids.len()),
        ];
        for (path, _) in lists.into_iter().filter(|(_, length)| *length > RULE_LIST_MAX) {
            issues.push(Issue::new(path, "too_many", format!("at most {RULE_LIST_MAX}")));
        }
        issues
    }

    fn told(before: Option<&Self>, after: Option<&Self>, now: Timestamp) -> Value {
        shown::terms_changed(before, after, now)
    }

    /// Which products it names: nobody could tell once its prices are gone.
    async fn leave(&self, work: &Work<'_>, id: PriceListId) -> Result<(), StoreError> {
        if shown::is_shown(self, work.now) {
            price_list_price::leave_products(&work.tx, id).await
        } else {
            Ok(())
        }
    }

    fn named(&self) -> Vec<Named> {
        vec![
            Named::new(None, &self.channel_ids, "$.channel_ids"),
            Named::new(Some(CUSTOMER_GROUP), &self.customer_group_ids, "$.customer_group_ids"),
        ]
    }
}
