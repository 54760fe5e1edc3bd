//! An attempt: one try to collect a payment, and how a fact changes it.
//!
//! Everything here is a join: statuses and stages take the higher of two, sums the larger. Joins may be done in any order
//! and any number of times, which is what lets webhooks come twice, late and reordered (cases C31 to C34).
#![deny(clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;

use super::fact::{FactKind, PaymentFact};
use crate::kernel::ids::PaymentAttemptId;
use crate::kernel::{Currency, Money};

/// How far an attempt has come, lowest first. It only rises.
///
/// `Failed` is below `Authorized` because a shopper who was declined may pay with another card on the same object of the
/// provider, and the two facts may reach us in either order. `Canceled` is final at the provider, so nothing but
/// money that was really taken is above it: a captured fact always wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttemptStatus {
    /// We have written it down; the provider may not know of it.
    Created,
    /// The shopper has to do something first.
    RequiresAction,
    /// The provider will say later.
    Processing,
    /// Declined.
    Failed,
    /// The amount is set aside.
    Authorized,
    /// Given up; the provider will take no money.
    Canceled,
    /// Money was taken.
    Captured,
}

impl AttemptStatus {
    /// Every status, lowest first.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::RequiresAction,
        Self::Processing,
        Self::Failed,
        Self::Authorized,
        Self::Canceled,
        Self::Captured,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Failed => "failed",
            Self::Authorized => "authorized",
            Self::Canceled => "canceled",
            Self::Captured => "captured",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether a new attempt may be made for the order: the provider will certainly take no money for this one.
    ///
    /// A failed attempt is not dead. The shopper could still succeed with it, so it is canceled at the provider first.
    pub fn is_dead(self) -> bool {
        self == Self::Canceled
    }
}

/// How far a refund has come, lowest first. A refund that went out can still come back from the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefundStage {
    /// Taken on by the provider.
    Pending,
    /// Went out.
    Succeeded,
    /// Came back, or was never possible: the shop has the money.
    Failed,
}

/// How far a dispute has come, lowest first. A lost dispute may be won on appeal; a won one is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DisputeStage {
    /// The bank asks; no money has moved.
    Inquiry,
    /// The bank holds the money.
    Opened,
    /// The bank keeps it.
    Lost,
    /// The bank gave it back.
    Won,
}

/// One refund or dispute of an attempt: how far it has come, and its amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum<Stage> {
    /// How far it has come.
    pub stage: Stage,
    /// How much it is about.
    pub amount: Money,
}

/// One try to collect a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its id, which is also the idempotency key at the provider.
    pub id: PaymentAttemptId,
    /// What we asked the provider to authorize.
    pub amount: Money,
    /// What we asked it to capture: the same, unless staff asked for less.
    pub capture_amount: Money,
    /// How far it has come.
    pub status: AttemptStatus,
    /// What was captured.
    pub captured: Option<Money>,
    /// An amount or a currency that the provider named and that we had not asked for.
    pub mismatch: Option<Money>,
    /// Refunds by the provider's id.
    pub refunds: BTreeMap<String, Sum<RefundStage>>,
    /// Disputes by the provider's id.
    pub disputes: BTreeMap<String, Sum<DisputeStage>>,
}

/// The larger of two amounts, by currency and then by size: a total order, so that joins do not depend on theirs.
fn larger(left: Money, right: Money) -> Money {
    let key = |money: Money| (money.currency(), money.amount());
    if key(left) >= key(right) { left } else { right }
}

fn raise(place: &mut Option<Money>, amount: Money) {
    *place = Some(place.map_or(amount, |known| larger(known, amount)));
}

fn join<Stage: Copy + Ord>(sums: &mut BTreeMap<String, Sum<Stage>>, id: &str, told: Sum<Stage>) {
    let sum = sums.entry(id.to_owned()).or_insert(told);
    *sum = Sum { stage: sum.stage.max(told.stage), amount: larger(sum.amount, told.amount) };
}

