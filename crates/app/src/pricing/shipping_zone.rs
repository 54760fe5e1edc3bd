//! Shipping zones: places that shipping methods deliver to.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::ShippingZoneId;
use tradepost_domain::kernel::place::Place;
use tradepost_domain::kernel::{Handle, Issue};
use tradepost_store::pricing::rule::{RuleTable, SHIPPING_ZONE};
use utoipa::ToSchema;

use super::rule::{PatchOf, RuleFields, RuleView, rule_kind};
use super::shape::PlaceShape;
use super::{common_issues, place_issues};
use crate::change::Kind;

/// A shipping zone to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippingZoneCreate {
    /// Name as staff see it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Its places.
    #[schema(value_type = Vec<PlaceShape>, min_items = 1, max_items = 500)]
    pub places: Vec<Place>,
}

/// A shipping zone as staff see it.
pub type ShippingZoneView = RuleView<ShippingZoneCreate>;
/// What to change of a shipping zone.
pub type ShippingZonePatch = PatchOf<ShippingZoneCreate>;

impl RuleFields for ShippingZoneCreate {
    type Id = ShippingZoneId;
    const TABLE: RuleTable = SHIPPING_ZONE;
    const KIND: Kind = rule_kind!("shipping_zone", "/api/admin/shipping-zones");

    fn name(&self) -> &str {
        &self.name
    }

    fn handle_mut(&mut self) -> &mut Option<Handle> {
        &mut self.handle
    }

    fn least() -> Value {
        json!({"name": "x", "places": []})
    }

    fn issues(&self) -> Vec<Issue> {
        let mut issues = common_issues(&self.name, None, None);
        issues.extend(place_issues(&self.places));
        if self.places.is_empty() {
            // A method without zones delivers everywhere; a zone without places would be taken for the same.
            issues.push(Issue::new("$.places", "required", "a zone has at least one place"));
        }
        issues
    }
}
