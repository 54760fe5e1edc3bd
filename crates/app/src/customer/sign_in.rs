//! Signs a customer in by address and password.

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::customer::password::PASSWORD_LEN_MAX;
use tradepost_domain::kernel::EmailAddress;
use tradepost_domain::kernel::ids::{CartId, CustomerId, EntityId};
use tradepost_store::customer::account::{self, CustomerRow};
use utoipa::ToSchema;
use uuid::Uuid;

use super::KIND;
use super::session::{OpenSession, SignedInView, TokensView};
use crate::answer::Answer;
use crate::error::WriteError;
use crate::password::{TypedPassword, Verdict};
use crate::shopper::ShopperContext;
use crate::work::StaffContext;

/// Who wants to sign in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// E-mail address.
    pub email: String,
    /// Password.
    #[schema(value_type = String, format = Password)]
    pub password: TypedPassword,
    /// A guest's cart to merge into the customer's own; its token goes into `Cart-Token`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub cart_id: Option<CartId>,
}

/// Signs the customer in and merges the cart that they bring along, if any.
pub async fn sign_in_with_cart(
    context: &ShopperContext,
    command: SignIn,
) -> Result<SignedInView, WriteError> {
    let brought = command.cart_id;
    let (customer, tokens) = sign_in(&context.caller, command).await?;
    Ok(SignedInView::new(context, (customer, tokens), brought).await)
}

/// Signs the customer in. A wrong password, an unknown address and an account without a password get the same answer
/// after the same work.
pub async fn sign_in(
    context: &StaffContext,
    command: SignIn,
) -> Result<(CustomerId, TokensView), WriteError> {
    let shop = &context.shop;
    let email: Option<EmailAddress> = command.email.parse().ok();
    let key = email.as_ref().map(EmailAddress::key).unwrap_or_default();
    shop.throttle.sign_in(&key, context.origin.ip.as_deref())?;
    let found = account::find_by_email(&*shop.store.storefront().conn().await?, &key).await?;
    let typed = command.password.expose();
    // Nobody has a longer one; hashing it would only cost time.
    let (typed, known) = match typed.chars().count() {
        0..=PASSWORD_LEN_MAX => (typed, found.as_ref()),
        _ => ("", None),
    };
    let stored = known.and_then(|customer| customer.password_hash.as_deref());
    let verdict = shop.passwords.verify(typed, stored).await?;
    let Some(customer) = found.as_ref().filter(|_| verdict != Verdict::Wrong) else {
        let masked = email.as_ref().map(EmailAddress::masked);
        record_failure(context, found.as_ref(), masked).await?;
        return Err(WriteError::Unauthenticated {
            code: "invalid_credentials",
            detail: "the e-mail address or the password is wrong".into(),
        });
    };
    if customer.status != CustomerStatus::Active {
        record_failure(context, found.as_ref(), email.as_ref().map(EmailAddress::masked)).await?;
        let detail = "the account is closed: write to the shop".into();
        return Err(WriteError::Forbidden { code: "account_disabled", detail });
    }
    let better = match verdict {
        Verdict::Outdated => Some(shop.passwords.hash(typed, &*shop.ids).await?),
        Verdict::Right | Verdict::Wrong => None,
    };
    let mut work = context.begin_in(shop.store.storefront(), "sign_in").await?;
    if let Some((former, better)) = stored.zip(better) {
        account::rehash(&work.tx, customer.id, former, &better).await?;
    }
    let opened = OpenSession::begin(context, &work, customer.id).await?;
    let after = json!({"session_id": opened.session_id});
    work.audit("customer.sign_in", (KIND, customer.id.as_uuid()), None, Some(after));
    work.finish(Answer::deleted()).await?;
    Ok((customer.id, opened.tokens(shop).await?))
}

/// Notes a failure, of an unknown address as of a known one.
async fn record_failure(
    context: &StaffContext,
    customer: Option<&CustomerRow>,
    masked: Option<String>,
) -> Result<(), WriteError> {
    let mut work = context.begin_in(context.shop.store.storefront(), "record_sign_in_failure").await?;
    let id = customer.map_or(Uuid::nil(), |customer| customer.id.as_uuid());
    work.audit("customer.sign_in_failed", (KIND, id), None, Some(json!({"email": masked})));
    work.finish(Answer::deleted()).await.map(drop)
}
