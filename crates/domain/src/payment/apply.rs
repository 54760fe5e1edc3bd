//! A payment: what is owed for one order, its attempts, and the one function that takes facts in.
//!
//! The effects of a fact are the duties of the state after it without those of the state before it. A duty that has
//! ended never begins again while the claim stays what it is, so none is carried out twice (cases C31 to C34).
#![deny(clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, BTreeSet};

use super::attempt::{Attempt, AttemptStatus, DisputeStage, RefundStage};
use super::effect::{Claim, Effect};
use super::fact::PaymentFact;
use super::provider::PaymentProvider;
use crate::kernel::Money;
use crate::kernel::ids::PaymentAttemptId;

/// What is owed for one order through one provider, with all that happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Who collects it.
    pub provider: PaymentProvider,
    /// What the order costs.
    pub owed: Money,
    /// The tries, in the order in which they were made.
    pub attempts: BTreeMap<PaymentAttemptId, Attempt>,
    /// The attempt whose capture we heard of first: the one that pays the order, right or wrong.
    pub settled_by: Option<PaymentAttemptId>,
}

/// Why a fact was not taken in. Neither is a reason to drop it: the event is kept and tried again (case C35).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyFactError {
    /// The attempt belongs to another payment, or is not written down yet.
    #[error("attempt {0} is none of this payment's")]
    UnknownAttempt(PaymentAttemptId),
    /// The fact comes from somebody who does not collect this payment.
    #[error("a fact of {told} cannot change a payment through {expected}")]
    OtherProvider {
        /// Who collects the payment.
        expected: PaymentProvider,
        /// Who the fact is from.
        told: PaymentProvider,
    },
}

impl Payment {
    /// A payment without attempts.
    pub fn new(provider: PaymentProvider, owed: Money) -> Self {
        Self { provider, owed, attempts: BTreeMap::new(), settled_by: None }
    }

    /// Takes a fact about an attempt in: the payment after it, and what has to be done because of it.
    pub fn apply(
        &self,
        attempt: PaymentAttemptId,
        claim: Claim,
        fact: &PaymentFact,
    ) -> Result<(Self, Vec<Effect>), ApplyFactError> {
        if fact.provider != self.provider {
            return Err(ApplyFactError::OtherProvider { expected: self.provider, told: fact.provider });
        }
        let mut after = self.clone();
        let changed = after.attempts.get_mut(&attempt).ok_or(ApplyFactError::UnknownAttempt(attempt))?;
        changed.join(fact);
        if changed.status == AttemptStatus::Captured {
            after.settled_by = after.settled_by.or(Some(attempt));
        }
        let before = self.duties(claim);
        let effects = after.duties(claim).into_iter().filter(|duty| !before.contains(duty)).collect();
        Ok((after, effects))
    }

    /// Everything that this state asks for, whether it was done or not.
    fn duties(&self, claim: Claim) -> BTreeSet<Effect> {
        let mut duties = BTreeSet::new();
        for attempt in self.attempts.values() {
            self.duties_of_status(attempt, claim, &mut duties);
            duties_of_refunds(attempt, &mut duties);
            duties_of_disputes(attempt, &mut duties);
            if attempt.mismatch.is_some() {
                duties.insert(Effect::Hold { attempt: attempt.id });
            }
        }
        let all_given_up =
            !self.attempts.is_empty() && self.attempts.values().all(|attempt| attempt.status.is_dead());
        if all_given_up && claim == Claim::Held {
            duties.insert(Effect::ReleaseReservation);
        }
        duties
    }

    fn duties_of_status(&self, of: &Attempt, claim: Claim, duties: &mut BTreeSet<Effect>) {
        let attempt = of.id;
        let superseded = self.settled_by.is_some_and(|settling| settling != attempt);
        match (of.status, claim) {
            (AttemptStatus::Captured, _) if superseded => {
                duties.insert(Effect::AutoRefund { attempt });
            }
            (AttemptStatus::Captured, Claim::Released) => {
                duties.insert(Effect::RefundUnclaimed { attempt });
            }
            (AttemptStatus::Captured, Claim::Held) if of.mismatch.is_none() => {
                duties.insert(Effect::MarkPaid { attempt });
            }
            (AttemptStatus::Authorized, Claim::Released) => {
                duties.insert(Effect::VoidAuthorization { attempt });
            }
            (AttemptStatus::Authorized, Claim::Held) if superseded => {
                duties.insert(Effect::VoidAuthorization { attempt });
            }
            (AttemptStatus::Authorized, Claim::Held) if of.mismatch.is_none() => {
                duties.insert(Effect::MarkAuthorized { attempt });
            }
            _ => {}
        }
    }
}

