//! What shoppers see of a cart.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::cart::requirement::{Requirement, requirements};
use tradepost_domain::cart::{Cart, CartLine, Metadata};
use tradepost_domain::catalog::{Availability, Issue};
use tradepost_domain::kernel::ids::{CartId, CartLineId, ProductId, ShippingMethodId, VariantId};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::pricing::{Discount, PricedLine, Totals};
use tradepost_store::Client;
use tradepost_store::cart::Beside;
use tradepost_store::catalog::sellable::Sellable;
use utoipa::ToSchema;

use super::quote::{Quote, quote, quote_all};
use crate::address::AddressView;
use crate::catalog::views::{AvailabilityView, ImageView, MoneyView};
use crate::error::WriteError;
use crate::pricing::RuleBook;

/// A cart with its prices of this moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CartView {
    /// Id.
    #[schema(value_type = String, example = "cart_01000000000000000000000001")]
    pub id: CartId,
    /// The secret that opens it, to be sent as `Cart-Token`: told once, at its making, to guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// `open`, `ordered` or `merged`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// Currency of all amounts, ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// Language of its texts.
    pub locale: String,
    /// What is in it, in the order in which it was put in.
    pub lines: Vec<CartLineView>,
    /// What it comes to.
    pub totals: TotalsView,
    /// Whether the other amounts contain the tax.
    pub tax_included: bool,
    /// What it lacks before it can be ordered.
    pub requirements: Vec<RequirementView>,
    /// Where the order confirmation goes.
    #[schema(required = true)]
    pub email: Option<String>,
    /// Where the goods go.
    #[schema(required = true)]
    pub shipping_address: Option<AddressView>,
    /// Where the bill goes; null for the shipping address.
    #[schema(required = true)]
    pub billing_address: Option<AddressView>,
    /// How it is sent: as was chosen, or the cheapest way.
    #[schema(required = true)]
    pub shipping_method: Option<CartShippingView>,
    /// Coupons that were entered, and what became of them.
    pub coupons: Vec<CartCouponView>,
    /// What the client keeps with it.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When it is forgotten, should nobody change it.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A line of a cart: `unit_price x quantity - discounts = total`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CartLineView {
    /// Id.
    #[schema(value_type = String, example = "line_01000000000000000000000001")]
    pub id: CartLineId,
    /// The variant.
    #[schema(value_type = String)]
    pub variant_id: VariantId,
    /// What it is; null when it is gone.
    #[schema(required = true)]
    pub product: Option<LineProductView>,
    /// How many.
    pub quantity: u32,
    /// Price of one unit; null when it cannot be bought.
    #[schema(required = true)]
    pub unit_price: Option<MoneyView>,
    /// The higher price that it is shown against.
    #[schema(required = true)]
    pub compare_at_price: Option<MoneyView>,
    /// What is taken off, order discounts by their share.
    pub discounts: Vec<DiscountView>,
    /// What the line comes to; null when it cannot be bought.
    #[schema(required = true)]
    pub total: Option<MoneyView>,
    /// Tax of it.
    #[schema(required = true)]
    pub tax: Option<MoneyView>,
    /// Whether so many can be had.
    #[schema(value_type = AvailabilityView)]
    pub availability: AvailabilityView,
    /// Whether it has to be sent: not so a download, a voucher, a service.
    pub requires_shipping: bool,
    /// What the client keeps with the line.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
}

/// What a line is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineProductView {
    /// The product.
    #[schema(value_type = String)]
    pub id: ProductId,
    /// Its handle.
    pub handle: String,
    /// Its title.
    pub title: String,
    /// The variant's SKU.
    #[schema(required = true)]
    pub sku: Option<String>,
    /// The variant's options.
    pub options: BTreeMap<String, String>,
    /// Its picture.
    #[schema(required = true)]
    pub image: Option<ImageView>,
}

/// What one promotion takes off.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DiscountView {
    /// The promotion.
    pub promotion_id: String,
    /// Its name.
    pub name: String,
    /// The coupon that switched it on.
    #[schema(required = true)]
    pub code: Option<String>,
    /// How much.
    pub amount: MoneyView,
}

/// `subtotal - discount + shipping (+ tax when not included) = total`; none is negative.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TotalsView {
    /// Lines before discounts.
    pub subtotal: MoneyView,
    /// What is taken off.
    pub discount: MoneyView,
    /// Shipping.
    pub shipping: MoneyView,
    /// Taxes.
    pub tax: MoneyView,
    /// What is to be paid.
    pub total: MoneyView,
}

/// One thing that a cart lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RequirementView {
    /// Stable word in snake case.
    pub code: String,
    /// JSONPath of the field that would meet it.
    pub param: String,
    /// What is missing and what to do.
    pub message: String,
}

