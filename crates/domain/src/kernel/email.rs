//! E-mail addresses: kept as written, compared in one form.
//!
//! The accepted shape is the dot-atom of RFC 5322 (section 3.2.3) before the `@` and a host name with at least one dot
//! behind it, in ASCII: what mail servers of shops' customers take. Limits of RFC 5321, section 4.5.3.1.

use std::fmt;
use std::str::FromStr;

/// Characters of an address, at most (RFC 5321: a path of 256 less its brackets).
pub const EMAIL_LEN_MAX: usize = 254;
const LOCAL_LEN_MAX: usize = 64;
const LABEL_LEN_MAX: usize = 63;

/// An e-mail address as its owner writes it. Its `Debug` shows only where it belongs: logs hold no addresses.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an e-mail address such as ada@example.com")]
pub struct EmailError;

impl EmailAddress {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two addresses are compared: lower case throughout. A mail server may tell capitals apart
    /// before the `@`; no shop's customer does.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// What may stand in a log or an audit entry: `a***@example.com`.
    pub fn masked(&self) -> String {
        let (local, host) = self.0.split_once('@').unwrap_or_default();
        format!("{}***@{host}", local.chars().take(1).collect::<String>())
    }
}

fn is_local(text: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.len() <= LOCAL_LEN_MAX && text.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=LABEL_LEN_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // The last label of a public name is never a number: `ada@127.0.0.1` is no address of a customer.
    let last_has_letter = |last: &str| last.bytes().any(|byte| byte.is_ascii_alphabetic());
    text.contains('.') && text.split('.').all(label) && text.rsplit('.').next().is_some_and(last_has_letter)
}

impl FromStr for EmailAddress {
    type Err = EmailError;

    /// Spaces around the address, as pasted text has them, are dropped.
    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, host) = text.split_once('@').ok_or(EmailError)?;
        let fits = text.len() <= EMAIL_LEN_MAX && is_local(local) && is_host(host);
        if fits { Ok(Self(text.to_owned())) } else { Err(EmailError) }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.masked())
    }
}

impl serde::Serialize for EmailAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for EmailAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_is_kept_as_written_and_compared_in_lower_case() {
        let address: EmailAddress = " Ada.Lovelace+shop@Example.COM ".parse().unwrap();
        assert_eq!(address.as_str(), "Ada.Lovelace+shop@Example.COM");
        assert_eq!(address.key(), "ada.lovelace+shop@example.com");
        assert_eq!(format!("{address:?}"), "A***@Example.COM");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "ada@127.0.0.1",
            "a@b@example.com",
            "ada..l@example.com",
            ".ada@example.com",
            "ada@-example.com",
            "ada@example..com",
            "ada lovelace@example.com",
            "ada@example.com\nBcc: eve@example.com",
            "ada@exämple.com",
            "ada\0@example.com",
            &long_local,
            &long_label,
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(EmailError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_one_line_of_ascii_within_the_limit(text in "\\PC{0,20}@[a-zA-Z.\\-]{0,20}") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                prop_assert!(address.as_str().len() <= EMAIL_LEN_MAX && address.as_str().is_ascii());
                prop_assert!(!address.as_str().contains(|letter: char| letter.is_control() || letter == ' '));
                prop_assert_eq!(address.key().parse::<EmailAddress>().unwrap().key(), address.key());
            }
        }
    }
}
