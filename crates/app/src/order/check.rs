//! Whether a cart can be ordered as it stands, and what is said where it cannot.

use serde_json::{Value, json};
use tradepost_domain::cart::Cart;
use tradepost_domain::inventory::Shortage;
use tradepost_domain::kernel::Money;
use tradepost_domain::payment::{PaymentProvider, ProviderCurrency};
use tradepost_domain::pricing::PricedCart;

use super::input::{OrderCreate, Source};
use crate::cart::quote::Quote;
use crate::cart::view::RequirementView;
use crate::cart::{self as carts};
use crate::error::WriteError;

/// Refuses a cart that lacks something, with everything that it lacks.
pub(super) fn check(cart: &Cart, quote: &Quote, source: &Source) -> Result<(), WriteError> {
    let mut missing: Vec<RequirementView> = carts::view::lacks(cart, quote);
    for requirement in &mut missing {
        requirement.param = requirement.param.replacen("$.lines", source.lines_at(), 1);
    }
    if let Some(unknown) = cart.lines.iter().position(|line| !quote.sellables.contains_key(&line.variant_id))
    {
        let param = format!("{}[{unknown}].variant_id", source.lines_at());
        return Err(WriteError::invalid(param, "variant_not_found", "there is no such variant"));
    }
    let Some(first) = missing.first() else { return Ok(()) };
    let short = missing.iter().find(|requirement| requirement.code == "insufficient_stock");
    if let Some(short) = short {
        let facts = shortages(cart, quote);
        let error = WriteError::conflict("insufficient_stock", short.message.clone(), Some(&short.param));
        return Err(error.with_fact("available", facts.0).with_fact("shortages", facts.1));
    }
    if let Some(code) = ["line_unavailable", "tax_unavailable"].into_iter().find(|code| first.code == *code) {
        return Err(WriteError::conflict(code, first.message.clone(), Some(&first.param)));
    }
    let issue = |requirement: &RequirementView| {
        let code = KNOWN.iter().find(|code| **code == requirement.code).copied().unwrap_or("invalid");
        tradepost_domain::catalog::Issue::new(requirement.param.clone(), code, requirement.message.clone())
    };
    Err(WriteError::Invalid(missing.iter().map(issue).collect()))
}

/// What may be missing of a cart.
const KNOWN: [&str; 5] = [
    "lines_required",
    "email_required",
    "shipping_address_required",
    "shipping_unavailable",
    "line_unavailable",
];

fn shortages(cart: &Cart, quote: &Quote) -> (i64, Value) {
    let short = cart.lines.iter().filter_map(|line| {
        let sellable = quote.sellables.get(&line.variant_id)?;
        let is_short =
            sellable.tracked && !sellable.backorder && sellable.available < i64::from(line.quantity.get());
        is_short.then(|| Shortage {
            variant_id: line.variant_id,
            requested: i64::from(line.quantity.get()),
            available: sellable.available.max(0),
        })
    });
    shortage_facts(&short.collect::<Vec<_>>())
}

fn shortage_facts(short: &[Shortage]) -> (i64, Value) {
    let each = |shortage: &Shortage| {
        json!({
            "variant_id": shortage.variant_id.to_string(),
            "requested": shortage.requested,
            "available": shortage.available.max(0),
        })
    };
    (short.first().map_or(0, |shortage| shortage.available.max(0)), short.iter().map(each).collect())
}

/// Why an order gets none of its goods: somebody was faster.
pub(super) fn out_of_stock(short: &[Shortage]) -> WriteError {
    let (available, all) = shortage_facts(short);
    let error =
        WriteError::conflict("insufficient_stock", "there is not enough of it any more", Some("$.lines"));
    error.with_fact("available", available).with_fact("shortages", all)
}

/// Refuses an order that does not come to what the shopper was shown (cases C43 and C51).
pub(super) fn check_total(create: &OrderCreate, priced: &PricedCart) -> Result<(), WriteError> {
    let Some(expected) = create.expected_total else { return Ok(()) };
    let total = priced.totals.total;
    if (expected.amount, expected.currency) == (total.amount(), total.currency()) {
        return Ok(());
    }
    let detail = "the total is not what was expected: show it again before ordering";
    let current = json!({"amount": total.amount(), "currency": total.currency().code()});
    Err(WriteError::conflict("total_changed", detail, Some("$.expected_total")).with_fact("current", current))
}

/// Refuses an order that could never be paid: too small, too large, or between two steps of its currency (case C48).
pub(super) fn check_chargeable(provider: PaymentProvider, total: Money) -> Result<(), WriteError> {
    if total.amount() == 0 {
        return Ok(());
    }
    ProviderCurrency::check_charge(provider, total).map_err(|error| {
        WriteError::invalid("$.payment.provider", "amount_not_chargeable", error.to_string())
    })
}
