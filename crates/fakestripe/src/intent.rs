//! Payment intents: <https://docs.stripe.com/payments/paymentintents/lifecycle>.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::form::Params;
use crate::money;
use crate::reply::Reply;
use crate::world::World;

/// A payment intent, with the one charge that it can have.
#[derive(Debug)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) capturable: i64,
    pub(crate) received: i64,
    /// What it says it received instead, when it was told to lie.
    pub(crate) falsified: Option<i64>,
    pub(crate) currency: String,
    pub(crate) status: &'static str,
    pub(crate) manual: bool,
    pub(crate) created: i64,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) customer: Option<String>,
    pub(crate) saves: bool,
    pub(crate) method: Option<String>,
    pub(crate) decline: Option<String>,
    pub(crate) charge: Option<String>,
}

/// Statuses in which an intent can be confirmed.
const CONFIRMABLE: [&str; 3] = ["requires_payment_method", "requires_confirmation", "requires_action"];

fn client_secret(intent: &str) -> String {
    format!("{intent}_secret_fake")
}

impl World {
    pub(crate) fn create(&mut self, params: &Params, now: i64) -> Result<Reply, Reply> {
        let amount = params.required("amount")?;
        let amount = params.number("amount")?.ok_or_else(|| Reply::invalid("parameter_missing", amount))?;
        let currency = params.required("currency")?.to_owned();
        money::check(amount, &currency)?;
        let customer = params.text("customer").map(str::to_owned);
        if customer.as_ref().is_some_and(|id| !self.customers.contains_key(id)) {
            return Err(Reply::missing("customer"));
        }
        let id = self.next_id("pi");
        let intent = Intent {
            id: id.clone(),
            amount,
            capturable: 0,
            received: 0,
            falsified: None,
            currency,
            status: "requires_payment_method",
            manual: params.text("capture_method") == Some("manual"),
            created: now,
            metadata: params.metadata(),
            customer,
            saves: params.text("setup_future_usage").is_some(),
            method: None,
            decline: None,
            charge: None,
        };
        self.intents.insert(id.clone(), intent);
        Ok(Reply::ok(self.told_intent(&id, "payment_intent.created", now)))
    }

    pub(crate) fn confirm(
        &mut self,
        id: &str,
        params: &Params,
        now: i64,
        decline: Option<String>,
    ) -> Result<Reply, Reply> {
        let as_it_is = self.intent_json(id, false).ok_or_else(|| Reply::missing("payment_intent"))?;
        let intent = self.intents.get(id).ok_or_else(|| Reply::missing("payment_intent"))?;
        if !CONFIRMABLE.contains(&intent.status) {
            let message = format!("this intent is {} and cannot be confirmed", intent.status);
            return Err(Reply::invalid("payment_intent_unexpected_state", &message).with_intent(as_it_is));
        }
        // A shopper's browser proves with it that it may pay.
        if params.text("client_secret").is_some_and(|secret| secret != client_secret(id)) {
            return Err(Reply::invalid("parameter_invalid", "the client secret is another intent's"));
        }
        let method = params.text("payment_method").map(str::to_owned).or_else(|| intent.method.clone());
        let Some(method) = method else {
            return Err(Reply::invalid("parameter_missing", "missing `payment_method`").with_intent(as_it_is));
        };
        let card = self.card(&method, intent.customer.as_deref())?;
        let intent = self.intents.get_mut(id).ok_or_else(|| Reply::missing("payment_intent"))?;
        intent.method = Some(method);
        let away = params.is_true("off_session");
        let decline = decline.or_else(|| match card.as_str() {
            "pm_card_visa_chargeDeclined" => Some("generic_decline".to_owned()),
            "pm_card_visa_chargeDeclinedInsufficientFunds" => Some("insufficient_funds".to_owned()),
            "pm_card_authenticationRequired" if away => Some("authentication_required".to_owned()),
            _ => None,
        });
        if let Some(code) = decline {
            intent.status = "requires_payment_method";
            intent.decline = Some(code.clone());
            let intent = self.told_intent(id, "payment_intent.payment_failed", now);
            return Err(Reply::declined(&code, intent));
        }
        let (status, kind) = match card.as_str() {
            "pm_card_authenticationRequired" => ("requires_action", "payment_intent.requires_action"),
            "pm_processing" => ("processing", "payment_intent.processing"),
            _ => {
                self.succeed(id, now);
                if card == "pm_card_createDispute" {
                    let amount = self.intents.get(id).map_or(0, |intent| intent.received);
                    self.dispute(id, amount, now);
                }
                return Ok(Reply::ok(self.intent_json(id, false).unwrap_or_default()));
            }
        };
        intent.status = status;
        Ok(Reply::ok(self.told_intent(id, kind, now)))
    }

    /// The bank says yes: the money is set aside, or taken.
    fn succeed(&mut self, id: &str, now: i64) {
        let charge = self.next_id("ch");
        let Some(intent) = self.intents.get(id) else { return };
        let wanted = intent.customer.clone().zip(intent.method.clone()).filter(|_| intent.saves);
        let saved = wanted.map(|(customer, method)| self.save(&method, &customer));
        let Some(intent) = self.intents.get_mut(id) else { return };
        intent.charge = Some(charge);
        intent.decline = None;
        intent.method = saved.or(intent.method.take());
        if intent.manual {
            intent.status = "requires_capture";
            intent.capturable = intent.amount;
            self.tell_charge(id, "charge.succeeded", now);
            self.told_intent(id, "payment_intent.amount_capturable_updated", now);
        } else {
            let amount = intent.amount;
            self.receive(id, amount, "charge.succeeded", now);
        }
    }

