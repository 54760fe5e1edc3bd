//! How connections to the database are secured: `sslmode` and `sslrootcert` of its URL, as libpq means them.
//!
//! | `sslmode` | encrypted | the server's certificate |
//! |---|---|---|
//! | `disable` | never | |
//! | `prefer`, and none | where the server can | not checked |
//! | `require` | always | not checked, unless `sslrootcert` names who signs it |
//! | `verify-full` | always | checked, with the host's name: by `sslrootcert`, or by the public authorities |
//!
//! Servers mostly come with a certificate that they signed themselves (Debian's do), so the modes that do not ask for a
//! check must not make one (PostgreSQL 15, "SSL Support", 34.19.1).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;

/// A database and how it is reached.
#[derive(Clone)]
pub(crate) struct Target {
    /// Where it is, and who asks.
    pub config: Config,
    /// What secures the connection; `None` where nothing does.
    pub tls: Option<MakeRustlsConnect>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Target").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Target {
    /// Reads the URL, or the words `host=… sslmode=…`.
    pub fn read(url: &str) -> Result<Self, StoreError> {
        let unreadable = |error| StoreError::Unavailable(format!("the database URL cannot be read: {error}"));
        Self::parse(url).map_err(unreadable)
    }

    /// The same; says what is wrong in words that do not hold the URL.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wish = Wish::take(url)?;
        let mut config: Config = wish.rest.parse().map_err(|error: tokio_postgres::Error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            format!("{error}{}", cause.unwrap_or_default())
        })?;
        config.ssl_mode(wish.mode);
        let tls = match (wish.mode, wish.check) {
            (SslMode::Disable, _) => None,
            (_, Check::None) => Some(unchecked()),
            (_, Check::By(root)) => Some(checked(root.as_deref())?),
        };
        Ok(Self { config, tls })
    }
}

/// Where a database URL leads, for people: hosts with their ports, and the name of the database. Never the password.
pub fn place(url: &str) -> Option<String> {
    use tokio_postgres::config::Host;
    let config = Target::parse(url).ok()?.config;
    let ports = config.get_ports();
    let one = |(index, host): (usize, &Host)| {
        let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            Host::Unix(folder) => format!("{} (port {port})", folder.display()),
        }
    };
    let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(one).collect();
    let hosts = hosts.join(", ");
    Some(config.get_dbname().map_or_else(|| hosts.clone(), |name| format!("{hosts}/{name}")))
}

/// Whose word the server's certificate needs.
#[derive(Debug, PartialEq, Eq)]
enum Check {
    None,
    /// Of the authority in this file, or of a public one.
    By(Option<PathBuf>),
}

/// What a URL asks for, and the URL without it: the driver knows neither `verify-full` nor `sslrootcert`.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    mode: SslMode,
    check: Check,
    rest: String,
}

impl Wish {
    fn take(url: &str) -> Result<Self, String> {
        let (mut mode, mut root) = (None, None);
        let mut keep = |part: &str| {
            match part.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value.trim_matches('\'').to_owned()),
                Some(("sslrootcert", value)) => root = Some(PathBuf::from(value.trim_matches('\''))),
                _ => return true,
            }
            false
        };
        let rest = if url.contains("://") {
            let (address, query) = url.split_once('?').unwrap_or((url, ""));
            let query: Vec<&str> = query.split('&').filter(|part| !part.is_empty() && keep(part)).collect();
            if query.is_empty() { address.to_owned() } else { format!("{address}?{}", query.join("&")) }
        } else {
            words(url).into_iter().filter(|part| keep(part)).collect::<Vec<_>>().join(" ")
        };
        let (mode, check) = match mode.as_deref() {
            Some("disable") => (SslMode::Disable, Check::None),
            None | Some("prefer" | "allow") => (SslMode::Prefer, Check::None),
            Some("require") if root.is_none() => (SslMode::Require, Check::None),
            Some("require" | "verify-full") => (SslMode::Require, Check::By(root)),
            Some(other) => {
                let known = "disable, prefer, require and verify-full";
                return Err(format!("sslmode {other} is not known: {known} are"));
            }
        };
        Ok(Self { mode, check, rest })
    }
}

