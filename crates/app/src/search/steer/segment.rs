//! Which segment a shopper is of: the groups of a customer, as far as rules of search are for them.

use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::ids::{CustomerGroupId, CustomerId};
use tradepost_store::StoreError;
use tradepost_store::customer::account;

use crate::catalog::Catalog;

/// The groups of a customer that rules are for, in their order; none of a guest. Nobody is looked up where no rule is for some.
pub async fn segment(
    catalog: &Catalog,
    customer: Option<CustomerId>,
) -> Result<Vec<CustomerGroupId>, StoreError> {
    let shelves = catalog.shelves.as_ref().filter(|shelves| shelves.has_segments());
    let Some((shelves, id)) = shelves.zip(customer) else { return Ok(Vec::new()) };
    let found = account::get(&*catalog.store.storefront().conn().await?, id).await?;
    let active = found.filter(|row| row.status == CustomerStatus::Active);
    Ok(active.map(|row| shelves.segments_of(&row.group_ids)).unwrap_or_default())
}
