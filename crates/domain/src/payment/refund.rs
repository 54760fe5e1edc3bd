//! What an order's payment amounts to: its status, its balance, and how much may still be captured or refunded.
#![deny(clippy::arithmetic_side_effects)]

use super::apply::Payment;
use super::attempt::{Attempt, AttemptStatus, DisputeStage, RefundStage};
use crate::kernel::{Money, MoneyError};

/// The payment status of an order, derived from its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// The order costs nothing.
    NotRequired,
    /// Not paid yet, and it still can be.
    Pending,
    /// The amount is set aside.
    Authorized,
    /// Money was taken, and none given back.
    Paid,
    /// Some of the money was given back.
    PartiallyRefunded,
    /// All of the money was given back.
    Refunded,
    /// Every attempt was declined or given up.
    Failed,
    /// The provider took or holds something else than was asked; staff have to look.
    Mismatch,
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::NotRequired,
        Self::Pending,
        Self::Authorized,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Failed,
        Self::Mismatch,
    ];

    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotRequired => "not_required",
            Self::Pending => "pending",
            Self::Authorized => "authorized",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Mismatch => "mismatch",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether goods may be sent: they are paid for, the money is set aside, or there is nothing to pay.
    pub fn allows_sending(self) -> bool {
        matches!(self, Self::NotRequired | Self::Authorized | Self::Paid | Self::PartiallyRefunded)
    }
}

/// What was taken through one attempt and what has gone back, all in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// What was captured.
    pub captured: Money,
    /// What was refunded.
    pub refunded: Money,
    /// What is on its way back.
    pub refund_pending: Money,
    /// What a bank holds or has kept.
    pub disputed: Money,
}

/// Why money may not be captured or refunded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoveMoneyError {
    /// Nothing, or less than that.
    #[error("the amount must be above zero")]
    NotPositive,
    /// More than is there. An amount in another currency is told as a [`MoveMoneyError::Amount`].
    #[error("at most {available} is left")]
    TooMuch {
        /// What could be taken.
        available: Money,
    },
    /// Another currency, or out of range.
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

/// Refuses an amount that is not positive or above what is there.
fn check_amount(amount: Money, available: Money) -> Result<(), MoveMoneyError> {
    if amount.amount() <= 0 {
        return Err(MoveMoneyError::NotPositive);
    }
    if available.checked_sub(amount)?.is_negative() {
        return Err(MoveMoneyError::TooMuch { available });
    }
    Ok(())
}

impl Balance {
    /// What may still be refunded; never below zero.
    ///
    /// What a bank holds in a dispute counts as gone until the dispute is won: whoever refunds it too pays twice (C29).
    pub fn refundable(&self) -> Result<Money, MoneyError> {
        let left = self
            .captured
            .checked_sub(self.refunded)?
            .checked_sub(self.refund_pending)?
            .checked_sub(self.disputed)?;
        Ok(if left.is_negative() { Money::zero(left.currency()) } else { left })
    }

    /// Whether an amount may be refunded.
    pub fn check_refund(&self, amount: Money) -> Result<(), MoveMoneyError> {
        check_amount(amount, self.refundable()?)
    }
}

impl Attempt {
    /// What was taken and what has gone back by what the provider told us, refunds that we only mean to make apart.
    pub fn balance(&self) -> Result<Balance, MoneyError> {
        let money = |amount| Money::new(amount, self.amount.currency());
        let held = self.disputed(DisputeStage::Opened).saturating_add(self.disputed(DisputeStage::Lost));
        Ok(Balance {
            captured: money(self.captured_amount())?,
            refunded: money(self.refunded(RefundStage::Succeeded))?,
            refund_pending: money(self.refunded(RefundStage::Pending))?,
            disputed: money(held)?,
        })
    }

    /// What may be captured: all that is set aside, once.
    pub fn capturable(&self) -> Money {
        if self.status == AttemptStatus::Authorized {
            self.amount
        } else {
            Money::zero(self.amount.currency())
        }
    }

    /// Whether an amount may be captured.
    pub fn check_capture(&self, amount: Money) -> Result<(), MoveMoneyError> {
        check_amount(amount, self.capturable())
    }
}

