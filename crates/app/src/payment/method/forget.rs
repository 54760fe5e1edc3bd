//! Forgets what a customer kept: here at once, at the provider by a job, so that one that is away does not keep it.

use tradepost_domain::kernel::ids::{CustomerId, EntityId, SavedPaymentMethodId};
use tradepost_store::payment::method::{self, SavedMethodRow};

use super::worker::Task;
use super::{KIND, missing};
use crate::answer::Answer;
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// Forgets one of the customer's own.
pub async fn forget_payment_method(
    context: &StaffContext,
    customer: CustomerId,
    id: SavedPaymentMethodId,
) -> Result<Answer, WriteError> {
    let mut work = context.begin_in(context.shop.store.storefront(), "forget_payment_method").await?;
    let row = method::delete(&work.tx, customer, id).await?.ok_or_else(missing)?;
    ask_provider_to_forget(&mut work, row)?;
    work.audit("payment_method.delete", (KIND, id.as_uuid()), None, None);
    work.finish(Answer::deleted()).await
}

/// Forgets all that a customer kept, and as whom providers know them.
pub(crate) async fn forget_all(work: &mut Work<'_>, customer: CustomerId) -> Result<(), WriteError> {
    for row in method::delete_all(&work.tx, customer).await? {
        ask_provider_to_forget(work, row)?;
    }
    Ok(())
}

fn ask_provider_to_forget(work: &mut Work<'_>, row: SavedMethodRow) -> Result<(), WriteError> {
    Task::Forget { provider: row.provider, provider_ref: row.provider_ref }.ask(work)
}
