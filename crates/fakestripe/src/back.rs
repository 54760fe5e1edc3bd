//! Money on its way back: refunds (<https://docs.stripe.com/refunds>) and disputes (<https://docs.stripe.com/disputes>).

use serde_json::{Value, json};

use crate::form::Params;
use crate::money;
use crate::reply::Reply;
use crate::world::{Dispute, Refund, World};

impl World {
    pub(crate) fn refund(&mut self, params: &Params, now: i64) -> Result<Reply, Reply> {
        let intent_id = params.required("payment_intent")?.to_owned();
        let intent = self.intents.get(&intent_id).ok_or_else(|| Reply::missing("payment_intent"))?;
        let left = intent.received - self.refunded(&intent_id);
        if intent.received == 0 {
            return Err(Reply::invalid("charge_not_captured", "nothing was captured"));
        }
        if left == 0 {
            return Err(Reply::invalid("charge_already_refunded", "it was refunded before"));
        }
        if self.disputed(&intent_id) > 0 {
            return Err(Reply::invalid("charge_disputed", "a bank holds the money"));
        }
        let amount = params.number("amount")?.unwrap_or(left);
        money::check(amount, &intent.currency)?;
        if amount > left {
            return Err(Reply::invalid("amount_too_large", "more than is left"));
        }
        let id = self.next_id("re");
        let refund = Refund {
            id: id.clone(),
            intent: intent_id.clone(),
            amount,
            status: if self.refunds_wait { "pending" } else { "succeeded" },
            created: now,
            metadata: params.metadata(),
        };
        self.refunds.insert(id.clone(), refund);
        self.book("refund", &id, -amount, now);
        let object = self.refund_json(&id).unwrap_or_default();
        self.tell("refund.created", &object, now);
        self.tell_charge(&intent_id, "charge.refunded", now);
        self.tell("refund.updated", &object, now);
        Ok(Reply::ok(object))
    }

    /// The bank has passed on the refunds that wait.
    pub(crate) fn settle_refunds(&mut self, now: i64) {
        let waiting = self.refunds.values_mut().filter(|refund| refund.status == "pending");
        let settled: Vec<String> = waiting
            .map(|refund| {
                refund.status = "succeeded";
                refund.id.clone()
            })
            .collect();
        for id in settled {
            let object = self.refund_json(&id).unwrap_or_default();
            self.tell("refund.updated", &object, now);
        }
    }

    /// The bank sends a refund back.
    pub(crate) fn fail_refund(&mut self, id: &str, now: i64) -> bool {
        let Some(refund) = self.refunds.get_mut(id).filter(|refund| refund.status == "succeeded") else {
            return false;
        };
        refund.status = "failed";
        let amount = refund.amount;
        self.book("refund_failure", id, amount, now);
        let object = self.refund_json(id).unwrap_or_default();
        self.tell("refund.failed", &object, now);
        true
    }

    /// The bank takes money back; it can take no more than is there.
    pub(crate) fn dispute(&mut self, intent: &str, amount: i64, now: i64) -> Option<String> {
        if amount < 1 || amount > self.net(intent) {
            return None;
        }
        let id = self.next_id("du");
        let dispute = Dispute {
            id: id.clone(),
            intent: intent.to_owned(),
            amount,
            status: "needs_response",
            created: now,
        };
        self.disputes.insert(id.clone(), dispute);
        self.book("adjustment", &id, -amount, now);
        self.tell_dispute(&id, &["charge.dispute.created", "charge.dispute.funds_withdrawn"], now);
        Some(id)
    }

    /// The bank decides.
    pub(crate) fn close_dispute(&mut self, id: &str, won: bool, now: i64) -> bool {
        let Some(dispute) = self.disputes.get_mut(id).filter(|dispute| dispute.status == "needs_response")
        else {
            return false;
        };
        dispute.status = if won { "won" } else { "lost" };
        let amount = dispute.amount;
        if won {
            self.book("adjustment", id, amount, now);
            self.tell_dispute(id, &["charge.dispute.funds_reinstated", "charge.dispute.closed"], now);
        } else {
            self.tell_dispute(id, &["charge.dispute.closed"], now);
        }
        true
    }

    fn tell_dispute(&mut self, id: &str, kinds: &[&str], now: i64) {
        let object = self.dispute_json(id).unwrap_or_default();
        for kind in kinds {
            self.tell(kind, &object, now);
        }
    }

    /// A refund as Stripe shows it.
    pub(crate) fn refund_json(&self, id: &str) -> Option<Value> {
        let of = self.refunds.get(id)?;
        let intent = self.intents.get(&of.intent)?;
        let reason = (of.status == "failed").then_some("lost_or_stolen_card");
        Some(json!({
            "id": of.id, "object": "refund", "amount": of.amount, "currency": intent.currency,
            "created": of.created, "status": of.status, "failure_reason": reason, "metadata": of.metadata,
            "charge": intent.charge, "payment_intent": of.intent, "reason": null,
        }))
    }

    /// A dispute as Stripe shows it.
    pub(crate) fn dispute_json(&self, id: &str) -> Option<Value> {
        let of = self.disputes.get(id)?;
        let intent = self.intents.get(&of.intent)?;
        Some(json!({
            "id": of.id, "object": "dispute", "livemode": false, "amount": of.amount,
            "currency": intent.currency, "created": of.created, "status": of.status, "reason": "fraudulent",
            "charge": intent.charge, "payment_intent": of.intent, "metadata": {}, "balance_transactions": [],
            "evidence": {}, "evidence_details": {}, "is_charge_refundable": false,
        }))
    }
}
