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

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::KeyPair as _;
    use serde_json::{Value, json};

    const NOW: i64 = 1_793_534_400;
    const KID: Uuid = Uuid::from_u128(0x0190_abcd_0000_7000_8000_0000_0000_0001);
    const AUDIENCE: Audience<'static> =
        Audience { issuer: "https://shop.example.com", audience: "storefront", store: "s1" };

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    fn claims() -> Value {
        json!({"iss": "https://shop.example.com", "aud": "storefront", "sub": "cus_x", "exp": NOW + 600, "iat": NOW,
            "nbf": NOW, "jti": "j", "typ": "access", "sid": "sess_x", "store": "s1"})
    }

    fn header() -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": KID.simple().to_string()})
    }

    /// Signed with the right key, whatever it says.
    fn forge(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(pair().sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn verify(token: &str, now: i64) -> Result<AccessClaims, AccessTokenError> {
        let unverified = UnverifiedToken::read(token)?;
        assert_eq!(unverified.kid, KID);
        let public_key = pair().public_key().as_ref().to_vec();
        unverified.verify(&public_key, &AUDIENCE, Timestamp::from_second(now).unwrap())
    }

    fn with(mut value: Value, field: &str, new: Value) -> String {
        match new {
            Value::Null => {
                value.as_object_mut().unwrap().remove(field);
            }
            new => value[field] = new,
        }
        value.to_string()
    }

    #[test]
    fn what_was_signed_here_is_known_again_within_its_time() {
        let made: AccessClaims = serde_json::from_value(claims()).unwrap();
        let token = sign(KID, &pair(), &made).unwrap();
        assert_eq!(verify(&token, NOW), Ok(made.clone()));
        assert_eq!(verify(&token, NOW - 30), Ok(made.clone()), "clocks differ a little");
        assert_eq!(verify(&token, NOW - 31), Err(AccessTokenError::Invalid));
        assert_eq!(verify(&token, NOW + 629), Ok(made));
        assert_eq!(verify(&token, NOW + 630), Err(AccessTokenError::Expired));
    }

    /// C70: each of these is signed with the right key and says something that it must not.
    #[test]
    fn no_header_but_ours_is_read() {
        let public = URL_SAFE_NO_PAD.encode(pair().public_key().as_ref());
        let mut bad: Vec<String> = Vec::new();
        for alg in ["none", "None", "NONE", "HS256", "RS256", "ES256", "eddsa", ""] {
            bad.push(with(header(), "alg", json!(alg)));
        }
        for typ in ["JWT", "jwt", "rt+jwt", ""] {
            bad.push(with(header(), "typ", json!(typ)));
        }
        let kid = KID.hyphenated().to_string();
        for kid in
            ["", "../../etc/passwd", "' or 1=1 --", kid.as_str(), &KID.simple().to_string().to_uppercase()]
        {
            bad.push(with(header(), "kid", json!(kid)));
        }
        for field in ["alg", "typ", "kid"] {
            bad.push(with(header(), field, Value::Null));
            bad.push(with(header(), field, json!(1)));
        }
        for field in ["jku", "x5u", "x5c", "crit", "zip", "cty"] {
            bad.push(with(header(), field, json!("https://evil.example/keys")));
        }
        bad.push(with(header(), "jwk", json!({"kty": "OKP", "crv": "Ed25519", "x": public})));
        bad.push(format!(
            "{{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"{}\"}}",
            KID.simple()
        ));
        bad.extend([String::new(), "[]".to_owned(), "{}".to_owned(), "null".to_owned()]);
        for header in bad {
            let token = forge(&header, &claims().to_string());
            assert_eq!(UnverifiedToken::read(&token).map(drop), Err(AccessTokenError::Invalid), "{header}");
        }
    }

    #[test]
    fn every_claim_is_required_once_with_its_type_and_its_value() {
        let mut bad: Vec<String> = Vec::new();
        for field in ["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "typ", "sid", "store"] {
            bad.push(with(claims(), field, Value::Null));
            bad.push(with(claims(), field, json!(null_text(field))));
            let value = claims()[field].to_string();
            bad.push(claims().to_string().replacen('{', &format!("{{\"{field}\":{value},"), 1));
        }
        for field in ["exp", "iat", "nbf"] {
            let at = claims()[field].as_i64().unwrap();
            for value in [
                json!(at.to_string()),
                json!(format!("{at}.5").parse::<f64>().unwrap()),
                json!(-at),
                json!(u64::MAX),
            ] {
                bad.push(with(claims(), field, value));
            }
        }
        bad.push(with(claims(), "aud", json!(["storefront"])));
        bad.push(with(claims(), "exp", json!(NOW + 601)));
        bad.push(with(claims(), "exp", json!(NOW)));
        bad.push(with(claims(), "nbf", json!(NOW + 31)));
        bad.push(with(claims(), "nbf", json!(NOW - 1)));
        bad.push(with(claims(), "admin", json!(true)));
        for claims in bad {
            let token = forge(&header().to_string(), &claims);
            assert_eq!(verify(&token, NOW), Err(AccessTokenError::Invalid), "{claims}");
        }
    }

    /// A value of another kind than the claim's own, or another text.
    fn null_text(field: &str) -> Value {
        if matches!(field, "sub" | "jti" | "sid") { json!(7) } else { json!("another") }
    }

    #[test]
    fn a_signature_of_another_key_or_over_another_text_is_none() {
        let token = forge(&header().to_string(), &claims().to_string());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, pair().public_key().as_ref());
        let forged = [
            URL_SAFE_NO_PAD.encode(other.sign(signed.as_bytes())),
            URL_SAFE_NO_PAD.encode(ring::hmac::sign(&secret, signed.as_bytes())),
            URL_SAFE_NO_PAD.encode([0; 64]),
            String::new(),
            format!("{signature}="),
            format!("{signature}A"),
        ];
        for signature in forged {
            assert_eq!(
                verify(&format!("{signed}.{signature}"), NOW),
                Err(AccessTokenError::Invalid),
                "{signature}"
            );
        }
        let (header, _) = signed.split_once('.').unwrap();
        let other_claims = URL_SAFE_NO_PAD.encode(with(claims(), "sub", json!("cus_y")));
        let swapped = format!("{header}.{other_claims}.{signature}");
        assert_eq!(verify(&swapped, NOW), Err(AccessTokenError::Invalid));
        for text in ["", ".", "..", "a.b", "a.b.c.d", &format!("{token}.x"), &"a".repeat(3_000)] {
            assert!(UnverifiedToken::read(text).and_then(|_| verify(text, NOW)).is_err(), "{text}");
        }
    }
}
