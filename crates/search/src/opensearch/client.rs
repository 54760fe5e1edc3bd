//! The way to a server: its address, who we are there, and what its refusals mean.

use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::{Client, Method, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tradepost_port::search::SearchError;

/// How a server is reached.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its address: `https://search.internal:9200`.
    pub url: String,
    /// Name and password, where it asks for them; over `https`, or to this machine.
    pub login: Option<(String, SecretString)>,
    /// Certificates in PEM that its own is signed by, beside those that browsers know.
    pub authorities: Option<String>,
    /// What the names of indexes begin with: lower case, digits and dashes.
    pub prefix: String,
    /// Time that a search may take, all in all, in milliseconds.
    pub search_timeout_ms: u64,
    /// How often what was written becomes visible by itself, in milliseconds.
    pub refresh_ms: u64,
    /// Copies of an index: `0-1` makes one where there is a second node.
    pub replicas: String,
}

impl Settings {
    /// A server at an address, with what suits most: 800 ms for a search, visible twice a second.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            login: None,
            authorities: None,
            prefix: "tradepost".to_owned(),
            search_timeout_ms: 800,
            refresh_ms: 500,
            replicas: "0-1".to_owned(),
        }
    }

    /// The same at an address that may have name and password in it: `https://name:password@search.internal:9200`.
    ///
    /// # Errors
    /// When it is no address, or one that a password must not go to.
    pub fn read(url: &str) -> Result<Self, OpenSearchError> {
        let no_address = || OpenSearchError::Settings("the address is none".to_owned());
        let mut address: Url = url.parse().map_err(|_| no_address())?;
        let decoded =
            |part: &str| percent_decode_str(part).decode_utf8().map(Into::into).map_err(|_| no_address());
        let name: String = decoded(address.username())?;
        let password: String = decoded(address.password().unwrap_or_default())?;
        address.set_username("").and_then(|()| address.set_password(None)).map_err(|()| no_address())?;
        let login = (!name.is_empty()).then(|| (name, SecretString::from(password)));
        let settings = Self { login, ..Self::at(address.as_str()) };
        Server::new(&settings).map(|_| settings)
    }
}

/// Time that a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// Time that anything but a search may take.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// Why the engine failed.
#[derive(Debug, thiserror::Error)]
pub enum OpenSearchError {
    /// It cannot be reached as it is configured.
    #[error("OpenSearch is not configured rightly: {0}")]
    Settings(String),
    /// It cannot be reached, or not in time.
    #[error("OpenSearch does not answer")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is there, and has no time.
    #[error("OpenSearch is overloaded (status {0})")]
    Overloaded(u16),
    /// It refuses.
    #[error("OpenSearch refuses (status {status}): {reason}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// Its answer is not what it promises.
    #[error("the answer of OpenSearch is not understood")]
    Malformed(#[from] serde_json::Error),
}

impl OpenSearchError {
    /// Whether the same might be done a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Overloaded(_))
    }

    /// Whether it is the server's state that is wrong and not what was asked: shoppers can be answered by others.
    fn is_servers(&self) -> bool {
        self.is_passing() || matches!(self, Self::Refused { status: 401 | 403 | 404 | 500.., .. })
    }
}

impl From<OpenSearchError> for SearchError {
    fn from(error: OpenSearchError) -> Self {
        if error.is_servers() { Self::Unavailable(error.into()) } else { Self::Failed(error.into()) }
    }
}

impl From<reqwest::Error> for OpenSearchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Away(error.without_url().into())
    }
}

/// Bytes of a refusal that are told.
const REASON_BYTES_MAX: usize = 2_000;

/// A server.
#[derive(Debug, Clone)]
pub struct Server {
    http: Client,
    url: Url,
    login: Option<(String, SecretString)>,
}

