//! Promotions: when they apply, to what, and how often.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::PromotionId;
use tradepost_domain::kernel::limits::{RULE_LIST_MAX, USAGE_LIMIT_MAX};
use tradepost_domain::kernel::{Handle, Issue};
use tradepost_domain::promotion::{Combines, Condition, Effect};
use tradepost_store::pricing::rule::{PROMOTION, RuleTable};
use utoipa::ToSchema;

use super::rule::{PatchOf, RuleFields, RuleView, rule_kind};
use super::shape::{CombinesShape, EffectShape, PromotionConditionShape};
use super::{common_issues, yes};
use crate::change::Kind;
use crate::error::WriteError;

/// A promotion to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromotionCreate {
    /// Name as shoppers see it.
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
    /// The larger is considered first.
    #[serde(default)]
    #[schema(minimum = -2_147_483_648_i64, maximum = 2_147_483_647)]
    pub priority: i32,
    /// The group it belongs to, by which others accept or refuse it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub group: Option<Handle>,
    /// Which others it goes together with; they have to accept it, too.
    #[serde(default)]
    #[schema(value_type = CombinesShape, required = false)]
    pub combines: Combines,
    /// First moment.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// First moment at which it applies no more.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Whether it needs one of its coupons.
    #[serde(default)]
    pub requires_coupon: bool,
    /// Most orders that may use it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub usage_limit: Option<u32>,
    /// Most orders of one customer that may use it. A guest is known by the e-mail address.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub limit_per_customer: Option<u32>,
    /// What must hold; always when absent.
    #[serde(default = "Condition::always")]
    #[schema(value_type = PromotionConditionShape, required = false)]
    pub condition: Condition,
    /// What it takes off.
    #[schema(value_type = EffectShape)]
    pub effect: Effect,
}

/// A promotion as staff see it.
pub type PromotionView = RuleView<PromotionCreate>;
/// What to change of a promotion.
pub type PromotionPatch = PatchOf<PromotionCreate>;

/// What is wrong with the limits of uses.
pub(super) fn limit_issues(usage_limit: Option<u32>, limit_per_customer: Option<u32>) -> Vec<Issue> {
    let limits = [("$.usage_limit", usage_limit), ("$.limit_per_customer", limit_per_customer)];
    let wrong = |limit: Option<u32>| limit.is_some_and(|limit| !(1..=USAGE_LIMIT_MAX).contains(&limit));
    let issue = |path| Issue::new(path, "out_of_range", format!("a limit is 1 to {USAGE_LIMIT_MAX}"));
    limits.into_iter().filter(|(_, limit)| wrong(*limit)).map(|(path, _)| issue(path)).collect()
}

impl RuleFields for PromotionCreate {
    type Id = PromotionId;
    const TABLE: RuleTable = PROMOTION;
    const KIND: Kind = rule_kind!("promotion", "/api/admin/promotions");
    const COUNTS_USES: bool = true;

    fn name(&self) -> &str {
        &self.name
    }

    fn handle_mut(&mut self) -> &mut Option<Handle> {
        &mut self.handle
    }

    fn least() -> Value {
        json!({"name": "x", "effect": {"free_shipping": {}}})
    }

    fn issues(&self) -> Vec<Issue> {
        let mut issues = common_issues(&self.name, self.starts_at, self.ends_at);
        issues.extend(limit_issues(self.usage_limit, self.limit_per_customer));
        if matches!(&self.combines, Combines::Groups(groups) if groups.len() > RULE_LIST_MAX) {
            issues.push(Issue::new("$.combines", "too_many", format!("at most {RULE_LIST_MAX} groups")));
        }
        issues
    }

    fn check_uses(&self, used: i32) -> Result<(), WriteError> {
        if self.usage_limit.is_some_and(|limit| i64::from(limit) < i64::from(used)) {
            let detail = "the promotion was used more often than this";
            let error = WriteError::conflict("limit_below_uses", detail, Some("$.usage_limit"));
            return Err(error.with_fact("used", used));
        }
        Ok(())
    }
}
