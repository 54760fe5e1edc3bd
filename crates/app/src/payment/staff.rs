//! A payment as staff see it: with its attempts, and what may still be captured or refunded.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::kernel::ids::{OrderId, PaymentAttemptId, PaymentId};
use tradepost_domain::kernel::{Money, MoneyError};
use tradepost_domain::payment::{Attempt, DisputeStage, RefundStage};
use tradepost_store::payment::{PaymentRecord, dispute_word, read};

use utoipa::ToSchema;

pub use tradepost_store::payment::read::PaymentFilter;

use super::missing;
use super::view::status_word;
use crate::catalog::views::MoneyView;
use crate::error::WriteError;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A payment of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentAdminView {
    /// Id.
    #[schema(value_type = String, example = "pay_01000000000000000000000001")]
    pub id: PaymentId,
    /// The order.
    #[schema(value_type = String)]
    pub order_id: OrderId,
    /// `pending`, `requires_action`, `processing`, `authorized`, `succeeded`, `failed` or `canceled`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// Who collects it: `test`, `stripe`.
    #[schema(value_type = String)]
    pub provider: &'static str,
    /// `automatic` where the money is taken at once, `manual` where staff take it.
    pub capture: String,
    /// What is to be paid.
    pub amount: MoneyView,
    /// What may still be taken of what is set aside.
    pub capturable: MoneyView,
    /// What was taken.
    pub captured: MoneyView,
    /// What went back.
    pub refunded: MoneyView,
    /// What may still go back: not on its way, and not held by a bank.
    pub refundable: MoneyView,
    /// What a bank holds or keeps: of disputes that are open, and of those that were lost.
    pub disputed: MoneyView,
    /// The tries to be paid, the oldest first.
    pub attempts: Vec<AttemptView>,
    /// What buyers disputed at their banks.
    pub disputes: Vec<DisputeView>,
    /// Grows by one with every change.
    pub version: i64,
}

/// A payment that a buyer disputes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DisputeView {
    /// The try that it is about.
    #[schema(value_type = String)]
    pub attempt_id: PaymentAttemptId,
    /// The provider's id of it.
    pub provider_ref: String,
    /// `inquiry` (no money has moved), `opened` (the bank holds it), `lost` (the bank keeps it) or `won`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// How much it is about, maybe in the currency of the buyer's bank.
    pub amount: MoneyView,
}

/// One try to be paid.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttemptView {
    /// Id.
    #[schema(value_type = String)]
    pub id: PaymentAttemptId,
    /// `created`, `requires_action`, `processing`, `failed`, `authorized`, `canceled` or `captured`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// What the provider was asked for.
    pub amount: MoneyView,
    /// What was taken.
    pub captured: MoneyView,
    /// The provider's id of it, once known.
    #[schema(required = true)]
    pub provider_ref: Option<String>,
    /// The provider's word for why it failed.
    #[schema(required = true)]
    pub error_code: Option<String>,
    /// Whether the outcome of the last call is not known yet.
    pub unknown: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The payment as staff see it.
pub(super) fn admin_view(record: &PaymentRecord) -> Result<PaymentAdminView, MoneyError> {
    let attempts = &record.state.attempts;
    let money = |amount: i64| Money::new(amount, record.state.owed.currency()).map(MoneyView::from);
    let settling = record.state.settled_by.and_then(|id| attempts.get(&id));
    let refundable = match settling {
        Some(attempt) => attempt.balance()?.refundable()?.amount(),
        None => 0,
    };
    let refunded = attempts.values().map(|attempt| attempt.refunded(RefundStage::Succeeded)).sum();
    let held = |attempt: &Attempt| {
        let (opened, lost) = (attempt.disputed(DisputeStage::Opened), attempt.disputed(DisputeStage::Lost));
        opened.saturating_add(lost)
    };
    let shown = attempts.values().filter_map(|attempt| {
        let details = record.details.get(&attempt.id)?;
        Some(money(attempt.captured_amount()).map(|captured| AttemptView {
            id: attempt.id,
            status: attempt.status.as_str(),
            amount: attempt.amount.into(),
            captured,
            provider_ref: details.provider_ref.clone(),
            error_code: details.error_code.clone(),
            unknown: details.unknown_since.is_some(),
            created_at: details.created_at,
        }))
    });
    Ok(PaymentAdminView {
        id: record.id,
        order_id: record.order_id,
        status: status_word(record),
        provider: record.state.provider.as_str(),
        capture: record.capture.clone(),
        amount: record.state.owed.into(),
        capturable: money(attempts.values().map(|attempt| attempt.capturable().amount()).sum())?,
        captured: money(attempts.values().map(Attempt::captured_amount).sum())?,
        refunded: money(refunded)?,
        refundable: money(refundable)?,
        disputed: money(attempts.values().map(held).sum())?,
        attempts: shown.collect::<Result<_, _>>()?,
        disputes: attempts.values().flat_map(disputes).collect(),
        version: record.version,
    })
}

fn disputes(attempt: &Attempt) -> impl Iterator<Item = DisputeView> {
    attempt.disputes.iter().map(|(provider_ref, dispute)| DisputeView {
        attempt_id: attempt.id,
        provider_ref: provider_ref.clone(),
        status: dispute_word(dispute.stage),
        amount: dispute.amount.into(),
    })
}

/// The words for how far a payment has come.
pub const STATUS_WORDS: [&str; 7] =
    ["pending", "requires_action", "processing", "authorized", "succeeded", "failed", "canceled"];

/// A page of the payments that a filter finds, newest first.
pub async fn list_payments(
    shop: &Shop,
    filter: &PaymentFilter,
    page: &PageRequest<PaymentId>,
) -> Result<Page<PaymentAdminView>, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let records = read::list(&conn, filter, page.after, page.rows()).await?;
    let total = if page.count { Some(read::count(&conn, filter).await?) } else { None };
    let views = records.iter().map(admin_view).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::new(page, views, total, |view| view.id))
}

/// A payment.
pub async fn find_payment(shop: &Shop, id: PaymentId) -> Result<PaymentAdminView, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let order = read::order_of_payment(&conn, id).await?.ok_or_else(missing)?;
    let record = read::of_order(&conn, order).await?.ok_or_else(missing)?;
    Ok(admin_view(&record)?)
}
