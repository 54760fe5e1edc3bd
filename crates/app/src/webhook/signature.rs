//! Secrets of endpoints, and what they sign.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use tradepost_port::IdSource;

/// How a secret begins as text.
const PREFIX: &str = "whsec_";
/// Bytes of a secret, as Standard Webhooks wants them.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What signs the deliveries to an endpoint. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WebhookSecret(…)")
    }
}

impl WebhookSecret {
    /// Draws a secret of 256 bits.
    pub fn draw(ids: &dyn IdSource) -> Self {
        Self(ids.next_secret().to_vec())
    }

    /// Reads `whsec_` and 24 to 64 bytes in base64; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// One that is stored.
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What is sealed and stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text: for the one who is to have it, once.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// Whether the other one is the same. Takes the same time wherever the two differ.
    pub fn is(&self, other: &Self) -> bool {
        let differing =
            self.0.iter().zip(&other.0).fold(0, |differing, (ours, theirs)| differing | (ours ^ theirs));
        self.0.len() == other.0.len() && std::hint::black_box(differing) == 0
    }
}

/// The header `webhook-signature`: a `v1` signature by each secret over id, time (seconds since 1970) and body.
pub fn sign<'a>(
    secrets: impl IntoIterator<Item = &'a WebhookSecret>,
    (id, timestamp): (&str, i64),
    body: &[u8],
) -> String {
    let head = format!("{id}.{timestamp}.");
    let signatures = secrets.into_iter().map(|secret| {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret.0));
        context.update(head.as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    });
    signatures.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_port::fake::CountingIds;

    #[test]
    fn the_example_of_the_standard_is_signed_as_it_says() {
        // From the libraries' tests of Standard Webhooks, and from Svix's documentation of verifying by hand.
        let secret = WebhookSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed =
            sign([&secret], ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330), br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn several_secrets_give_several_signatures() {
        let ids = CountingIds::default();
        let (new, old) = (WebhookSecret::draw(&ids), WebhookSecret::draw(&ids));
        let both = sign([&new, &old], ("evt_1", 1), b"{}");
        let each = [&new, &old].map(|secret| sign([secret], ("evt_1", 1), b"{}"));
        assert_eq!(both, each.join(" "));
        assert_ne!(each.first(), each.last());
    }

    #[test]
    fn a_secret_reads_back_and_has_24_to_64_bytes() {
        let secret = WebhookSecret::draw(&CountingIds::default());
        assert_eq!(WebhookSecret::read(&secret.expose()), Some(secret.clone()));
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        let other = |bytes: &[u8]| WebhookSecret::of_bytes(bytes.to_vec());
        assert!(secret.is(&secret) && !secret.is(&other(&secret.0[1..])) && !secret.is(&other(&[7; 32])));
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![1; bytes]));
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_ä", &of(23), &of(65)] {
            assert_eq!(WebhookSecret::read(text), None, "{text}");
        }
        assert!(WebhookSecret::read(&of(24)).is_some() && WebhookSecret::read(&of(64)).is_some());
    }
}