    /// Money is taken.
    fn receive(&mut self, id: &str, amount: i64, kind: &str, now: i64) {
        let Some(intent) = self.intents.get_mut(id) else { return };
        intent.status = "succeeded";
        intent.received = amount;
        intent.capturable = 0;
        let charge = intent.charge.clone().unwrap_or_default();
        self.book("charge", &charge, amount, now);
        self.tell_charge(id, kind, now);
        self.told_intent(id, "payment_intent.succeeded", now);
    }

    pub(crate) fn capture(&mut self, id: &str, params: &Params, now: i64) -> Result<Reply, Reply> {
        let as_it_is = self.intent_json(id, false).ok_or_else(|| Reply::missing("payment_intent"))?;
        let asked = params.number("amount_to_capture")?;
        let intent = self.intents.get(id).ok_or_else(|| Reply::missing("payment_intent"))?;
        if intent.status != "requires_capture" {
            let message = format!("this intent is {} and cannot be captured", intent.status);
            return Err(Reply::invalid("payment_intent_unexpected_state", &message).with_intent(as_it_is));
        }
        let amount = asked.unwrap_or(intent.capturable);
        money::check(amount, &intent.currency)?;
        if amount > intent.capturable {
            return Err(Reply::invalid("amount_too_large", "more than is set aside"));
        }
        self.receive(id, amount, "charge.captured", now);
        Ok(Reply::ok(self.intent_json(id, false).unwrap_or_default()))
    }

    pub(crate) fn cancel(&mut self, id: &str, now: i64) -> Result<Reply, Reply> {
        let as_it_is = self.intent_json(id, false).ok_or_else(|| Reply::missing("payment_intent"))?;
        let intent = self.intents.get_mut(id).ok_or_else(|| Reply::missing("payment_intent"))?;
        if ["succeeded", "canceled", "processing"].contains(&intent.status) {
            let message = format!("this intent is {} and cannot be canceled", intent.status);
            return Err(Reply::invalid("payment_intent_unexpected_state", &message).with_intent(as_it_is));
        }
        intent.status = "canceled";
        intent.capturable = 0;
        Ok(Reply::ok(self.told_intent(id, "payment_intent.canceled", now)))
    }

    /// Lets an intent succeed that somebody or something is waiting for.
    pub(crate) fn settle(&mut self, id: &str, now: i64) -> bool {
        let waits = self
            .intents
            .get(id)
            .is_some_and(|intent| ["processing", "requires_action"].contains(&intent.status));
        if waits {
            self.succeed(id, now);
        }
        waits
    }

    /// Writes an event about an intent and gives the intent.
    fn told_intent(&mut self, id: &str, kind: &str, now: i64) -> Value {
        let object = self.intent_json(id, false).unwrap_or_default();
        self.tell(kind, &object, now);
        object
    }

    pub(crate) fn tell_charge(&mut self, id: &str, kind: &str, now: i64) {
        if let Some(charge) = self.charge_json(id) {
            self.tell(kind, &charge, now);
        }
    }

    /// An intent as Stripe shows it, with its charge whole when that is asked for.
    pub(crate) fn intent_json(&self, id: &str, with_charge: bool) -> Option<Value> {
        let of = self.intents.get(id)?;
        let charge = if with_charge { self.charge_json(id).unwrap_or(Value::Null) } else { json!(of.charge) };
        let action = (of.status == "requires_action").then(|| {
            json!({"type": "redirect_to_url", "redirect_to_url": {
                "url": format!("https://hooks.stripe.example/3ds/{id}"), "return_url": null}})
        });
        let error = of.decline.as_ref().map(
            |code| json!({"type": "card_error", "code": "card_declined", "decline_code": code, "message": "declined"}),
        );
        Some(json!({
            "id": of.id, "object": "payment_intent", "livemode": false, "created": of.created,
            "amount": of.amount, "amount_capturable": of.capturable,
            "amount_received": of.falsified.unwrap_or(of.received), "currency": of.currency,
            "status": of.status, "capture_method": if of.manual { "manual" } else { "automatic" },
            "client_secret": client_secret(id), "metadata": of.metadata, "customer": of.customer,
            "payment_method": of.method, "latest_charge": charge, "next_action": action,
            "last_payment_error": error,
        }))
    }

    /// The charge of an intent as Stripe shows it.
    pub(crate) fn charge_json(&self, intent: &str) -> Option<Value> {
        let of = self.intents.get(intent)?;
        let refunded = self.refunded(intent);
        Some(json!({
            "id": of.charge.as_ref()?, "object": "charge", "livemode": false, "created": of.created,
            "amount": of.amount, "amount_captured": of.falsified.unwrap_or(of.received),
            "amount_refunded": refunded, "currency": of.currency, "captured": of.received > 0, "paid": true,
            "status": "succeeded", "refunded": of.received > 0 && refunded >= of.received,
            "disputed": self.disputes.values().any(|dispute| dispute.intent == intent),
            "metadata": of.metadata, "payment_intent": of.id, "billing_details": {},
        }))
    }
}
