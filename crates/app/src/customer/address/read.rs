//! Reads the addresses that a customer keeps.

use tradepost_domain::kernel::ids::{CustomerAddressId, CustomerId};
use tradepost_store::StoreError;
use tradepost_store::customer::address;

use super::view::CustomerAddressView;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of a customer's addresses, newest first.
pub async fn list_customer_addresses(
    shop: &Shop,
    customer: CustomerId,
    page: &PageRequest<CustomerAddressId>,
) -> Result<Page<CustomerAddressView>, StoreError> {
    let conn = shop.store.storefront().conn().await?;
    let rows = address::list(&conn, customer, page.after, page.rows()).await?;
    let total = if page.count { Some(address::count(&conn, customer).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(CustomerAddressView::from))
}

/// One address of a customer.
pub async fn find_customer_address(
    shop: &Shop,
    customer: CustomerId,
    id: CustomerAddressId,
) -> Result<Option<CustomerAddressView>, StoreError> {
    let conn = shop.store.storefront().conn().await?;
    Ok(address::get(&conn, customer, id).await?.map(CustomerAddressView::from))
}
