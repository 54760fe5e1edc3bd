//! How a provider counts a currency's money: a table of the provider's, apart from ISO 4217 (case C48).
//!
//! Stripe's rules are those of <https://docs.stripe.com/currencies>: a list of currencies without decimals (among them the
//! ariary, which has two in ISO 4217), the króna and the Ugandan shilling with two decimals that must be zeros, and five
//! currencies with three decimals of which the last must be zero. A currency that is not listed cannot be charged.
#![deny(clippy::arithmetic_side_effects)]

use super::provider::PaymentProvider;
use crate::kernel::{Currency, Money, MoneyError, Rounding};

/// Currencies in which Stripe charges, with as many decimals as ISO 4217 gives them: two.
const STRIPE_TWO_DECIMALS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN \
    BZD CAD CDF CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR \
    ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO \
    NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD \
    TWD TZS UAH USD UYU UZS WST XCD XCG YER ZAR ZMW";
/// Currencies that Stripe counts without decimals.
const STRIPE_ZERO_DECIMALS: &str = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF";
/// Currencies without decimals that Stripe counts with two, which must be zeros.
const STRIPE_TWO_ZEROS: &str = "ISK UGX";
/// Currencies with three decimals, of which Stripe takes two.
const STRIPE_THREE_DECIMALS: &str = "BHD JOD KWD OMR TND";

/// The smallest charges that Stripe makes in its unit, where the shop's bank account is in the same currency:
/// <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>. Of others it depends on the account.
const STRIPE_LEAST: [(&str, i64); 24] = [
    ("AED", 200),
    ("AUD", 50),
    ("BGN", 100),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("CZK", 1_500),
    ("DKK", 250),
    ("EUR", 50),
    ("GBP", 30),
    ("HKD", 400),
    ("HUF", 17_500),
    ("INR", 50),
    ("JPY", 50),
    ("MXN", 1_000),
    ("MYR", 200),
    ("NOK", 300),
    ("NZD", 50),
    ("PLN", 200),
    ("RON", 200),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1_000),
    ("USD", 50),
];
/// The largest charge that Stripe makes in most currencies, in its unit: eight digits.
const STRIPE_MOST: i64 = 99_999_999;
/// Those in which it makes larger ones.
const STRIPE_MOST_OF: [(&str, i64); 6] = [
    ("COP", 9_999_999_999_999),
    ("HUF", 9_999_999_999_999),
    ("IDR", 999_999_999_999),
    ("INR", 999_999_999),
    ("JPY", 9_999_999_999),
    ("LBP", 99_999_999_999_999),
];

/// How a provider counts one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderCurrency {
    /// The currency.
    pub currency: Currency,
    /// Decimal places of the provider's unit.
    pub exponent: u32,
    /// Amounts in the provider's unit must be multiples of this.
    pub step: i64,
    /// The smallest charge in the provider's unit.
    pub least: i64,
    /// The largest charge in the provider's unit.
    pub most: i64,
}

