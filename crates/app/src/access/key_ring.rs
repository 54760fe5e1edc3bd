//! The keys that sign access tokens: made by the shop itself, kept in its database, known in memory.
//!
//! A key signs for 90 days. The next one is published a day before it takes over, the last one a day after. The ring is
//! read anew every minute, so that a key that was taken back is refused everywhere soon after.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Serialize;
use tradepost_domain::customer::session::{
    ACCESS_TOKEN_LIFETIME, SIGNING_KEY_LIFETIME, SIGNING_KEY_OVERLAP, later,
};
use tradepost_domain::kernel::ids::{CustomerId, SessionId};
use tradepost_port::{Clock, IdSource};
use tradepost_store::customer::signing_key::{self, SigningKeyRow};
use tradepost_store::{Store, StoreError, setting};
use utoipa::ToSchema;
use uuid::Uuid;

use super::jwt::{self, AccessClaims, AccessTokenError, Audience, UnverifiedToken};

/// How long the ring is believed.
const RING_AGE_MAX: SignedDuration = SignedDuration::from_secs(60);
/// A token with an unknown `kid` makes the ring be read anew, but not more often than this.
const RELOAD_EVERY: SignedDuration = SignedDuration::from_secs(1);
/// Setting that holds the id of the shop's database.
const STORE_ID: &str = "store_id";
/// Whom customers' tokens are for.
const STOREFRONT: &str = "storefront";

/// One public key (RFC 7517, RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JsonWebKey {
    /// Kind of key: `OKP`.
    pub kty: &'static str,
    /// Curve: `Ed25519`.
    pub crv: &'static str,
    /// What it is for: `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// Algorithm: `EdDSA`.
    pub alg: &'static str,
    /// Id.
    pub kid: String,
    /// The key.
    pub x: String,
}

/// The public keys of the shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JsonWebKeySet {
    /// The keys, in the order in which they sign.
    pub keys: Vec<JsonWebKey>,
}

/// The keys as they were at a moment.
#[derive(Debug)]
struct Keys {
    read_at: Timestamp,
    store_id: String,
    rows: Vec<SigningKeyRow>,
}

impl Keys {
    fn signing(&self, now: Timestamp) -> Option<&SigningKeyRow> {
        self.rows.iter().rev().find(|key| key.signs_from <= now && now < key.signs_until)
    }

    fn verifying(&self, kid: Uuid, now: Timestamp) -> Option<&SigningKeyRow> {
        self.rows.iter().find(|key| key.id == kid && now < key.verifies_until)
    }

    fn is_older_than(&self, age: SignedDuration, now: Timestamp) -> bool {
        now.duration_since(self.read_at).abs() > age
    }
}

/// Signs and checks access tokens.
pub struct KeyRing {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    issuer: String,
    keys: RwLock<Option<Arc<Keys>>>,
    // Of several that find the ring old, one reads it.
    reading: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KeyRing").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// A ring that reads its keys when they are first needed.
    pub fn new(store: Store, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>, issuer: String) -> Self {
        Self { store, clock, ids, issuer, keys: RwLock::default(), reading: tokio::sync::Mutex::default() }
    }

