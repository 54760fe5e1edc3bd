//! The payment providers of a shop, by the word that stands for them in the database and on the wire.

use std::fmt;

/// Who collects the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentProvider {
    /// The built-in provider, which moves no money and is refused in a live shop.
    Test,
    /// Stripe.
    Stripe,
}

impl PaymentProvider {
    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Stripe => "stripe",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Test, Self::Stripe].into_iter().find(|provider| provider.as_str() == word)
    }
}

impl fmt::Display for PaymentProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_reads_back_from_its_word() {
        for provider in [PaymentProvider::Test, PaymentProvider::Stripe] {
            assert_eq!(PaymentProvider::parse(provider.as_str()), Some(provider));
            assert_eq!(provider.to_string(), provider.as_str());
        }
        assert_eq!(PaymentProvider::parse("Stripe"), None);
    }
}
