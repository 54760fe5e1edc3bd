//! Places an order: priced, reserved, written down and answered in one transaction; then the payment provider is asked,
//! with no transaction open (docs/adr/0013). An order stands before any money moves, so money without an order cannot be.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use tradepost_domain::cart::{Cart, CartStatus};
use tradepost_domain::inventory::{Shortage, Want};
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{
    CartLineId, EntityId, OrderEventId, OrderId, OrderLineId, PaymentAttemptId,
};
use tradepost_domain::order::{FulfillmentStatus, OrderNumber, OrderStatus};
use tradepost_domain::payment::{Attempt, Payment, PaymentProvider, PaymentStatus};
use tradepost_domain::pricing::{PricedCart, PricedLine};
use tradepost_store::cart::{self, StoredCart};
use tradepost_store::inventory::{self, Hold, ReserveOrder};
use tradepost_store::order::timeline::{self, OrderEventRow};
use tradepost_store::order::{OrderLineRow, OrderRow, OrderTotals, insert};
use tradepost_store::payment::{self, AttemptDetails, PaymentRecord, ledger};

use super::in_hand::{tell_order, tell_stock};
use super::input::{OrderCreate, Source};
use super::view::{PlacedOrderView, view};
use super::{bookings, missing};
use crate::answer::{Answer, Outcome};
use crate::cart::create::assemble;
use crate::cart::quote::{Quote, quote};
use crate::cart::view::{RequirementView, product_view};
use crate::cart::{self as carts};
use crate::error::WriteError;
use crate::payment::begin::begin_payment;
use crate::payment::view::{PaymentView, client_secret};
use crate::secret::SecretToken;
use crate::shopper::ShopperContext;
use crate::work::Work;

/// Begins the secret of a guest's order.
pub const ORDER_TOKEN: &str = "ot";
/// Times that a number is drawn anew should it be taken.
const DRAWS: u32 = 5;

/// An order that is about to be written.
struct Draft {
    order: OrderRow,
    token: Option<SecretToken>,
    payment: Option<PaymentRecord>,
    wants: Vec<Want>,
}

/// Places an order, once for its idempotency key and once for its cart.
pub async fn place_order(context: &ShopperContext, mut create: OrderCreate) -> Result<Answer, WriteError> {
    let (source, provider) = create.read(context)?;
    let begun = context.caller.claim.as_ref().and_then(|claim| claim.resource_id);
    if let Some(begun) = begun.map(OrderId::from_uuid) {
        // The request before this one wrote the order and died before it could answer: this one goes on.
        return begin_payment(context, begun, None).await;
    }
    let mut draws = 0;
    loop {
        match Box::pin(attempt(context, &source, &create, provider)).await {
            Err(WriteError::Store(error))
                if error.violated_constraint() == Some("orders_number_key") && draws < DRAWS =>
            {
                draws += 1;
            }
            result => return result,
        }
    }
}

async fn attempt(
    context: &ShopperContext,
    source: &Source,
    create: &OrderCreate,
    provider: PaymentProvider,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("place_order").await?;
    let cart = open(context, &work, source).await?;
    let quote = quote(&context.caller.shop.rules, &work.tx, &cart, work.now).await?;
    check(&cart, &quote, source)?;
    check_total(create, &quote.priced)?;
    let from_cart = matches!(source, Source::Cart(_));
    let draft = draft(context, (&cart, from_cart), (&quote, create), provider)?;
    write(&mut work, &cart, &draft, from_cart).await?;
    let ids = context.caller.shop.ids.as_ref();
    carts::rules::redeem(&work.tx, &draft.order, &quote.priced, ids).await?;
    reserve(&mut work, context, &draft).await?;
    tell_order(&mut work, "order.placed", &draft.order);
    let asks_elsewhere =
        draft.payment.as_ref().is_some_and(|payment| payment.state.provider != PaymentProvider::Test);
    if asks_elsewhere {
        let id = draft.order.id;
        work.finish_for_now(id.as_uuid()).await?;
        return begin_payment(context, id, draft.token).await;
    }
    let answer = answer(&draft.order, draft.payment.as_ref(), draft.token.as_ref())?;
    work.finish(answer).await
}

