//! For whom a provider is asked to collect: a customer whom it knows, or nobody.

use tradepost_domain::kernel::ids::{CustomerId, PaymentAttemptId};
use tradepost_domain::payment::PaymentProvider;
use tradepost_port::payment::{NewCustomer, Outcome, PaymentGateway};
use tradepost_store::payment::{PaymentRecord, method};

use super::super::WITHIN;
use crate::error::WriteError;
use crate::outside::Outside;
use crate::shop::Shop;

/// The provider's id of the customer whom an attempt is made for; `Err` holds why the provider cannot say so now.
///
/// Written down before the attempt's object is asked for: a repeat asks for the same, as its key wants it. The provider is
/// made to know a customer where something is to be kept for them, and once only.
pub(in super::super) async fn payer(
    shop: &Shop,
    (record, attempt): (&PaymentRecord, PaymentAttemptId),
    gateway: &Outside<dyn PaymentGateway>,
) -> Result<Result<Option<String>, String>, WriteError> {
    let Some(customer) = record.customer_id else { return Ok(Ok(None)) };
    let pinned = record.details.get(&attempt).and_then(|details| details.payer_ref.clone());
    if let Some(pinned) = pinned {
        return Ok(Ok(Some(pinned).filter(|payer| !payer.is_empty())));
    }
    if record.save_method
        && let Err(why) = introduce(shop, (customer, record.state.provider), gateway).await?
    {
        return Ok(Err(why));
    }
    let conn = shop.store.storefront().conn().await?;
    Ok(Ok(method::pin_payer(&conn, attempt, customer).await?))
}

/// Makes a provider know a customer. One that will not is left alone: the order can be paid, and nothing is kept.
async fn introduce(
    shop: &Shop,
    (customer_id, provider): (CustomerId, PaymentProvider),
    gateway: &Outside<dyn PaymentGateway>,
) -> Result<Result<(), String>, WriteError> {
    let db = shop.store.storefront();
    let known = method::claim_customer(&*db.conn().await?, customer_id, provider, shop.clock.now()).await?;
    let Some(known) = known.filter(|known| known.provider_ref.is_none()) else { return Ok(Ok(())) };
    let request = NewCustomer { customer_id, email: known.email };
    match gateway.call().create_customer(&request, WITHIN).await {
        Outcome::Ok(id) | Outcome::RequiresAction(id, _) => {
            method::name_customer(&*db.conn().await?, customer_id, provider, &id).await?;
        }
        Outcome::NotDone(why) | Outcome::Unknown(why) => return Ok(Err(why)),
        Outcome::Declined(decline) => refused(customer_id, &decline.code),
        Outcome::Refused(refusal) => refused(customer_id, &refusal.code),
    }
    Ok(Ok(()))
}

fn refused(customer: CustomerId, code: &str) {
    tracing::warn!(customer.id = %customer, code, "the payment provider does not take a customer: nothing can be kept for them");
}
