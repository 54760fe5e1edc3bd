//! Who buys: the channel, the customer who is signed in, and the secrets that open a guest's cart and order.

use std::future::Future;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use tradepost_app::idempotency::KeyedRequest;
use tradepost_app::secret::SecretToken;
use tradepost_app::work::{Actor, StaffContext};
use tradepost_app::{Answer, ShopperContext, WriteError};

use super::customer::{Customer, Visitor};
use super::headers::WriteRequest;
use super::once::{run_claiming, run_once};
use super::staff::origin;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::shopper::Storefront;

/// Opens a guest's cart.
const CART_TOKEN: &str = "cart-token";
/// Opens a guest's order.
const ORDER_TOKEN: &str = "order-token";

/// A shopper's request that is about a cart, an order or a payment.
#[derive(Debug)]
pub struct Buyer {
    /// What use cases are given.
    pub context: ShopperContext,
}

impl FromRequestParts<ApiState> for Buyer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let storefront = Storefront::from_request_parts(parts, state).await?;
        let signed_in =
            <Customer as OptionalFromRequestParts<ApiState>>::from_request_parts(parts, state).await?;
        let customer = signed_in.map(|customer| customer.id);
        let actor = customer.map_or(Actor::Guest, Actor::Customer);
        let caller = StaffContext { shop: state.shop.clone(), actor, origin: origin(parts), claim: None };
        Ok(Self {
            context: ShopperContext {
                caller,
                channel: storefront.into_channel(),
                customer,
                cart_token: token(parts, CART_TOKEN, tradepost_app::cart::create::CART_TOKEN),
                order_token: token(parts, ORDER_TOKEN, tradepost_app::order::place::ORDER_TOKEN),
            },
        })
    }
}

/// Somebody who is about to sign in, with the secret of the cart that they may bring along: a guest, whatever session is
/// named besides.
#[derive(Debug)]
pub struct Arriving(pub ShopperContext);

impl FromRequestParts<ApiState> for Arriving {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Visitor(caller) = Visitor::from_request_parts(parts, state).await?;
        let storefront = Storefront::from_request_parts(parts, state).await?;
        Ok(Self(ShopperContext {
            caller,
            channel: storefront.into_channel(),
            customer: None,
            cart_token: token(parts, CART_TOKEN, tradepost_app::cart::create::CART_TOKEN),
            order_token: None,
        }))
    }
}

/// The SHA-256 of a secret that was sent. One that cannot be ours opens nothing, as one that is not known.
fn token(parts: &Parts, header: &str, prefix: &str) -> Option<Vec<u8>> {
    let text = parts.headers.get(header)?.to_str().unwrap_or_default();
    Some(SecretToken::read(prefix, text).map(|token| token.hash()).unwrap_or_default())
}

/// The request of a write that needs an idempotency key: without one, a lost answer could become a second order.
pub fn required_key(request: WriteRequest) -> Result<WriteRequest, Problem> {
    if request.key.is_some() { Ok(request) } else { Err(key_required()) }
}

fn key_required() -> Problem {
    let detail =
        "send an Idempotency-Key, such as a new UUID, so that a repeat of the request is not a second one";
    Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_required", detail).param("Idempotency-Key")
}

impl Buyer {
    /// Runs a write once for its idempotency key, or gives the answer that it had.
    pub async fn write<F, Fut>(
        self,
        request: WriteRequest,
        body_hash: Vec<u8>,
        run: F,
    ) -> Result<Response, Problem>
    where
        F: FnOnce(ShopperContext) -> Fut,
        Fut: Future<Output = Result<Answer, Problem>>,
    {
        let mut context = self.context;
        let principal = principal(&context);
        let shop = context.caller.shop.clone();
        let now = context.now();
        let until = (shop.store.storefront(), now, shop.checkout.key_lease);
        run_once(until, principal, (request, body_hash), |claim| {
            context.caller.claim = claim;
            run(context)
        })
        .await
    }

    /// [`Buyer::write`] of what needs a key and claims it itself, with what it makes.
    pub async fn write_claiming<F, Fut>(
        self,
        WriteRequest { operation, key }: WriteRequest,
        body_hash: Vec<u8>,
        run: F,
    ) -> Result<Response, Problem>
    where
        F: Fn(ShopperContext) -> Fut,
        Fut: Future<Output = Result<Answer, WriteError>>,
    {
        let key = key.ok_or_else(key_required)?;
        let context = self.context;
        let keyed = KeyedRequest { principal: principal(&context), key, operation, body_hash };
        run_claiming(&context.caller.shop, keyed, |claim| {
            let mut context = context.clone();
            context.caller.claim = Some(claim);
            run(context)
        })
        .await
    }
}

/// Whose a key is.
fn principal(context: &ShopperContext) -> String {
    match context.customer {
        Some(customer) => customer.to_string(),
        // Guests have no names: the secret that opens what is written to tells them apart, and for what is new the key
        // itself has to be nobody else's.
        None => guest(context),
    }
}

fn guest(context: &ShopperContext) -> String {
    use std::fmt::Write as _;
    let secret = context.cart_token.as_ref().or(context.order_token.as_ref());
    let mut name = "guest".to_owned();
    if secret.is_none()
        && let Some(ip) = &context.caller.origin.ip
    {
        // Where nothing tells guests apart, their networks do: a key that somebody else has chosen too is not the same.
        name.push('_');
        name.push_str(ip);
    }
    for byte in secret.into_iter().flatten().take(16) {
        let _ = write!(name, "{byte:02x}");
    }
    name
}
