//! Forgets an address.

use tradepost_domain::kernel::ids::{CustomerAddressId, CustomerId};
use tradepost_store::customer::address;

use super::view::CustomerAddressView;
use super::{lock_owner, tell};
use crate::answer::Answer;
use crate::change::{Resource, Versions, check_version, missing};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Forgets the address if it still has the version that was read.
pub async fn delete_customer_address(
    context: &StaffContext,
    customer: CustomerId,
    id: CustomerAddressId,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let mut work = context.begin_in(context.shop.store.storefront(), "delete_customer_address").await?;
    lock_owner(&work.tx, customer).await?;
    let found = address::get_for_update(&work.tx, customer, id).await?;
    let row = found.ok_or_else(missing::<CustomerAddressView>)?;
    check_version(version, row.version)?;
    address::delete(&work.tx, customer, id).await?;
    tell(&mut work, CustomerAddressView::KIND.deleted, "delete", &CustomerAddressView::from(row));
    work.finish(Answer::deleted()).await
}
