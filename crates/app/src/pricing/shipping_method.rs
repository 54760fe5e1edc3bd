//! Shipping methods: where they deliver to and what they cost.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{ChannelId, ShippingMethodId, ShippingZoneId, TaxClassId};
use tradepost_domain::kernel::limits::RULE_LIST_MAX;
use tradepost_domain::kernel::{Amounts, Handle, Issue};
use tradepost_domain::shipping::ShippingRates;
use tradepost_store::pricing::rule::{RuleTable, SHIPPING_METHOD, SHIPPING_ZONE, TAX_CLASS};
use utoipa::ToSchema;

use super::rule::{Named, PatchOf, RuleFields, RuleView, rule_kind};
use super::shape::{AmountShape, ShippingRatesShape};
use super::{common_issues, yes};
use crate::change::Kind;

/// A shipping method to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingMethodCreate {
    /// Name as shoppers see it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Whether it is offered.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
    /// Zones it delivers to; empty for the whole world.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 250)]
    pub shipping_zone_ids: Vec<ShippingZoneId>,
    /// Channels that offer it; empty for all.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 250)]
    pub channel_ids: Vec<ChannelId>,
    /// What it costs.
    #[schema(value_type = ShippingRatesShape)]
    pub rates: ShippingRates,
    /// It costs nothing when the goods cost at least so much after discounts.
    #[serde(default)]
    #[schema(value_type = Option<Vec<AmountShape>>, min_items = 1, max_items = 50)]
    pub free_from: Option<Amounts>,
    /// The class by which its cost is taxed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tax_class_id: Option<TaxClassId>,
}

/// A shipping method as staff see it.
pub type ShippingMethodView = RuleView<ShippingMethodCreate>;
/// What to change of a shipping method.
pub type ShippingMethodPatch = PatchOf<ShippingMethodCreate>;

impl RuleFields for ShippingMethodCreate {
    type Id = ShippingMethodId;
    const TABLE: RuleTable = SHIPPING_METHOD;
    const KIND: Kind = rule_kind!("shipping_method", "/api/admin/shipping-methods");

    fn name(&self) -> &str {
        &self.name
    }

    fn handle_mut(&mut self) -> &mut Option<Handle> {
        &mut self.handle
    }

    fn least() -> Value {
        json!({"name": "x", "rates": {"flat": {"prices": [{"amount": 0, "currency": "EUR"}]}}})
    }

    fn issues(&self) -> Vec<Issue> {
        let mut issues = common_issues(&self.name, None, None);
        let lists = [
            ("$.shipping_zone_ids", self.shipping_zone_ids.len()),
            ("$.channel_ids", self.channel_ids.len()),
        ];
        for (path, _) in lists.into_iter().filter(|(_, length)| *length > RULE_LIST_MAX) {
            issues.push(Issue::new(path, "too_many", format!("at most {RULE_LIST_MAX}")));
        }
        issues
    }

    fn named(&self) -> Vec<Named> {
        vec![
            Named::new(Some(SHIPPING_ZONE), &self.shipping_zone_ids, "$.shipping_zone_ids"),
            Named::new(None, &self.channel_ids, "$.channel_ids"),
            Named::new(Some(TAX_CLASS), self.tax_class_id.as_slice(), "$.tax_class_id"),
        ]
    }
}