impl Server {
    /// The server of the settings; nothing is asked of it yet.
    pub fn new(settings: &Settings) -> Result<Self, OpenSearchError> {
        let mut url: Url =
            settings.url.parse().map_err(|_| OpenSearchError::Settings("the address is none".to_owned()))?;
        if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
            return Err(OpenSearchError::Settings("the address is not one of HTTP".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OpenSearchError::Settings(
                "name and password are not part of the address".to_owned(),
            ));
        }
        let on_this_machine = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if settings.login.is_some() && url.scheme() != "https" && !on_this_machine {
            return Err(OpenSearchError::Settings(
                "a password goes over https, or to this machine".to_owned(),
            ));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let http = Client::builder()
            .tls_backend_preconfigured(tls(settings.authorities.as_deref())?)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("tradepost/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| OpenSearchError::Settings(error.to_string()))?;
        Ok(Self { http, url, login: settings.login.clone() })
    }

    /// Asks something that needs no body; `path` is relative to the address.
    pub async fn bare(&self, method: Method, path: &str) -> Result<Vec<u8>, OpenSearchError> {
        self.send(method, path, None, "application/json").await
    }

    /// Sends something; `path` is relative to the address.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Vec<u8>, OpenSearchError> {
        self.send(method, path, Some(serde_json::to_vec(body)?), "application/json").await
    }

    /// Sends many writes at once, one line each.
    pub async fn bulk(&self, path: &str, lines: Vec<u8>) -> Result<Vec<u8>, OpenSearchError> {
        self.send(Method::POST, path, Some(lines), "application/x-ndjson").await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        content_type: &str,
    ) -> Result<Vec<u8>, OpenSearchError> {
        let url = self.url.join(path).map_err(|error| OpenSearchError::Settings(error.to_string()))?;
        let mut request = self.http.request(method, url).timeout(CALL_TIMEOUT);
        if let Some((name, password)) = &self.login {
            request = request.basic_auth(name, Some(password.expose_secret()));
        }
        if let Some(body) = body {
            request = request.header("content-type", content_type).body(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let answer = response.bytes().await?;
        match status {
            status if status.is_success() => Ok(answer.into()),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Err(OpenSearchError::Overloaded(status.as_u16())),
            status => {
                let told = answer.get(..REASON_BYTES_MAX.min(answer.len())).unwrap_or_default();
                let reason = String::from_utf8_lossy(told).into_owned();
                Err(OpenSearchError::Refused { status: status.as_u16(), reason })
            }
        }
    }
}

/// TLS 1.2 and 1.3, with the provider of the house.
fn tls(authorities: Option<&str>) -> Result<ClientConfig, OpenSearchError> {
    let bad = |error: &dyn std::fmt::Display| OpenSearchError::Settings(format!("certificates: {error}"));
    let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    for certificate in CertificateDer::pem_slice_iter(authorities.unwrap_or_default().as_bytes()) {
        roots.add(certificate.map_err(|error| bad(&error))?).map_err(|error| bad(&error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| bad(&error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_of_an_address_are_read_and_go_where_nobody_listens() {
        let settings = Settings::read("https://anna:s%40cret@search.example:9200").unwrap();
        let (name, password) = settings.login.unwrap();
        assert_eq!((name.as_str(), password.expose_secret()), ("anna", "s@cret"));
        assert_eq!(settings.url, "https://search.example:9200/");
        assert!(Settings::read("http://127.0.0.1:9200").unwrap().login.is_none());
        for bad in ["", "search.example", "ftp://search.example", "http://anna:secretword@search.example"] {
            let refused = Settings::read(bad).unwrap_err().to_string();
            assert!(!refused.contains("secretword"), "{refused}");
        }
    }

    #[test]
    fn a_question_that_is_not_taken_is_told_from_a_server_in_a_bad_state() {
        for (status, is_away) in
            [(400, false), (401, true), (403, true), (404, true), (409, false), (500, true)]
        {
            let error = SearchError::from(OpenSearchError::Refused { status, reason: String::new() });
            assert_eq!(matches!(error, SearchError::Unavailable(_)), is_away, "{status}");
        }
    }
}
