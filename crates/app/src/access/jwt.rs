//! The one form of token that the shop writes and reads: a compact JWS (RFC 7515) of JWT claims (RFC 7519), signed with
//! Ed25519 (RFC 8037), with the type `at+jwt` (RFC 9068).
//!
//! There is nothing to negotiate. The header has exactly `alg`, `typ` and `kid`, so that no token names its own
//! algorithm, key or address of keys; every claim is required, has its one type, and stands there once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use tradepost_domain::customer::session::{ACCESS_TOKEN_LIFETIME, CLOCK_LEEWAY};
use uuid::Uuid;

const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "at+jwt";
/// Characters of a token, at most.
const LEN_MAX: usize = 2_048;

/// Why a token proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessTokenError {
    /// It was good and its time is over: refresh the session.
    #[error("the access token has expired")]
    Expired,
    /// It is none of ours, or not for this.
    #[error("the access token is not valid")]
    Invalid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessClaims {
    /// The shop that made it.
    pub iss: String,
    /// Whom it is for: `storefront`.
    pub aud: String,
    /// Id of the customer.
    pub sub: String,
    /// Seconds since 1970 when it is over.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
    /// When it begins to be good.
    pub nbf: i64,
    /// Id of the token.
    pub jti: String,
    /// What it is: `access`.
    pub typ: String,
    /// Id of the session.
    pub sid: String,
    /// Id of the shop's database: a copy of a shop does not take the tokens of its model.
    pub store: String,
}

/// What is the same in every token of a shop for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `aud`.
    pub audience: &'a str,
    /// `store`.
    pub store: &'a str,
}

impl Audience<'_> {
    /// Whether a token was made here and for this, and is good now.
    fn check(&self, claims: &AccessClaims, now: Timestamp) -> Result<(), AccessTokenError> {
        let ours = claims.iss == self.issuer
            && claims.aud == self.audience
            && claims.store == self.store
            && claims.typ == "access";
        let (now, leeway) = (now.as_second(), CLOCK_LEEWAY.as_secs());
        let lives = claims.exp.checked_sub(claims.iat);
        let times = claims.iat >= 0
            && claims.nbf >= claims.iat
            && lives.is_some_and(|seconds| (1..=ACCESS_TOKEN_LIFETIME.as_secs()).contains(&seconds))
            && claims.nbf <= now.saturating_add(leeway)
            && claims.iat <= now.saturating_add(leeway);
        if !ours || !times {
            return Err(AccessTokenError::Invalid);
        }
        if claims.exp.saturating_add(leeway) <= now { Err(AccessTokenError::Expired) } else { Ok(()) }
    }
}

fn encode(value: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value)?))
}

/// Writes and signs a token.
pub fn sign(kid: Uuid, key: &Ed25519KeyPair, claims: &AccessClaims) -> Result<String, serde_json::Error> {
    let header = Header { alg: ALGORITHM.to_owned(), typ: TYPE.to_owned(), kid: kid.simple().to_string() };
    let signed = format!("{}.{}", encode(&header)?, encode(claims)?);
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

/// A token whose head could be read; nothing of it is believed yet.
#[derive(Debug, Clone, Copy)]
pub struct UnverifiedToken<'a> {
    /// The key that it says it was signed with.
    pub kid: Uuid,
    signed: &'a str,
    claims: &'a str,
    signature: &'a str,
}

fn decode(part: &str) -> Result<Vec<u8>, AccessTokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| AccessTokenError::Invalid)
}

fn read<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, AccessTokenError> {
    serde_json::from_slice(&decode(part)?).map_err(|_| AccessTokenError::Invalid)
}

impl<'a> UnverifiedToken<'a> {
    /// Reads the head of a token.
    pub fn read(token: &'a str) -> Result<Self, AccessTokenError> {
        if token.len() > LEN_MAX {
            return Err(AccessTokenError::Invalid);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(AccessTokenError::Invalid)?;
        let (header, claims) = signed.split_once('.').ok_or(AccessTokenError::Invalid)?;
        let Header { alg, typ, kid } = read(header)?;
        let id = Uuid::try_parse(&kid).map_err(|_| AccessTokenError::Invalid)?;
        // A UUID can be written in several ways; we write it in one.
        let canonical = id.simple().to_string() == kid;
        let sound = alg == ALGORITHM && typ == TYPE && canonical;
        if sound { Ok(Self { kid: id, signed, claims, signature }) } else { Err(AccessTokenError::Invalid) }
    }

    /// Checks the signature with the key of its `kid`, and the claims at a moment.
    pub fn verify(
        &self,
        public_key: &[u8],
        audience: &Audience<'_>,
        now: Timestamp,
    ) -> Result<AccessClaims, AccessTokenError> {
        let signature = decode(self.signature)?;
        UnparsedPublicKey::new(&ED25519, public_key)
            .verify(self.signed.as_bytes(), &signature)
            .map_err(|_| AccessTokenError::Invalid)?;
        let claims: AccessClaims = read(self.claims)?;
        audience.check(&claims, now)?;
        Ok(claims)
    }
}
