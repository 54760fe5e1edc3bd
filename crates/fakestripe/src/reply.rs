//! Answers: an object, or an error of the shape that Stripe gives: <https://docs.stripe.com/api/errors>.

use serde_json::{Value, json};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }

    pub(crate) fn error(status: u16, kind: &str, code: Option<&str>, message: &str) -> Self {
        Self { status, body: json!({"error": {"type": kind, "code": code, "message": message}}) }
    }

    pub(crate) fn invalid(code: &str, message: &str) -> Self {
        Self::error(400, "invalid_request_error", Some(code), message)
    }

    pub(crate) fn missing(what: &str) -> Self {
        Self::error(404, "invalid_request_error", Some("resource_missing"), &format!("no such {what}"))
    }

    pub(crate) fn fault() -> Self {
        Self::error(500, "api_error", None, "something went wrong on our end")
    }

    /// An error that carries the intent that it is about.
    pub(crate) fn with_intent(mut self, intent: Value) -> Self {
        if let Some(error) = self.body.get_mut("error").and_then(Value::as_object_mut) {
            error.insert("payment_intent".to_owned(), intent);
        }
        self
    }

    pub(crate) fn declined(decline_code: &str, intent: Value) -> Self {
        let code = if decline_code == "authentication_required" { decline_code } else { "card_declined" };
        let mut reply =
            Self::error(402, "card_error", Some(code), "your card was declined").with_intent(intent);
        if let Some(error) = reply.body.get_mut("error").and_then(Value::as_object_mut) {
            error.insert("decline_code".to_owned(), json!(decline_code));
        }
        reply
    }
}
