//! What customers keep to pay with: kept once an order is paid with it, listed, forgotten, and paid with again.
//!
//! The card is with the provider alone. What is kept here is what the provider tells of it and may be shown, and the
//! provider's id of it, which is shown to nobody.

mod forget;
pub(super) mod payer;
mod read;
mod worker;

pub(crate) use forget::forget_all;
pub use forget::forget_payment_method;
pub use read::{SavedPaymentMethodView, list_payment_methods};
pub(super) use worker::work_off;
pub(crate) use worker::{QUEUES, Task};

use tradepost_domain::kernel::ids::{CustomerId, SavedPaymentMethodId};
use tradepost_store::payment::method::{self, SavedMethodRow};

use crate::error::WriteError;
use crate::shop::Shop;

/// What one of them is called in problems and in the audit log.
const KIND: &str = "payment_method";

fn missing() -> WriteError {
    WriteError::NotFound { kind: KIND }
}

/// One of a customer's own. Somebody else's is not there.
pub(super) async fn own(
    shop: &Shop,
    customer: Option<CustomerId>,
    id: SavedPaymentMethodId,
) -> Result<SavedMethodRow, WriteError> {
    let customer = customer.ok_or_else(missing)?;
    let conn = shop.store.storefront().conn().await?;
    method::get(&conn, customer, id).await?.ok_or_else(missing)
}
