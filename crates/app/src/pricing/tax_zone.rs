//! Tax zones: where which taxes are levied, and how they are rounded there.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{ChannelId, TaxZoneId};
use tradepost_domain::kernel::limits::RULE_LIST_MAX;
use tradepost_domain::kernel::place::Place;
use tradepost_domain::kernel::{Handle, Issue, Rounding};
use tradepost_domain::tax::{RatesFrom, RoundingLevel};
use tradepost_store::pricing::rule::{RuleTable, TAX_ZONE};
use utoipa::ToSchema;

use super::rule::{Named, PatchOf, RuleFields, RuleView, rule_kind};
use super::shape::{PlaceShape, RatesFromShape, RoundingLevelShape, RoundingShape};
use super::{common_issues, place_issues};
use crate::change::Kind;

/// A tax zone to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxZoneCreate {
    /// Name as staff see it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Where it is; empty for all that lies in no other zone. The narrowest zone counts.
    #[serde(default)]
    #[schema(value_type = Vec<PlaceShape>, required = false, max_items = 500)]
    pub places: Vec<Place>,
    /// Channels whose carts are taxed here while they have no address.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false, max_items = 250)]
    pub default_channel_ids: Vec<ChannelId>,
    /// Whether the shop's prices contain the tax.
    pub prices_include_tax: bool,
    /// How halves of a minor unit are rounded.
    #[serde(default = "half_up")]
    #[schema(value_type = RoundingShape, required = false)]
    pub rounding: Rounding,
    /// Where they are rounded.
    #[serde(default = "by_line")]
    #[schema(value_type = RoundingLevelShape, required = false)]
    pub rounding_level: RoundingLevel,
    /// Who says the rates: staff, or the tax service that is configured.
    #[serde(default)]
    #[schema(value_type = RatesFromShape, required = false)]
    pub rates_from: RatesFrom,
}

fn half_up() -> Rounding {
    Rounding::HalfUp
}

fn by_line() -> RoundingLevel {
    RoundingLevel::Line
}

/// A tax zone as staff see it.
pub type TaxZoneView = RuleView<TaxZoneCreate>;
/// What to change of a tax zone.
pub type TaxZonePatch = PatchOf<TaxZoneCreate>;

impl RuleFields for TaxZoneCreate {
    type Id = TaxZoneId;
    const TABLE: RuleTable = TAX_ZONE;
    const KIND: Kind = rule_kind!("tax_zone", "/api/admin/tax-zones");

    fn name(&self) -> &str {
        &self.name
    }

    fn handle_mut(&mut self) -> &mut Option<Handle> {
        &mut self.handle
    }

    fn least() -> Value {
        json!({"name": "x", "prices_include_tax": true})
    }

    fn issues(&self) -> Vec<Issue> {
        let mut issues = common_issues(&self.name, None, None);
        issues.extend(place_issues(&self.places));
        if self.default_channel_ids.len() > RULE_LIST_MAX {
            let message = format!("at most {RULE_LIST_MAX}");
            issues.push(Issue::new("$.default_channel_ids", "too_many", message));
        }
        issues
    }

    fn named(&self) -> Vec<Named> {
        vec![Named::new(None, &self.default_channel_ids, "$.default_channel_ids")]
    }
}
