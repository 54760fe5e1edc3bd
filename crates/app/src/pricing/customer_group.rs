//! Groups of customers, which price lists and promotions name.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::CustomerGroupId;
use tradepost_domain::kernel::{Handle, Issue};
use tradepost_store::pricing::rule::{CUSTOMER_GROUP, RuleTable};
use utoipa::ToSchema;

use super::common_issues;
use super::rule::{PatchOf, RuleFields, RuleView, rule_kind};
use crate::change::Kind;

/// A group of customers to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerGroupCreate {
    /// Name as staff see it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
}

/// A group of customers as staff see it.
pub type CustomerGroupView = RuleView<CustomerGroupCreate>;
/// What to change of a group.
pub type CustomerGroupPatch = PatchOf<CustomerGroupCreate>;

impl RuleFields for CustomerGroupCreate {
    type Id = CustomerGroupId;
    const TABLE: RuleTable = CUSTOMER_GROUP;
    const KIND: Kind = rule_kind!("customer_group", "/api/admin/customer-groups");

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
