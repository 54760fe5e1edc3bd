//! What a cart still lacks before it can be ordered. Each requirement names the field that would meet it.

use super::Cart;

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Requirement {
    /// Stable word in snake case.
    pub code: &'static str,
    /// JSONPath of the field, in the cart.
    pub param: String,
    /// What is missing and what to do.
    pub message: String,
}

impl Requirement {
    /// Puts the parts together.
    pub fn new(code: &'static str, param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, param: param.into(), message: message.into() }
    }
}

/// What the cart itself lacks; that its lines can be had and shipped is for others to say. `is_sent` says whether anything in it
/// has to be: a download needs no address.
pub fn requirements(cart: &Cart, is_sent: bool) -> Vec<Requirement> {
    let mut missing = Vec::new();
    if cart.lines.is_empty() {
        missing.push(Requirement::new("lines_required", "$.lines", "put something into the cart"));
    }
    if cart.email.is_none() {
        missing.push(Requirement::new("email_required", "$.email", "say where the order confirmation goes"));
    }
    if is_sent && cart.shipping_address.is_none() {
        missing.push(Requirement::new(
            "shipping_address_required",
            "$.shipping_address",
            "say where the goods go",
        ));
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cart::tests::{empty, filled};

    #[test]
    fn each_requirement_names_the_field_that_meets_it_and_vanishes_with_it() {
        let params = |cart: &Cart| -> Vec<String> {
            requirements(cart, true).into_iter().map(|requirement| requirement.param).collect()
        };
        assert_eq!(params(&empty(1)), ["$.lines", "$.email", "$.shipping_address"]);
        let mut cart = filled(1, &[(7, 2)]);
        assert_eq!(params(&cart), ["$.email", "$.shipping_address"]);
        cart.email = Some("ada@example.com".parse().unwrap());
        assert_eq!(params(&cart), ["$.shipping_address"]);
        assert_eq!(requirements(&cart, false), []);
    }
}