/// Why an amount cannot go to a provider or be what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderAmountError {
    /// The provider does not charge in this currency.
    #[error("{provider} does not charge in {currency}")]
    UnsupportedCurrency {
        /// The provider.
        provider: PaymentProvider,
        /// The currency.
        currency: Currency,
    },
    /// The provider takes coarser amounts only.
    #[error("{amount} cannot be charged: the nearest amount that can is {nearest}")]
    NotOnStep {
        /// The amount.
        amount: Money,
        /// What could be charged instead.
        nearest: Money,
    },
    /// The provider makes no charge that is so small or so large.
    #[error("{amount} cannot be charged: {provider} takes {least} to {most} in the smallest unit of {}", amount.currency())]
    OutOfRange {
        /// Who would charge it.
        provider: PaymentProvider,
        /// The amount.
        amount: Money,
        /// The smallest charge in the provider's unit.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// The provider named an amount that our money cannot express.
    #[error("{amount} in the provider's unit is no whole amount of {currency}")]
    NotRepresentable {
        /// The amount in the provider's unit.
        amount: i64,
        /// Its currency.
        currency: Currency,
    },
    /// Larger than any amount may be.
    #[error(transparent)]
    Amount(#[from] MoneyError),
}

impl ProviderCurrency {
    /// How a provider counts a currency.
    pub fn of(provider: PaymentProvider, currency: Currency) -> Result<Self, ProviderAmountError> {
        let (exponent, step) = match provider {
            PaymentProvider::Test => (currency.exponent(), 1),
            PaymentProvider::Stripe => stripe_rule(currency)
                .ok_or(ProviderAmountError::UnsupportedCurrency { provider, currency })?,
        };
        let (least, most) = match provider {
            PaymentProvider::Test => (1, i64::MAX),
            PaymentProvider::Stripe => (
                listed(&STRIPE_LEAST, currency).unwrap_or(1),
                listed(&STRIPE_MOST_OF, currency).unwrap_or(STRIPE_MOST),
            ),
        };
        Ok(Self { currency, exponent, step, least, most })
    }

    /// Refuses an amount that a provider would not charge: to be known before anything is ordered.
    pub fn check_charge(provider: PaymentProvider, amount: Money) -> Result<(), ProviderAmountError> {
        let rule = Self::of(provider, amount.currency())?;
        let theirs = rule.to_provider(amount)?;
        let Self { least, most, .. } = rule;
        if (least..=most).contains(&theirs) {
            return Ok(());
        }
        Err(ProviderAmountError::OutOfRange { provider, amount, least, most })
    }

    /// An amount in the provider's unit.
    pub fn to_provider(self, amount: Money) -> Result<i64, ProviderAmountError> {
        let nearest = self.nearest(amount)?;
        if nearest != amount {
            return Err(ProviderAmountError::NotOnStep { amount, nearest });
        }
        let (ours, theirs) = self.scales();
        let wide = i128::from(amount.amount()).saturating_mul(i128::from(theirs));
        wide.checked_div(i128::from(ours))
            .and_then(|exact| i64::try_from(exact).ok())
            .ok_or(ProviderAmountError::Amount(MoneyError::TooLarge))
    }

    /// An amount that the provider named, in our minor units.
    pub fn from_provider(self, amount: i64) -> Result<Money, ProviderAmountError> {
        let (ours, theirs) = self.scales();
        let wide = i128::from(amount).saturating_mul(i128::from(ours));
        if wide.checked_rem(i128::from(theirs)) != Some(0) {
            return Err(ProviderAmountError::NotRepresentable { amount, currency: self.currency });
        }
        let exact = wide.checked_div(i128::from(theirs)).and_then(|exact| i64::try_from(exact).ok());
        Ok(Money::new(exact.ok_or(MoneyError::TooLarge)?, self.currency)?)
    }

    /// The smallest amount in our minor units that every charge is a multiple of: 10 for the Kuwaiti dinar at Stripe.
    pub fn own_step(self) -> i64 {
        let (ours, theirs) = self.scales();
        // One of the scales divides the other, and each step is a power of ten.
        self.step.saturating_mul(ours).checked_div(theirs).unwrap_or(1).max(1)
    }

    /// The chargeable amount next to this one, halves away from zero: to be shown to the shopper before payment.
    pub fn nearest(self, amount: Money) -> Result<Money, ProviderAmountError> {
        if amount.currency() != self.currency {
            let mismatch = MoneyError::CurrencyMismatch { left: amount.currency(), right: self.currency };
            return Err(mismatch.into());
        }
        let step = self.own_step();
        let steps = amount.mul_ratio(1, step, Rounding::HalfUp)?;
        let size = steps.amount().checked_mul(step).ok_or(MoneyError::TooLarge)?;
        Ok(Money::new(size, self.currency)?)
    }

    /// Units in a major unit: ours, and the provider's.
    fn scales(self) -> (i64, i64) {
        (self.currency.minor_per_major(), 10_i64.saturating_pow(self.exponent))
    }
}

fn listed(amounts: &[(&str, i64)], currency: Currency) -> Option<i64> {
    amounts.iter().find(|(code, _)| *code == currency.code()).map(|(_, amount)| *amount)
}

fn stripe_rule(currency: Currency) -> Option<(u32, i64)> {
    let listed = |codes: &str| codes.split_whitespace().any(|code| code == currency.code());
    if listed(STRIPE_TWO_DECIMALS) {
        Some((2, 1))
    } else if listed(STRIPE_ZERO_DECIMALS) {
        Some((0, 1))
    } else if listed(STRIPE_TWO_ZEROS) {
        Some((2, 100))
    } else if listed(STRIPE_THREE_DECIMALS) {
        Some((3, 10))
    } else {
        None
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the tests compute expected values on bounded numbers")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::limits::MONEY_AMOUNT_MAX;

    fn codes() -> impl Iterator<Item = &'static str> {
        [STRIPE_TWO_DECIMALS, STRIPE_ZERO_DECIMALS, STRIPE_TWO_ZEROS, STRIPE_THREE_DECIMALS]
            .into_iter()
            .flat_map(str::split_whitespace)
    }

    fn stripe(code: &str) -> ProviderCurrency {
        ProviderCurrency::of(PaymentProvider::Stripe, code.parse().unwrap()).unwrap()
    }

    fn money(amount: i64, code: &str) -> Money {
        Money::new(amount, code.parse().unwrap()).unwrap()
    }

    #[test]
    fn amounts_are_what_the_page_of_stripe_says() {
        for (code, ours, theirs) in [
            ("EUR", 1050, 1050),
            ("JPY", 80, 80),
            ("KRW", 500, 500),
            ("ISK", 5, 500),
            ("UGX", 5, 500),
            ("MGA", 1200, 12),
            ("KWD", 5120, 5120),
            ("HUF", 1045, 1045),
            ("TWD", 80_045, 80_045),
        ] {
            assert_eq!(stripe(code).to_provider(money(ours, code)), Ok(theirs), "{code}");
            assert_eq!(stripe(code).from_provider(theirs), Ok(money(ours, code)), "{code}");
        }
    }

    #[test]
    fn steps_are_those_of_the_provider_and_ours_follow_from_them() {
        for (code, step, own_step) in
            [("EUR", 1, 1), ("JPY", 1, 1), ("ISK", 100, 1), ("UGX", 100, 1), ("MGA", 1, 100), ("KWD", 10, 10)]
        {
            assert_eq!((stripe(code).step, stripe(code).own_step()), (step, own_step), "{code}");
        }
    }

    #[test]
    fn a_charge_lies_between_the_smallest_and_the_largest_of_its_currency() {
        for (code, least, most) in [
            ("EUR", 50, 99_999_999),
            ("GBP", 30, 99_999_999),
            ("JPY", 50, 9_999_999_999),
            ("HUF", 17_500, 9_999_999_999_999),
            // Stripe counts it without decimals, and names no smallest charge.
            ("MGA", 100, 9_999_999_900),
            ("KWD", 10, 99_999_990),
            ("ISK", 1, 999_999),
        ] {
            let check = |amount| ProviderCurrency::check_charge(PaymentProvider::Stripe, money(amount, code));
            let step = stripe(code).own_step();
            assert_eq!((check(least), check(most)), (Ok(()), Ok(())), "{code}");
            for outside in [least - step, most + step].map(check) {
                assert!(
                    matches!(outside, Err(ProviderAmountError::OutOfRange { .. })),
                    "{code}: {outside:?}"
                );
            }
        }
        let check = |amount| ProviderCurrency::check_charge(PaymentProvider::Stripe, amount);
        assert!(matches!(check(money(12_345, "KWD")), Err(ProviderAmountError::NotOnStep { .. })));
        assert_eq!(ProviderCurrency::check_charge(PaymentProvider::Test, money(1, "KWD")), Ok(()));
    }

    #[test]
    fn every_limit_is_of_a_currency_that_stripe_takes() {
        for (code, amount) in STRIPE_LEAST.iter().chain(&STRIPE_MOST_OF) {
            assert!(codes().any(|known| known == *code) && *amount > 0, "{code}");
        }
    }

    #[test]
    fn an_amount_between_two_steps_is_refused_with_the_nearest_that_is_not() {
        for (code, amount, nearest) in
            [("KWD", 12_345, 12_350), ("KWD", 5124, 5120), ("MGA", 1250, 1300), ("MGA", 1249, 1200)]
        {
            let (amount, nearest) = (money(amount, code), money(nearest, code));
            let refused = Err(ProviderAmountError::NotOnStep { amount, nearest });
            assert_eq!(stripe(code).to_provider(amount), refused);
        }
    }

    #[test]
    fn an_amount_in_another_currency_is_refused() {
        assert!(matches!(
            stripe("EUR").to_provider(money(80, "JPY")),
            Err(ProviderAmountError::Amount(MoneyError::CurrencyMismatch { .. }))
        ));
    }

    #[test]
    fn what_our_money_cannot_express_is_an_error_and_not_rounded() {
        assert!(matches!(
            stripe("ISK").from_provider(550),
            Err(ProviderAmountError::NotRepresentable { amount: 550, .. })
        ));
    }

    #[test]
    fn currencies_that_stripe_does_not_charge_in_are_refused() {
        for code in ["IRR", "IQD", "LYD", "KPW", "CUP"] {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(
                ProviderCurrency::of(PaymentProvider::Stripe, currency),
                Err(ProviderAmountError::UnsupportedCurrency { provider: PaymentProvider::Stripe, currency })
            );
        }
    }

    #[test]
    fn no_currency_is_listed_twice_and_all_exist() {
        let mut listed: Vec<_> = codes().collect();
        let length = listed.len();
        listed.sort_unstable();
        listed.dedup();
        assert_eq!(listed.len(), length);
        assert!(listed.iter().all(|code| code.parse::<Currency>().is_ok()));
    }

    #[test]
    fn two_decimals_at_stripe_are_two_decimals_in_iso_4217() {
        for code in STRIPE_TWO_DECIMALS.split_whitespace() {
            assert_eq!(code.parse::<Currency>().unwrap().exponent(), 2, "{code}");
        }
    }

    proptest! {
        #[test]
        fn every_chargeable_amount_of_every_currency_comes_back_as_it_went(amount in 0..MONEY_AMOUNT_MAX / 1000) {
            for code in codes() {
                for provider in [PaymentProvider::Stripe, PaymentProvider::Test] {
                    let rule = ProviderCurrency::of(provider, code.parse().unwrap()).unwrap();
                    let nearest = rule.nearest(money(amount, code)).unwrap();
                    let theirs = rule.to_provider(nearest).unwrap();
                    prop_assert_eq!(theirs % rule.step, 0);
                    prop_assert_eq!(rule.from_provider(theirs), Ok(nearest));
                    prop_assert!((nearest.amount() - amount).abs() * 2 <= rule.own_step());
                }
            }
        }
    }
}
