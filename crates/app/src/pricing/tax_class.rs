//! Tax classes: which goods are taxed alike.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::TaxClassId;
use tradepost_domain::kernel::{Handle, Issue};
use tradepost_domain::promotion::Items;
use tradepost_store::pricing::rule::{RuleTable, TAX_CLASS};
use utoipa::ToSchema;

use super::common_issues;
use super::rule::{PatchOf, RuleFields, RuleView, rule_kind};
use super::shape::ItemsShape;
use crate::change::Kind;

/// A tax class to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxClassCreate {
    /// Name as staff see it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// The goods of the class; of several classes that name one, the older counts. Empty for none.
    #[serde(default)]
    #[schema(value_type = ItemsShape, required = false)]
    pub items: Items,
}

/// A tax class as staff see it.
pub type TaxClassView = RuleView<TaxClassCreate>;
/// What to change of a tax class.
pub type TaxClassPatch = PatchOf<TaxClassCreate>;

impl RuleFields for TaxClassCreate {
    type Id = TaxClassId;
    const TABLE: RuleTable = TAX_CLASS;
    const KIND: Kind = rule_kind!("tax_class", "/api/admin/tax-classes");

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
        common_issues(&self.name, None, None)
    }
}
