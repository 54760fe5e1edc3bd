//! Reads customers.

use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::ids::CustomerId;
use tradepost_store::StoreError;
use tradepost_store::customer::account::{self, CustomerFilter};

use super::view::{CustomerAdminView, CustomerView};
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A customer's own account, while it can be used.
pub async fn find_customer(shop: &Shop, id: CustomerId) -> Result<Option<CustomerView>, StoreError> {
    let found = account::get(&*shop.store.storefront().conn().await?, id).await?;
    Ok(found.filter(|row| row.status == CustomerStatus::Active).map(CustomerView::from))
}

/// A page of the customers that pass the filter, newest first.
pub async fn list_customers(
    shop: &Shop,
    filter: &CustomerFilter,
    page: &PageRequest<CustomerId>,
) -> Result<Page<CustomerAdminView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = account::list(&conn, filter, page.after, page.rows()).await?;
    let total = if page.count { Some(account::count(&conn, filter).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(CustomerAdminView::from))
}

/// One customer, as staff see them.
pub async fn find_customer_of_staff(
    shop: &Shop,
    id: CustomerId,
) -> Result<Option<CustomerAdminView>, StoreError> {
    let found = account::get(&*shop.store.admin().conn().await?, id).await?;
    Ok(found.map(CustomerAdminView::from))
}
