//! Who sent a webhook: Stripe's signature scheme, checked by hand over the very bytes that came.
//!
//! The header is `t=<seconds>,v1=<hex>,v1=<hex>,v0=…`; `v1` is the HMAC-SHA256 of `<t>.<body>` with the endpoint's secret.
//! While a secret is being replaced there are two of them on either side. `v0` is for test events of other products and
//! counts for nothing. Rules: <https://docs.stripe.com/webhooks#verify-manually>.

use jiff::Timestamp;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use tradepost_port::payment::WebhookError;

/// How far the time of a signature may be from ours, in seconds, either way.
pub const TOLERANCE_SECONDS: u64 = 300;
/// Bytes of a webhook's body, at most.
pub const WEBHOOK_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of the header, at most: a handful of signatures.
const HEADER_BYTES_MAX: usize = 4096;
/// Bytes of a signature.
const SIGNATURE_BYTES: usize = 32;

/// The parts of the header that count.
struct Signed {
    seconds: i64,
    signatures: Vec<[u8; SIGNATURE_BYTES]>,
}

/// Checks a webhook's signature against every secret that is in use.
///
/// # Errors
/// Which of the rules was broken. Nothing of the body has been looked at then.
pub fn verify(
    header: Option<&str>,
    body: &[u8],
    secrets: &[SecretString],
    now: Timestamp,
) -> Result<(), WebhookError> {
    if body.len() > WEBHOOK_BYTES_MAX {
        return Err(WebhookError::MalformedBody);
    }
    let signed = header.and_then(parse).ok_or(WebhookError::MalformedSignature)?;
    if signed.seconds.abs_diff(now.as_second()) > TOLERANCE_SECONDS {
        return Err(WebhookError::OutsideTolerance);
    }
    let mut message = signed.seconds.to_string().into_bytes();
    message.push(b'.');
    message.extend_from_slice(body);
    let fits = secrets.iter().filter(|secret| !secret.expose_secret().is_empty()).any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        // Compares in constant time.
        signed.signatures.iter().any(|signature| hmac::verify(&key, &message, signature).is_ok())
    });
    if fits { Ok(()) } else { Err(WebhookError::WrongSignature) }
}

/// Reads the header; `None` without exactly one plain time and at least one `v1`.
fn parse(header: &str) -> Option<Signed> {
    if header.len() > HEADER_BYTES_MAX {
        return None;
    }
    let mut seconds = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        match name {
            "t" if seconds.is_none() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                seconds = Some(value.parse().ok()?);
            }
            "t" => return None,
            "v1" => signatures.push(unhex(value)?),
            _ => {}
        }
    }
    let seconds = seconds?;
    (!signatures.is_empty()).then_some(Signed { seconds, signatures })
}

fn unhex(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Vec<u8> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
            _ => None,
        })
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: i64 = 1_790_000_000;
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;

    fn hex(bytes: &[u8]) -> String {
        bytes
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
            .collect()
    }

    fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let message = [format!("{seconds}.").as_bytes(), body].concat();
        hex(hmac::sign(&key, &message).as_ref())
    }

    fn check(header: Option<&str>, body: &[u8], secrets: &[&str], late: i64) -> Result<(), WebhookError> {
        let secrets: Vec<_> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        verify(header, body, &secrets, Timestamp::from_second(SENT + late).unwrap())
    }

    fn good() -> String {
        format!("t={SENT},v1={}", sign("whsec_a", SENT, BODY))
    }

    #[test]
    fn what_stripe_signed_is_taken_up_to_five_minutes_either_way() {
        for late in [0, 299, 300, -299, -300] {
            assert_eq!(check(Some(&good()), BODY, &["whsec_a"], late), Ok(()), "{late}");
        }
        for late in [301, -301, i64::from(i32::MAX)] {
            let refused = Err(WebhookError::OutsideTolerance);
            assert_eq!(check(Some(&good()), BODY, &["whsec_a"], late), refused, "{late}");
        }
    }

    #[test]
    fn two_signatures_or_two_secrets_make_a_rotation() {
        let (old, new) = (sign("whsec_old", SENT, BODY), sign("whsec_new", SENT, BODY));
        let both = format!("t={SENT},v1={old},v1={new},v0=6ffbb59b");
        for secrets in [&["whsec_old"][..], &["whsec_new"], &["whsec_new", "whsec_old"]] {
            assert_eq!(check(Some(&both), BODY, secrets, 0), Ok(()), "{secrets:?}");
        }
        assert_eq!(check(Some(&good()), BODY, &["whsec_new", "whsec_a"], 0), Ok(()));
    }

    #[test]
    fn a_signature_of_another_secret_or_none_is_refused() {
        for secrets in [&["whsec_b"][..], &[], &[""], &["WHSEC_A"]] {
            assert_eq!(
                check(Some(&good()), BODY, secrets, 0),
                Err(WebhookError::WrongSignature),
                "{secrets:?}"
            );
        }
        let empty = format!("t={SENT},v1={}", sign("", SENT, BODY));
        assert!(check(Some(&empty), BODY, &["whsec_a"], 0).is_err());
    }

    #[test]
    fn a_body_that_was_changed_by_one_space_is_refused() {
        let changed = br#"{"id":"evt_1", "object":"event"}"#;
        assert_eq!(check(Some(&good()), changed, &["whsec_a"], 0), Err(WebhookError::WrongSignature));
    }

    #[test]
    fn the_time_is_part_of_what_was_signed() {
        let moved = format!("t={},v1={}", SENT + 60, sign("whsec_a", SENT, BODY));
        assert_eq!(check(Some(&moved), BODY, &["whsec_a"], 60), Err(WebhookError::WrongSignature));
    }

    #[test]
    fn headers_that_are_none_are_refused() {
        let v1 = sign("whsec_a", SENT, BODY);
        let v0_only = format!("t={SENT},v0={v1}");
        let without_time = format!("v1={v1}");
        let odd = format!("t={SENT},v1={}", &v1[1..]);
        let long = format!("t={SENT},v1={v1}00");
        let no_hex = format!("t={SENT},v1={}", v1.replace(|_: char| true, "g"));
        let two_times = format!("t={SENT},t={},v1={v1}", SENT + 1);
        let negative = format!("t=-{SENT},v1={v1}");
        let huge = format!("{}{}", good(), ",v1=".repeat(2000));
        let bad = [
            "",
            "t=1",
            "nonsense",
            &v0_only,
            &without_time,
            &odd,
            &long,
            &no_hex,
            &two_times,
            &negative,
            &huge,
            "t=,v1=",
            "t=99999999999999999999,v1=00",
        ];
        assert_eq!(check(None, BODY, &["whsec_a"], 0), Err(WebhookError::MalformedSignature));
        for header in bad {
            let refused = Err(WebhookError::MalformedSignature);
            assert_eq!(check(Some(header), BODY, &["whsec_a"], 0), refused, "{header:.80}");
        }
    }

    #[test]
    fn a_body_above_the_limit_is_refused_however_it_is_signed() {
        let body = vec![b' '; WEBHOOK_BYTES_MAX + 1];
        let header = format!("t={SENT},v1={}", sign("whsec_a", SENT, &body));
        assert_eq!(check(Some(&header), &body, &["whsec_a"], 0), Err(WebhookError::MalformedBody));
        let most = &body[1..];
        let header = format!("t={SENT},v1={}", sign("whsec_a", SENT, most));
        assert_eq!(check(Some(&header), most, &["whsec_a"], 0), Ok(()));
    }
}
