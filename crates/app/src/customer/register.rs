//! Makes an account and signs it in.

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{CartId, CustomerId, EntityId};
use tradepost_store::customer::account::{self, CustomerRow};
use utoipa::ToSchema;

use super::session::{OpenSession, SignedInView, TokensView};
use super::{KIND, conflict, issues, read_email};
use crate::answer::Answer;
use crate::change::{no_payload, refuse};
use crate::error::WriteError;
use crate::mail::{CustomerMail, enqueue_customer_mail};
use crate::password::TypedPassword;
use crate::shopper::ShopperContext;
use crate::work::StaffContext;

/// A costly try of something that names no account: one to make, a token to guess.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerCreate {
    /// E-mail address.
    #[schema(max_length = 254, format = Email)]
    pub email: String,
    /// Password: any characters.
    #[schema(value_type = String, min_length = 8, max_length = 128, format = Password)]
    pub password: TypedPassword,
    /// First name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: Option<String>,
    /// Telephone number.
    #[serde(default)]
    #[schema(max_length = 32)]
    pub phone: Option<String>,
    /// Locale of mails.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// Whether advertising may be sent.
    #[serde(default)]
    pub accepts_marketing: bool,
    /// A guest's cart to take over; its token goes into `Cart-Token`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub cart_id: Option<CartId>,
}

/// Makes the account, signs it in and gives it the cart that they bring along, if any.
pub async fn register_with_cart(
    context: &ShopperContext,
    create: CustomerCreate,
) -> Result<SignedInView, WriteError> {
    let brought = create.cart_id;
    let (customer, tokens) = register_customer(&context.caller, create).await?;
    Ok(SignedInView::new(context, (customer, tokens), brought).await)
}

/// Makes the account, asks for a mail that proves its address, and signs it in.
///
/// That an address is taken is told: whoever registers is to be signed in at once, so it cannot be hidden. How often one
/// may ask is limited, and the answer takes as long either way.
pub async fn register_customer(
    context: &StaffContext,
    create: CustomerCreate,
) -> Result<(CustomerId, TokensView), WriteError> {
    let shop = &context.shop;
    let email = read_email(&create.email).map_err(|issue| WriteError::Invalid(vec![issue]))?;
    let now = context.now();
    let mut row = CustomerRow {
        id: shop.ids.next(),
        email_key: email.key(),
        email: email.as_str().to_owned(),
        first_name: create.first_name,
        last_name: create.last_name,
        phone: create.phone,
        password_hash: None,
        locale: create.locale.map(|locale| locale.as_str().to_owned()),
        group_ids: Vec::new(),
        accepts_marketing: create.accepts_marketing,
        email_verified_at: None,
        status: CustomerStatus::Active,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    refuse(issues(&row, Some(create.password.expose())))?;
    shop.throttle.attempt(context.origin.ip.as_deref())?;
    row.password_hash = Some(shop.passwords.hash(create.password.expose(), &*shop.ids).await?);
    let mut work = context.begin_in(shop.store.storefront(), "register_customer").await?;
    account::insert(&work.tx, &row).await.map_err(conflict)?;
    let opened = OpenSession::begin(context, &work, row.id).await?;
    let mail = CustomerMail::EmailVerification { customer_id: row.id };
    enqueue_customer_mail(shop, &work.tx, &mail, work.now).await?;
    work.event("customer.created", row.id.as_uuid(), row.version, no_payload());
    let after = json!({"email": email.masked(), "accepts_marketing": row.accepts_marketing});
    work.audit("customer.register", (KIND, row.id.as_uuid()), None, Some(after));
    work.finish(Answer::deleted()).await?;
    Ok((row.id, opened.tokens(shop).await?))
}
