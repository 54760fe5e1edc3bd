//! Secrets that open one thing: a guest's cart, an order, a session, a reset of a password.
//!
//! A token is 256 random bits, shown once; what is stored of it is its SHA-256, from which nobody comes back to it. It
//! needs no slow hash, since there is nothing to guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::hmac;
use tradepost_port::IdSource;

/// Characters of a token, at most: longer texts are none of ours and are not even hashed.
const LEN_MAX: usize = 100;

/// A secret text. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretToken(String);

impl std::fmt::Debug for SecretToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SecretToken(…)")
    }
}

impl SecretToken {
    /// Draws a token; `prefix` says what it opens (`ct` for a cart), for people and for scanners of leaked secrets.
    pub fn draw(prefix: &str, ids: &dyn IdSource) -> Self {
        Self::of_bytes(prefix, &ids.next_secret())
    }

    /// The token that follows from this one and a salt: the same each time, and found by nobody who lacks either.
    #[must_use]
    pub fn successor(&self, prefix: &str, salt: &[u8]) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), self.0.as_bytes());
        Self::of_bytes(prefix, tag.as_ref())
    }

    fn of_bytes(prefix: &str, bytes: &[u8]) -> Self {
        Self(format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A token that somebody sent; `None` for what cannot be one with this prefix.
    pub fn read(prefix: &str, text: &str) -> Option<Self> {
        let body = text.strip_prefix(prefix)?.strip_prefix('_')?;
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (text.len() <= LEN_MAX && body.bytes().all(sound)).then(|| Self(text.to_owned()))
    }

    /// The text: for the one who is to have it, once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text, which is what is stored.
    pub fn hash(&self) -> Vec<u8> {
        digest(&SHA256, self.0.as_bytes()).as_ref().to_vec()
    }

    /// Whether a stored hash is this token's. Takes the same time wherever the two differ.
    pub fn matches(&self, stored: &[u8]) -> bool {
        let hash = self.hash();
        let differing =
            hash.iter().zip(stored).fold(0, |differing, (ours, theirs)| differing | (ours ^ theirs));
        hash.len() == stored.len() && std::hint::black_box(differing) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_port::fake::CountingIds;

    #[test]
    fn a_token_reads_back_and_matches_its_hash_alone() {
        let ids = CountingIds::default();
        let (token, other) = (SecretToken::draw("ct", &ids), SecretToken::draw("ct", &ids));
        assert_eq!(token.expose().len(), 3 + 43);
        assert_eq!(SecretToken::read("ct", token.expose()).as_ref(), Some(&token));
        assert!(token.matches(&token.hash()) && !token.matches(&other.hash()));
        assert!(!token.matches(&[]) && !token.matches(token.hash().get(..31).unwrap()));
        assert_eq!(format!("{token:?}"), "SecretToken(…)");
    }

    #[test]
    fn what_cannot_be_a_token_is_not_read() {
        for text in ["", "ct", "ct_ä", "ot_abc", "ct_a b", &format!("ct_{}", "a".repeat(100))] {
            assert_eq!(SecretToken::read("ct", text), None, "{text}");
        }
    }

    #[test]
    fn a_successor_needs_both_the_token_and_the_salt() {
        let ids = CountingIds::default();
        let (token, other) = (SecretToken::draw("rt", &ids), SecretToken::draw("rt", &ids));
        let next = token.successor("rt", b"salt");
        assert_eq!(next, token.successor("rt", b"salt"));
        assert_ne!(next, token.successor("rt", b"salz"));
        assert_ne!(next, other.successor("rt", b"salt"));
    }
}