/// How a cart is sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CartShippingView {
    /// The method.
    #[schema(value_type = String)]
    pub id: ShippingMethodId,
    /// Its name.
    pub name: String,
    /// What it costs before discounts.
    pub price: MoneyView,
    /// What is taken off.
    pub discounts: Vec<DiscountView>,
    /// What is left.
    pub total: MoneyView,
    /// Whether somebody chose it; else it is the cheapest.
    pub chosen: bool,
}

/// A coupon that was entered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CartCouponView {
    /// The code.
    pub code: String,
    /// Whether it takes something off at present.
    pub applied: bool,
    /// Why it does not, in snake case.
    #[schema(required = true, value_type = Option<String>)]
    pub reason: Option<serde_json::Value>,
}

impl From<&Totals> for TotalsView {
    fn from(totals: &Totals) -> Self {
        Self {
            subtotal: totals.subtotal.into(),
            discount: totals.discount.into(),
            shipping: totals.shipping.into(),
            tax: totals.tax.into(),
            total: totals.total.into(),
        }
    }
}

impl From<&Discount> for DiscountView {
    fn from(discount: &Discount) -> Self {
        Self {
            promotion_id: discount.promotion_id.to_string(),
            name: discount.name.clone(),
            code: discount.code.as_ref().map(ToString::to_string),
            amount: discount.amount.into(),
        }
    }
}

impl From<Requirement> for RequirementView {
    fn from(requirement: Requirement) -> Self {
        Self { code: requirement.code.to_owned(), param: requirement.param, message: requirement.message }
    }
}

impl CartView {
    /// Refuses a cart into which something was put that cannot be bought at all.
    pub fn check_new_lines(&self, path: &str) -> Result<(), WriteError> {
        let gone = |(index, line): (usize, &CartLineView)| {
            line.total.is_none().then(|| {
                Issue::new(
                    format!("{path}[{index}].variant_id"),
                    "line_unavailable",
                    "it cannot be bought in this channel",
                )
            })
        };
        let issues: Vec<Issue> = self.lines.iter().enumerate().filter_map(gone).collect();
        crate::change::refuse(issues)
    }
}

/// The cart with the prices of this moment; what was read beside it is not read again.
pub async fn show(
    book: &RuleBook,
    client: &Client,
    (cart, beside): (&Cart, Option<&Beside>),
    now: Timestamp,
) -> Result<CartView, WriteError> {
    let quote = quote(book, client, (cart, beside), now).await?;
    Ok(view(cart, &quote))
}

/// Several carts, priced together.
pub async fn show_all(
    book: &RuleBook,
    client: &Client,
    carts: &[Cart],
    now: Timestamp,
) -> Result<Vec<CartView>, WriteError> {
    let carts: Vec<&Cart> = carts.iter().collect();
    let quotes = quote_all(book, client, &carts, now).await?;
    carts.iter().zip(quotes).map(|(cart, quote)| Ok(view(cart, &quote?))).collect()
}

/// What a variant is to a line of a cart or an order.
pub fn product_view(sellable: &Sellable) -> LineProductView {
    let image = sellable.image.as_ref().map(|image| ImageView {
        url: match (&image.blob, &image.source_url) {
            (Some(blob), _) => format!("/media/{blob}"),
            (None, url) => url.clone().unwrap_or_default(),
        },
        alt: if image.alt.is_empty() { sellable.title.clone() } else { image.alt.clone() },
        width: None,
        height: None,
    });
    LineProductView {
        id: sellable.product_id,
        handle: sellable.handle.clone(),
        title: sellable.title.clone(),
        sku: sellable.sku.clone(),
        options: sellable.options.clone(),
        image,
    }
}

fn availability(sellable: Option<&Sellable>, quantity: u32) -> Availability {
    let Some(sellable) = sellable.filter(|sellable| sellable.for_sale) else {
        return Availability::OutOfStock;
    };
    let left = sellable.available;
    let of_all = Availability::of_variant(sellable.tracked, sellable.backorder, left);
    if sellable.tracked && left < i64::from(quantity) {
        Availability::of_variant(true, sellable.backorder, 0)
    } else {
        of_all
    }
}

fn line_view(line: &CartLine, priced: Option<&PricedLine>, sellable: Option<&Sellable>) -> CartLineView {
    let amount = |amount: fn(&PricedLine) -> Money| priced.map(amount).map(MoneyView::from);
    CartLineView {
        id: line.id,
        variant_id: line.variant_id,
        product: sellable.map(product_view),
        quantity: line.quantity.get(),
        unit_price: amount(|line| line.unit_price),
        compare_at_price: priced.and_then(|line| line.compare_at).map(MoneyView::from),
        discounts: priced
            .map(|line| line.discounts.iter().map(DiscountView::from).collect())
            .unwrap_or_default(),
        total: amount(|line| line.total),
        tax: amount(|line| line.tax),
        availability: availability(sellable, line.quantity.get()).into(),
        requires_shipping: sellable.is_none_or(|sellable| sellable.requires_shipping),
        metadata: line.metadata.clone(),
    }
}

