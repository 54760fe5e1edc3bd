//! What is to lie where, as requests say it.

use tradepost_app::catalog::stock_level::StockChange;
use tradepost_app::inventory::{SetStockLevel, VariantRef};
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::ids::{StockLocationId, VariantId};
use utoipa::ToSchema;

use crate::extract::patch::present;
use crate::problem::Problem;

/// A level of a variant, given by `variant_id` or `sku`: either `on_hand` or `adjust`.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLevelSet {
    /// The variant.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, pattern = "^var_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    variant_id: Option<VariantId>,
    /// The variant's SKU.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    sku: Option<String>,
    /// Where; the default location when it is not said.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, pattern = "^loc_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    location_id: Option<StockLocationId>,
    /// Units that lie there, as they were counted.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000)]
    on_hand: Option<i64>,
    /// Units that came, or went when it is below zero.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i64, required = false)]
    adjust: Option<i64>,
    /// Version of the level that the change is meant for; 0 for a level that is not there yet.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i64, required = false)]
    version: Option<i64>,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 255)]
    reason: Option<String>,
}

impl StockLevelSet {
    /// What it asks for; `at` is where it stands in the body.
    pub(super) fn into_item(self, at: &str) -> Result<SetStockLevel, Problem> {
        let variant = match (self.variant_id, self.sku) {
            (Some(id), None) => VariantRef::Id(id),
            (None, Some(sku)) => VariantRef::Sku(sku),
            (None, None) => {
                return Err(refuse(at, "variant_id", "missing_field", "give `variant_id` or `sku`"));
            }
            (Some(_), Some(_)) => {
                return Err(refuse(at, "sku", "conflicting_fields", "give either `variant_id` or `sku`"));
            }
        };
        let change = stock_change((self.on_hand, self.adjust), at)?;
        Ok(SetStockLevel {
            variant,
            location_id: self.location_id,
            change,
            version: self.version,
            reason: self.reason,
        })
    }
}

/// A change of what lies there, said by one of two fields.
pub(super) fn stock_change(said: (Option<i64>, Option<i64>), at: &str) -> Result<StockChange, Problem> {
    match said {
        (Some(units), None) => Ok(StockChange::OnHand(units)),
        (None, Some(by)) => Ok(StockChange::Adjust(by)),
        (None, None) => Err(refuse(at, "on_hand", "missing_field", "give `on_hand` or `adjust`")),
        (Some(_), Some(_)) => {
            Err(refuse(at, "adjust", "conflicting_fields", "give either `on_hand` or `adjust`"))
        }
    }
}

fn refuse(at: &str, field: &str, code: &'static str, message: &'static str) -> Problem {
    Problem::invalid(vec![Issue::new(format!("{at}.{field}"), code, message)])
}
