//! Payments written: the whole record as it now is. Rows that are there are updated, others inserted.

use jiff::Timestamp;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_domain::payment::{Attempt, DisputeStage, RefundStage};

use super::{AttemptDetails, PaymentRecord, RefundRow, dispute_word, refund_word};
use crate::db::{Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    PUT = "
        insert into payment (id, order_id, provider, amount, currency, capture, settled_by, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
        on conflict (id) do update
           set settled_by = excluded.settled_by, version = excluded.version, updated_at = excluded.updated_at";
    PUT_ATTEMPT = "
        insert into payment_attempt (id, payment_id, order_id, provider, provider_ref, status, amount, capture_amount, currency,
                                     captured, mismatch_amount, mismatch_currency, unknown_since, refunded, refund_pending, disputed,
                                     client_secret, next_action, error_code, confirmations, created_at, updated_at,
                                     retrying)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
        on conflict (id) do update
           set provider_ref = excluded.provider_ref, status = excluded.status, capture_amount = excluded.capture_amount,
               captured = excluded.captured, mismatch_amount = excluded.mismatch_amount,
               mismatch_currency = excluded.mismatch_currency, unknown_since = excluded.unknown_since,
               refunded = excluded.refunded, refund_pending = excluded.refund_pending, disputed = excluded.disputed,
               client_secret = excluded.client_secret, next_action = excluded.next_action, error_code = excluded.error_code,
               confirmations = excluded.confirmations, updated_at = excluded.updated_at, retrying = excluded.retrying";
    PUT_REFUND = "
        insert into refund (id, order_id, attempt_id, provider_ref, amount, currency, status, reason, lines, restock, error_code,
                            calls, next_call_at, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        on conflict (id) do update
           set provider_ref = excluded.provider_ref, status = excluded.status, error_code = excluded.error_code,
               calls = excluded.calls, next_call_at = excluded.next_call_at, version = excluded.version,
               updated_at = excluded.updated_at";
    PUT_DISPUTE = "
        insert into dispute (attempt_id, provider_ref, order_id, stage, amount, currency, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7)
        on conflict (attempt_id, provider_ref) do update
           set stage = excluded.stage, amount = excluded.amount, updated_at = excluded.updated_at";
}

/// Stores a payment as it now is, with all that belongs to it. All statements travel in one flight.
pub async fn put(tx: &Tx, record: &PaymentRecord, now: Timestamp) -> Result<(), StoreError> {
    let state = &record.state;
    // The payment first: what refers to it is checked at the end of each statement, in the order of sending.
    let head_id = record.id.as_uuid();
    let order_id = record.order_id.as_uuid();
    let settled_by = state.settled_by.map(|id| id.as_uuid());
    let head: Params<'_> = &[
        &head_id,
        &order_id,
        &state.provider.as_str(),
        &state.owed.amount(),
        &state.owed.currency().code(),
        &record.capture,
        &settled_by,
        &record.version,
        &now,
    ];
    let attempts =
        state.attempts.values().filter_map(|attempt| Some((attempt, record.details.get(&attempt.id)?)));
    let attempts = attempts.map(|(attempt, details)| put_attempt(tx, record, (attempt, details), now));
    let refunds = record.refunds.iter().map(|refund| put_refund(tx, refund, now));
    let disputes = state.attempts.values().map(|attempt| put_disputes(tx, record, attempt, now));
    let (_, _, _, _) = futures_util::future::try_join4(
        tx.execute(PUT, head),
        futures_util::future::try_join_all(attempts),
        futures_util::future::try_join_all(refunds),
        futures_util::future::try_join_all(disputes),
    )
    .await?;
    Ok(())
}

async fn put_attempt(
    tx: &Tx,
    record: &PaymentRecord,
    (attempt, details): (&Attempt, &AttemptDetails),
    now: Timestamp,
) -> Result<(), StoreError> {
    let disputed =
        attempt.disputed(DisputeStage::Opened).saturating_add(attempt.disputed(DisputeStage::Lost));
    let captured = attempt.captured.map(|_| attempt.captured_amount());
    let params: Params<'_> = &[
        &attempt.id.as_uuid(),
        &record.id.as_uuid(),
        &record.order_id.as_uuid(),
        &record.state.provider.as_str(),
        &details.provider_ref,
        &attempt.status.as_str(),
        &attempt.amount.amount(),
        &attempt.capture_amount.amount(),
        &attempt.amount.currency().code(),
        &captured,
        &attempt.mismatch.map(Money::amount),
        &attempt.mismatch.map(|told| told.currency().code()),
        &details.unknown_since,
        &attempt.refunded(RefundStage::Succeeded),
        &attempt.refunded(RefundStage::Pending),
        &disputed,
        &details.client_secret,
        &details.next_action,
        &details.error_code,
        &details.confirmations,
        &details.created_at,
        &now,
        &details.retrying,
    ];
    tx.execute(PUT_ATTEMPT, params).await.map(drop)
}

async fn put_refund(tx: &Tx, refund: &RefundRow, now: Timestamp) -> Result<(), StoreError> {
    let params: Params<'_> = &[
        &refund.id.as_uuid(),
        &refund.order_id.as_uuid(),
        &refund.attempt_id.as_uuid(),
        &refund.provider_ref,
        &refund.amount.amount(),
        &refund.amount.currency().code(),
        &refund_word(refund.stage),
        &refund.reason,
        &refund.lines,
        &refund.restock,
        &refund.error_code,
        &refund.calls,
        &refund.next_call_at,
        &refund.version,
        &refund.created_at,
        &now,
    ];
    tx.execute(PUT_REFUND, params).await.map(drop)
}

async fn put_disputes(
    tx: &Tx,
    record: &PaymentRecord,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (id, dispute) in &attempt.disputes {
        let params: Params<'_> = &[
            &attempt.id.as_uuid(),
            id,
            &record.order_id.as_uuid(),
            &dispute_word(dispute.stage),
            &dispute.amount.amount(),
            &dispute.amount.currency().code(),
            &now,
        ];
        tx.execute(PUT_DISPUTE, params).await?;
    }
    Ok(())
}
