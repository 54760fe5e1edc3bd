//! Customers at Stripe and the payment methods that they saved.

use std::time::Duration;

use tradepost_port::payment::{NewCustomer, Outcome, ReadError, Refusal, SavedPaymentMethod};

use super::client::{Answer, Form, StripeClient};
use super::intents::{field, path_id};
use super::object::{Identified, PaymentMethod};

fn outcome(answer: Answer) -> Outcome<String> {
    let read = |body: &[u8]| {
        let object: Identified = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        Ok(object.id)
    };
    let decline = |error: &super::object::ApiError| {
        Outcome::Refused(Refusal::new(error.decline_word(), error.to_string()))
    };
    answer.into_outcome(read, decline, |_| Err(Vec::new()))
}

pub(super) async fn create(
    client: &StripeClient,
    customer: &NewCustomer,
    within: Duration,
) -> Outcome<String> {
    let id = customer.customer_id.to_string();
    let form = vec![field("email", &customer.email), field("metadata[customer_id]", &id)];
    outcome(client.post("/v1/customers", &form, &id, within).await)
}

/// <https://docs.stripe.com/api/payment_methods/customer>
pub(super) async fn payment_method(
    client: &StripeClient,
    (customer, payment_method): (&str, &str),
    within: Duration,
) -> Result<SavedPaymentMethod, ReadError> {
    let customer = path_id(customer).ok_or(ReadError::NotFound)?;
    let id = path_id(payment_method).ok_or(ReadError::NotFound)?;
    let path = format!("/v1/customers/{customer}/payment_methods/{id}");
    client.get(&path, &Form::new(), within).await.map(saved)
}

fn saved(of: PaymentMethod) -> SavedPaymentMethod {
    let (brand, last4, expires) = of
        .card
        .map_or((None, None, None), |card| (card.brand, card.last4, card.exp_month.zip(card.exp_year)));
    SavedPaymentMethod { id: of.id, kind: of.kind, brand, last4, expires }
}

pub(super) async fn forget(client: &StripeClient, payment_method: &str, within: Duration) -> Outcome<()> {
    let Some(id) = path_id(payment_method) else {
        return Outcome::Refused(Refusal::new("malformed_id", payment_method));
    };
    let path = format!("/v1/payment_methods/{id}/detach");
    let key = format!("{id}-detach");
    outcome(client.post(&path, &Form::new(), &key, within).await).map(|_| ())
}
