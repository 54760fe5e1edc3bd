//! The guarded way out: the one client for addresses that people have given (case C81, security S45).
//!
//! A name is looked up by our own resolver at every connection, and what it answers is what is connected to: an answer that
//! holds one address that is not to be called is refused whole. There is no proxy and no redirect around it.

mod address;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url};
use tradepost_port::{BoxFuture, Egress, EgressError, EgressRequest, EgressResponse};

pub use address::Reach;

/// For a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a request with its answer.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read: more than anybody keeps of it, whom very many endpoints may answer at once.
const ANSWER_BYTES_MAX: usize = 4 * 1024;
/// What a refusal by the resolver says; the client shows no other way to tell it from a name that nobody knows.
const NOT_PUBLIC: &str = "the name leads to an address that is not public";

/// Looks names up.
pub trait LookUp: Send + Sync + 'static {
    /// The addresses of a name.
    fn look_up(&self, name: String) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>>;
}

/// The machine's own look-up.
#[derive(Debug, Clone, Copy)]
struct SystemLookUp;

impl LookUp for SystemLookUp {
    fn look_up(&self, name: String) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// Looks names up and lets through what may be called.
#[derive(Clone)]
struct GuardedLookUp {
    reach: Reach,
    inner: Arc<dyn LookUp>,
}

impl GuardedLookUp {
    async fn look_up(&self, name: String) -> io::Result<Vec<SocketAddr>> {
        let found = self.inner.look_up(name).await?;
        if found.iter().all(|address| self.reach.allows(address.ip())) {
            return Ok(found);
        }
        Err(io::Error::new(io::ErrorKind::PermissionDenied, NOT_PUBLIC))
    }
}

impl Resolve for GuardedLookUp {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = guard.look_up(name.as_str().to_owned()).await?;
            Ok::<Addrs, _>(Box::new(found.into_iter()))
        })
    }
}

/// Why there can be no way out.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client for outgoing calls cannot be made: {0}")]
pub struct EgressSetUpError(String);

/// Calls what may be called.
pub struct GuardedEgress {
    reach: Reach,
    names: GuardedLookUp,
    http: Client,
}

impl std::fmt::Debug for GuardedEgress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("GuardedEgress").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl GuardedEgress {
    /// A way out with the usual limits.
    pub fn new(reach: Reach) -> Result<Self, EgressSetUpError> {
        Self::with(reach, Arc::new(SystemLookUp), TOTAL_TIMEOUT)
    }

    /// The same with another look-up and another time for a request: for tests.
    pub fn with(reach: Reach, names: Arc<dyn LookUp>, timeout: Duration) -> Result<Self, EgressSetUpError> {
        let names = GuardedLookUp { reach, inner: names };
        let failed = |error: &dyn std::error::Error| EgressSetUpError(error.to_string());
        let tls = crate::tls::client_config().map_err(|error| failed(&error))?;
        let http = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(names.clone()))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .timeout(timeout)
            .user_agent(concat!("tradepost/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { reach, names, http })
    }

    async fn check_name(&self, url: &Url) -> Result<(), EgressError> {
        let Some(name) = url.domain() else { return Ok(()) };
        match tokio::time::timeout(CONNECT_TIMEOUT, self.names.look_up(name.to_owned())).await {
            Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(EgressError::Refused(NOT_PUBLIC.to_owned()))
            }
            _ => Ok(()),
        }
    }

    async fn send(&self, request: EgressRequest) -> Result<EgressResponse, EgressError> {
        let url = self.reach.read(&request.url)?;
        let mut post = self.http.post(url).header(CONTENT_TYPE, "application/json").body(request.body);
        for (name, value) in request.headers {
            let value = HeaderValue::from_str(&value)
                .map_err(|_| EgressError::Refused(format!("the header {name} cannot be sent")))?;
            post = post.header(HeaderName::from_static(name), value);
        }
        let response = post.send().await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        Ok(EgressResponse { status, body: beginning(response).await })
    }
}

/// The beginning of an answer. Its status is known by now: what breaks off here changes nothing of it.
async fn beginning(mut response: Response) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ANSWER_BYTES_MAX.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() >= ANSWER_BYTES_MAX {
            break;
        }
    }
    body.freeze()
}

fn failure(error: &reqwest::Error) -> EgressError {
    if error.is_timeout() {
        return EgressError::TimedOut;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = String::new();
    while let Some(error) = cause {
        last = error.to_string();
        if last.contains(NOT_PUBLIC) {
            return EgressError::Refused(NOT_PUBLIC.to_owned());
        }
        cause = error.source();
    }
    EgressError::Unreachable(last)
}

impl Egress for GuardedEgress {
    fn check(&self, url: String) -> BoxFuture<'_, Result<(), EgressError>> {
        Box::pin(async move {
            let url = self.reach.read(&url)?;
            self.check_name(&url).await
        })
    }

    fn post(&self, request: EgressRequest) -> BoxFuture<'_, Result<EgressResponse, EgressError>> {
        Box::pin(self.send(request))
    }
}
