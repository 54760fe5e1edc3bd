//! Effects: what has to be done because of a fact, as data. `app` carries them out in the transaction of the fact.

use crate::kernel::ids::PaymentAttemptId;

/// What the order still is to the money that comes for it. The order's business, so it is told, not derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Claim {
    /// Its goods are held, or already committed.
    Held,
    /// It expired or was canceled, and its goods were given back.
    Released,
}

/// What staff have to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Alert {
    /// The provider took or holds another amount, or another currency, than we asked for.
    AmountMismatch,
    /// Two attempts took money for one order.
    DuplicateCapture,
    /// Money came for an order that was given up.
    CaptureUnclaimed,
    /// A refund that had been promised did not reach the shopper.
    RefundFailed,
    /// A bank asks about a payment or took it back.
    Disputed,
}

impl Alert {
    /// The word in logs and in the admin.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AmountMismatch => "amount_mismatch",
            Self::DuplicateCapture => "duplicate_capture",
            Self::CaptureUnclaimed => "capture_unclaimed",
            Self::RefundFailed => "refund_failed",
            Self::Disputed => "disputed",
        }
    }
}

/// What has to be done. Amounts are not repeated here: they are those of the state, which can only have grown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// The order has its money set aside: commit its goods, capture when it is time.
    MarkAuthorized {
        /// The attempt that holds the money.
        attempt: PaymentAttemptId,
    },
    /// The order is paid: commit its goods.
    MarkPaid {
        /// The attempt that took the money.
        attempt: PaymentAttemptId,
    },
    /// The order is not to be fulfilled until staff have looked at it.
    Hold {
        /// The attempt whose amount is wrong.
        attempt: PaymentAttemptId,
    },
    /// No attempt can succeed any more: give the goods back.
    ReleaseReservation,
    /// Another attempt has paid the order: give the whole of this one's capture back.
    AutoRefund {
        /// The attempt that took money a second time.
        attempt: PaymentAttemptId,
    },
    /// Money came for an order that was given up (case C07): reserve its goods again, or else give the money back.
    RefundUnclaimed {
        /// The attempt that took the money.
        attempt: PaymentAttemptId,
    },
    /// Money is set aside that nobody needs: cancel the attempt at the provider.
    VoidAuthorization {
        /// The attempt that holds the money.
        attempt: PaymentAttemptId,
    },
    /// Book a refund that went out. It may be one that staff made on the provider's own pages.
    SettleRefund {
        /// The attempt that was refunded.
        attempt: PaymentAttemptId,
        /// The provider's id of the refund.
        refund: String,
    },
    /// Give back what a failed refund had taken from the refundable amount, and reverse it where it was booked.
    RevertRefund {
        /// The attempt that was to be refunded.
        attempt: PaymentAttemptId,
        /// The provider's id of the refund.
        refund: String,
    },
    /// A bank asks about a payment: answer it before it takes the money back.
    AnswerInquiry {
        /// The attempt that is asked about.
        attempt: PaymentAttemptId,
        /// The provider's id of the dispute.
        dispute: String,
    },
    /// Book a dispute whose money the bank holds.
    OpenDispute {
        /// The attempt that is disputed.
        attempt: PaymentAttemptId,
        /// The provider's id of the dispute.
        dispute: String,
    },
    /// Book a dispute whose money is lost.
    LoseDispute {
        /// The attempt that is disputed.
        attempt: PaymentAttemptId,
        /// The provider's id of the dispute.
        dispute: String,
    },
    /// Book a dispute whose money came back.
    WinDispute {
        /// The attempt that was disputed.
        attempt: PaymentAttemptId,
        /// The provider's id of the dispute.
        dispute: String,
    },
}

impl Effect {
    /// What staff have to be told besides, if anything.
    pub fn alert(&self) -> Option<Alert> {
        match self {
            Self::Hold { .. } => Some(Alert::AmountMismatch),
            Self::AutoRefund { .. } => Some(Alert::DuplicateCapture),
            Self::RefundUnclaimed { .. } => Some(Alert::CaptureUnclaimed),
            Self::RevertRefund { .. } => Some(Alert::RefundFailed),
            Self::AnswerInquiry { .. } | Self::OpenDispute { .. } | Self::LoseDispute { .. } => {
                Some(Alert::Disputed)
            }
            Self::MarkAuthorized { .. }
            | Self::MarkPaid { .. }
            | Self::ReleaseReservation
            | Self::VoidAuthorization { .. }
            | Self::SettleRefund { .. }
            | Self::WinDispute { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_has_a_word_of_its_own() {
        let words = [
            Alert::AmountMismatch,
            Alert::DuplicateCapture,
            Alert::CaptureUnclaimed,
            Alert::RefundFailed,
            Alert::Disputed,
        ]
        .map(Alert::as_str);
        let known =
            ["amount_mismatch", "duplicate_capture", "capture_unclaimed", "refund_failed", "disputed"];
        assert_eq!(words, known, "staff and their tools filter by these");
    }
}
