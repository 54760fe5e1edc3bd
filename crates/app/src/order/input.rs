//! What a client sends to order. Prices are none of it: the shop knows them.

use serde::Deserialize;
use tradepost_domain::cart::Metadata;
use tradepost_domain::kernel::ids::{CartId, ShippingMethodId};
use tradepost_domain::kernel::{Currency, Locale};
use tradepost_domain::payment::PaymentProvider;
use utoipa::ToSchema;

use crate::address::AddressInput;
use crate::cart::input::check_metadata;
use crate::cart::{CartCreate, LineAdd};
use crate::change::refuse;
use crate::error::WriteError;
use crate::shopper::ShopperContext;

/// An order to place: of a cart, or of items.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderCreate {
    /// The cart to order, whole. Its token or its owner's session opens it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub cart_id: Option<CartId>,
    /// What to order without a cart.
    #[serde(default)]
    pub items: Option<Vec<LineAdd>>,
    /// Where the order confirmation goes; of a cart: what the cart says.
    #[serde(default)]
    pub email: Option<String>,
    /// Where the goods go.
    #[serde(default)]
    pub shipping_address: Option<AddressInput>,
    /// Where the bill goes; the shipping address when absent.
    #[serde(default)]
    pub billing_address: Option<AddressInput>,
    /// Id of the shipping method; the cheapest one when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub shipping_method: Option<ShippingMethodId>,
    /// Coupon codes.
    #[serde(default)]
    pub coupons: Option<Vec<String>>,
    /// Language of its texts.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// What the client keeps with the order.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// What the shopper was shown. The order is refused, and nothing happens, when it comes to anything else.
    #[serde(default)]
    pub expected_total: Option<ExpectedTotal>,
    /// Who collects the payment.
    #[serde(default)]
    pub payment: Option<PaymentChoice>,
}

/// An amount that the shopper agreed to.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedTotal {
    /// Minor units.
    pub amount: i64,
    /// Currency, ISO 4217.
    #[schema(value_type = String)]
    pub currency: Currency,
}

/// Who collects the payment of an order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentChoice {
    /// `test` or `stripe`; the shop's usual one when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub provider: Option<PaymentProvider>,
    /// Whether what it is paid with is to be kept for the customer who is signed in, for orders to come.
    #[serde(default)]
    pub save_payment_method: bool,
}

/// What is ordered.
#[derive(Debug, Clone)]
pub enum Source {
    /// A cart.
    Cart(CartId),
    /// Items with all that a cart would say.
    Items(Box<CartCreate>),
}

impl Source {
    /// JSONPath of the lines.
    pub fn lines_at(&self) -> &'static str {
        match self {
            Self::Cart(_) => "$.lines",
            Self::Items(_) => "$.items",
        }
    }
}

impl OrderCreate {
    /// What is ordered, and through whom it is paid.
    pub fn read(&mut self, context: &ShopperContext) -> Result<(Source, PaymentProvider), WriteError> {
        refuse(check_metadata("$.metadata", &self.metadata))?;
        let checkout = &context.caller.shop.checkout;
        let wanted = self.payment.as_ref().and_then(|choice| choice.provider);
        let provider = wanted.unwrap_or(checkout.provider);
        if !checkout.gateways.contains_key(&provider) {
            let known: Vec<&str> = checkout.gateways.keys().map(|known| known.as_str()).collect();
            let message = format!("the shop takes payments through: {}", known.join(", "));
            return Err(WriteError::invalid("$.payment.provider", "unknown_provider", message));
        }
        if self.saves_method() && context.customer.is_none() {
            return Err(WriteError::Unauthenticated {
                code: "authentication_required",
                detail: "sign in to have the payment method kept".into(),
            });
        }
        let source = match (self.cart_id, self.items.take()) {
            (Some(id), None) => {
                self.refuse_what_the_cart_says()?;
                Source::Cart(id)
            }
            (None, Some(items)) => Source::Items(Box::new(CartCreate {
                lines: items,
                email: self.email.take(),
                shipping_address: self.shipping_address.take(),
                billing_address: self.billing_address.take(),
                shipping_method: self.shipping_method.take(),
                coupons: self.coupons.take().unwrap_or_default(),
                locale: self.locale.take(),
                metadata: Metadata::new(),
            })),
            _ => return Err(WriteError::invalid("$.cart_id", "required", "name either cart_id or items")),
        };
        Ok((source, provider))
    }

    /// Whether what it is paid with is to be kept.
    pub fn saves_method(&self) -> bool {
        self.payment.as_ref().is_some_and(|choice| choice.save_payment_method)
    }

    /// A cart says all this itself: two answers to one question would be one too many.
    fn refuse_what_the_cart_says(&self) -> Result<(), WriteError> {
        let said = [
            ("email", self.email.is_some()),
            ("shipping_address", self.shipping_address.is_some()),
            ("billing_address", self.billing_address.is_some()),
            ("shipping_method", self.shipping_method.is_some()),
            ("coupons", self.coupons.is_some()),
            ("locale", self.locale.is_some()),
        ];
        match said.into_iter().find(|(_, is_said)| *is_said) {
            Some((field, _)) => {
                let message = "the cart says this: change the cart, or order items";
                Err(WriteError::invalid(format!("$.{field}"), "conflicting_fields", message))
            }
            None => Ok(()),
        }
    }
}
