//! Tax rates of zones.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{EntityId, TaxClassId, TaxRateId, TaxZoneId};
use tradepost_domain::kernel::{Handle, Issue};
use tradepost_domain::tax::RatePpm;
use tradepost_store::pricing::rule::{RuleTable, TAX_CLASS, TAX_RATE, TAX_ZONE};
use utoipa::ToSchema;

use super::common_issues;
use super::rule::{Named, PatchOf, RuleFields, RuleView, rule_kind};
use crate::change::Kind;

/// A tax rate to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRateCreate {
    /// Name as on receipts, such as "VAT 19 %".
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// The zone.
    #[schema(value_type = String)]
    pub tax_zone_id: TaxZoneId,
    /// The class of goods; without one, goods without a class and classes without a rate of their own.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub tax_class_id: Option<TaxClassId>,
    /// The rate in parts per million: 190000 is 19 %. Rates of one class in one zone add up.
    #[schema(value_type = u32, minimum = 0, maximum = 1_000_000)]
    pub rate_ppm: RatePpm,
}

/// A tax rate as staff see it.
pub type TaxRateView = RuleView<TaxRateCreate>;
/// What to change of a tax rate.
pub type TaxRatePatch = PatchOf<TaxRateCreate>;

impl RuleFields for TaxRateCreate {
    type Id = TaxRateId;
    const TABLE: RuleTable = TAX_RATE;
    const KIND: Kind = rule_kind!("tax_rate", "/api/admin/tax-rates");

    fn name(&self) -> &str {
        &self.name
    }

    fn handle_mut(&mut self) -> &mut Option<Handle> {
        &mut self.handle
    }

    fn least() -> Value {
        json!({"name": "x", "rate_ppm": 0, "tax_zone_id": TaxZoneId::from_uuid(uuid::Uuid::nil())})
    }

    fn issues(&self) -> Vec<Issue> {
        common_issues(&self.name, None, None)
    }

    fn named(&self) -> Vec<Named> {
        vec![
            Named::new(Some(TAX_ZONE), &[self.tax_zone_id], "$.tax_zone_id"),
            Named::new(Some(TAX_CLASS), self.tax_class_id.as_slice(), "$.tax_class_id"),
        ]
    }
}
