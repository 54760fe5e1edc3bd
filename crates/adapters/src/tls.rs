//! The HTTP client that adapters call out with: TLS by rustls and ring, the web's roots, no redirects.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;

/// A client that gives up connecting after `connect_timeout`.
///
/// The crypto provider is named here and not taken from the process, where two of them would make every call panic.
pub fn client(connect_timeout: Duration) -> Result<Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("tradepost/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}
