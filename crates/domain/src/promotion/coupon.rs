//! Coupons: the codes that switch promotions on, and the key by which one customer's uses are counted.

use std::fmt;
use std::str::FromStr;

use super::{Schedule, Usage};
use crate::kernel::EmailAddress;
use crate::kernel::ids::{CouponId, PromotionId};

/// Characters of a code.
pub const CODE_LEN_MAX: usize = 64;

/// The code of a coupon: letters, digits, `-` and `_`, in capitals, however it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CouponCode(String);

/// A text that is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a code has 3 to {CODE_LEN_MAX} letters, digits, - or _")]
pub struct CodeError;

impl CouponCode {
    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CouponCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let code = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (3..=CODE_LEN_MAX).contains(&code.len()) && code.bytes().all(plain) {
            Ok(Self(code.to_ascii_uppercase()))
        } else {
            Err(CodeError)
        }
    }
}

impl TryFrom<String> for CouponCode {
    type Error = CodeError;
    fn try_from(text: String) -> Result<Self, CodeError> {
        text.parse()
    }
}

impl From<CouponCode> for String {
    fn from(code: CouponCode) -> Self {
        code.0
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A coupon that was entered into a cart, with the facts of its use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// Id.
    pub id: CouponId,
    /// Code.
    pub code: CouponCode,
    /// The promotion that it switches on.
    pub promotion_id: PromotionId,
    /// When it can be used.
    pub schedule: Schedule,
    /// How often it may be used.
    pub usage: Usage,
}

/// The key by which the uses of one e-mail address are counted: lower case, without what follows a `+` in the name.
///
/// So `A@x.com`, `a@x.com` and `a+1@x.com` are one customer. Dots are kept: at most providers they tell people apart.
pub fn customer_key(email: &EmailAddress) -> String {
    let key = email.key();
    let Some((name, host)) = key.split_once('@') else { return key };
    match name.split_once('+') {
        Some((name, _)) if !name.is_empty() => format!("{name}@{host}"),
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        assert_eq!(" welcome10 ".parse::<CouponCode>().unwrap().as_str(), "WELCOME10");
        assert_eq!("a-b_9".parse::<CouponCode>().unwrap().to_string(), "A-B_9");
        assert_eq!(serde_json::to_string(&"abc".parse::<CouponCode>().unwrap()).unwrap(), "\"ABC\"");
        assert!("x".repeat(CODE_LEN_MAX).parse::<CouponCode>().is_ok());
        for text in ["", "ab", "a b c", "äöü", "a'--", &"x".repeat(CODE_LEN_MAX + 1)] {
            assert_eq!(text.parse::<CouponCode>(), Err(CodeError), "{text}");
        }
        assert!(serde_json::from_str::<CouponCode>("\"a b\"").is_err());
    }

    #[test]
    fn one_mailbox_is_one_customer() {
        let key = |email: &str| customer_key(&email.parse().unwrap());
        for email in ["A@x.com", "a@x.com", "a+1@x.com", " a+b+c@X.com "] {
            assert_eq!(key(email), "a@x.com", "{email}");
        }
        assert_eq!(key("a.b@x.com"), "a.b@x.com");
        assert_eq!(key("+1@x.com"), "+1@x.com");
    }
}
