//! What a promotion takes off: a share, an amount, units of "buy X, get Y", or the cost of shipping.

use super::items::Items;
use crate::kernel::{Amounts, Quantity};

/// A share in hundredths of a percent: 1 to 10,000, which is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct BasisPoints(u32);

/// A share or an effect that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EffectError {
    /// Nothing, or more than all.
    #[error("a share is 1 to 10000 basis points")]
    Share,
    /// The cost of shipping does not belong to items.
    #[error("`items` has no meaning for shipping")]
    ItemsOfShipping,
}

impl BasisPoints {
    /// What all of something is.
    pub const WHOLE: Self = Self(10_000);

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for BasisPoints {
    type Error = EffectError;
    fn try_from(points: u32) -> Result<Self, EffectError> {
        if (1..=Self::WHOLE.0).contains(&points) { Ok(Self(points)) } else { Err(EffectError::Share) }
    }
}

impl From<BasisPoints> for u32 {
    fn from(points: BasisPoints) -> Self {
        points.0
    }
}

/// What an amount is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Each selected line; a fixed amount is taken off each unit.
    Line,
    /// The sum of the selected lines, over which it is spread.
    Order,
    /// The cost of shipping.
    Shipping,
}

/// "Buy X, get Y": for every `buy_quantity` units, `get_quantity` further ones cost less.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuyXGetY {
    /// What must be bought.
    #[serde(default)]
    pub buy: Items,
    /// How many units of it.
    pub buy_quantity: Quantity,
    /// What costs less; the cheapest units do.
    #[serde(default)]
    pub get: Items,
    /// How many units of it.
    pub get_quantity: Quantity,
    /// How much less: 10,000 is for free.
    pub bps: BasisPoints,
    /// How often in one cart; without it, as often as the units suffice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times_max: Option<Quantity>,
}

/// What a promotion takes off. On the wire `{"percentage": {"level": "order", "bps": 1000}}`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Effect(Form);

/// The kinds of effects.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    /// A share of what earlier promotions left.
    Percentage {
        /// Off what.
        level: Level,
        /// How much.
        bps: BasisPoints,
        /// Of which items.
        #[serde(default)]
        items: Items,
    },
    /// An amount, but never more than is left.
    Fixed {
        /// Off what.
        level: Level,
        /// How much, in each currency in which it applies.
        amounts: Amounts,
        /// Of which items.
        #[serde(default)]
        items: Items,
    },
    /// "Buy X, get Y".
    BuyXGetY(BuyXGetY),
    /// Shipping costs nothing.
    FreeShipping {},
}

impl Effect {
    /// The kind and its numbers.
    pub fn form(&self) -> &Form {
        &self.0
    }

    /// What it is taken off.
    pub fn level(&self) -> Level {
        match &self.0 {
            Form::Percentage { level, .. } | Form::Fixed { level, .. } => *level,
            Form::BuyXGetY(_) => Level::Line,
            Form::FreeShipping {} => Level::Shipping,
        }
    }

    /// Which items it makes cheaper; none are named for free shipping.
    pub fn items(&self) -> Option<&Items> {
        match &self.0 {
            Form::Percentage { items, .. } | Form::Fixed { items, .. } => Some(items),
            Form::BuyXGetY(rule) => Some(&rule.get),
            Form::FreeShipping {} => None,
        }
    }
}

impl TryFrom<Form> for Effect {
    type Error = EffectError;

    fn try_from(form: Form) -> Result<Self, EffectError> {
        let effect = Self(form);
        if effect.level() == Level::Shipping && effect.items().is_some_and(|items| *items != Items::all()) {
            return Err(EffectError::ItemsOfShipping);
        }
        Ok(effect)
    }
}

impl From<Effect> for Form {
    fn from(effect: Effect) -> Self {
        effect.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: &Value) -> Result<Effect, serde_json::Error> {
        serde_json::from_value(value.clone())
    }

    #[test]
    fn effects_say_what_they_are_taken_off() {
        for (value, level) in [
            (json!({"percentage": {"level": "line", "bps": 1000, "items": {"tags": ["x"]}}}), Level::Line),
            (
                json!({"fixed": {"level": "order", "amounts": [{"amount": 5, "currency": "EUR"}]}}),
                Level::Order,
            ),
            (json!({"percentage": {"level": "shipping", "bps": 10000}}), Level::Shipping),
            (json!({"buy_x_get_y": {"buy_quantity": 2, "get_quantity": 1, "bps": 10000}}), Level::Line),
            (json!({"free_shipping": {}}), Level::Shipping),
        ] {
            let effect = read(&value).unwrap();
            assert_eq!(effect.level(), level, "{value}");
            assert_eq!(read(&serde_json::to_value(&effect).unwrap()).unwrap(), effect);
        }
    }

    #[test]
    fn the_items_are_those_that_become_cheaper() {
        let tags = |tag: &str| serde_json::from_value::<Items>(json!({"tags": [tag]})).unwrap();
        let bogo = json!({"buy_x_get_y":
            {"buy": {"tags": ["a"]}, "buy_quantity": 2, "get": {"tags": ["b"]}, "get_quantity": 1, "bps": 1}});
        assert_eq!(read(&bogo).unwrap().items(), Some(&tags("b")));
        let share = json!({"percentage": {"level": "order", "bps": 1, "items": {"tags": ["c"]}}});
        assert_eq!(read(&share).unwrap().items(), Some(&tags("c")));
        assert_eq!(read(&json!({"free_shipping": {}})).unwrap().items(), None);
    }

    #[test]
    fn shares_beyond_all_items_of_shipping_and_unknown_fields_are_refused() {
        for value in [
            json!({"percentage": {"level": "order", "bps": 0}}),
            json!({"percentage": {"level": "order", "bps": 10001}}),
            json!({"percentage": {"level": "shipping", "bps": 1, "items": {"tags": ["x"]}}}),
            json!({"percentage": {"level": "order", "bps": 1, "script": ""}}),
            json!({"fixed": {"level": "order", "amounts": [{"amount": -5, "currency": "EUR"}]}}),
            json!({"buy_x_get_y": {"buy_quantity": 0, "get_quantity": 1, "bps": 1}}),
            json!({"free_shipping": {"always": true}}),
            json!({"gift": {}}),
        ] {
            assert!(read(&value).is_err(), "{value}");
        }
        assert_eq!(BasisPoints::try_from(1).unwrap().get(), 1);
    }
}
