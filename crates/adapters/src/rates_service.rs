//! Rates of others over HTTP: one small contract that a tax service or a carrier is put behind.
//!
//! `POST` of what is asked, as JSON, with the secret as bearer token; the answer is `{"rates": [...]}`. A shop that uses a
//! vendor writes the few lines that translate, in whatever language, and keeps the vendor's key to itself
//! (docs/guides/taxes-and-carriers.md).

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tradepost_port::BoxFuture;
use tradepost_port::rates::{
    RatesError, ShippingAsk, ShippingRateAnswer, ShippingRates, TaxAsk, TaxProvider, TaxRateAnswer,
};

/// Bytes of an answer, at most.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Rates in one answer, at most.
const RATES_MAX: usize = 500;
/// Calls at once: a slow service must not take what everybody else needs (case C88).
const CALLS_MAX: usize = 16;

/// A service that is asked for rates.
pub struct RatesService {
    http: Client,
    url: Url,
    bearer: Option<HeaderValue>,
    limit: Duration,
    permits: Semaphore,
}

impl std::fmt::Debug for RatesService {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RatesService").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// A service that cannot be reached as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RatesServiceError {
    /// The address.
    #[error("the address must begin with https:// (or http:// on this machine)")]
    Address,
    /// The secret.
    #[error("the secret cannot stand in a header")]
    Secret,
    /// TLS or the client.
    #[error("the client cannot be made: {0}")]
    Client(String),
}

#[derive(Deserialize)]
struct Answer<T> {
    rates: Vec<T>,
}

impl RatesService {
    /// A service at an address that staff configured. `limit` is the time that one question may take, all in all.
    ///
    /// # Errors
    /// When the address leads through the open to another machine, or the secret is none.
    pub fn new(url: &str, secret: &SecretString, limit: Duration) -> Result<Self, RatesServiceError> {
        let url: Url = url.parse().map_err(|_| RatesServiceError::Address)?;
        let on_this_machine = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && on_this_machine) {
            return Err(RatesServiceError::Address);
        }
        let bearer = match secret.expose_secret() {
            "" => None,
            secret => {
                let mut value = HeaderValue::from_str(&format!("Bearer {secret}"))
                    .map_err(|_| RatesServiceError::Secret)?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let http = crate::tls::client(limit).map_err(RatesServiceError::Client)?;
        Ok(Self { http, url, bearer, limit, permits: Semaphore::new(CALLS_MAX) })
    }

    async fn ask<Q: Serialize + Sync, T: DeserializeOwned>(&self, ask: &Q) -> Result<Vec<T>, RatesError> {
        let answered = timeout(self.limit, async {
            let Ok(_permit) = self.permits.acquire().await else {
                return Err(RatesError("the service is closed".to_owned()));
            };
            self.call(ask).await
        });
        answered.await.unwrap_or_else(|_| Err(RatesError(format!("no answer in {:?}", self.limit))))
    }

    async fn call<Q: Serialize + Sync, T: DeserializeOwned>(&self, ask: &Q) -> Result<Vec<T>, RatesError> {
        let failed = |error: reqwest::Error| RatesError(error.without_url().to_string());
        let body = serde_json::to_vec(ask).map_err(|error| RatesError(error.to_string()))?;
        let mut request =
            self.http.post(self.url.clone()).header("content-type", "application/json").body(body);
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer.clone());
        }
        let mut response = request.send().await.map_err(failed)?;
        if response.status().as_u16() != 200 {
            return Err(RatesError(format!("status {}", response.status().as_u16())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                return Err(RatesError(format!("more than {ANSWER_BYTES_MAX} bytes of answer")));
            }
            body.extend_from_slice(&chunk);
        }
        let answer: Answer<T> = serde_json::from_slice(&body)
            .map_err(|error| RatesError(format!("the answer cannot be read: {error}")))?;
        if answer.rates.len() > RATES_MAX {
            return Err(RatesError(format!("more than {RATES_MAX} rates")));
        }
        Ok(answer.rates)
    }
}

impl TaxProvider for RatesService {
    fn rates<'a>(&'a self, ask: &'a TaxAsk) -> BoxFuture<'a, Result<Vec<TaxRateAnswer>, RatesError>> {
        Box::pin(self.ask(ask))
    }
}

impl ShippingRates for RatesService {
    fn rates<'a>(
        &'a self,
        ask: &'a ShippingAsk,
    ) -> BoxFuture<'a, Result<Vec<ShippingRateAnswer>, RatesError>> {
        Box::pin(self.ask(ask))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tradepost_domain::kernel::place::Destination;

    use super::*;

    /// Answers one request with this, or never; answers what was sent.
    async fn answering(answer: Option<&'static str>) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/rates", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !String::from_utf8_lossy(&request).ends_with("[]}") {
                let mut part = [0; 4096];
                let read = socket.read(&mut part).await.unwrap();
                request.extend_from_slice(&part[..read]);
            }
            match answer {
                Some(answer) => socket.write_all(answer.as_bytes()).await.unwrap(),
                None => std::future::pending().await,
            }
            String::from_utf8(request).unwrap()
        });
        (url, served)
    }

    async fn ask(url: &str, limit: Duration) -> Result<Vec<TaxRateAnswer>, RatesError> {
        let service = RatesService::new(url, &SecretString::from("secretword"), limit).unwrap();
        let country = "DE".parse().unwrap();
        let destination = Destination { country, region: None, postal_code: Some("10119".to_owned()) };
        TaxProvider::rates(&service, &TaxAsk { destination, classes: Vec::new() }).await
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn it_is_asked_with_its_secret_and_answers_rates() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 45\r\n\r\n{\"rates\":[{\"name\":\"VAT\",\"rate_ppm\":190000 }]}";
        let (url, served) = answering(Some(answer)).await;
        let rates = ask(&url, LONG).await.unwrap();
        assert_eq!((rates.len(), rates[0].name.as_str(), rates[0].rate_ppm.get()), (1, "VAT", 190_000));
        let request = served.await.unwrap();
        assert!(request.contains("Bearer secretword") && request.contains("\"postal_code\":\"10119\""));
    }

    #[tokio::test]
    async fn whatever_is_no_answer_gives_no_rates() {
        for (answer, expected) in [
            ("HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n", "status 302"),
            ("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", "status 500"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{\"a\":1}", "cannot be read"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n", "no rates"),
        ] {
            let (url, _served) = answering(Some(answer)).await;
            let refused = ask(&url, LONG).await.unwrap_err().to_string();
            assert!(refused.contains(expected) && !refused.contains("secretword"), "{refused}");
        }
        let (url, _served) = answering(None).await;
        let refused = ask(&url, Duration::from_millis(50)).await.unwrap_err();
        assert!(refused.0.contains("no answer in 50ms"), "{refused}");
    }

    #[test]
    fn roads_through_the_open_are_refused() {
        let made = |url: &str, secret: &str| RatesService::new(url, &SecretString::from(secret), LONG).err();
        for url in ["http://tax.example.com/", "ftp://127.0.0.1/", "http://127.0.0.1.example.com/", "tax", ""]
        {
            assert_eq!(made(url, ""), Some(RatesServiceError::Address), "{url}");
        }
        assert_eq!(made("https://tax.example.com/", "a\nb"), Some(RatesServiceError::Secret));
        assert_eq!(made("http://localhost:1/", ""), None);
    }
}