/// The answer of a placed order.
pub fn answer(
    order: &OrderRow,
    payment: Option<&PaymentRecord>,
    token: Option<&SecretToken>,
) -> Result<Answer, WriteError> {
    let placed = PlacedOrderView {
        order: view(order, payment)?,
        order_token: token.map(|token| token.expose().to_owned()),
        payment: payment.map(PaymentView::from),
        payment_client_secret: payment.and_then(client_secret),
    };
    let answer = Answer::new(Outcome::Created, &placed, Some(order.version))?;
    Ok(answer.at(format!("/api/orders/{}", order.id)))
}

/// The cart to order, kept from others; or one made up of the items.
async fn open(context: &ShopperContext, work: &Work<'_>, source: &Source) -> Result<Cart, WriteError> {
    match source {
        Source::Items(items) => assemble(context, &work.tx, items.as_ref().clone(), source.lines_at()).await,
        Source::Cart(id) => {
            let owner = context.cart_owner()?;
            let found = cart::get_for_update(&work.tx, *id, &owner, work.now).await?;
            let StoredCart { cart, successor_id } = found.ok_or(WriteError::NotFound { kind: "cart" })?;
            match successor_id {
                Some(successor) => Err(carts::closed(&cart, successor)),
                None => Ok(cart),
            }
        }
    }
}