fn duties_of_refunds(of: &Attempt, duties: &mut BTreeSet<Effect>) {
    let attempt = of.id;
    for (id, refund) in &of.refunds {
        let refund_id = id.clone();
        match refund.stage {
            RefundStage::Pending => {}
            RefundStage::Succeeded => {
                duties.insert(Effect::SettleRefund { attempt, refund: refund_id });
            }
            RefundStage::Failed => {
                duties.insert(Effect::RevertRefund { attempt, refund: refund_id });
            }
        }
    }
}

fn duties_of_disputes(of: &Attempt, duties: &mut BTreeSet<Effect>) {
    let attempt = of.id;
    for (id, dispute) in &of.disputes {
        let dispute_id = id.clone();
        match dispute.stage {
            DisputeStage::Inquiry => {
                duties.insert(Effect::AnswerInquiry { attempt, dispute: dispute_id });
            }
            DisputeStage::Opened => {
                duties.insert(Effect::OpenDispute { attempt, dispute: dispute_id });
            }
            DisputeStage::Lost => {
                duties.insert(Effect::LoseDispute { attempt, dispute: dispute_id });
            }
            DisputeStage::Won => {
                duties.insert(Effect::WinDispute { attempt, dispute: dispute_id });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::Currency;
    use crate::kernel::ids::EntityId;
    use crate::payment::{Alert, FactKind};

    fn id(number: u128) -> PaymentAttemptId {
        PaymentAttemptId::from_uuid(Uuid::from_u128(number))
    }

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::EUR).unwrap()
    }

    fn fact(kind: FactKind, object: &str, amount: Money) -> PaymentFact {
        PaymentFact {
            provider: PaymentProvider::Test,
            intent_id: "pi_1".to_owned(),
            object_id: object.to_owned(),
            kind,
            amount,
            occurred_at: Timestamp::UNIX_EPOCH,
            raw_event_id: None,
            attempt_id: None,
            refund_id: None,
            reason: None,
        }
    }

    fn told(kind: FactKind) -> PaymentFact {
        fact(kind, "pi_1", eur(1350))
    }

    fn payment(attempts: u128) -> Payment {
        let mut payment = Payment::new(PaymentProvider::Test, eur(1350));
        payment
            .attempts
            .extend((1..=attempts).map(|number| (id(number), Attempt::new(id(number), eur(1350)))));
        payment
    }

    type Told = Vec<(u128, PaymentFact)>;

    /// Applies facts one after the other and collects every effect.
    fn apply_all(start: Payment, claim: Claim, facts: &[(u128, PaymentFact)]) -> (Payment, Vec<Effect>) {
        facts.iter().fold((start, Vec::new()), |(payment, mut effects), (attempt, fact)| {
            let (after, new) = payment.apply(id(*attempt), claim, fact).unwrap();
            effects.extend(new);
            (after, effects)
        })
    }

    fn facts() -> impl Strategy<Value = (u128, PaymentFact)> {
        let kinds = prop::sample::select(FactKind::ALL.to_vec());
        let amounts =
            prop::sample::select(vec![eur(1350), eur(675), Money::new(1350, Currency::USD).unwrap()]);
        (1_u128..=3, kinds, prop::sample::select(vec!["a", "b"]), amounts)
            .prop_map(|(attempt, kind, object, amount)| (attempt, fact(kind, object, amount)))
    }

    /// A set of facts, and the same facts again in another order with some of them repeated.
    fn told_twice() -> impl Strategy<Value = (Told, Told)> {
        prop::collection::vec(facts(), 1..12).prop_flat_map(|told| {
            let repeated = prop::sample::subsequence(told.clone(), 0..=told.len());
            (Just(told), repeated).prop_flat_map(|(told, repeated)| {
                let all: Vec<_> = told.iter().cloned().chain(repeated).collect();
                (Just(told), Just(all).prop_shuffle())
            })
        })
    }

    proptest! {
        #[test]
        fn any_order_with_repetitions_ends_in_the_same_state((once, shuffled) in told_twice()) {
            let (left, _) = apply_all(payment(3), Claim::Held, &once);
            let (right, _) = apply_all(payment(3), Claim::Held, &shuffled);
            prop_assert_eq!(&left.attempts, &right.attempts);
            // Of several captures the first that we hear of pays the order; which one that is depends on the order.
            prop_assert_eq!(left.settled_by.is_some(), right.settled_by.is_some());
            let captured = left.attempts.values().filter(|attempt| attempt.status == AttemptStatus::Captured).count();
            if captured <= 1 {
                prop_assert_eq!(left, right);
            }
        }

        #[test]
        fn no_fact_lowers_a_status_a_stage_or_a_sum((facts, _) in told_twice()) {
            let mut payment = payment(3);
            for (attempt, fact) in &facts {
                let (after, _) = payment.apply(id(*attempt), Claim::Held, fact).unwrap();
                for (id, was) in &payment.attempts {
                    let is = &after.attempts[id];
                    prop_assert!(is.status >= was.status);
                    prop_assert!(was.mismatch.is_none() || is.mismatch.is_some());
                    for (refund, sum) in &was.refunds {
                        prop_assert!(is.refunds[refund].stage >= sum.stage);
                    }
                    for (dispute, sum) in &was.disputes {
                        prop_assert!(is.disputes[dispute].stage >= sum.stage);
                    }
                }
                prop_assert!(payment.settled_by.is_none() || after.settled_by == payment.settled_by);
                payment = after;
            }
        }

        #[test]
        fn no_effect_is_asked_for_twice((_, shuffled) in told_twice(), released in any::<bool>()) {
            let claim = if released { Claim::Released } else { Claim::Held };
            let (_, effects) = apply_all(payment(3), claim, &shuffled);
            let different: BTreeSet<_> = effects.iter().collect();
            prop_assert_eq!(different.len(), effects.len());
        }

        #[test]
        fn every_capture_but_one_is_given_back((_, shuffled) in told_twice()) {
            let (after, effects) = apply_all(payment(3), Claim::Held, &shuffled);
            let captured = after.attempts.values().filter(|attempt| attempt.status == AttemptStatus::Captured).count();
            let refunds = effects.iter().filter(|effect| matches!(effect, Effect::AutoRefund { .. })).count();
            let paid = effects.iter().filter(|effect| matches!(effect, Effect::MarkPaid { .. })).count();
            prop_assert_eq!(refunds, captured.saturating_sub(1));
            prop_assert!(paid <= 1);
            for effect in &effects {
                if let Effect::AutoRefund { attempt } = effect {
                    prop_assert_ne!(Some(*attempt), after.settled_by);
                }
            }
        }
    }

    #[test]
    fn a_capture_pays_the_order_once_under_any_event() {
        let captured = PaymentFact { raw_event_id: Some("evt_2".to_owned()), ..told(FactKind::Captured) };
        let (after, effects) =
            apply_all(payment(1), Claim::Held, &[(1, told(FactKind::Captured)), (1, captured)]);
        assert_eq!(effects, [Effect::MarkPaid { attempt: id(1) }]);
        assert_eq!(after.settled_by, Some(id(1)));
    }

    #[test]
    fn a_capture_wins_over_failure_and_cancellation_and_is_not_undone_by_them() {
        for late in [FactKind::Failed, FactKind::Canceled, FactKind::Processing] {
            let (after, effects) =
                apply_all(payment(1), Claim::Held, &[(1, told(FactKind::Captured)), (1, told(late))]);
            assert_eq!(after.attempts[&id(1)].status, AttemptStatus::Captured, "{late:?}");
            assert_eq!(effects, [Effect::MarkPaid { attempt: id(1) }], "{late:?}");
            let (reversed, _) =
                apply_all(payment(1), Claim::Held, &[(1, told(late)), (1, told(FactKind::Captured))]);
            assert_eq!(reversed, after, "{late:?}");
        }
    }

    #[test]
    fn a_late_failure_of_an_old_attempt_leaves_the_order_paid() {
        let facts =
            [(2, told(FactKind::Captured)), (1, told(FactKind::Failed)), (1, told(FactKind::Canceled))];
        let (after, effects) = apply_all(payment(2), Claim::Held, &facts);
        assert_eq!(effects, [Effect::MarkPaid { attempt: id(2) }]);
        assert_eq!(after.settled_by, Some(id(2)));
    }

    #[test]
    fn money_for_an_order_that_was_given_up_is_to_be_refunded() {
        let (_, effects) = apply_all(payment(1), Claim::Released, &[(1, told(FactKind::Captured))]);
        assert_eq!(effects, [Effect::RefundUnclaimed { attempt: id(1) }]);
        assert_eq!(effects[0].alert(), Some(Alert::CaptureUnclaimed));
    }

    #[test]
    fn an_order_that_is_canceled_after_it_was_paid_is_no_unclaimed_capture() {
        let (paid, _) = apply_all(payment(1), Claim::Held, &[(1, told(FactKind::Captured))]);
        assert_eq!(apply_all(paid, Claim::Released, &[(1, told(FactKind::Captured))]).1, []);
    }

    #[test]
    fn a_second_capture_is_given_back_and_told() {
        let facts = [(2, told(FactKind::Captured)), (1, told(FactKind::Captured))];
        let (_, effects) = apply_all(payment(2), Claim::Held, &facts);
        assert_eq!(effects, [Effect::MarkPaid { attempt: id(2) }, Effect::AutoRefund { attempt: id(1) }]);
        assert_eq!(effects.iter().filter_map(Effect::alert).collect::<Vec<_>>(), [Alert::DuplicateCapture]);
    }

    #[test]
    fn another_amount_or_currency_holds_the_order_instead_of_paying_it() {
        for wrong in [eur(675), eur(1351), Money::new(1350, Currency::USD).unwrap()] {
            for kind in [FactKind::Captured, FactKind::Authorized] {
                let (after, effects) = apply_all(payment(1), Claim::Held, &[(1, fact(kind, "pi_1", wrong))]);
                assert_eq!(effects, [Effect::Hold { attempt: id(1) }], "{kind:?} {wrong}");
                assert_eq!(effects[0].alert(), Some(Alert::AmountMismatch));
                assert_eq!(after.attempts[&id(1)].mismatch, Some(wrong));
            }
        }
    }

    #[test]
    fn a_partial_capture_that_staff_asked_for_is_no_mismatch() {
        let mut payment = payment(1);
        payment.attempts.get_mut(&id(1)).unwrap().capture_amount = eur(900);
        let facts = [(1, told(FactKind::Authorized)), (1, fact(FactKind::Captured, "pi_1", eur(900)))];
        let (after, effects) = apply_all(payment, Claim::Held, &facts);
        assert_eq!(effects, [Effect::MarkAuthorized { attempt: id(1) }, Effect::MarkPaid { attempt: id(1) }]);
        assert_eq!(after.attempts[&id(1)].captured_amount(), 900);
    }

    #[test]
    fn an_authorization_that_nobody_needs_is_voided() {
        let (_, effects) = apply_all(payment(1), Claim::Released, &[(1, told(FactKind::Authorized))]);
        assert_eq!(effects, [Effect::VoidAuthorization { attempt: id(1) }]);
        let facts = [(1, told(FactKind::Authorized)), (2, told(FactKind::Captured))];
        let (_, effects) = apply_all(payment(2), Claim::Held, &facts);
        assert!(effects.contains(&Effect::VoidAuthorization { attempt: id(1) }));
    }

    #[test]
    fn goods_are_given_back_when_the_last_attempt_is_dead() {
        let facts = [(1, told(FactKind::Canceled)), (2, told(FactKind::Failed))];
        let (after, effects) = apply_all(payment(2), Claim::Held, &facts);
        assert_eq!(effects, [], "a declined shopper may try again");
        let (_, effects) = apply_all(after, Claim::Held, &[(2, told(FactKind::Canceled))]);
        assert_eq!(effects, [Effect::ReleaseReservation]);
    }

    #[test]
    fn a_second_capture_is_given_back_for_an_order_that_was_given_up_too() {
        let facts = [(2, told(FactKind::Captured)), (1, told(FactKind::Captured))];
        let (_, effects) = apply_all(payment(2), Claim::Released, &facts);
        assert_eq!(
            effects,
            [Effect::RefundUnclaimed { attempt: id(2) }, Effect::AutoRefund { attempt: id(1) }]
        );
    }

    #[test]
    fn goods_that_were_given_back_are_not_given_back_again() {
        let (_, effects) = apply_all(payment(1), Claim::Released, &[(1, told(FactKind::Canceled))]);
        assert_eq!(effects, []);
    }

    #[test]
    fn money_in_another_currency_is_a_mismatch_and_counts_for_nothing() {
        let dollars = Money::new(1350, Currency::USD).unwrap();
        let facts = [
            (1, fact(FactKind::Captured, "pi_1", dollars)),
            (2, told(FactKind::Captured)),
            (2, fact(FactKind::RefundSucceeded, "re_1", dollars)),
        ];
        let (after, _) = apply_all(payment(2), Claim::Held, &facts);
        let (first, second) = (&after.attempts[&id(1)], &after.attempts[&id(2)]);
        assert_eq!((first.captured_amount(), second.captured_amount()), (0, 1350));
        assert_eq!(second.refunded(RefundStage::Succeeded), 0);
        assert_eq!((first.mismatch, second.mismatch), (Some(dollars), Some(dollars)));
    }

    #[test]
    fn a_refund_is_booked_once_and_reverted_when_it_comes_back() {
        let refund = |kind| (1, fact(kind, "re_1", eur(98)));
        let told = [
            refund(FactKind::RefundSucceeded),
            refund(FactKind::RefundPending),
            refund(FactKind::RefundSucceeded),
        ];
        let (after, effects) = apply_all(payment(1), Claim::Held, &told);
        assert_eq!(effects, [Effect::SettleRefund { attempt: id(1), refund: "re_1".to_owned() }]);
        assert_eq!(after.attempts[&id(1)].refunded(RefundStage::Succeeded), 98);
        let (after, effects) = apply_all(after, Claim::Held, &[refund(FactKind::RefundFailed)]);
        assert_eq!(effects, [Effect::RevertRefund { attempt: id(1), refund: "re_1".to_owned() }]);
        assert_eq!(effects[0].alert(), Some(Alert::RefundFailed));
        assert_eq!(after.attempts[&id(1)].refunded(RefundStage::Succeeded), 0);
    }

    #[test]
    fn of_two_amounts_told_for_one_thing_the_larger_counts_in_any_order() {
        for amounts in [[98, 600], [600, 98]] {
            let of = |kind, object| amounts.map(|amount| (1, fact(kind, object, eur(amount))));
            let told = [
                of(FactKind::Captured, "pi_1"),
                of(FactKind::RefundSucceeded, "re_1"),
                of(FactKind::DisputeOpened, "dp_1"),
            ];
            let (after, _) = apply_all(payment(1), Claim::Held, &told.concat());
            let attempt = &after.attempts[&id(1)];
            assert_eq!((attempt.captured_amount(), attempt.mismatch), (600, Some(eur(600))));
            assert_eq!(attempt.refunded(RefundStage::Succeeded), 600);
            assert_eq!(attempt.disputed(DisputeStage::Opened), 600);
        }
    }

    #[test]
    fn a_dispute_is_booked_and_told_as_it_rises() {
        let dispute = |kind| (1, fact(kind, "dp_1", eur(600)));
        let told = [FactKind::DisputeInquiry, FactKind::DisputeOpened, FactKind::DisputeLost].map(dispute);
        let (after, effects) = apply_all(payment(1), Claim::Held, &told);
        let (attempt, of) = (id(1), "dp_1".to_owned());
        assert_eq!(
            effects,
            [
                Effect::AnswerInquiry { attempt, dispute: of.clone() },
                Effect::OpenDispute { attempt, dispute: of.clone() },
                Effect::LoseDispute { attempt, dispute: of.clone() },
            ]
        );
        assert!(effects.iter().all(|effect| effect.alert() == Some(Alert::Disputed)));
        assert_eq!(after.attempts[&attempt].disputed(DisputeStage::Lost), 600);
        let (after, effects) = apply_all(after, Claim::Held, &[dispute(FactKind::DisputeWon)]);
        assert_eq!(effects, [Effect::WinDispute { attempt, dispute: of }]);
        assert_eq!(after.attempts[&attempt].disputed(DisputeStage::Lost), 0);
    }

    #[test]
    fn a_fact_of_nobody_or_of_somebody_else_is_refused() {
        let unknown = payment(1).apply(id(9), Claim::Held, &told(FactKind::Captured));
        assert_eq!(unknown, Err(ApplyFactError::UnknownAttempt(id(9))));
        let other = PaymentFact { provider: PaymentProvider::Stripe, ..told(FactKind::Captured) };
        assert!(matches!(
            payment(1).apply(id(1), Claim::Held, &other),
            Err(ApplyFactError::OtherProvider { .. })
        ));
    }
}
