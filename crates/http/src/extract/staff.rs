//! Authority of staff: a secret key with the scope that the endpoint asks for.
//!
//! The scope is part of the handler's type: a staff endpoint without one does not compile.

use std::future::Future;
use std::marker::PhantomData;
use std::net::SocketAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tradepost_app::Answer;
use tradepost_app::audit::record_denied;
use tradepost_app::auth::Scope;
use tradepost_app::work::{Actor, Origin, StaffContext};

use super::headers::WriteRequest;
use super::once::run_once;
use crate::middleware::RequestId;
use crate::problem::Problem;
use crate::state::ApiState;

/// A scope as a type.
pub trait Permission: Send + Sync + 'static {
    /// The scope.
    const SCOPE: Scope;
}

macro_rules! permissions {
    ($($name:ident)*) => {$(
        #[doc = concat!("`Scope::", stringify!($name), "` as a type.")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Permission for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}
permissions!(
    ProductsRead ProductsWrite SettingsRead SettingsWrite ReviewsWrite StockRead StockWrite AuditRead OrdersRead OrdersWrite
    CustomersRead CustomersWrite PricingRead PricingWrite WebhooksRead WebhooksWrite
);

/// Staff who may do `P`.
#[derive(Debug)]
pub struct Staff<P> {
    /// What use cases are given.
    pub context: StaffContext,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<ApiState> for Staff<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let text = bearer(parts)?;
        let key = state.shop.authenticate_secret(text).await?.ok_or_else(|| {
            unauthenticated("invalid_credentials", "the key is not known, revoked or expired")
        })?;
        let context = StaffContext {
            shop: state.shop.clone(),
            actor: Actor::ApiKey(key.id),
            origin: origin(parts),
            claim: None,
        };
        if !key.scopes.contains(&P::SCOPE) {
            let operation = format!("{} {}", parts.method, parts.uri.path());
            record_denied(&context, &operation, P::SCOPE).await?;
            let detail = format!("the key lacks the scope {}", P::SCOPE.as_str());
            return Err(Problem::new(StatusCode::FORBIDDEN, "insufficient_scope", detail)
                .fact("required_scope", P::SCOPE.as_str()));
        }
        Ok(Self { context, permission: PhantomData })
    }
}

pub(super) fn unauthenticated(code: &str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
        .param("Authorization")
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

pub(super) fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let value = parts.headers.get(header::AUTHORIZATION).ok_or_else(|| {
        unauthenticated("authentication_required", "send a key or an access token as Authorization: Bearer …")
    })?;
    let text = value.to_str().unwrap_or_default();
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token
        .map(|(_, token)| token.trim())
        .ok_or_else(|| unauthenticated("invalid_credentials", "expected Authorization: Bearer sk_…"))
}

pub(super) fn origin(parts: &Parts) -> Origin {
    let peer = parts.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>();
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        ip: peer.map(|info| info.0.ip().to_string()),
        user_agent: agent.map(|agent| agent.chars().take(300).collect()),
        request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()),
    }
}

impl<P: Permission> Staff<P> {
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
        let principal = match self.context.actor {
            Actor::ApiKey(id) => id.to_string(),
            other => other.kind().to_owned(),
        };
        let mut context = self.context;
        let shop = context.shop.clone();
        let now = context.now();
        let until = (shop.store.admin(), now, shop.checkout.key_lease);
        run_once(until, principal, (request, body_hash), |claim| {
            context.claim = claim;
            run(context)
        })
        .await
    }
}
