//! What lines of an order are worth when they are given back, and which of their units go back on the shelf.

use tradepost_domain::kernel::ids::OrderLineId;
use tradepost_store::order::OrderLineRow;

use super::refund::RefundCreate;
use crate::error::WriteError;
use crate::order::in_hand::OrderInHand;

/// What each named line is worth: its stored total, and the tax on top of it, in proportion to the units; the last unit
/// takes what is left, so that all parts sum to the whole.
pub(super) fn priced_lines(
    order: &OrderInHand<'_>,
    create: &RefundCreate,
) -> Result<Vec<(OrderLineId, u32, i64)>, WriteError> {
    let mut priced = Vec::with_capacity(create.lines.len());
    for (index, wanted) in create.lines.iter().enumerate() {
        let at = |field: &str| format!("$.lines[{index}].{field}");
        let line = order.order.lines.iter().find(|line| line.id == wanted.line_id);
        let line = line.ok_or_else(|| {
            WriteError::invalid(at("line_id"), "line_not_found", "the order has no such line")
        })?;
        let named_before = create.lines.iter().take(index).any(|earlier| earlier.line_id == wanted.line_id);
        if named_before {
            return Err(WriteError::invalid(at("line_id"), "duplicate", "the line is named twice"));
        }
        let left = line.quantity.saturating_sub(line.refunded_quantity);
        if wanted.quantity == 0 {
            return Err(WriteError::invalid(at("quantity"), "invalid_quantity", "at least 1"));
        }
        if wanted.quantity > left {
            let detail = format!("{left} units of the line are left to refund");
            return Err(WriteError::conflict("refund_too_large", detail, Some(&at("quantity")))
                .with_fact("refundable", left));
        }
        priced.push((
            line.id,
            wanted.quantity,
            worth(line, wanted.quantity, order.order.totals.tax_included),
        ));
    }
    Ok(priced)
}

fn worth(line: &OrderLineRow, units: u32, tax_included: bool) -> i64 {
    let whole = if tax_included { line.total } else { line.total.saturating_add(line.tax) };
    let share = |units: u32| {
        let part =
            i128::from(whole).saturating_mul(i128::from(units)).checked_div(i128::from(line.quantity.max(1)));
        part.and_then(|part| i64::try_from(part).ok()).unwrap_or(0)
    };
    let gone = line.refunded_quantity;
    share(gone.saturating_add(units)).saturating_sub(share(gone))
}

/// The units that go back on the shelf: those of the lines; of a refund of all the money, all that are not back.
pub(super) fn restocked(
    order: &OrderInHand<'_>,
    lines: &[(OrderLineId, u32, i64)],
    is_all: bool,
) -> Result<Vec<(OrderLineId, u32)>, WriteError> {
    if !lines.is_empty() {
        return Ok(lines.iter().map(|(line, quantity, _)| (*line, *quantity)).collect());
    }
    if !is_all {
        let message = "an amount does not say which units go back: name lines";
        return Err(WriteError::invalid("$.restock", "lines_required", message));
    }
    Ok(order.order.lines.iter().map(|line| (line.id, line.quantity)).collect())
}
