//! Who a shopper is: a customer with an access token, or somebody whom nobody knows.
//!
//! What anybody may read (the catalogue) never looks at this, so that its answers stay the same for all.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use tradepost_app::Answer;
use tradepost_app::access::AccessTokenError;
use tradepost_app::work::{Actor, StaffContext};
use tradepost_domain::kernel::ids::{CustomerId, SessionId};

use super::headers::WriteRequest;
use super::once::run_once;
use super::staff::{bearer, origin, unauthenticated};
use crate::problem::Problem;
use crate::state::ApiState;

/// Somebody whom nobody knows (yet).
#[derive(Debug)]
pub struct Visitor(pub StaffContext);

impl FromRequestParts<ApiState> for Visitor {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        Ok(Self(context(parts, state, Actor::Guest)))
    }
}

/// The customer who is signed in, where somebody is. Whoever may read anyway is not sent away for a token that holds no more, or
/// that is somebody else's: that is a guest.
#[derive(Debug, Clone, Copy)]
pub struct Recognised(pub Option<CustomerId>);

impl FromRequestParts<ApiState> for Recognised {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Ok(token) = bearer(parts) else { return Ok(Self(None)) };
        let verified = state.shop.keys.verify(token).await?;
        Ok(Self(verified.ok().map(|(id, _)| id)))
    }
}

/// A customer who is signed in. As `Option<Customer>` where a guest will do: no `Authorization` is none, a bad one is
/// refused all the same.
#[derive(Debug)]
pub struct Customer {
    /// Who it is.
    pub id: CustomerId,
    /// By which sign-in.
    pub session_id: SessionId,
    /// What use cases are given.
    pub context: StaffContext,
}

fn context(parts: &Parts, state: &ApiState, actor: Actor) -> StaffContext {
    StaffContext { shop: state.shop.clone(), actor, origin: origin(parts), claim: None }
}

/// The refusal of a token; `error` as RFC 6750, section 3.1, wants it.
fn refused(error: AccessTokenError) -> Problem {
    let (code, detail) = match error {
        AccessTokenError::Expired => ("token_expired", "the access token has expired: refresh the session"),
        AccessTokenError::Invalid => ("token_invalid", "expected the access token of a customer"),
    };
    let mut problem = unauthenticated(code, detail);
    problem.headers.retain(|(name, _)| *name != header::WWW_AUTHENTICATE);
    problem.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""))
}

impl FromRequestParts<ApiState> for Customer {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let verified = state.shop.keys.verify(bearer(parts)?).await?;
        let (id, session_id) = verified.map_err(refused)?;
        Ok(Self { id, session_id, context: context(parts, state, Actor::Customer(id)) })
    }
}

impl OptionalFromRequestParts<ApiState> for Customer {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        <Self as FromRequestParts<ApiState>>::from_request_parts(parts, state).await.map(Some)
    }
}

impl Customer {
    /// Runs a write once for its idempotency key, or gives the answer that it had.
    pub async fn write<F, Fut>(
        self,
        request: WriteRequest,
        body_hash: Vec<u8>,
        run: F,
    ) -> Result<Response, Problem>
    where
        F: FnOnce(StaffContext) -> Fut,
        Fut: Future<Output = Result<Answer, Problem>>,
    {
        let mut context = self.context;
        let shop = context.shop.clone();
        let now = context.now();
        let until = (shop.store.storefront(), now, shop.checkout.key_lease);
        run_once(until, self.id.to_string(), (request, body_hash), |claim| {
            context.claim = claim;
            run(context)
        })
        .await
    }
}