/// The parts between spaces; a quoted space parts nothing, and a backslash takes the next character as it is.
fn words(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text.split(move |letter: char| {
        let is_escaped = std::mem::take(&mut escaped);
        escaped = letter == '\\' && !is_escaped;
        quoted ^= letter == '\'' && !is_escaped;
        letter.is_whitespace() && !quoted && !is_escaped
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn connector(
    build: impl FnOnce(
        rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
    ) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>,
) -> MakeRustlsConnect {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    #[expect(
        clippy::expect_used,
        reason = "ring supports the default TLS versions; nothing at run time changes that"
    )]
    let builder = builder.expect("ring knows the default TLS versions");
    MakeRustlsConnect::new(build(builder).with_no_client_auth())
}

/// Encrypts, and asks for nobody's word.
fn unchecked() -> MakeRustlsConnect {
    let verifier = Arc::new(AnyCertificate(rustls::crypto::ring::default_provider()));
    connector(|builder| builder.dangerous().with_custom_certificate_verifier(verifier))
}

/// Encrypts, and takes only a certificate for the host's name that an authority has signed.
fn checked(root: Option<&Path>) -> Result<MakeRustlsConnect, String> {
    let roots = match root {
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Some(path) => {
            let unreadable = |error: &dyn std::fmt::Display| {
                format!("sslrootcert {} cannot be read: {error}", path.display())
            };
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
                roots
                    .add(certificate.map_err(|error| unreadable(&error))?)
                    .map_err(|error| unreadable(&error))?;
            }
            if roots.is_empty() {
                return Err(unreadable(&"there is no certificate in it"));
            }
            roots
        }
    };
    Ok(connector(|builder| builder.with_root_certificates(roots)))
}

/// Takes every certificate whose key the server really has: what `require` promises is secrecy from those who only listen.
#[derive(Debug)]
struct AnyCertificate(CryptoProvider);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(url: &str) -> (SslMode, Check, String) {
        let Wish { mode, check, rest } = Wish::take(url).unwrap();
        (mode, check, rest)
    }

    #[test]
    fn a_url_is_read_as_libpq_reads_it() {
        let plain = "postgres://shop@db.example/shop";
        let file = || Check::By(Some(PathBuf::from("/etc/ca.pem")));
        for (query, mode, check, rest) in [
            ("", SslMode::Prefer, Check::None, ""),
            ("?sslmode=disable", SslMode::Disable, Check::None, ""),
            ("?sslmode=prefer&connect_timeout=3", SslMode::Prefer, Check::None, "?connect_timeout=3"),
            ("?connect_timeout=3&sslmode=require", SslMode::Require, Check::None, "?connect_timeout=3"),
            ("?sslmode=require&sslrootcert=/etc/ca.pem", SslMode::Require, file(), ""),
            ("?sslmode=verify-full", SslMode::Require, Check::By(None), ""),
            ("?sslrootcert=/etc/ca.pem&sslmode=verify-full", SslMode::Require, file(), ""),
        ] {
            assert_eq!(wish(&format!("{plain}{query}")), (mode, check, format!("{plain}{rest}")), "{query}");
        }
    }

    #[test]
    fn words_are_read_and_quotes_stay_whole() {
        let (mode, check, rest) =
            wish("host=/run/pg user=shop options='-c a=b sslmode=x' sslmode='verify-full'");
        assert_eq!((mode, check), (SslMode::Require, Check::By(None)));
        assert_eq!(rest, "host=/run/pg user=shop options='-c a=b sslmode=x'");
    }

    #[test]
    fn a_mode_that_would_promise_less_than_it_says_is_refused() {
        let error = Target::parse("postgres://db/shop?sslmode=verify-ca").unwrap_err();
        assert!(error.contains("sslmode verify-ca is not known"), "{error}");
        let error = Target::parse("postgres://db/shop?sslmode=verify-full&sslrootcert=/nowhere").unwrap_err();
        assert!(error.contains("sslrootcert /nowhere cannot be read"), "{error}");
    }
}
