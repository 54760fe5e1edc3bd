//! The stand-in for Stripe by itself, so that a person can walk through a purchase without an account.

use std::net::SocketAddr;

use tradepost_fakestripe::{DeliveryPlan, FakeStripe, WebhookTarget};

pub use tradepost_fakestripe::Seconds;

use crate::LabError;

/// Where its webhooks go.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// The shop's endpoint: `http://127.0.0.1:8080/api/payments/webhook`.
    pub url: String,
    /// The endpoint's secret.
    pub secret: String,
}

/// Runs a stand-in on an address of this machine for as long as it is awaited; `started` is told its base address.
pub async fn run(
    listen: SocketAddr,
    webhooks: Option<Webhooks>,
    (clock, started): (Seconds, impl FnOnce(&str)),
) -> Result<(), LabError> {
    if !listen.ip().is_loopback() {
        return Err(LabError::Preparation(format!(
            "{listen} is not of this machine: a stand-in that anybody can reach would be taken for a shop's"
        )));
    }
    // A hundred ids a second may be given before the next start could give one of them again.
    let serial = u64::try_from(clock()).unwrap_or(0).saturating_mul(100);
    let stripe = FakeStripe::listen(listen, clock).await?;
    stripe.count_ids_from(serial);
    started(&stripe.base_url());
    match webhooks {
        Some(webhooks) => stripe.keep_delivering(&target(&webhooks).await?, DeliveryPlan::Once).await,
        None => std::future::pending().await,
    }
    Ok(())
}

async fn target(webhooks: &Webhooks) -> Result<WebhookTarget, LabError> {
    let refuse = || {
        LabError::Preparation(format!(
            "`{}` is no address of a webhook: write http://127.0.0.1:8080/api/payments/webhook",
            webhooks.url
        ))
    };
    let rest = webhooks.url.strip_prefix("http://").ok_or_else(refuse)?;
    let (host, path) = rest.split_once('/').ok_or_else(refuse)?;
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let address = tokio::net::lookup_host(&host).await?.find(SocketAddr::is_ipv4).ok_or_else(refuse)?;
    Ok(WebhookTarget { address, path: format!("/{path}"), secret: webhooks.secret.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_of_a_webhook_is_taken_apart_and_anything_else_is_refused() {
        let webhooks = |url: &str| Webhooks { url: url.to_owned(), secret: "whsec_1".to_owned() };
        let found = target(&webhooks("http://127.0.0.1:8080/api/payments/webhook")).await.unwrap();
        assert_eq!(
            (found.address.to_string().as_str(), found.path.as_str()),
            ("127.0.0.1:8080", "/api/payments/webhook")
        );
        for url in ["", "127.0.0.1:8080/x", "https://127.0.0.1/x", "http://127.0.0.1:8080"] {
            assert!(target(&webhooks(url)).await.is_err(), "{url}");
        }
    }

    #[tokio::test]
    async fn it_listens_to_this_machine_only() {
        let refused =
            run("0.0.0.0:0".parse().unwrap(), None, (std::sync::Arc::new(|| 0), |_: &str| ())).await;
        assert!(matches!(refused, Err(LabError::Preparation(_))));
    }
}
