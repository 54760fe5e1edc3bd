//! Points at which a proof ends the process (docs/adr/0017): `tradepost lab torture` arms one of them in the shop that it
//! starts, and the process dies there as if it were killed. Always compiled, so that what is proved is what runs; not
//! armed, a point is one comparison.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Where the process may end. The order is that of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CrashPoint {
    /// The request for an order is read; its key is not claimed.
    BeforeOrder,
    /// The key is inserted, in the open transaction; nothing of the order is written.
    AfterIdempotencyInsert,
    /// The order is written, in the open transaction, its stock rows locked; what stands beside it is on its way.
    AfterOrderInsert,
    /// The stock rows are changed, in the open transaction. One statement takes the rows of all lines, of all orders that
    /// are decided together: this is "after the first row" and after the last.
    AfterStockRows,
    /// All is written; the commit is not sent.
    BeforeOrderCommit,
    /// The order stands; the payment provider knows nothing.
    AfterOrderCommit,
    /// The provider was asked and may be at work; its answer is not here.
    AfterProviderRequest,
    /// The provider's answer is here; nothing of it is written.
    AfterProviderAnswer,
    /// What the provider said is written; the commit is not sent.
    BeforePaymentCommit,
    /// What the provider said stands; the client has no answer.
    AfterPaymentCommit,
    /// A webhook's row is on its way: a single statement is its own transaction, so it may or may not be committed.
    WebhookBeforeCommit,
    /// A webhook's row stands; the provider has no answer.
    WebhookAfterCommit,
    /// A webhook is being worked off: applied in an open transaction, or applied and not marked as done.
    WorkerMidApply,
    /// A webhook of ours was delivered and not marked as delivered.
    DeliveryAfterPost,
}

impl CrashPoint {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::BeforeOrder,
        Self::AfterIdempotencyInsert,
        Self::AfterOrderInsert,
        Self::AfterStockRows,
        Self::BeforeOrderCommit,
        Self::AfterOrderCommit,
        Self::AfterProviderRequest,
        Self::AfterProviderAnswer,
        Self::BeforePaymentCommit,
        Self::AfterPaymentCommit,
        Self::WebhookBeforeCommit,
        Self::WebhookAfterCommit,
        Self::WorkerMidApply,
        Self::DeliveryAfterPost,
    ];

    /// Its name in plans and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeOrder => "before_order",
            Self::AfterIdempotencyInsert => "after_idempotency_insert",
            Self::AfterOrderInsert => "after_order_insert",
            Self::AfterStockRows => "after_stock_rows",
            Self::BeforeOrderCommit => "before_order_commit",
            Self::AfterOrderCommit => "after_order_commit",
            Self::AfterProviderRequest => "after_provider_request",
            Self::AfterProviderAnswer => "after_provider_answer",
            Self::BeforePaymentCommit => "before_payment_commit",
            Self::AfterPaymentCommit => "after_payment_commit",
            Self::WebhookBeforeCommit => "webhook_before_commit",
            Self::WebhookAfterCommit => "webhook_after_commit",
            Self::WorkerMidApply => "worker_mid_apply",
            Self::DeliveryAfterPost => "delivery_after_post",
        }
    }
}

/// Why a plan cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` names no crash point and hit, such as `after_order_commit:3`")]
pub struct CrashPlanError(String);

/// The points of one process: none armed, or one.
#[derive(Clone, Default)]
pub struct CrashPoints {
    armed: Option<Arc<Armed>>,
}

struct Armed {
    at: CrashPoint,
    /// Hits up to the one that ends the process.
    left: AtomicU32,
    end: Box<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for CrashPoints {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("CrashPoints").field(&self.armed.as_ref().map(|armed| armed.at)).finish()
    }
}

impl CrashPoints {
    /// Arms one by a plan, `point:n`: at its n-th hit `end` is called, which is to end the process without any farewell.
    pub fn armed(plan: &str, end: Box<dyn Fn() + Send + Sync>) -> Result<Self, CrashPlanError> {
        let refuse = || CrashPlanError(plan.to_owned());
        let (name, hit) = plan.split_once(':').ok_or_else(refuse)?;
        let at = CrashPoint::ALL.into_iter().find(|point| point.as_str() == name).ok_or_else(refuse)?;
        let hit: u32 = hit.parse().ok().filter(|hit| *hit > 0).ok_or_else(refuse)?;
        Ok(Self { armed: Some(Arc::new(Armed { at, left: AtomicU32::new(hit), end })) })
    }

    /// Whether one of these points is armed: what is done in one step may have to be done in two, for it to be hit.
    pub fn is_armed_at(&self, points: &[CrashPoint]) -> bool {
        self.armed.as_ref().is_some_and(|armed| points.contains(&armed.at))
    }

    /// Ends the process here, should this be the hit that was planned.
    pub fn point(&self, at: CrashPoint) {
        if let Some(armed) = self.due(at) {
            (armed.end)();
        }
    }

    /// Awaits what somebody else does; should this be the hit that was planned, the process ends while it is under way:
    /// at the latest after `patience`, and in any case before its end is known here.
    pub async fn during<F: Future>(&self, at: CrashPoint, patience: Duration, work: F) -> F::Output {
        let Some(armed) = self.due(at) else { return work.await };
        tokio::pin!(work);
        tokio::select! {
            biased;
            output = &mut work => {
                (armed.end)();
                output
            }
            () = tokio::time::sleep(patience) => {
                (armed.end)();
                work.await
            }
        }
    }

    fn due(&self, at: CrashPoint) -> Option<&Armed> {
        let armed = self.armed.as_deref().filter(|armed| armed.at == at)?;
        (armed.left.fetch_sub(1, Ordering::Relaxed) == 1).then_some(armed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn plan(text: &str) -> (CrashPoints, Arc<AtomicBool>) {
        let ended = Arc::new(AtomicBool::new(false));
        let end = ended.clone();
        let points = CrashPoints::armed(text, Box::new(move || end.store(true, Ordering::SeqCst)));
        (points.unwrap(), ended)
    }

    #[test]
    fn the_planned_hit_of_the_planned_point_ends_the_process_and_no_other() {
        let (points, ended) = plan("after_order_commit:2");
        points.point(CrashPoint::AfterOrderCommit);
        points.point(CrashPoint::BeforeOrderCommit);
        assert!(!ended.load(Ordering::SeqCst));
        points.point(CrashPoint::AfterOrderCommit);
        assert!(ended.swap(false, Ordering::SeqCst));
        points.point(CrashPoint::AfterOrderCommit);
        assert!(!ended.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn work_under_way_ends_before_it_is_known_to_have_ended() {
        let (points, ended) = plan("after_provider_request:1");
        let after = points
            .during(CrashPoint::AfterProviderRequest, Duration::from_mins(1), std::future::ready(7))
            .await;
        assert_eq!((after, ended.swap(false, Ordering::SeqCst)), (7, true));
        let again = points.during(CrashPoint::AfterProviderRequest, Duration::ZERO, std::future::ready(8));
        assert_eq!((again.await, ended.load(Ordering::SeqCst)), (8, false));
    }

    #[test]
    fn a_plan_names_a_point_and_a_hit() {
        for text in ["", "after_order_commit", "after_order_commit:0", "somewhere:1", "before_order:-1"] {
            assert!(CrashPoints::armed(text, Box::new(|| ())).is_err(), "{text}");
        }
        for point in CrashPoint::ALL {
            assert!(CrashPoints::armed(&format!("{}:1", point.as_str()), Box::new(|| ())).is_ok());
        }
    }
}
