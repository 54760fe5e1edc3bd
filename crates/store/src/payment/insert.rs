//! Payments of new orders: what is owed, with the attempt to be paid it; any number of them in one statement.

use jiff::Timestamp;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_domain::payment::Attempt;

use super::{AttemptDetails, PaymentRecord};
use crate::db::{Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        with owed as (
            insert into payment (id, order_id, provider, amount, currency, capture, version, created_at, updated_at,
                                 customer_id, save_method)
            select p.id, p.order_id, p.provider, p.amount, p.currency, p.capture, p.version, $8, $8, p.customer_id,
                   p.save_method
              from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int8[], $5::text[], $6::text[], $7::int8[],
                          $19::uuid[], $20::bool[])
                   as p (id, order_id, provider, amount, currency, capture, version, customer_id, save_method))
        insert into payment_attempt (id, payment_id, order_id, provider, provider_ref, status, amount, capture_amount, currency,
                                     created_at, updated_at, payer_ref)
        select a.id, a.payment_id, a.order_id, a.provider, a.provider_ref, a.status, a.amount, a.capture_amount, a.currency,
               a.created_at, $8, a.payer_ref
          from unnest($9::uuid[], $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::int8[], $16::int8[],
                      $17::text[], $18::timestamptz[], $21::text[])
               as a (id, payment_id, order_id, provider, provider_ref, status, amount, capture_amount, currency, created_at,
                     payer_ref)";
}

/// An attempt with its payment.
type Try<'a> = (&'a PaymentRecord, &'a Attempt, &'a AttemptDetails);

fn owed<'a, T>(payments: &[&'a PaymentRecord], of: impl Fn(&'a PaymentRecord) -> T) -> Vec<T> {
    payments.iter().map(|payment| of(payment)).collect()
}

fn each<'a, T>(tries: &[Try<'a>], of: impl Fn(Try<'a>) -> T) -> Vec<T> {
    tries.iter().map(|one| of(*one)).collect()
}

/// Stores payments of which nothing has been heard yet. What they have beyond that stays as it is by default.
pub async fn insert(tx: &Tx, payments: &[&PaymentRecord], now: Timestamp) -> Result<(), StoreError> {
    if payments.is_empty() {
        return Ok(());
    }
    let tries = payments.iter().flat_map(|payment| {
        let attempts = payment.state.attempts.values();
        attempts.filter_map(|attempt| Some((*payment, attempt, payment.details.get(&attempt.id)?)))
    });
    let tries: Vec<Try<'_>> = tries.collect();
    let params: Params<'_> = &[
        &owed(payments, |payment| payment.id.as_uuid()),
        &owed(payments, |payment| payment.order_id.as_uuid()),
        &owed(payments, |payment| payment.state.provider.as_str()),
        &owed(payments, |payment| payment.state.owed.amount()),
        &owed(payments, |payment| payment.state.owed.currency().code()),
        &owed(payments, |payment| payment.capture.as_str()),
        &owed(payments, |payment| payment.version),
        &now,
        &each(&tries, |(_, attempt, _)| attempt.id.as_uuid()),
        &each(&tries, |(payment, ..)| payment.id.as_uuid()),
        &each(&tries, |(payment, ..)| payment.order_id.as_uuid()),
        &each(&tries, |(payment, ..)| payment.state.provider.as_str()),
        &each(&tries, |(.., details)| details.provider_ref.as_deref()),
        &each(&tries, |(_, attempt, _)| attempt.status.as_str()),
        &each(&tries, |(_, attempt, _)| attempt.amount.amount()),
        &each(&tries, |(_, attempt, _)| attempt.capture_amount.amount()),
        &each(&tries, |(_, attempt, _)| attempt.amount.currency().code()),
        &each(&tries, |(.., details)| details.created_at),
        &owed(payments, |payment| payment.customer_id.map(|id| id.as_uuid())),
        &owed(payments, |payment| payment.save_method),
        &each(&tries, |(.., details)| details.payer_ref.as_deref()),
    ];
    tx.execute(INSERT, params).await.map(drop)
}
