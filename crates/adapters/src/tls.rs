//! TLS of outgoing calls, and the HTTP client that adapters call out with.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls::{ClientConfig, RootCertStore};

/// A client's side of TLS 1.2 and 1.3: certificates are verified against the roots that browsers know.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    // The provider is named here and not taken from the process, where two of them would make every call panic.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A client that gives up connecting after `connect_timeout` and follows no redirects.
pub(crate) fn client(connect_timeout: Duration) -> Result<Client, String> {
    let tls = client_config().map_err(|error| error.to_string())?;
    Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("tradepost/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}
