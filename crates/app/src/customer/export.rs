//! What the shop knows of a customer, for the customer to take along.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::customer::{ADDRESSES_MAX, CustomerStatus};
use tradepost_domain::kernel::ids::{CustomerId, SessionId};
use tradepost_store::StoreError;
use tradepost_store::catalog::review_write;
use tradepost_store::customer::session::SessionRow;
use tradepost_store::customer::{account, address, session};
use utoipa::ToSchema;

use super::address::CustomerAddressView;
use super::view::CustomerView;
use crate::review::ReviewAdminView;
use crate::shop::Shop;

/// Sessions that are shown, at most.
const SESSIONS_MAX: i64 = 1_000;

/// A session that lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionView {
    /// Id.
    #[schema(value_type = String)]
    pub id: SessionId,
    /// Where it was begun from.
    pub ip: Option<String>,
    /// With what.
    pub user_agent: Option<String>,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last refreshed.
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl From<SessionRow> for SessionView {
    fn from(row: SessionRow) -> Self {
        let SessionRow { id, ip, user_agent, created_at, last_used_at, expires_at } = row;
        Self { id, ip, user_agent, created_at, last_used_at, expires_at }
    }
}

/// Everything about one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerExport {
    /// When it was put together.
    #[schema(value_type = String, format = DateTime)]
    pub exported_at: Timestamp,
    /// The account.
    pub customer: CustomerView,
    /// Addresses, newest first.
    pub addresses: Vec<CustomerAddressView>,
    /// Reviews, newest first.
    pub reviews: Vec<ReviewAdminView>,
    /// Sessions that live, newest first.
    pub sessions: Vec<SessionView>,
}

/// Puts together what the shop knows of a customer.
pub async fn export_customer(shop: &Shop, id: CustomerId) -> Result<Option<CustomerExport>, StoreError> {
    let now = shop.clock.now();
    let conn = shop.store.storefront().conn().await?;
    let found = account::get(&conn, id).await?.filter(|row| row.status == CustomerStatus::Active);
    let Some(customer) = found else { return Ok(None) };
    let limit = i64::try_from(ADDRESSES_MAX).unwrap_or(i64::MAX);
    let addresses = address::list(&conn, id, None, limit).await?;
    let reviews = review_write::list_of_customer(&conn, id).await?;
    let sessions = session::list_live(&conn, id, now, SESSIONS_MAX).await?;
    Ok(Some(CustomerExport {
        exported_at: now,
        customer: customer.into(),
        addresses: addresses.into_iter().map(CustomerAddressView::from).collect(),
        reviews: reviews.into_iter().map(ReviewAdminView::from).collect(),
        sessions: sessions.into_iter().map(SessionView::from).collect(),
    }))
}
