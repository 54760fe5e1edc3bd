//! A buyer with the manners of a good client: everything that costs money carries a key, what was not answered is sent
//! again with the same key, and what is asked to come again comes again.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Call, Client, Reply};
use super::promises::Promise;
use super::rng::Rng;

/// Rest before something is sent again.
const REST: Duration = Duration::from_millis(50);

/// What the buyer wants in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To pay.
    Pay,
    /// To order, and to think it over for ever.
    LeaveUnpaid,
    /// To pay, and to get some of it back.
    PayAndReturn,
}

/// How far a purchase is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    Cart,
    Order,
    Pay,
    Refund,
    /// As wished.
    Done,
    /// The shop refused, with a reason that is in order.
    Refused(String),
}

/// What came of sending something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// An answer that moves the purchase on.
    Moved,
    /// The shop asks to come again.
    ComeAgain,
    /// No answer: it may have been done.
    NoAnswer,
}

/// An answer that nobody should get.
#[derive(Debug, Clone)]
pub(super) struct Surprise {
    pub(super) promise: Promise,
    pub(super) words: String,
}

/// An order that the buyer was told of.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) order: String,
    pub(super) token: String,
    pub(super) payment: String,
    pub(super) discount: i64,
}

/// One purchase from the empty cart to its end.
#[derive(Debug, Clone)]
pub(super) struct Purchase {
    lines: Vec<Value>,
    coupon: Option<String>,
    wish: Wish,
    rng: Rng,
    order_key: String,
    pay_key: String,
    refund_key: String,
    pub(super) cart: Option<(String, String)>,
    pub(super) placed: Option<Placed>,
    pub(super) paid: bool,
    total: i64,
    pub(super) stage: Stage,
    pub(super) surprises: Vec<Surprise>,
    /// Sent without an answer, and sent again.
    pub(super) unanswered: u32,
    /// Answers that asked to come again.
    pub(super) put_off: u32,
    /// Errors of the shop itself (500) among them.
    pub(super) faults: u32,
}

impl Purchase {
    /// A purchase of units of variants.
    pub(super) fn new(lines: &[(String, u64)], wish: Wish, rng: &mut Rng) -> Self {
        let mut rng = rng.split();
        let lines = lines.iter().map(|(variant, units)| json!({"variant_id": variant, "quantity": units}));
        Self {
            lines: lines.collect(),
            coupon: None,
            wish,
            order_key: rng.key(),
            pay_key: rng.key(),
            refund_key: rng.key(),
            rng,
            cart: None,
            placed: None,
            paid: false,
            total: 0,
            stage: Stage::Cart,
            surprises: Vec::new(),
            unanswered: 0,
            put_off: 0,
            faults: 0,
        }
    }

    /// With a coupon.
    pub(super) fn with_coupon(mut self, code: &str) -> Self {
        self.coupon = Some(code.to_owned());
        self
    }

    /// The same cart from another device: another key.
    pub(super) fn another_device(&mut self) -> Self {
        let mut other = self.clone();
        other.order_key = self.rng.key();
        other
    }

