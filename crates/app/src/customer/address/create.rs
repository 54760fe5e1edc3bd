//! Keeps another address.

use tradepost_domain::customer::ADDRESSES_MAX;
use tradepost_domain::kernel::Address;
use tradepost_domain::kernel::ids::CustomerId;
use tradepost_store::customer::address::{self, CustomerAddressRow};

use super::view::{CustomerAddressCreate, CustomerAddressView};
use super::{lock_owner, tell};
use crate::answer::{Answer, Outcome};
use crate::change::Resource;
use crate::error::WriteError;
use crate::work::StaffContext;

/// Keeps the address. A customer's first one becomes both defaults.
pub async fn create_customer_address(
    context: &StaffContext,
    customer: CustomerId,
    create: CustomerAddressCreate,
) -> Result<Answer, WriteError> {
    let mut work = context.begin_in(context.shop.store.storefront(), "create_customer_address").await?;
    lock_owner(&work.tx, customer).await?;
    let count = address::count(&work.tx, customer).await?;
    if count >= i64::try_from(ADDRESSES_MAX).unwrap_or(i64::MAX) {
        let detail = format!("a customer keeps at most {ADDRESSES_MAX} addresses: delete one first");
        return Err(WriteError::conflict("too_many_addresses", detail, None));
    }
    let (shipping, billing) = (create.is_default_shipping, create.is_default_billing);
    let row = CustomerAddressRow {
        id: work.next_id(),
        address: Address::parse("$", &create.fields()).map_err(WriteError::Invalid)?,
        is_default_shipping: shipping || count == 0,
        is_default_billing: billing || count == 0,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    address::clear_other_defaults(&work.tx, customer, &row, work.now).await?;
    address::insert(&work.tx, customer, &row).await?;
    let view = CustomerAddressView::from(row);
    tell(&mut work, CustomerAddressView::KIND.created, "create", &view);
    let answer = Answer::new(Outcome::Created, &view, Some(view.version))?;
    work.finish(answer.at(format!("{}/{}", CustomerAddressView::KIND.path, view.id))).await
}