/// Refuses a cart that lacks something, with everything that it lacks.
fn check(cart: &Cart, quote: &Quote, source: &Source) -> Result<(), WriteError> {
    let mut missing: Vec<RequirementView> = carts::view::view(cart, quote).requirements;
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
    if first.code == "line_unavailable" {
        return Err(WriteError::conflict("line_unavailable", first.message.clone(), Some(&first.param)));
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

/// Refuses an order that does not come to what the shopper was shown (cases C43 and C51).
fn check_total(create: &OrderCreate, priced: &PricedCart) -> Result<(), WriteError> {
    let Some(expected) = create.expected_total else { return Ok(()) };
    let total = priced.totals.total;
    if (expected.amount, expected.currency) == (total.amount(), total.currency()) {
        return Ok(());
    }
    let detail = "the total is not what was expected: show it again before ordering";
    let current = json!({"amount": total.amount(), "currency": total.currency().code()});
    Err(WriteError::conflict("total_changed", detail, Some("$.expected_total")).with_fact("current", current))
}

fn draft(
    context: &ShopperContext,
    (cart, from_cart): (&Cart, bool),
    (quote, create): (&Quote, &OrderCreate),
    provider: PaymentProvider,
) -> Result<Draft, WriteError> {
    let ids = context.caller.shop.ids.as_ref();
    let now = context.now();
    let id: OrderId = context.caller.shop.ids.next();
    let total = quote.priced.totals.total;
    let free = total.amount() == 0;
    let line_ids: BTreeMap<CartLineId, OrderLineId> =
        quote.priced.lines.iter().map(|line| (line.id, context.caller.shop.ids.next())).collect();
    let lines = order_lines(cart, quote, &line_ids);
    let wants = lines
        .iter()
        .map(|line| Want {
            order_line_id: line.id,
            variant_id: line.variant_id,
            quantity: i64::from(line.quantity),
        })
        .collect();
    let expires_at = now.saturating_add(context.caller.shop.checkout.reservation_ttl).unwrap_or(now);
    let email = cart.email.as_ref().map(|email| email.as_str().to_owned()).ok_or_else(missing)?;
    let mut metadata = cart.metadata.clone();
    metadata.extend(create.metadata.clone());
    let order = OrderRow {
        id,
        number: draw_number(&ids.next_secret()),
        channel_id: cart.channel_id,
        cart_id: from_cart.then_some(cart.id),
        customer_id: cart.customer_id,
        email,
        locale: cart.locale.clone(),
        currency: cart.currency,
        status: if free { OrderStatus::Confirmed } else { OrderStatus::Pending },
        payment_status: if free { PaymentStatus::NotRequired } else { PaymentStatus::Pending },
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        totals: totals(&quote.priced),
        captured: 0,
        refunded: 0,
        shipping_address: cart.shipping_address.clone(),
        billing_address: cart.billing_address.clone().or_else(|| cart.shipping_address.clone()),
        shipping_method: shipping_method(&quote.priced),
        pricing: pricing(&quote.priced),
        coupons: cart.coupons.clone(),
        metadata,
        version: 1,
        placed_at: now,
        updated_at: now,
        expires_at: (!free).then_some(expires_at),
        confirmed_at: free.then_some(now),
        completed_at: None,
        canceled_at: None,
        cancel_reason: None,
        lines,
    };
    let token = cart.customer_id.is_none().then(|| SecretToken::draw(ORDER_TOKEN, ids));
    let payment = (!free).then(|| new_payment(context, id, total, provider));
    Ok(Draft { order, token, payment, wants })
}

/// The number that the last bits of a secret stand for: those in which also counted secrets of tests differ.
fn draw_number(secret: &[u8; 32]) -> OrderNumber {
    let bits = secret.iter().skip(24).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    OrderNumber::from_random(bits)
}

fn totals(priced: &PricedCart) -> OrderTotals {
    let totals = &priced.totals;
    OrderTotals {
        subtotal: totals.subtotal.amount(),
        discount: totals.discount.amount(),
        shipping: totals.shipping.amount(),
        tax: totals.tax.amount(),
        tax_included: priced.tax_included,
        total: totals.total.amount(),
    }
}

fn shipping_method(priced: &PricedCart) -> Option<Value> {
    priced.shipping.as_ref().map(|shipping| {
        json!({
            "id": shipping.shipping_method_id.to_string(),
            "name": shipping.name,
            "price": shipping.price,
            "discounts": shipping.discounts,
            "total": shipping.total,
            "tax": shipping.tax,
        })
    })
}

/// What pricing said, whole: an order's amounts are explained for as long as it is kept.
fn pricing(priced: &PricedCart) -> Value {
    let line = |line: &PricedLine| {
        json!({
            "variant_id": line.variant_id.to_string(),
            "price_list_id": line.price_list_id.map(|id| id.to_string()),
            "discounts": line.discounts,
            "tax_lines": line.tax_lines,
        })
    };
    json!({
        "lines": priced.lines.iter().map(line).collect::<Vec<_>>(),
        "shipping_tax_lines": priced.shipping.as_ref().map(|shipping| &shipping.tax_lines),
        "promotions": priced.promotions,
        "coupons": priced.coupons,
        "explanation": priced.explanation,
    })
}

fn order_lines(cart: &Cart, quote: &Quote, ids: &BTreeMap<CartLineId, OrderLineId>) -> Vec<OrderLineRow> {
    let line = |priced: &PricedLine| {
        let sellable = quote.sellables.get(&priced.variant_id)?;
        let in_cart = cart.line(priced.id)?;
        let shown = product_view(sellable);
        Some(OrderLineRow {
            id: *ids.get(&priced.id)?,
            variant_id: priced.variant_id,
            product_id: sellable.product_id,
            sku: sellable.sku.clone(),
            title: sellable.title.clone(),
            product: json!({"handle": shown.handle, "options": shown.options, "image": shown.image}),
            quantity: priced.quantity,
            unit_price: priced.unit_price.amount(),
            discount: priced.subtotal.amount().saturating_sub(priced.total.amount()),
            total: priced.total.amount(),
            tax: priced.tax.amount(),
            weight_grams: sellable.weight_grams.map(i64::from),
            fulfilled: 0,
            canceled: 0,
            returned: 0,
            refunded_quantity: 0,
            refunded_amount: 0,
            metadata: in_cart.metadata.clone(),
        })
    };
    quote.priced.lines.iter().filter_map(line).collect()
}

fn new_payment(
    context: &ShopperContext,
    order_id: OrderId,
    total: Money,
    provider: PaymentProvider,
) -> PaymentRecord {
    let shop = &context.caller.shop;
    let attempt_id: PaymentAttemptId = shop.ids.next();
    let mut state = Payment::new(provider, total);
    state.attempts.insert(attempt_id, Attempt::new(attempt_id, total));
    // The built-in provider keeps nothing and is asked nothing: the name that it would answer is known.
    let provider_ref = (provider == PaymentProvider::Test).then(|| format!("test_{attempt_id}"));
    let details = AttemptDetails { provider_ref, created_at: context.now(), ..AttemptDetails::default() };
    PaymentRecord {
        id: shop.ids.next(),
        order_id,
        state,
        capture: shop.checkout.capture.as_str().to_owned(),
        version: 1,
        details: BTreeMap::from([(attempt_id, details)]),
        refunds: Vec::new(),
    }
}

/// Writes the order and all that stands beside it, in one flight.
async fn write(work: &mut Work<'_>, cart: &Cart, draft: &Draft, from_cart: bool) -> Result<(), WriteError> {
    let order = &draft.order;
    let hash = draft.token.as_ref().map(SecretToken::hash);
    let now: Timestamp = work.now;
    let placed = placed_event(work, order);
    let sold = [bookings::sold(order, work.next_id::<OrderEventId>().as_uuid())];
    let tx = &work.tx;
    let pay = async {
        match &draft.payment {
            Some(payment) => payment::write::put(tx, payment, now).await,
            None => Ok(()),
        }
    };
    let close = async {
        if from_cart {
            cart::close(tx, cart.id, (CartStatus::Ordered, order.id.as_uuid()), now).await?;
        }
        Ok(())
    };
    let inserted = insert::insert(tx, order, hash.as_deref());
    let written = futures_util::future::try_join5(
        inserted,
        pay,
        timeline::insert(tx, &placed),
        ledger::book(tx, &sold, now),
        close,
    );
    written.await.map(drop).map_err(|error| match error.violated_constraint() {
        Some("orders_cart_id_key") => {
            WriteError::conflict("cart_closed", "the cart was ordered already", None)
        }
        _ => error.into(),
    })
}

fn placed_event(work: &Work<'_>, order: &OrderRow) -> [OrderEventRow; 1] {
    let actor = work.actor();
    [OrderEventRow {
        id: work.next_id(),
        order_id: order.id,
        kind: "placed".to_owned(),
        actor_kind: actor.kind().to_owned(),
        actor_id: actor.id(),
        data: json!({"total": {"amount": order.totals.total, "currency": order.currency.code()}}),
        created_at: work.now,
    }]
}

/// Takes the goods: the last thing before the commit, since others may wait for the same rows.
async fn reserve(work: &mut Work<'_>, context: &ShopperContext, draft: &Draft) -> Result<(), WriteError> {
    let order = &draft.order;
    let hold =
        if draft.payment.is_some() { Hold::Held { expires_at: order.expires_at } } else { Hold::Allocated };
    let wanted =
        ReserveOrder { order_id: order.id, cause_id: order.id.as_uuid(), hold, lines: draft.wants.clone() };
    let ids = context.caller.shop.ids.clone();
    let mut next_id = move || ids.next_uuid();
    let reserved = inventory::reserve(&work.tx, &[wanted], (None, work.now), &mut next_id).await?;
    if let Some(Err(short)) = reserved.outcomes.first() {
        let (available, all) = shortage_facts(short);
        let error =
            WriteError::conflict("insufficient_stock", "there is not enough of it any more", Some("$.lines"));
        return Err(error.with_fact("available", available).with_fact("shortages", all));
    }
    tell_stock(work, &reserved.moved);
    Ok(())
}
