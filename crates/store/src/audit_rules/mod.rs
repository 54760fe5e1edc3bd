//! What must hold in every shop at every moment, as one statement that answers no row while it does.
//!
//! Asked by `doctor`, by the worker every few minutes, and by tests after whatever they did. One file a subject, each a
//! text that is joined with the others; each rule has a negative test that breaks one row.

mod money;
mod promotion;
mod stock;
mod webhook;

use jiff::Timestamp;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    /// All rules; a row is a rule and the id of what breaks it.
    AUDIT = concat!(stock::rules!(), "
         union all", money::rules!(), "
         union all", promotion::rules!(), "
         union all", webhook::rules!());
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokenRule {
    /// Name of the rule in snake case.
    pub rule: String,
    /// Id of the row that breaks it.
    pub id: String,
}

/// Everything that breaks a rule at this moment, by rule and id; empty in a sound shop.
pub async fn find_broken(client: &Client, now: Timestamp) -> Result<Vec<BrokenRule>, StoreError> {
    let rows = client.query(AUDIT, &[&now]).await?;
    let mut broken: Vec<BrokenRule> =
        rows.iter().map(|row| BrokenRule { rule: row.get("rule"), id: row.get("id") }).collect();
    broken.sort();
    Ok(broken)
}
