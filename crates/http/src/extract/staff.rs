//! Authority of staff: a secret key with the scope that the endpoint asks for.
//!
//! The scope is part of the handler's type: a staff endpoint without one does not compile.

use std::future::Future;
use std::marker::PhantomData;
use std::net::SocketAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tradepost_app::audit::record_denied;
use tradepost_app::auth::Scope;
use tradepost_app::idempotency::{self, Decision, KeyedRequest};
use tradepost_app::work::{Actor, Origin, StaffContext};
use tradepost_app::{Answer, StoredAnswer, WriteError};

use super::headers::WriteRequest;
use crate::middleware::RequestId;
use crate::problem::Problem;
use crate::respond;
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
permissions!(ProductsRead ProductsWrite SettingsRead SettingsWrite ReviewsWrite StockRead StockWrite AuditRead PricingRead PricingWrite);

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

fn unauthenticated(code: &str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
        .param("Authorization")
        .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let value = parts.headers.get(header::AUTHORIZATION).ok_or_else(|| {
        unauthenticated("authentication_required", "send a secret key as Authorization: Bearer sk_…")
    })?;
    let text = value.to_str().unwrap_or_default();
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token
        .map(|(_, token)| token.trim())
        .ok_or_else(|| unauthenticated("invalid_credentials", "expected Authorization: Bearer sk_…"))
}

fn origin(parts: &Parts) -> Origin {
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
        mut self,
        request: WriteRequest,
        body_hash: Vec<u8>,
        run: F,
    ) -> Result<Response, Problem>
    where
        F: FnOnce(StaffContext) -> Fut,
        Fut: Future<Output = Result<Answer, Problem>>,
    {
        let Some(key) = request.key else {
            return run(self.context).await.map(respond::written);
        };
        let principal = match self.context.actor {
            Actor::ApiKey(id) => id.to_string(),
            Actor::System => "system".to_owned(),
        };
        let keyed = KeyedRequest { principal, key, operation: request.operation, body_hash };
        let shop = self.context.shop.clone();
        let db = shop.store.admin();
        let claim = match idempotency::decide(db, keyed, self.context.now()).await? {
            Decision::Run(claim) => claim,
            Decision::Replay(answer) => return Ok(replay(answer)),
            Decision::Mismatch => return Err(WriteError::KeyReused.into()),
            Decision::InProgress => return Err(WriteError::ClaimLost.into()),
        };
        self.context.claim = Some(claim.clone());
        match run(self.context).await {
            Ok(answer) => Ok(respond::written(answer)),
            Err(problem) if is_kept(&problem) => {
                idempotency::keep_refusal(db, &claim, &stored(&problem)?).await?;
                Err(problem)
            }
            Err(problem) => {
                let given_up = if problem.status >= 500 {
                    idempotency::suspend(db, &claim).await
                } else {
                    idempotency::release(db, &claim).await
                };
                given_up?;
                Err(problem)
            }
        }
    }
}

/// Refusals that a repeat must get again: the work ran and was against the rules or the state.
fn is_kept(problem: &Problem) -> bool {
    matches!(problem.status, 404 | 409 | 412 | 422) && !problem.code.starts_with("idempotency_")
}

fn stored(problem: &Problem) -> Result<StoredAnswer, Problem> {
    let body = serde_json::to_vec(problem).map_err(|error| Problem::internal(&error))?;
    let status = i16::try_from(problem.status).unwrap_or(500);
    Ok(StoredAnswer { status, body, etag: None, location: None })
}

fn replay(answer: StoredAnswer) -> Response {
    let status = u16::try_from(answer.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if status.is_success() {
        let etag = answer.etag.and_then(|etag| HeaderValue::from_str(&etag).ok());
        respond::private(status, answer.body, etag, answer.location.as_deref())
    } else {
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) => problem.into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    };
    response.headers_mut().insert(respond::IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    response
}
