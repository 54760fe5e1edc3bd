//! A fact: one thing that a provider says happened, whichever way we heard of it.

use jiff::Timestamp;

use super::provider::PaymentProvider;
use crate::kernel::Money;
use crate::kernel::ids::{PaymentAttemptId, RefundId};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// The shopper has to do something first, such as 3-D Secure.
    RequiresAction,
    /// The provider has it in hand and will say later.
    Processing,
    /// The amount is set aside; the fact's amount is what may be captured.
    Authorized,
    /// Money was taken; the fact's amount is all that this attempt took, not what was added.
    Captured,
    /// The try was declined. The shopper may still succeed with the same object of the provider.
    Failed,
    /// The object of the provider is given up and can never succeed.
    Canceled,
    /// A refund was taken on and is not settled.
    RefundPending,
    /// A refund went out.
    RefundSucceeded,
    /// A refund came back or was never possible.
    RefundFailed,
    /// The bank asks, and no money has moved.
    DisputeInquiry,
    /// The bank took the money back until it is decided.
    DisputeOpened,
    /// The bank keeps the money.
    DisputeLost,
    /// The bank gave the money back.
    DisputeWon,
}

impl FactKind {
    /// Every kind, in the order of the declaration.
    pub const ALL: [Self; 13] = [
        Self::RequiresAction,
        Self::Processing,
        Self::Authorized,
        Self::Captured,
        Self::Failed,
        Self::Canceled,
        Self::RefundPending,
        Self::RefundSucceeded,
        Self::RefundFailed,
        Self::DisputeInquiry,
        Self::DisputeOpened,
        Self::DisputeLost,
        Self::DisputeWon,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::RefundPending => "refund_pending",
            Self::RefundSucceeded => "refund_succeeded",
            Self::RefundFailed => "refund_failed",
            Self::DisputeInquiry => "dispute_inquiry",
            Self::DisputeOpened => "dispute_opened",
            Self::DisputeLost => "dispute_lost",
            Self::DisputeWon => "dispute_won",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One thing that a provider says happened.
///
/// `(provider, object_id, kind)` names it: two events, or an event and an answer, may tell of one and the same fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentFact {
    /// Who says so.
    pub provider: PaymentProvider,
    /// The provider's id of the attempt (Stripe: the payment intent).
    pub intent_id: String,
    /// The provider's id of what the fact is about: the intent itself, a refund or a dispute.
    pub object_id: String,
    /// What happened.
    pub kind: FactKind,
    /// How much of it, in our minor units.
    pub amount: Money,
    /// When it happened by the provider's clock; for people, never for deciding which fact is newer.
    pub occurred_at: Timestamp,
    /// The provider's id of the event that told us; absent when we asked.
    pub raw_event_id: Option<String>,
    /// Our attempt, when the provider gave back the id that we had sent along.
    pub attempt_id: Option<PaymentAttemptId>,
    /// Our refund, when the provider gave back the id that we had sent along.
    pub refund_id: Option<RefundId>,
    /// The provider's word for why, such as a decline code.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_reads_back_from_its_word() {
        for kind in FactKind::ALL {
            assert_eq!(FactKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(FactKind::parse("paid"), None);
    }
}