    fn known(&self, age: SignedDuration, now: Timestamp) -> Option<Arc<Keys>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        keys.filter(|keys| !keys.is_older_than(age, now))
    }

    /// The keys, read anew if what is known is older than `age`.
    async fn keys(&self, age: SignedDuration, now: Timestamp) -> Result<Arc<Keys>, StoreError> {
        if let Some(keys) = self.known(age, now) {
            return Ok(keys);
        }
        let _reading = self.reading.lock().await;
        if let Some(keys) = self.known(age, now) {
            return Ok(keys);
        }
        let keys = Arc::new(self.read(now).await?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
        Ok(keys)
    }

    async fn read(&self, now: Timestamp) -> Result<Keys, StoreError> {
        let conn = self.store.storefront().conn().await?;
        let mut rows = signing_key::list(&conn, now).await?;
        if let Some(signs_from) = next_start(&rows, now) {
            signing_key::insert(&conn, &self.draw(signs_from), now).await?;
            rows = signing_key::list(&conn, now).await?;
        }
        let store_id = setting::get(&conn, STORE_ID).await?;
        let missing = || StoreError::inconsistent("setting", "the shop has no `store_id`");
        let store_id = store_id.as_ref().and_then(|value| value.as_str()).ok_or_else(missing)?;
        Ok(Keys { read_at: now, store_id: store_id.to_owned(), rows })
    }

    fn draw(&self, signs_from: Timestamp) -> SigningKeyRow {
        let seed = self.ids.next_secret();
        let signs_until = later(signs_from, SIGNING_KEY_LIFETIME);
        SigningKeyRow {
            id: self.ids.next_uuid(),
            public_key: pair(&seed).map(|pair| pair.public_key().as_ref().to_vec()).unwrap_or_default(),
            seed: seed.to_vec(),
            signs_from,
            signs_until,
            verifies_until: later(signs_until, SIGNING_KEY_OVERLAP),
        }
    }

    /// A token for a session of a customer.
    pub async fn sign(&self, customer: CustomerId, session: SessionId) -> Result<String, StoreError> {
        let now = self.clock.now();
        let keys = self.keys(RING_AGE_MAX, now).await?;
        let unusable = || StoreError::inconsistent("signing_key", "no key signs now");
        let key = keys.signing(now).ok_or_else(unusable)?;
        let pair = pair(&key.seed).ok_or_else(unusable)?;
        let claims = AccessClaims {
            iss: self.issuer.clone(),
            aud: STOREFRONT.to_owned(),
            sub: customer.to_string(),
            exp: later(now, ACCESS_TOKEN_LIFETIME).as_second(),
            iat: now.as_second(),
            nbf: now.as_second(),
            jti: self.ids.next_uuid().simple().to_string(),
            typ: "access".to_owned(),
            sid: session.to_string(),
            store: keys.store_id.clone(),
        };
        jwt::sign(key.id, &pair, &claims).map_err(|error| StoreError::inconsistent("signing_key", error))
    }

    /// Who a token is of: the customer and the session. Asks the database only for keys that are not known.
    pub async fn verify(
        &self,
        token: &str,
    ) -> Result<Result<(CustomerId, SessionId), AccessTokenError>, StoreError> {
        let now = self.clock.now();
        let token = match UnverifiedToken::read(token) {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        let mut keys = self.keys(RING_AGE_MAX, now).await?;
        if keys.verifying(token.kid, now).is_none() {
            keys = self.keys(RELOAD_EVERY, now).await?;
        }
        let Some(key) = keys.verifying(token.kid, now) else { return Ok(Err(AccessTokenError::Invalid)) };
        let audience = Audience { issuer: &self.issuer, audience: STOREFRONT, store: &keys.store_id };
        let ids = |claims: AccessClaims| claims.sub.parse().ok().zip(claims.sid.parse().ok());
        let claims = token.verify(&key.public_key, &audience, now);
        Ok(claims.and_then(|claims| ids(claims).ok_or(AccessTokenError::Invalid)))
    }

    /// The public keys whose signatures are taken, and the next one.
    pub async fn published(&self) -> Result<JsonWebKeySet, StoreError> {
        let keys = self.keys(RING_AGE_MAX, self.clock.now()).await?;
        let publish = |key: &SigningKeyRow| JsonWebKey {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: key.id.simple().to_string(),
            x: URL_SAFE_NO_PAD.encode(&key.public_key),
        };
        Ok(JsonWebKeySet { keys: keys.rows.iter().map(publish).collect() })
    }
}

fn pair(seed: &[u8]) -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(seed).ok()
}

/// When the key that is to be made signs; `None` while enough keys are there.
fn next_start(rows: &[SigningKeyRow], now: Timestamp) -> Option<Timestamp> {
    match rows.iter().map(|key| key.signs_until).max() {
        Some(until) if until > later(now, SIGNING_KEY_OVERLAP) => None,
        Some(until) if until > now => Some(until),
        _ => Some(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3_600).unwrap()
    }

    fn key(from: i64, until: i64) -> SigningKeyRow {
        SigningKeyRow {
            id: Uuid::from_u128(1),
            seed: Vec::new(),
            public_key: Vec::new(),
            signs_from: at(from),
            signs_until: at(until),
            verifies_until: at(until + 24),
        }
    }

    #[test]
    fn the_next_key_is_made_a_day_before_the_last_one_ends() {
        let ninety = 90 * 24;
        assert_eq!(next_start(&[], at(5)), Some(at(5)));
        assert_eq!(next_start(&[key(0, ninety)], at(ninety - 25)), None);
        assert_eq!(next_start(&[key(0, ninety)], at(ninety - 23)), Some(at(ninety)));
        assert_eq!(next_start(&[key(0, ninety), key(ninety, 2 * ninety)], at(ninety - 23)), None);
        assert_eq!(next_start(&[key(0, ninety)], at(ninety + 12)), Some(at(ninety + 12)), "nobody was here");
    }
}
