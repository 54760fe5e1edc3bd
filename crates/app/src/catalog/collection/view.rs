//! A collection as staff see it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{CollectionRule, Issue};
use tradepost_domain::kernel::ids::{CollectionId, ProductId};
use tradepost_domain::kernel::limits::{DESCRIPTION_BYTES_MAX, TITLE_LEN_MAX};
use tradepost_store::catalog::collection::{CollectionProductRow, CollectionRow};
use utoipa::ToSchema;

use crate::change::{refuse, resource};
use crate::error::WriteError;

/// How a collection gets its products.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum CollectionKindShape {
    /// Staff list the products.
    Manual,
    /// A rule picks them.
    Rule,
}

/// A rule that picks products.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes a type of `domain`, which knows no API document")]
pub struct RuleShape {
    /// Whether all conditions must hold or one is enough.
    #[schema(rename = "match")]
    mode: MatchShape,
    /// The conditions.
    #[schema(min_items = 1, max_items = 20)]
    conditions: Vec<ConditionShape>,
}

/// Whether all conditions must hold or one is enough.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a type of `domain`, which knows no API document")]
enum MatchShape {
    /// All of them.
    All,
    /// At least one.
    Any,
}

/// One condition, such as `price lt 5000`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes a type of `domain`, which knows no API document")]
struct ConditionShape {
    /// `title`, `brand`, `type`, `category`, `tag`, `price` (minor units), `in_stock`, or `attribute.<key>`.
    field: String,
    /// How it compares.
    operator: OperatorShape,
    /// With what: a text, a number, true or false, as the field wants it.
    value: Value,
}

/// How a condition compares.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a type of `domain`, which knows no API document")]
enum OperatorShape {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Above.
    Gt,
    /// At or above.
    Gte,
    /// Below.
    Lt,
    /// At or below.
    Lte,
    /// A text that holds the value, or a list that has it.
    Contains,
}

/// A collection.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CollectionView {
    /// Id.
    #[schema(value_type = String)]
    pub id: CollectionId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub title: String,
    /// Sanitised HTML.
    pub description: String,
    /// How it gets its products.
    #[schema(value_type = CollectionKindShape)]
    pub kind: String,
    /// The rule; null where products are picked by hand.
    #[schema(value_type = Option<RuleShape>)]
    pub rule: Option<Value>,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

resource!(CollectionView, CollectionId, "collection", "/api/admin/collections");

impl From<CollectionRow> for CollectionView {
    fn from(row: CollectionRow) -> Self {
        let CollectionRow { id, handle, title, description, kind, rule, version, created_at, updated_at } =
            row;
        Self { id, handle, title, description, kind, rule, version, created_at, updated_at }
    }
}

/// A product of a collection, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CollectionProductView {
    /// Id.
    #[schema(value_type = String)]
    pub id: ProductId,
    /// Name in URLs.
    pub handle: String,
    /// Title.
    pub title: String,
    /// `draft`, `published` or `archived`.
    pub status: String,
}

impl From<CollectionProductRow> for CollectionProductView {
    fn from(row: CollectionProductRow) -> Self {
        let CollectionProductRow { id, handle, title, status, .. } = row;
        Self { id, handle, title, status }
    }
}

/// What is wrong with the texts of a collection.
pub(super) fn issues(row: &CollectionRow) -> Vec<Issue> {
    let mut issues = Vec::from_iter(check_text("$.title", &row.title, TITLE_LEN_MAX, true));
    if row.description.len() > DESCRIPTION_BYTES_MAX {
        let message = format!("at most {DESCRIPTION_BYTES_MAX} bytes");
        issues.push(Issue::new("$.description", "too_long", message));
    }
    issues
}

/// The rule as it is stored, if it is sound.
pub(super) fn checked_rule(rule: &CollectionRule) -> Result<Value, WriteError> {
    refuse(rule.validate().err().unwrap_or_default())?;
    Ok(serde_json::to_value(rule)?)
}
