//! Payment methods that customers save: <https://docs.stripe.com/api/payment_methods>.

use serde_json::{Value, json};

use crate::reply::Reply;
use crate::world::{Method, World};

impl World {
    /// Saves a card by its test name with a customer, under an id of its own; what is saved stays what it is.
    pub(crate) fn save(&mut self, method: &str, customer: &str) -> String {
        if self.methods.contains_key(method) {
            return method.to_owned();
        }
        let id = self.next_id("pm");
        let saved = Method { card: method.to_owned(), customer: Some(customer.to_owned()) };
        self.methods.insert(id.clone(), saved);
        id
    }

    /// The test name of the card that an intent of a customer is paid with: a saved one must be the customer's.
    pub(crate) fn card(&self, method: &str, customer: Option<&str>) -> Result<String, Reply> {
        match self.methods.get(method) {
            None => Ok(method.to_owned()),
            Some(Method { card, customer: Some(owner) }) if customer == Some(owner) => Ok(card.clone()),
            Some(_) => {
                let message = "the payment method was detached, or belongs to another customer";
                Err(Reply::error(400, "invalid_request_error", None, message))
            }
        }
    }

    pub(crate) fn attach(&mut self, method: &str, customer: &str) -> Result<Reply, Reply> {
        if !self.customers.contains_key(customer) {
            return Err(Reply::missing("customer"));
        }
        if self.methods.contains_key(method) {
            let message = "the payment method is attached, or was and cannot be again";
            return Err(Reply::error(400, "invalid_request_error", None, message));
        }
        let id = self.save(method, customer);
        Ok(Reply::ok(self.method_json(&id, None).unwrap_or_default()))
    }

    pub(crate) fn detach(&mut self, method: &str) -> Result<Reply, Reply> {
        let saved = self.methods.get_mut(method).ok_or_else(|| Reply::missing("payment_method"))?;
        if saved.customer.take().is_none() {
            let message = "the payment method is not attached to a customer, so detachment is impossible";
            return Err(Reply::error(400, "invalid_request_error", None, message));
        }
        Ok(Reply::ok(self.method_json(method, None).unwrap_or_default()))
    }

    /// What a customer saved.
    pub(crate) fn methods_of(&self, customer: &str) -> Result<Vec<Value>, Reply> {
        if !self.customers.contains_key(customer) {
            return Err(Reply::missing("customer"));
        }
        Ok(self.methods.keys().filter_map(|id| self.method_json(id, Some(customer))).collect())
    }

    /// A payment method as Stripe shows it; where a customer is named, theirs alone.
    pub(crate) fn method_json(&self, id: &str, of: Option<&str>) -> Option<Value> {
        let Method { customer, .. } = self.methods.get(id)?;
        if of.is_some() && of != customer.as_deref() {
            return None;
        }
        Some(json!({"id": id, "object": "payment_method", "type": "card", "livemode": false, "created": 0,
            "customer": customer, "billing_details": {},
            "card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034}}))
    }
}
