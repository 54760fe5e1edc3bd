//! Secrets that have to be read again, sealed before they are stored: whoever gets hold of the database alone cannot use them.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random nonce. What is sealed is bound to its place, so that it is of no use in another
//! row. Several keys may be there: the first one seals, each opens what it has sealed, so that keys can be replaced.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest;
use tradepost_port::IdSource;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Bytes of the name of a key.
const NAME_BYTES: usize = 8;
/// How what is sealed is written: this, the name of the key, the nonce, the sealed bytes with their tag.
const FORM: u8 = 1;

/// Why text holds no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key is {KEY_BYTES} bytes in base64, as `openssl rand -base64 {KEY_BYTES}` makes; several have a comma between them"
)]
pub struct SealKeyError;

/// Why something cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsealError {
    /// By a key that is not here; its name in hexadecimal digits.
    #[error("it was sealed with the key {0}, which this shop does not have")]
    UnknownKey(String),
    /// Not as it was sealed, or not in the place that it was sealed for.
    #[error("it is damaged, or was sealed for another place")]
    Broken,
}

struct SealKey {
    name: [u8; NAME_BYTES],
    key: LessSafeKey,
}

impl SealKey {
    fn new(bytes: &[u8]) -> Option<Self> {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).ok()?);
        // The beginning of a hash: it tells keys apart, and nothing of them.
        let hash = digest::digest(&digest::SHA256, bytes);
        Some(Self { name: hash.as_ref().first_chunk().copied()?, key })
    }
}

/// The keys of a shop. Their `Debug` shows nothing but names.
pub struct Seals {
    first: SealKey,
    others: Vec<SealKey>,
}

impl std::fmt::Debug for Seals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.keys().map(|key| hex(&key.name))).finish()
    }
}

impl Seals {
    /// Reads keys in base64 with commas between them; the first one seals.
    pub fn read(text: &str) -> Result<Self, SealKeyError> {
        let key = |text: &str| {
            let bytes = STANDARD.decode(text.trim()).map_err(|_| SealKeyError)?;
            SealKey::new(&bytes).ok_or(SealKeyError)
        };
        let mut keys = text.split(',').map(key);
        let first = keys.next().ok_or(SealKeyError)??;
        Ok(Self { first, others: keys.collect::<Result<_, _>>()? })
    }

    /// A new key, as [`Seals::read`] reads it.
    pub fn draw(ids: &dyn IdSource) -> String {
        STANDARD.encode(ids.next_secret())
    }

    fn keys(&self) -> impl Iterator<Item = &SealKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Seals a secret for a place, such as a column and the id of a row.
    pub fn seal(&self, ids: &dyn IdSource, place: &str, secret: &[u8]) -> Result<Vec<u8>, UnsealError> {
        let drawn = ids.next_secret();
        let nonce: &[u8; NONCE_LEN] = drawn.last_chunk().ok_or(UnsealError::Broken)?;
        let mut body = secret.to_vec();
        let sealed = self.first.key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(place.as_bytes()),
            &mut body,
        );
        sealed.map_err(|_| UnsealError::Broken)?;
        Ok([&[FORM][..], &self.first.name, nonce, &body].concat())
    }

    /// Opens what was sealed for a place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, UnsealError> {
        let (name, rest) = name_of(sealed).ok_or(UnsealError::Broken)?;
        let key = self.keys().find(|key| key.name == *name);
        let key = key.ok_or_else(|| UnsealError::UnknownKey(hex(name)))?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(UnsealError::Broken)?;
        let mut body = body.to_vec();
        let (nonce, place) = (Nonce::assume_unique_for_key(*nonce), Aad::from(place.as_bytes()));
        let opened = key.key.open_in_place(nonce, place, &mut body).map_err(|_| UnsealError::Broken)?;
        Ok(opened.to_vec())
    }

    /// Whether it was sealed with the key that seals now.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        name_of(sealed).is_some_and(|(name, _)| *name == self.first.name)
    }
}

/// The name of the key that sealed something, and what stands behind it.
fn name_of(sealed: &[u8]) -> Option<(&[u8; NAME_BYTES], &[u8])> {
    let (form, rest) = sealed.split_first()?;
    (*form == FORM).then(|| rest.split_first_chunk())?
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_port::fake::CountingIds;

    fn key(byte: u8) -> String {
        STANDARD.encode([byte; KEY_BYTES])
    }

    #[test]
    fn what_is_sealed_is_opened_in_its_place_alone_and_shows_nothing() {
        let (seals, ids) = (Seals::read(&key(1)).unwrap(), CountingIds::default());
        let sealed = seals.seal(&ids, "a 1", b"whsec of somebody").unwrap();
        assert_eq!(seals.open("a 1", &sealed).unwrap(), b"whsec of somebody");
        assert_eq!(seals.open("a 2", &sealed), Err(UnsealError::Broken));
        assert!(!sealed.windows(5).any(|part| part == b"whsec"));
        assert_ne!(
            seals.seal(&ids, "a 1", b"whsec of somebody").unwrap(),
            sealed,
            "a nonce of its own each time"
        );
        assert!(!format!("{seals:?}").contains(&key(1)));
    }

    #[test]
    fn every_changed_byte_is_found() {
        let (seals, ids) = (Seals::read(&key(1)).unwrap(), CountingIds::default());
        let sealed = seals.seal(&ids, "a", b"secret").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(seals.open("a", &changed).is_err(), "{place}");
        }
        for end in 0..sealed.len() {
            assert!(seals.open("a", &sealed[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_former_key_opens_what_it_sealed_and_a_missing_one_is_named() {
        let ids = CountingIds::default();
        let old = Seals::read(&key(1)).unwrap();
        let both = Seals::read(&format!("{}, {}", key(2), key(1))).unwrap();
        let new = Seals::read(&key(2)).unwrap();
        let sealed = old.seal(&ids, "a", b"secret").unwrap();
        assert_eq!(both.open("a", &sealed).unwrap(), b"secret");
        assert!(!both.is_current(&sealed) && old.is_current(&sealed));
        let again = both.seal(&ids, "a", b"secret").unwrap();
        assert!(both.is_current(&again));
        assert_eq!(new.open("a", &again).unwrap(), b"secret");
        let Err(UnsealError::UnknownKey(name)) = new.open("a", &sealed) else { panic!("opened") };
        assert!(format!("{old:?}").contains(&name));
    }

    #[test]
    fn text_that_holds_no_keys_is_refused() {
        for text in ["", ",", "short", &STANDARD.encode([1; 31]), &format!("{},", key(1)), &key(1)[1..]] {
            assert_eq!(Seals::read(text).err(), Some(SealKeyError), "{text}");
        }
        assert!(Seals::read(&Seals::draw(&CountingIds::default())).is_ok());
    }
}
