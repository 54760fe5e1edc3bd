//! One call to Stripe: limits of time, size and number, and what may be concluded when no good answer came.

use std::time::Duration;

use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tradepost_domain::payment::PaymentFact;
use tradepost_port::payment::{Outcome, ReadError, Refusal};

use super::object::{ApiError, ErrorBody, PaymentIntent};
use super::settings::{StripeSettings, StripeSettingsError};

/// The version of the API whose shapes this adapter reads: <https://docs.stripe.com/api/versioning>.
pub const API_VERSION: &str = "2026-08-26.dahlia";
/// Bytes of an answer, at most: a page of a hundred events is far below.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Parameters of a call, nested names written out: `metadata[order_id]`.
pub(super) type Form = Vec<(String, String)>;

/// Calls Stripe.
pub(super) struct StripeClient {
    http: Client,
    base: Url,
    secret_key: SecretString,
    permits: Semaphore,
    total_timeout: Duration,
}

/// What came of a call.
#[derive(Debug)]
pub(super) enum Answer {
    /// 2xx and its body.
    Ok(Vec<u8>),
    /// An error that Stripe describes.
    Error(u16, Box<ApiError>),
    /// The request did not reach Stripe.
    NotSent(String),
    /// It may have reached Stripe, and there is no answer that says so.
    Lost(String),
}

impl StripeClient {
    pub(super) fn new(settings: &StripeSettings) -> Result<Self, StripeSettingsError> {
        let base = settings.checked_base()?;
        let failed = |error: String| StripeSettingsError::Client(error);
        let tls = crate::tls::client_config().map_err(|error| failed(error.to_string()))?;
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(settings.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("tradepost/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            http,
            base,
            secret_key: settings.secret_key.clone(),
            permits: Semaphore::new(settings.calls_at_once),
            total_timeout: settings.total_timeout,
        })
    }

    /// Changes something. The key makes a repetition the same call: <https://docs.stripe.com/api/idempotent_requests>.
    pub(super) async fn post(&self, path: &str, form: &Form, key: &str, within: Duration) -> Answer {
        let request = self.request(Method::POST, path);
        self.send(request.map(|request| request.header("Idempotency-Key", key).form(form)), within).await
    }

    /// Reads something.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Form,
        within: Duration,
    ) -> Result<T, ReadError> {
        let request = self.request(Method::GET, path).map(|request| request.query(query));
        match self.send(request, within).await {
            Answer::Ok(body) => {
                serde_json::from_slice(&body).map_err(|error| ReadError::Malformed(error.to_string()))
            }
            Answer::Error(404, _) => Err(ReadError::NotFound),
            Answer::Error(400..=403, error) => Err(ReadError::Refused(error.to_string())),
            Answer::Error(_, error) => Err(ReadError::Unavailable(error.to_string())),
            Answer::NotSent(why) | Answer::Lost(why) => Err(ReadError::Unavailable(why)),
        }
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, String> {
        let url = self.base.join(path).map_err(|error| error.to_string())?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.secret_key.expose_secret()))
            .map_err(|_| "the secret key cannot stand in a header".to_owned())?;
        bearer.set_sensitive(true);
        let request = self.http.request(method, url);
        Ok(request.header("Authorization", bearer).header("Stripe-Version", API_VERSION))
    }

    async fn send(&self, request: Result<RequestBuilder, String>, within: Duration) -> Answer {
        let request = match request {
            Ok(request) => request,
            Err(why) => return Answer::NotSent(why),
        };
        let Some(deadline) = Instant::now().checked_add(within.min(self.total_timeout)) else {
            return Answer::NotSent("the time limit is out of range".to_owned());
        };
        let Ok(Ok(_permit)) = timeout_at(deadline, self.permits.acquire()).await else {
            return Answer::NotSent("too many calls to Stripe are under way".to_owned());
        };
        match timeout_at(deadline, answer(request)).await {
            Ok(answer) => answer,
            Err(_) => Answer::Lost("no answer in time".to_owned()),
        }
    }
}

async fn answer(request: RequestBuilder) -> Answer {
    let mut response = match request.send().await {
        Ok(response) => response,
        // No connection, no request. Everything later may have arrived.
        Err(error) if error.is_connect() || error.is_builder() => {
            return Answer::NotSent(error.without_url().to_string());
        }
        Err(error) => return Answer::Lost(error.without_url().to_string()),
    };
    let status = response.status().as_u16();
    let should_wait = response.headers().contains_key(RETRY_AFTER);
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len().saturating_add(chunk.len()) <= ANSWER_BYTES_MAX => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Answer::Lost(format!("more than {ANSWER_BYTES_MAX} bytes of answer")),
            Ok(None) => break,
            Err(error) => return Answer::Lost(error.without_url().to_string()),
        }
    }
    if (200..300).contains(&status) {
        return Answer::Ok(body);
    }
    match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(told) => Answer::Error(status, Box::new(told.error)),
        Err(_) if status == 429 || (status == 503 && should_wait) => {
            Answer::NotSent(format!("Stripe takes no calls now ({status})"))
        }
        Err(_) => Answer::Lost(format!("status {status} without a description")),
    }
}

impl Answer {
    /// What a change came to. `decline` makes something of the intent that comes with a card's error, `settled` of one that
    /// comes with a refusal: what was wanted when it is there already (case C19), or what it says of itself.
    pub(super) fn into_outcome<T>(
        self,
        read: impl Fn(&[u8]) -> Result<T, String>,
        decline: impl Fn(&ApiError) -> Outcome<T>,
        settled: impl FnOnce(PaymentIntent) -> Result<T, Vec<PaymentFact>>,
    ) -> Outcome<T> {
        match self {
            Self::Ok(body) => match read(&body) {
                Ok(done) => Outcome::Ok(done),
                Err(why) => Outcome::Unknown(format!("the answer cannot be read: {why}")),
            },
            Self::NotSent(why) => Outcome::NotDone(why),
            Self::Lost(why) => Outcome::Unknown(why),
            Self::Error(402, error) => decline(&error),
            // Too often, or our key or its rights are wrong: nothing was done, and the same call may go well later.
            Self::Error(401 | 403 | 429, error) => Outcome::NotDone(error.to_string()),
            Self::Error(400..=404, mut error) => {
                let found = error.payment_intent.take().map_or(Err(Vec::new()), |intent| settled(*intent));
                found.map_or_else(
                    |facts| {
                        let message = error.message.as_deref().unwrap_or_default();
                        Outcome::Refused(Refusal { facts, ..Refusal::new(error.code_or_kind(), message) })
                    },
                    Outcome::Ok,
                )
            }
            // 409: the same key is under way. 5xx: Stripe may have acted, and gives the same answer again for the key.
            Self::Error(status, error) => Outcome::Unknown(format!("{status}: {error}")),
        }
    }
}
