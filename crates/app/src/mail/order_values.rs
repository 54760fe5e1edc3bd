//! What templates of order mails are given: amounts, dates and addresses as text, in the reader's way of writing. Nothing
//! here is HTML: pages escape whatever they show.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tradepost_domain::kernel::money_text::percent_text;
use tradepost_domain::kernel::{Address, Locale, Money, MoneyError};
use tradepost_store::order::{OrderLineRow, OrderRow};

use super::order::Story;
use super::template::MailTemplates;

/// Writes amounts of one order.
struct Amounts<'a> {
    order: &'a OrderRow,
    locale: &'a Locale,
}

impl Amounts<'_> {
    fn text(&self, amount: i64) -> Result<String, MoneyError> {
        Ok(Money::new(amount, self.order.currency)?.to_text(self.locale))
    }
}

/// Everything that templates may say of an order, a parcel of it, and money that goes back.
pub(super) fn order_values(
    templates: &MailTemplates,
    public_url: &str,
    story: &Story,
    locale: &Locale,
) -> Result<Value, MoneyError> {
    let order = &story.order;
    let reading = templates.reading(locale);
    let amounts = Amounts { order, locale: &reading };
    let lines = order.lines.iter().map(|line| line_values(&amounts, line, public_url));
    let totals = &order.totals;
    let shipping = order.shipping_address.as_ref();
    let billing = order.billing_address.as_ref().filter(|billing| Some(*billing) != shipping);
    let method = order.shipping_method.as_ref().and_then(|method| method.get("name"));
    Ok(json!({
        "shop": {"name": templates.shop_name(), "url": public_url},
        "order": {
            "number": order.number.as_str(),
            "date": order.placed_at.strftime(&templates.date_format(&reading)).to_string(),
            "email": order.email,
            // A guest's order is opened by a secret that nobody but the guest has.
            "url": order.customer_id.map(|_| format!("{public_url}/account/orders/{}", order.id)),
            "lines": lines.collect::<Result<Vec<_>, _>>()?,
            "subtotal": amounts.text(totals.subtotal)?,
            "discount": unless_zero(&amounts, totals.discount.saturating_neg())?,
            "shipping": amounts.text(totals.shipping)?,
            "shipping_method": method,
            "tax_included": totals.tax_included,
            "taxes": taxes(&amounts)?,
            "total": amounts.text(totals.total)?,
            "shipping_address": shipping.map(address_lines),
            "billing_address": billing.map(address_lines),
            "captured": unless_zero(&amounts, order.captured)?,
            "expired": order.cancel_reason.as_deref() == Some(crate::payment::facts::EXPIRED),
        },
        "shipment": story.parcel.as_ref().map(|parcel| parcel_values(order, parcel, public_url)),
        "refund": story.refund.map(|amount| json!({"amount": amount.to_text(&reading)})),
    }))
}

fn unless_zero(amounts: &Amounts<'_>, amount: i64) -> Result<Option<String>, MoneyError> {
    if amount == 0 { Ok(None) } else { amounts.text(amount).map(Some) }
}

/// What was bought, without amounts: title, options and picture as on that day.
fn shown(line: &OrderLineRow, quantity: u32, public_url: &str) -> Value {
    let options = line.product.get("options").and_then(Value::as_object);
    let options = options.into_iter().flatten().map(|(name, value)| json!({"name": name, "value": value}));
    let image = line.product.pointer("/image/url").and_then(Value::as_str);
    let image = image.filter(|url| !url.is_empty()).and_then(|url| match url.strip_prefix('/') {
        Some(path) => Some(format!("{public_url}/{path}")),
        None => url.starts_with("https://").then(|| url.to_owned()),
    });
    json!({"title": line.title, "sku": line.sku, "options": options.collect::<Vec<_>>(), "image": image,
        "quantity": quantity})
}

fn line_values(amounts: &Amounts<'_>, line: &OrderLineRow, public_url: &str) -> Result<Value, MoneyError> {
    let mut values = shown(line, line.quantity, public_url);
    if let Some(fields) = values.as_object_mut() {
        let before = line.total.saturating_add(line.discount);
        fields.insert("unit_price".to_owned(), json!(amounts.text(line.unit_price)?));
        fields.insert("total".to_owned(), json!(amounts.text(line.total)?));
        let before = if line.discount > 0 { Some(amounts.text(before)?) } else { None };
        fields.insert("before".to_owned(), json!(before));
    }
    Ok(values)
}

fn parcel_values(
    order: &OrderRow,
    parcel: &tradepost_store::order::fulfillment::FulfillmentRow,
    public_url: &str,
) -> Value {
    let line = |(id, units): &(_, u32)| {
        let line = order.lines.iter().find(|line| line.id == *id)?;
        Some(shown(line, *units, public_url))
    };
    let lines: Vec<Value> = parcel.lines.iter().filter_map(line).collect();
    let last = parcel.shipments.last();
    let carrier = last.and_then(|shipment| shipment.carrier.as_deref());
    let tracking_number = last.and_then(|shipment| shipment.tracking_number.as_deref());
    let tracking_url = last.and_then(|shipment| shipment.tracking_url.as_deref());
    json!({"lines": lines, "carrier": carrier, "tracking_number": tracking_number, "tracking_url": tracking_url})
}

/// The taxes of lines and shipping, summed by name and rate.
fn taxes(amounts: &Amounts<'_>) -> Result<Vec<Value>, MoneyError> {
    let pricing = &amounts.order.pricing;
    let of_lines = pricing.get("lines").and_then(Value::as_array).into_iter().flatten();
    let of_lines = of_lines.filter_map(|line| line.get("tax_lines"));
    let all = of_lines.chain(pricing.get("shipping_tax_lines")).filter_map(Value::as_array).flatten();
    let mut sums: BTreeMap<(u32, &str), i64> = BTreeMap::new();
    for line in all {
        let rate = line.get("rate_ppm").and_then(Value::as_u64).and_then(|rate| u32::try_from(rate).ok());
        let name = line.get("name").and_then(Value::as_str);
        let amount = line.pointer("/amount/amount").and_then(Value::as_i64);
        if let (Some(rate), Some(name), Some(amount)) = (rate, name, amount) {
            let sum = sums.entry((rate, name)).or_default();
            *sum = sum.saturating_add(amount);
        }
    }
    let taxes = sums.into_iter().filter(|(_, amount)| *amount != 0).map(|((rate, name), amount)| {
        let rate = percent_text(rate, amounts.locale);
        Ok(json!({"name": name, "rate": rate, "amount": amounts.text(amount)?}))
    });
    taxes.collect()
}

fn address_lines(address: &Address) -> Vec<String> {
    let joined = |parts: [Option<&str>; 2]| {
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let lines = [
        joined([address.first_name.as_deref(), address.last_name.as_deref()]),
        address.company.clone().unwrap_or_default(),
        address.line1.clone(),
        address.line2.clone().unwrap_or_default(),
        joined([address.postal_code.as_deref(), Some(&address.city)]),
        joined([address.region.as_deref(), Some(address.country.code())]),
    ];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}
