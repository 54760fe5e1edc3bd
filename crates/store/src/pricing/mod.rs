//! What prices are made of: rules of all kinds, coupons, the counting of their uses, and the loading of everything that
//! one cart's price depends on.

pub mod coupon;
pub mod price_list_price;
pub mod rate_answer;
pub mod redemption;
pub mod rule;
pub mod snapshot;

use tradepost_domain::kernel::Money;

use crate::error::StoreError;
use crate::sql::Sql;

/// Every statement of this context.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [
        coupon::STATEMENTS,
        price_list_price::STATEMENTS,
        rate_answer::STATEMENTS,
        redemption::STATEMENTS,
        snapshot::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(rule::statements())
}

/// A stored amount.
pub(crate) fn money(amount: i64, currency: &str) -> Result<Money, StoreError> {
    let currency = currency.parse().map_err(|error| StoreError::inconsistent("price", error))?;
    Money::new(amount, currency).map_err(|error| StoreError::inconsistent("price", error))
}
