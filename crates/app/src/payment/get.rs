//! Shows a payment to whoever may open its order.

use serde::Serialize;
use tradepost_domain::kernel::ids::PaymentId;
use tradepost_store::order::read::get_owned;
use tradepost_store::payment::{PaymentRecord, read};

use utoipa::ToSchema;

use super::missing;
use super::view::PaymentView;
use crate::catalog::views::MoneyView;
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

/// How far a payment has come.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentStatusView {
    /// The payment.
    #[schema(value_type = String)]
    pub id: PaymentId,
    /// `pending`, `requires_action`, `processing`, `authorized`, `succeeded`, `failed` or `canceled`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// What is to be paid.
    pub amount: MoneyView,
    /// The provider's word for why the last try failed.
    #[schema(required = true)]
    pub error_code: Option<String>,
}

/// How far the payment of an order that this shopper may open has come.
pub async fn get_payment_status(
    context: &ShopperContext,
    id: PaymentId,
) -> Result<PaymentStatusView, WriteError> {
    let PaymentView { id, status, amount, error_code, .. } = get_payment(context, id).await?;
    Ok(PaymentStatusView { id, status, amount, error_code })
}
