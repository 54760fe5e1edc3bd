//! Erases a customer: nothing of the person is left, and what others need (a review's stars, an order's number, lines, amounts and
//! bookings) stays without a name. What is still to be sent keeps its shipping address until it is.

use serde_json::json;
use tradepost_domain::customer::{CustomerStatus, erased_email};
use tradepost_domain::kernel::ids::{CustomerId, EntityId};
use tradepost_store::catalog::review_write;
use tradepost_store::customer::account::{self, CustomerRow};
use tradepost_store::customer::{address, mail_token, session};
use tradepost_store::{cart, order};

use super::{KIND, closed_account};
use crate::answer::Answer;
use crate::change::no_payload;
use crate::error::WriteError;
use crate::mail;
use crate::payment::method::forget_all;
use crate::work::StaffContext;

/// Name under which the reviews of those who have gone are shown.
const NOBODY: &str = "Anonymous";

/// Erases the account, and ends every session of it.
pub async fn erase_customer(context: &StaffContext, id: CustomerId) -> Result<Answer, WriteError> {
    let mut work = context.begin_in(context.shop.store.storefront(), "erase_customer").await?;
    let found = account::get_for_update(&work.tx, id).await?;
    let before = found.filter(|row| row.status == CustomerStatus::Active).ok_or_else(closed_account)?;
    let email = erased_email(id);
    let after = CustomerRow {
        id,
        email_key: email.clone(),
        email,
        first_name: None,
        last_name: None,
        phone: None,
        password_hash: None,
        locale: None,
        group_ids: Vec::new(),
        accepts_marketing: false,
        email_verified_at: None,
        status: CustomerStatus::Erased,
        version: before.version + 1,
        created_at: before.created_at,
        updated_at: work.now,
    };
    account::update(&work.tx, &after).await?;
    address::delete_all(&work.tx, id).await?;
    mail_token::delete_all(&work.tx, id).await?;
    session::delete_all(&work.tx, id).await?;
    forget_all(&mut work, id).await?;
    cart::delete_of_customer(&work.tx, id).await?;
    let emails = (after.email.as_str(), before.email_key.as_str());
    order::erase::anonymise(&work.tx, id, emails, (mail::QUEUES, work.now)).await?;
    for review in review_write::anonymise(&work.tx, id, NOBODY).await? {
        let payload = json!({"review_id": review.id, "status": review.status.as_str()});
        work.event("review.updated", review.product_id.as_uuid(), review.version, payload);
    }
    work.event("customer.erased", id.as_uuid(), after.version, no_payload());
    work.audit("customer.erase", (KIND, id.as_uuid()), None, None);
    work.finish(Answer::deleted()).await
}