impl Payment {
    /// The payment status of the order.
    ///
    /// A capture wins over everything but a mismatch, then an authorization, then an attempt that still can succeed.
    /// Refunds of a capture that came a second time are no refunds of the order.
    pub fn status(&self) -> PaymentStatus {
        let any = |status: AttemptStatus| self.attempts.values().any(|attempt| attempt.status == status);
        let gone =
            |attempt: &Attempt| matches!(attempt.status, AttemptStatus::Failed | AttemptStatus::Canceled);
        if self.attempts.values().any(|attempt| attempt.mismatch.is_some()) {
            PaymentStatus::Mismatch
        } else if let Some(settling) = self.settled_by.and_then(|id| self.attempts.get(&id)) {
            status_of_capture(settling)
        } else if any(AttemptStatus::Authorized) {
            PaymentStatus::Authorized
        } else if self.owed.amount() == 0 {
            PaymentStatus::NotRequired
        } else if !self.attempts.is_empty() && self.attempts.values().all(gone) {
            PaymentStatus::Failed
        } else {
            PaymentStatus::Pending
        }
    }
}

fn status_of_capture(attempt: &Attempt) -> PaymentStatus {
    let refunded = attempt.refunded(RefundStage::Succeeded);
    if refunded <= 0 {
        PaymentStatus::Paid
    } else if refunded < attempt.captured_amount() {
        PaymentStatus::PartiallyRefunded
    } else {
        PaymentStatus::Refunded
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the tests compute expected values on small numbers")]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::Currency;
    use crate::kernel::ids::{EntityId, PaymentAttemptId};
    use crate::payment::{PaymentProvider, Sum};

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::EUR).unwrap()
    }

    fn attempt(number: u128, status: AttemptStatus) -> Attempt {
        let captured = (status == AttemptStatus::Captured).then(|| eur(1000));
        let id = PaymentAttemptId::from_uuid(Uuid::from_u128(number));
        Attempt { status, captured, ..Attempt::new(id, eur(1000)) }
    }

    fn payment(attempts: &[Attempt]) -> Payment {
        let mut payment = Payment::new(PaymentProvider::Test, eur(1000));
        payment.settled_by = attempts
            .iter()
            .find(|attempt| attempt.status == AttemptStatus::Captured)
            .map(|attempt| attempt.id);
        payment.attempts.extend(attempts.iter().map(|attempt| (attempt.id, attempt.clone())));
        payment
    }

    fn refunded(mut attempt: Attempt, amounts: &[(RefundStage, i64)]) -> Attempt {
        let sums = amounts.iter().enumerate();
        attempt.refunds.extend(sums.map(|(index, (stage, amount))| {
            (format!("re_{index}"), Sum { stage: *stage, amount: eur(*amount) })
        }));
        attempt
    }

    fn balance(captured: i64, refunded: i64, refund_pending: i64, disputed: i64) -> Balance {
        Balance {
            captured: eur(captured),
            refunded: eur(refunded),
            refund_pending: eur(refund_pending),
            disputed: eur(disputed),
        }
    }

    #[test]
    fn the_status_of_an_order_is_that_of_its_best_attempt() {
        use AttemptStatus as A;
        use PaymentStatus as P;
        let cases: &[(&[A], P)] = &[
            (&[], P::Pending),
            (&[A::Created], P::Pending),
            (&[A::RequiresAction], P::Pending),
            (&[A::Processing], P::Pending),
            (&[A::Failed], P::Failed),
            (&[A::Canceled, A::Failed], P::Failed),
            (&[A::Failed, A::Created], P::Pending),
            (&[A::Canceled, A::Authorized, A::Created], P::Authorized),
            (&[A::Authorized, A::Captured, A::Failed], P::Paid),
        ];
        for (statuses, expected) in cases {
            let attempts: Vec<_> =
                (1..).zip(*statuses).map(|(number, status)| attempt(number, *status)).collect();
            assert_eq!(payment(&attempts).status(), *expected, "{statuses:?}");
        }
    }

    #[test]
    fn an_order_that_costs_nothing_needs_no_payment() {
        let free = Payment::new(PaymentProvider::Test, eur(0));
        assert_eq!(free.status(), PaymentStatus::NotRequired);
    }

    #[test]
    fn refunds_that_went_out_decide_the_status_and_others_do_not() {
        let paid = || attempt(1, AttemptStatus::Captured);
        let status = |amounts: &[_]| payment(&[refunded(paid(), amounts)]).status();
        assert_eq!(status(&[(RefundStage::Pending, 1000)]), PaymentStatus::Paid);
        assert_eq!(status(&[(RefundStage::Failed, 1000)]), PaymentStatus::Paid);
        assert_eq!(status(&[(RefundStage::Succeeded, 999)]), PaymentStatus::PartiallyRefunded);
        assert_eq!(
            status(&[(RefundStage::Succeeded, 400), (RefundStage::Succeeded, 600)]),
            PaymentStatus::Refunded
        );
    }

    #[test]
    fn a_second_capture_that_was_refunded_leaves_the_order_paid() {
        let second = refunded(attempt(2, AttemptStatus::Captured), &[(RefundStage::Succeeded, 1000)]);
        assert_eq!(payment(&[attempt(1, AttemptStatus::Captured), second]).status(), PaymentStatus::Paid);
    }

    #[test]
    fn a_mismatch_is_above_everything() {
        let wrong = Attempt { mismatch: Some(eur(675)), ..attempt(1, AttemptStatus::Captured) };
        assert_eq!(payment(&[wrong]).status(), PaymentStatus::Mismatch);
    }

    #[test]
    fn a_lost_dispute_and_refunds_never_exceed_the_capture() {
        let after_dispute = balance(1000, 0, 0, 600);
        assert_eq!(
            after_dispute.check_refund(eur(500)),
            Err(MoveMoneyError::TooMuch { available: eur(400) })
        );
        assert_eq!(after_dispute.check_refund(eur(400)), Ok(()));
    }

    #[test]
    fn what_is_on_its_way_back_is_not_refunded_again() {
        let on_its_way = refunded(attempt(1, AttemptStatus::Captured), &[(RefundStage::Pending, 600)]);
        let left = on_its_way.balance().unwrap();
        assert_eq!(left.check_refund(eur(401)), Err(MoveMoneyError::TooMuch { available: eur(400) }));
        assert_eq!(left.check_refund(eur(400)), Ok(()));
    }

    #[test]
    fn a_dispute_after_a_refund_leaves_nothing_and_not_less() {
        assert_eq!(balance(1000, 500, 0, 600).refundable(), Ok(eur(0)));
    }

    #[test]
    fn an_open_dispute_is_held_back_and_a_won_one_is_not() {
        let mut disputed = attempt(1, AttemptStatus::Captured);
        for (stage, left) in [
            (DisputeStage::Inquiry, 1000),
            (DisputeStage::Opened, 400),
            (DisputeStage::Lost, 400),
            (DisputeStage::Won, 1000),
        ] {
            disputed.disputes.insert("dp_1".to_owned(), Sum { stage, amount: eur(600) });
            assert_eq!(disputed.balance().unwrap().refundable(), Ok(eur(left)), "{stage:?}");
        }
    }

    #[test]
    fn nothing_zero_negative_or_foreign_is_refunded() {
        let paid = balance(1000, 0, 0, 0);
        assert_eq!(paid.check_refund(eur(0)), Err(MoveMoneyError::NotPositive));
        assert_eq!(paid.check_refund(eur(-1)), Err(MoveMoneyError::NotPositive));
        assert_eq!(
            balance(0, 0, 0, 0).check_refund(eur(1)),
            Err(MoveMoneyError::TooMuch { available: eur(0) })
        );
        let dollars = Money::new(1, Currency::USD).unwrap();
        assert!(matches!(paid.check_refund(dollars), Err(MoveMoneyError::Amount(_))));
    }

    #[test]
    fn only_what_is_set_aside_is_captured_and_only_once() {
        let held = attempt(1, AttemptStatus::Authorized);
        assert_eq!(held.check_capture(eur(1000)), Ok(()));
        assert_eq!(held.check_capture(eur(300)), Ok(()));
        assert_eq!(held.check_capture(eur(1001)), Err(MoveMoneyError::TooMuch { available: eur(1000) }));
        for status in AttemptStatus::ALL.into_iter().filter(|status| *status != AttemptStatus::Authorized) {
            assert!(attempt(1, status).check_capture(eur(1)).is_err(), "{status:?}");
        }
    }

    #[test]
    fn only_what_is_paid_set_aside_or_free_is_sent() {
        let sent = PaymentStatus::ALL.into_iter().filter(|status| status.allows_sending());
        let sent: Vec<&str> = sent.map(PaymentStatus::as_str).collect();
        assert_eq!(sent, ["not_required", "authorized", "paid", "partially_refunded"]);
    }

    #[test]
    fn a_status_reads_back_from_its_word() {
        for status in PaymentStatus::ALL {
            assert_eq!(PaymentStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(PaymentStatus::parse("succeeded"), None);
    }

    proptest! {
        #[test]
        fn refunds_that_were_allowed_never_sum_to_more_than_the_capture(
            captured in 1_i64..10_000, disputed in 0_i64..5_000, asked in prop::collection::vec(-10_i64..5_000, 0..40),
        ) {
            let mut given = 0;
            for amount in asked {
                if balance(captured, given, 0, disputed).check_refund(eur(amount)).is_ok() {
                    prop_assert!(amount > 0);
                    given += amount;
                }
            }
            prop_assert!(given == 0 || given + disputed <= captured);
        }
    }
}
