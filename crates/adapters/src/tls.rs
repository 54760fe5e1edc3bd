//! TLS of outgoing calls: certificates are verified against the roots that browsers know.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// A client's side of TLS 1.2 and 1.3.
pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    // The provider is named here and not taken from the process, where two of them would make every call panic.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
