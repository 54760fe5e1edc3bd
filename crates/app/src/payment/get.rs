//! Shows a payment to whoever may open its order.

use tradepost_domain::kernel::ids::PaymentId;
use tradepost_store::order::read::get_owned;
use tradepost_store::payment::{PaymentRecord, read};

use super::missing;
use super::view::PaymentView;
use crate::error::WriteError;
use crate::shopper::ShopperContext;

/// The payment of an order that this shopper may open.
pub async fn get_payment(context: &ShopperContext, id: PaymentId) -> Result<PaymentView, WriteError> {
    Ok(PaymentView::from(&own_payment(context, id).await?))
}

pub(super) async fn own_payment(
    context: &ShopperContext,
    id: PaymentId,
) -> Result<PaymentRecord, WriteError> {
    let owner = context.order_owner()?;
    let conn = context.caller.shop.store.storefront().conn().await?;
    let order = read::order_of_payment(&conn, id).await?.ok_or_else(missing)?;
    if get_owned(&conn, order, &owner).await?.is_none() {
        return Err(missing());
    }
    read::of_order(&conn, order).await?.ok_or_else(missing)
}
