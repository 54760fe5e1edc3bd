//! Makes a cart.

use serde::Deserialize;
use tradepost_domain::cart::{Cart, CartStatus, LineToAdd, Metadata};
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{CartId, ShippingMethodId};
use tradepost_store::cart::CartOwner;
use tradepost_store::{Client, cart};
use utoipa::ToSchema;

use super::input::{LineAdd, check_metadata, read_code, read_email, read_lines};
use super::{expiry, path, view};
use crate::address::AddressInput;
use crate::answer::{Answer, Outcome};
use crate::change::refuse;
use crate::error::WriteError;
use crate::pricing::rates::asking;
use crate::secret::SecretToken;
use crate::shopper::ShopperContext;
use crate::work::Work;

/// Begins the secret of a guest's cart.
pub const CART_TOKEN: &str = "ct";

/// A cart to make. Everything may be absent.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CartCreate {
    /// What is in it.
    #[serde(default)]
    pub lines: Vec<LineAdd>,
    /// Where the order confirmation goes.
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
    pub coupons: Vec<String>,
    /// Language of its texts; the channel's when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "de")]
    pub locale: Option<Locale>,
    /// What the client keeps with it.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Metadata,
}

/// Makes a cart: the signed-in customer's, or a guest's with a token that is told this once.
pub async fn create_cart(context: &ShopperContext, create: CartCreate) -> Result<Answer, WriteError> {
    context.caller.shop.throttle.cart(context.caller.origin.ip.as_deref())?;
    asking(&context.caller.shop, || async {
        let work = context.begin("create_cart").await?;
        let cart = assemble(context, &work.tx, create.clone(), "$.lines").await?;
        store(context, work, cart).await
    })
    .await
}

/// The cart that a client describes, with its lines under this JSONPath; nothing is stored.
pub async fn assemble(
    context: &ShopperContext,
    client: &Client,
    create: CartCreate,
    lines_at: &str,
) -> Result<Cart, WriteError> {
    let CartCreate {
        lines,
        email,
        shipping_address,
        billing_address,
        shipping_method,
        coupons,
        locale,
        metadata,
    } = create;
    let mut cart = empty(context);
    let mut issues = check_metadata("$.metadata", &metadata);
    cart.metadata = metadata;
    cart.shipping_method_id = shipping_method;
    match email.map(|email| read_email("$.email", &email)).transpose() {
        Ok(email) => cart.email = email,
        Err(issue) => issues.push(issue),
    }
    for (path, input, place) in [
        ("$.shipping_address", shipping_address, &mut cart.shipping_address),
        ("$.billing_address", billing_address, &mut cart.billing_address),
    ] {
        match input.map(|input| input.read(path)).transpose() {
            Ok(address) => *place = address,
            Err(found) => issues.extend(found),
        }
    }
    if let Some(wanted) = &locale {
        match context.channel.serve_locale(Some(wanted)) {
            Some(served) => cart.locale = served.clone(),
            None => {
                issues.push(Issue::new("$.locale", "unsupported_locale", "the channel does not speak it"));
            }
        }
    }
    for (index, code) in coupons.iter().enumerate() {
        match read_code(&format!("$.coupons[{index}]"), code) {
            Ok(code) => cart.add_coupon(code.as_str().to_owned())?,
            Err(issue) => issues.push(issue),
        }
    }
    refuse(issues)?;
    let now = context.now();
    for line in read_lines(client, lines_at, lines).await? {
        let id = context.caller.shop.ids.next();
        let line =
            LineToAdd { id, variant_id: line.variant_id, quantity: line.quantity, metadata: line.metadata };
        cart.add_line(line, now)?;
    }
    Ok(cart)
}

fn empty(context: &ShopperContext) -> Cart {
    let now = context.now();
    let id: CartId = context.caller.shop.ids.next();
    Cart {
        id,
        channel_id: context.channel.id,
        customer_id: context.customer,
        currency: context.channel.currency,
        locale: context.channel.default_locale.clone(),
        email: None,
        shipping_address: None,
        billing_address: None,
        shipping_method_id: None,
        coupons: Vec::new(),
        metadata: Metadata::new(),
        status: CartStatus::Open,
        version: 1,
        created_at: now,
        updated_at: now,
        expires_at: expiry(context, now),
        lines: Vec::new(),
    }
}

async fn store(context: &ShopperContext, work: Work<'_>, cart: Cart) -> Result<Answer, WriteError> {
    let token = match context.customer {
        Some(_) => None,
        None => Some(SecretToken::draw(CART_TOKEN, context.caller.shop.ids.as_ref())),
    };
    let hash = token.as_ref().map(SecretToken::hash);
    cart::insert(&work.tx, &cart, hash.as_deref()).await.map_err(|error| {
        match error.violated_constraint() {
            Some("cart_line_variant_id_fkey") => {
                WriteError::invalid("$.lines", "variant_not_found", "one of the variants does not exist")
            }
            _ => error.into(),
        }
    })?;
    let mut view = view::show(&context.caller.shop.rules, &work.tx, (&cart, None), work.now).await?;
    view.check_new_lines("$.lines")?;
    view.token = token.map(|token| token.expose().to_owned());
    let answer = Answer::new(Outcome::Created, &view, Some(cart.version))?;
    let answer = work.finish(answer.at(path(cart.id))).await?;
    let owner = context.customer.map(CartOwner::Customer).or(hash.map(CartOwner::Guest));
    if let Some(owner) = owner {
        context.caller.shop.carts.keep(owner, cart);
    }
    Ok(answer)
}