    /// Whether there is nothing more to do.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Done | Stage::Refused(_))
    }

    /// Sends what is next until the purchase is over or time is up; answers whether it is over. Where an answer is lost
    /// and nothing says that the shop is back, the caller decides.
    pub(super) async fn go_on(&mut self, client: &mut Client, staff: &str, until: Instant) -> bool {
        while !self.is_over() {
            if Instant::now() > until {
                return false;
            }
            if self.send_next(client, staff).await != Sent::Moved {
                tokio::time::sleep(REST).await;
            }
        }
        true
    }

    /// Sends what is next, once.
    pub(super) async fn send_next(&mut self, client: &mut Client, staff: &str) -> Sent {
        let Some(call) = self.next_call(staff) else { return Sent::Moved };
        let Ok(reply) = client.send(&call).await else {
            self.unanswered += 1;
            return Sent::NoAnswer;
        };
        if reply.asks_to_come_again() {
            self.put_off += 1;
            self.faults += u32::from(reply.status == 500);
            return Sent::ComeAgain;
        }
        match self.stage {
            Stage::Cart => self.take_cart(&reply),
            Stage::Order => self.take_order(&reply),
            Stage::Pay => return self.take_payment(&reply),
            Stage::Refund => self.take_refund(&reply),
            Stage::Done | Stage::Refused(_) => {}
        }
        Sent::Moved
    }

    fn next_call(&self, staff: &str) -> Option<Call> {
        let placed = self.placed.as_ref();
        match self.stage {
            Stage::Cart => Some(Call::post("/api/carts", self.cart_body())),
            Stage::Order => self.order_call(),
            Stage::Pay => {
                let placed = placed?;
                let call = Call::post(
                    format!("/api/payments/{}/confirm", placed.payment),
                    json!({"payment_method": "pm_card_visa"}),
                );
                Some(call.header("Order-Token", placed.token.clone()).once(&self.pay_key))
            }
            Stage::Refund => {
                let body = json!({
                    "amount": {"amount": (self.total / 3).max(1), "currency": "EUR"}, "reason": "torture",
                });
                let call = Call::post(format!("/api/admin/orders/{}/refunds", placed?.order), body);
                let call = call.header("Authorization", format!("Bearer {staff}"));
                Some(call.any_version().once(&self.refund_key))
            }
            Stage::Done | Stage::Refused(_) => None,
        }
    }

    fn cart_body(&self) -> Value {
        let mut body = json!({
            "lines": self.lines, "email": format!("{}@example.com", self.order_key),
            "shipping_address": {"first_name": "Ada", "last_name": "Lovelace", "line1": "Hauptstr. 1",
                                 "postal_code": "10115", "city": "Berlin", "country": "DE"},
        });
        if let (Some(code), Some(body)) = (&self.coupon, body.as_object_mut()) {
            body.insert("coupons".to_owned(), json!([code]));
        }
        body
    }

    /// The order, as it is sent first and as it is repeated.
    pub(super) fn order_call(&self) -> Option<Call> {
        let (cart, token) = self.cart.as_ref()?;
        let call = Call::post("/api/orders", json!({"cart_id": cart}));
        Some(call.header("Cart-Token", token.clone()).once(&self.order_key))
    }

    fn take_cart(&mut self, reply: &Reply) {
        match reply.status {
            201 => {
                self.cart = Some((reply.text("/id").to_owned(), reply.text("/token").to_owned()));
                self.stage = Stage::Order;
            }
            409 | 422 => self.stage = Stage::Refused(reply.code().to_owned()),
            _ => self.surprise(Promise::NoFaults, "a cart", reply),
        }
    }

    fn take_order(&mut self, reply: &Reply) {
        match reply.status {
            201 => {
                self.placed = Some(Placed {
                    order: reply.text("/order/id").to_owned(),
                    token: reply.text("/order_token").to_owned(),
                    payment: reply.text("/payment/id").to_owned(),
                    discount: reply.number("/order/totals/discount/amount"),
                });
                self.total = reply.number("/order/totals/total/amount");
                self.stage = if self.wish == Wish::LeaveUnpaid { Stage::Done } else { Stage::Pay };
            }
            409 => self.stage = Stage::Refused(reply.code().to_owned()),
            404 => self.surprise(Promise::Kept, "an order of a cart that was there", reply),
            _ => self.surprise(Promise::NoFaults, "an order", reply),
        }
    }

    fn take_payment(&mut self, reply: &Reply) -> Sent {
        let succeeded = reply.status == 200 && reply.text("/status") == "succeeded";
        if succeeded || reply.code() == "payment_already_succeeded" {
            self.paid = true;
            self.stage = if self.wish == Wish::PayAndReturn { Stage::Refund } else { Stage::Done };
            return Sent::Moved;
        }
        match (reply.status, reply.code()) {
            // Its outcome is not known, or Stripe has not answered yet: asked again, as a shopper would press again.
            (200, _) | (409, "payment_not_ready") => {
                self.pay_key = self.rng.key();
                self.put_off += 1;
                return Sent::ComeAgain;
            }
            // It took the buyer so long that the order was given up.
            (409, "order_canceled" | "payment_canceled") => {
                self.stage = Stage::Refused(reply.code().to_owned());
            }
            (404, _) => self.surprise(Promise::Kept, "a payment of a confirmed order", reply),
            _ => self.surprise(Promise::NoFaults, "a payment", reply),
        }
        Sent::Moved
    }

    fn take_refund(&mut self, reply: &Reply) {
        match reply.status {
            201 => self.stage = Stage::Done,
            404 => self.surprise(Promise::Kept, "a refund of a paid order", reply),
            _ => self.surprise(Promise::Refunds, "a refund", reply),
        }
    }

    /// Notes an answer that nobody should get; the purchase is over.
    fn surprise(&mut self, promise: Promise, what: &str, reply: &Reply) {
        let words = format!("{what} was answered {} {}", reply.status, reply.body);
        self.surprises.push(Surprise { promise, words });
        self.stage = Stage::Refused("surprise".to_owned());
    }
}