/// What the lines and the address lack, besides what the cart itself does.
fn obstacles(cart: &Cart, quote: &Quote) -> Vec<Requirement> {
    let mut missing = Vec::new();
    for (index, line) in cart.lines.iter().enumerate() {
        let sellable = quote.sellables.get(&line.variant_id);
        if quote.unavailable.contains(&line.id) {
            let message = "it cannot be bought any more: take it out";
            missing.push(Requirement::new("line_unavailable", format!("$.lines[{index}]"), message));
        } else if let Some(sellable) = sellable
            && sellable.tracked
            && !sellable.backorder
            && sellable.available < i64::from(line.quantity.get())
        {
            let message = format!("{} can be had: lower the quantity", sellable.available.max(0));
            missing.push(Requirement::new(
                "insufficient_stock",
                format!("$.lines[{index}].quantity"),
                message,
            ));
        }
    }
    if quote.taxes_unknown {
        let message = "the taxes there cannot be found out at this moment: try again soon";
        missing.push(Requirement::new("tax_unavailable", "$.shipping_address", message));
    }
    let is_sent = quote.has_methods && quote.priced.parcel.is_some();
    if is_sent && cart.shipping_address.is_some() {
        let unmet = match cart.shipping_method_id {
            _ if quote.offers.is_empty() => Some("nothing is sent to this address"),
            Some(id) if quote.offers.iter().all(|(method, _)| method.id != id) => {
                Some("the shipping method does not deliver this cart: choose another one")
            }
            _ => None,
        };
        missing.extend(
            unmet.map(|message| Requirement::new("shipping_unavailable", "$.shipping_method", message)),
        );
    }
    missing
}

/// Whether anything in the cart has to be sent; of one that is empty, or of things that are gone, it is taken for granted.
fn is_sent(cart: &Cart, quote: &Quote) -> bool {
    let sent = |line: &CartLine| {
        quote.sellables.get(&line.variant_id).is_none_or(|sellable| sellable.requires_shipping)
    };
    cart.lines.is_empty() || cart.lines.iter().any(sent)
}

/// What a cart lacks before it can be ordered.
pub fn lacks(cart: &Cart, quote: &Quote) -> Vec<RequirementView> {
    let own = requirements(cart, is_sent(cart, quote)).into_iter();
    own.chain(obstacles(cart, quote)).map(Into::into).collect()
}

/// The cart as it is shown.
pub fn view(cart: &Cart, quote: &Quote) -> CartView {
    let priced = &quote.priced;
    let lines = cart.lines.iter().map(|line| {
        let own = priced.lines.iter().find(|own| own.id == line.id);
        line_view(line, own, quote.sellables.get(&line.variant_id))
    });
    let shipping_method = priced.shipping.as_ref().map(|shipping| CartShippingView {
        id: shipping.shipping_method_id,
        name: shipping.name.clone(),
        price: shipping.price.into(),
        discounts: shipping.discounts.iter().map(DiscountView::from).collect(),
        total: shipping.total.into(),
        chosen: cart.shipping_method_id.is_some(),
    });
    let coupons = cart.coupons.iter().map(|code| {
        let outcome = priced.coupons.iter().find(|outcome| outcome.code.as_str() == code);
        let reason =
            outcome.and_then(|outcome| outcome.reason.as_ref()).map(|reason| serde_json::json!(reason));
        CartCouponView {
            code: code.clone(),
            applied: outcome.is_some_and(|outcome| outcome.reason.is_none()),
            reason: if outcome.is_none() { Some("unknown_coupon".into()) } else { reason },
        }
    });
    CartView {
        id: cart.id,
        token: None,
        version: cart.version,
        status: cart.status.as_str(),
        currency: cart.currency,
        locale: cart.locale.to_string(),
        lines: lines.collect(),
        totals: TotalsView::from(&priced.totals),
        tax_included: priced.tax_included,
        requirements: lacks(cart, quote),
        email: cart.email.as_ref().map(|email| email.as_str().to_owned()),
        shipping_address: cart.shipping_address.as_ref().map(AddressView::from),
        billing_address: cart.billing_address.as_ref().map(AddressView::from),
        shipping_method,
        coupons: coupons.collect(),
        metadata: cart.metadata.clone(),
        created_at: cart.created_at,
        updated_at: cart.updated_at,
        expires_at: cart.expires_at,
    }
}