impl Attempt {
    /// An attempt of which the provider has said nothing.
    pub fn new(id: PaymentAttemptId, amount: Money) -> Self {
        Self {
            id,
            amount,
            capture_amount: amount,
            status: AttemptStatus::Created,
            captured: None,
            mismatch: None,
            refunds: BTreeMap::new(),
            disputes: BTreeMap::new(),
        }
    }

    /// Takes a fact in.
    pub fn join(&mut self, fact: &PaymentFact) {
        match fact.kind {
            FactKind::RequiresAction => self.rise(AttemptStatus::RequiresAction),
            FactKind::Processing => self.rise(AttemptStatus::Processing),
            FactKind::Failed => self.rise(AttemptStatus::Failed),
            FactKind::Canceled => self.rise(AttemptStatus::Canceled),
            FactKind::Authorized => {
                self.rise(AttemptStatus::Authorized);
                self.compare(fact.amount, self.amount);
            }
            FactKind::Captured => {
                self.rise(AttemptStatus::Captured);
                self.compare(fact.amount, self.capture_amount);
                raise(&mut self.captured, fact.amount);
            }
            FactKind::RefundPending => self.refund(fact, RefundStage::Pending),
            FactKind::RefundSucceeded => self.refund(fact, RefundStage::Succeeded),
            FactKind::RefundFailed => self.refund(fact, RefundStage::Failed),
            FactKind::DisputeInquiry => self.dispute(fact, DisputeStage::Inquiry),
            FactKind::DisputeOpened => self.dispute(fact, DisputeStage::Opened),
            FactKind::DisputeLost => self.dispute(fact, DisputeStage::Lost),
            FactKind::DisputeWon => self.dispute(fact, DisputeStage::Won),
        }
    }

    fn rise(&mut self, status: AttemptStatus) {
        self.status = self.status.max(status);
    }

    fn compare(&mut self, told: Money, asked: Money) {
        if told != asked {
            raise(&mut self.mismatch, told);
        }
    }

    fn refund(&mut self, fact: &PaymentFact, stage: RefundStage) {
        self.compare_currency(fact.amount);
        join(&mut self.refunds, &fact.object_id, Sum { stage, amount: fact.amount });
    }

    /// A dispute may be in the currency of the shopper's bank account, so its currency is not compared.
    fn dispute(&mut self, fact: &PaymentFact, stage: DisputeStage) {
        join(&mut self.disputes, &fact.object_id, Sum { stage, amount: fact.amount });
    }

    fn compare_currency(&mut self, told: Money) {
        if told.currency() != self.amount.currency() {
            raise(&mut self.mismatch, told);
        }
    }

    /// Refunds of one stage, summed in the attempt's currency.
    pub fn refunded(&self, stage: RefundStage) -> i64 {
        sum_of(self.refunds.values().filter(|refund| refund.stage == stage), self.amount.currency())
    }

    /// Disputes of one stage, summed in the attempt's currency.
    pub fn disputed(&self, stage: DisputeStage) -> i64 {
        sum_of(self.disputes.values().filter(|dispute| dispute.stage == stage), self.amount.currency())
    }

    /// What was captured in the attempt's currency, 0 without any.
    pub fn captured_amount(&self) -> i64 {
        let own = |money: &Money| money.currency() == self.amount.currency();
        self.captured.filter(own).map_or(0, Money::amount)
    }
}

fn sum_of<'a, Stage: 'a>(sums: impl Iterator<Item = &'a Sum<Stage>>, currency: Currency) -> i64 {
    sums.filter(|sum| sum.amount.currency() == currency)
        .fold(0, |total: i64, sum| total.saturating_add(sum.amount.amount()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_back_from_its_word() {
        for status in AttemptStatus::ALL {
            assert_eq!(AttemptStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(AttemptStatus::parse("succeeded"), None);
    }

    #[test]
    fn only_a_canceled_attempt_makes_room_for_another() {
        let dead: Vec<_> = AttemptStatus::ALL.into_iter().filter(|status| status.is_dead()).collect();
        assert_eq!(dead, [AttemptStatus::Canceled]);
    }
}
