//! Addresses that a customer keeps.

mod create;
mod delete;
mod patch;
mod read;
mod view;

pub use create::create_customer_address;
pub use delete::delete_customer_address;
pub use patch::{AddressPatch, patch_customer_address};
pub use read::{find_customer_address, list_customer_addresses};
pub use view::{CustomerAddressCreate, CustomerAddressView};

use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::ids::{CustomerId, EntityId};
use tradepost_store::Tx;
use tradepost_store::customer::account;

use crate::change::{Resource, no_payload};
use crate::customer::closed_account;
use crate::error::WriteError;
use crate::work::Work;

/// Keeps the customer from changing while the addresses do: two that become the default at once do so in turn.
async fn lock_owner(tx: &Tx, id: CustomerId) -> Result<(), WriteError> {
    let found = account::get_for_update(tx, id).await?;
    let active = found.filter(|row| row.status == CustomerStatus::Active);
    active.map(drop).ok_or_else(closed_account)
}

/// Tells of a change: the audit entry says that there was one, never where somebody lives.
fn tell(work: &mut Work<'_>, event: &'static str, action: &str, view: &CustomerAddressView) {
    let id = view.id.as_uuid();
    work.event(event, id, view.version, no_payload());
    work.audit(&format!("customer_address.{action}"), (CustomerAddressView::KIND.name, id), None, None);
}
