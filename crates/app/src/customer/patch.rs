//! Changes a customer's own account. Who changes the address or the password shows the present one.

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, SessionId};
use tradepost_store::customer::account::{self, CustomerRow};
use tradepost_store::customer::{mail_token, session};
use utoipa::ToSchema;

use super::view::CustomerView;
use super::{KIND, closed_account, conflict, issues, read_email};
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, check_version, difference, no_payload, refuse};
use crate::error::WriteError;
use crate::mail::{CustomerMail, enqueue_customer_mail};
use crate::password::{TypedPassword, Verdict};
use crate::patch::{Patch, present, set};
use crate::work::{StaffContext, Work};

/// What to change of an account; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerPatch {
    /// E-mail address; needs `current_password`, and has to be proved anew.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 254, format = Email)]
    pub email: Option<String>,
    /// New password; needs `current_password`, and ends every other session.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 8, max_length = 128, format = Password)]
    pub password: Option<TypedPassword>,
    /// The present password.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, format = Password)]
    pub current_password: Option<TypedPassword>,
    /// First name.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub first_name: Patch<String>,
    /// Last name.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub last_name: Patch<String>,
    /// Telephone number.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 32)]
    pub phone: Patch<String>,
    /// Locale of mails.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub locale: Patch<Locale>,
    /// Whether advertising may be sent.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub accepts_marketing: Option<bool>,
}

/// That the present password was shown, and the hash of the new one.
struct Proof {
    shown_hash: String,
    new_hash: Option<String>,
}

/// Checks the present password, before any transaction, where what is to be changed needs it.
async fn prove(
    context: &StaffContext,
    id: CustomerId,
    patch: &CustomerPatch,
) -> Result<Option<Proof>, WriteError> {
    if patch.email.is_none() && patch.password.is_none() {
        return Ok(None);
    }
    let shop = &context.shop;
    let current = patch.current_password.as_ref().ok_or_else(|| {
        let message = "changing the address or the password needs the present password";
        WriteError::invalid("$.current_password", "current_password_required", message)
    })?;
    let found = account::get(&*shop.store.storefront().conn().await?, id).await?;
    let mut wanted = found.ok_or_else(closed_account)?;
    shop.throttle.sign_in(&wanted.email_key, context.origin.ip.as_deref())?;
    let stored = wanted.password_hash.clone().unwrap_or_default();
    if shop.passwords.verify(current.expose(), wanted.password_hash.as_deref()).await? == Verdict::Wrong {
        let detail = "the present password is another".into();
        return Err(WriteError::Forbidden { code: "invalid_current_password", detail });
    }
    apply(&mut wanted, patch)?;
    let new = patch.password.as_ref().map(TypedPassword::expose);
    // What will be refused is not worth a hash.
    refuse(issues(&wanted, new))?;
    let new_hash = match new {
        Some(new) => Some(shop.passwords.hash(new, &*shop.ids).await?),
        None => None,
    };
    Ok(Some(Proof { shown_hash: stored, new_hash }))
}

fn apply(customer: &mut CustomerRow, patch: &CustomerPatch) -> Result<(), WriteError> {
    if let Some(text) = &patch.email {
        let email = read_email(text).map_err(|issue| WriteError::Invalid(vec![issue]))?;
        if email.key() != customer.email_key {
            customer.email_verified_at = None;
        }
        customer.email_key = email.key();
        email.as_str().clone_into(&mut customer.email);
    }
    patch.first_name.clone().apply(&mut customer.first_name);
    patch.last_name.clone().apply(&mut customer.last_name);
    patch.phone.clone().apply(&mut customer.phone);
    match &patch.locale {
        Patch::Absent => {}
        Patch::Null => customer.locale = None,
        Patch::Value(locale) => customer.locale = Some(locale.as_str().to_owned()),
    }
    set(&mut customer.accepts_marketing, patch.accepts_marketing);
    Ok(())
}

/// Changes the account of a customer who is signed in, if it still has the version that was read.
pub async fn patch_customer(
    context: &StaffContext,
    (id, session_id): (CustomerId, SessionId),
    version: Option<Versions>,
    patch: CustomerPatch,
) -> Result<Answer, WriteError> {
    let proof = prove(context, id, &patch).await?;
    let mut work = context.begin_in(context.shop.store.storefront(), "patch_customer").await?;
    let found = account::get_for_update(&work.tx, id).await?;
    let before = found.filter(|row| row.status == CustomerStatus::Active).ok_or_else(closed_account)?;
    check_version(version, before.version)?;
    let mut after = before.clone();
    apply(&mut after, &patch)?;
    refuse(issues(&after, None))?;
    if let Some(Proof { shown_hash, new_hash }) = proof {
        if before.password_hash.as_deref() != Some(shown_hash.as_str()) {
            // Changed between the check and now: what was shown proves nothing any more.
            return Err(WriteError::VersionMismatch { current: before.version });
        }
        after.password_hash = new_hash.or(after.password_hash);
    }
    if after == before {
        let view = CustomerView::from(before);
        return work.finish_with(Outcome::Done, &view, Some(view.version)).await;
    }
    after.version += 1;
    after.updated_at = work.now;
    account::update(&work.tx, &after).await.map_err(conflict)?;
    follow(context, &mut work, (&before, &after), session_id).await?;
    let view = CustomerView::from(after);
    work.finish_with(Outcome::Done, &view, Some(view.version)).await
}

/// What a change brings about: sessions and tokens that end, mails, the audit entry, which names fields and no values.
async fn follow(
    context: &StaffContext,
    work: &mut Work<'_>,
    (before, after): (&CustomerRow, &CustomerRow),
    kept: SessionId,
) -> Result<(), WriteError> {
    let (shop, id) = (&context.shop, after.id);
    let password_changed = before.password_hash != after.password_hash;
    let address_changed = before.email_key != after.email_key;
    if password_changed || address_changed {
        mail_token::delete_all(&work.tx, id).await?;
    }
    if password_changed {
        session::revoke_others(&work.tx, id, Some(kept), work.now, "password_changed").await?;
        let mail = CustomerMail::PasswordChanged { customer_id: id };
        enqueue_customer_mail(shop, &work.tx, &mail, work.now).await?;
    }
    if address_changed {
        if let Ok(former) = before.email.parse() {
            let mail = CustomerMail::EmailChanged { customer_id: id, former };
            enqueue_customer_mail(shop, &work.tx, &mail, work.now).await?;
        }
        let mail = CustomerMail::EmailVerification { customer_id: id };
        enqueue_customer_mail(shop, &work.tx, &mail, work.now).await?;
    }
    let changed = difference(&CustomerView::from(before.clone()), &CustomerView::from(after.clone()))?;
    let names =
        changed.and_then(|(_, new)| new.as_object().map(|new| new.keys().cloned().collect::<Vec<_>>()));
    let told = json!({"fields": names.unwrap_or_default(), "password": password_changed});
    work.audit("customer.update", (KIND, id.as_uuid()), None, Some(told));
    work.event("customer.updated", id.as_uuid(), after.version, no_payload());
    Ok(())
}
