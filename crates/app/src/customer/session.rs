//! What every way of signing in ends with: a session, its first refresh token, and an access token signed after the commit.

use serde::Serialize;
use tradepost_domain::customer::session::{ACCESS_TOKEN_LIFETIME, IDLE_LIFETIME, SESSION_LIFETIME, later};
use tradepost_domain::kernel::ids::{CartId, CustomerId, SessionId};
use tradepost_store::StoreError;
use tradepost_store::customer::session::{self, NewSession};
use utoipa::ToSchema;

use crate::cart::{CartProblemView, CartView, bring_cart};
use crate::secret::SecretToken;
use crate::shop::Shop;
use crate::shopper::ShopperContext;
use crate::work::{Actor, StaffContext, Work};

/// Prefix of refresh tokens.
pub(super) const REFRESH_TOKEN: &str = "rt";

/// What a customer is given when signing in.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TokensView {
    /// Proof of who it is: `Authorization: Bearer …`.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token is over.
    pub expires_in: i64,
    /// For a new pair, once; the one that comes with it takes its place.
    pub refresh_token: String,
}

impl std::fmt::Debug for TokensView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokensView(…)")
    }
}

/// What a customer is given when signing in, and what became of the cart that they brought.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignedInView {
    /// Proof of who it is.
    #[serde(flatten)]
    pub tokens: TokensView,
    /// The customer's cart, where one was brought along to be merged into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart: Option<CartView>,
    /// Why the one that was brought is not in it; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cart_problem: Option<CartProblemView>,
}

impl SignedInView {
    /// Merges the cart that was brought, now that it is known by whom.
    pub(super) async fn new(
        context: &ShopperContext,
        (customer, tokens): (CustomerId, TokensView),
        brought: Option<CartId>,
    ) -> Self {
        let Some(id) = brought else { return Self { tokens, cart: None, cart_problem: None } };
        let mut context = context.clone();
        context.customer = Some(customer);
        context.caller.actor = Actor::Customer(customer);
        let brought = Box::pin(bring_cart(&context, id)).await;
        Self { tokens, cart: brought.cart, cart_problem: brought.problem }
    }
}

/// A session whose tokens can be given out once it is committed.
#[derive(Debug)]
pub(super) struct OpenSession {
    pub(super) customer_id: CustomerId,
    pub(super) session_id: SessionId,
    pub(super) refresh_token: SecretToken,
}

impl OpenSession {
    /// Begins a session in the transaction of what it follows from.
    pub(super) async fn begin(
        context: &StaffContext,
        work: &Work<'_>,
        customer_id: CustomerId,
    ) -> Result<Self, StoreError> {
        let session_id: SessionId = work.next_id();
        let refresh_token = SecretToken::draw(REFRESH_TOKEN, &*context.shop.ids);
        let new = NewSession {
            id: session_id,
            customer_id,
            ip: context.origin.ip.clone(),
            user_agent: context.origin.user_agent.clone(),
            created_at: work.now,
            expires_at: later(work.now, SESSION_LIFETIME),
        };
        session::insert(&work.tx, &new).await?;
        let expires_at = later(work.now, IDLE_LIFETIME);
        session::insert_token(&work.tx, session_id, &refresh_token.hash(), work.now, expires_at).await?;
        Ok(Self { customer_id, session_id, refresh_token })
    }

    /// The tokens, after the commit.
    pub(super) async fn tokens(self, shop: &Shop) -> Result<TokensView, StoreError> {
        Ok(TokensView {
            access_token: shop.keys.sign(self.customer_id, self.session_id).await?,
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_LIFETIME.as_secs(),
            refresh_token: self.refresh_token.expose().to_owned(),
        })
    }
}
