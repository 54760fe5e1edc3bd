//! Shows a customer what they keep to pay with.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::kernel::ids::{CustomerId, SavedPaymentMethodId};
use tradepost_domain::payment::PaymentProvider;
use tradepost_store::StoreError;
use tradepost_store::payment::method::{self, SavedMethodRow};
use utoipa::ToSchema;

use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// What a customer keeps to pay with, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SavedPaymentMethodView {
    /// Id: `saved_payment_method` of a confirmation.
    #[schema(value_type = String)]
    pub id: SavedPaymentMethodId,
    /// Who has it, and collects with it.
    #[schema(value_type = String, example = "stripe")]
    pub provider: PaymentProvider,
    /// What it is.
    #[serde(rename = "type")]
    #[schema(example = "card")]
    pub kind: String,
    /// Brand of a card.
    #[schema(required = true, example = "visa")]
    pub brand: Option<String>,
    /// Last four digits of a card.
    #[schema(required = true, example = "4242")]
    pub last4: Option<String>,
    /// Month in which a card expires.
    #[schema(required = true)]
    pub exp_month: Option<i16>,
    /// Year in which a card expires.
    #[schema(required = true)]
    pub exp_year: Option<i16>,
    /// When it was kept.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<SavedMethodRow> for SavedPaymentMethodView {
    fn from(row: SavedMethodRow) -> Self {
        let SavedMethodRow {
            id,
            provider,
            provider_ref: _,
            kind,
            brand,
            last4,
            exp_month,
            exp_year,
            created_at,
        } = row;
        Self { id, provider, kind, brand, last4, exp_month, exp_year, created_at }
    }
}

/// A page of what a customer keeps, newest first.
pub async fn list_payment_methods(
    shop: &Shop,
    customer: CustomerId,
    page: &PageRequest<SavedPaymentMethodId>,
) -> Result<Page<SavedPaymentMethodView>, StoreError> {
    let conn = shop.store.storefront().conn().await?;
    let rows = method::list(&conn, customer, page.after, page.rows()).await?;
    let total = if page.count { Some(method::count(&conn, customer).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(SavedPaymentMethodView::from))
}
