//! Amounts: one amount in each of several currencies, for rules that hold in more than one of them.
//!
//! There are no exchange rates here: a rule that names no amount in a cart's currency does not apply to that cart.

use super::currency::Currency;
use super::money::Money;

/// Most currencies that one rule names.
pub const AMOUNTS_MAX: usize = 50;

/// At least one amount, none negative, each currency once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<Money>", into = "Vec<Money>")]
pub struct Amounts(Vec<Money>);

/// Amounts that no rule can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("1 to {AMOUNTS_MAX} amounts are needed, none negative, each currency once")]
pub struct AmountsError;

impl Amounts {
    /// The amount in a currency, if the rule names one.
    pub fn in_currency(&self, currency: Currency) -> Option<Money> {
        self.0.iter().copied().find(|amount| amount.currency() == currency)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Money> + '_ {
        self.0.iter().copied()
    }
}

impl TryFrom<Vec<Money>> for Amounts {
    type Error = AmountsError;

    fn try_from(amounts: Vec<Money>) -> Result<Self, AmountsError> {
        let mut currencies: Vec<Currency> = amounts.iter().map(|amount| amount.currency()).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let negative = amounts.iter().any(|amount| amount.is_negative());
        if amounts.is_empty() || amounts.len() > AMOUNTS_MAX || currencies.len() != amounts.len() || negative
        {
            return Err(AmountsError);
        }
        Ok(Self(amounts))
    }
}

impl From<Amounts> for Vec<Money> {
    fn from(amounts: Amounts) -> Self {
        amounts.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: i64, currency: Currency) -> Money {
        Money::new(amount, currency).unwrap()
    }

    #[test]
    fn an_amount_is_found_by_its_currency() {
        let amounts = Amounts::try_from(vec![money(5, Currency::EUR), money(0, Currency::JPY)]).unwrap();
        assert_eq!(amounts.in_currency(Currency::JPY), Some(money(0, Currency::JPY)));
        assert_eq!(amounts.in_currency(Currency::USD), None);
        assert_eq!(amounts.iter().count(), 2);
        assert_eq!(Vec::from(amounts), [money(5, Currency::EUR), money(0, Currency::JPY)]);
    }

    #[test]
    fn none_a_currency_twice_too_many_and_negative_ones_are_refused() {
        let codes = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
             CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ";
        let many: Vec<Money> = codes.split_whitespace().map(|code| money(1, code.parse().unwrap())).collect();
        assert_eq!(many.len(), AMOUNTS_MAX + 1);
        assert!(Amounts::try_from(many.iter().copied().take(AMOUNTS_MAX).collect::<Vec<_>>()).is_ok());
        for amounts in [
            vec![],
            vec![money(1, Currency::EUR), money(2, Currency::EUR)],
            vec![money(-1, Currency::EUR)],
            many,
        ] {
            assert_eq!(Amounts::try_from(amounts), Err(AmountsError));
        }
    }
}
