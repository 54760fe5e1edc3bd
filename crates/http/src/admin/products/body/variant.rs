//! Variants and prices in bodies.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use tradepost_app::catalog::product::changes::VariantChanges;
use tradepost_domain::catalog::{JsonMap, Price};
use tradepost_domain::kernel::ids::VariantId;
use tradepost_domain::kernel::limits::MONEY_AMOUNT_MAX;
use tradepost_domain::kernel::{Currency, Money, MoneyError};
use utoipa::ToSchema;

use super::clearable;
use crate::extract::patch::{Patch, present};

/// Minor units within what money can be. A number beyond all prices is a mistake of writing, so it is told as one.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(minimum = -10_000_000_000_000_i64, maximum = 10_000_000_000_000_i64)]
pub struct MinorUnits(i64);

impl<'de> Deserialize<'de> for MinorUnits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let units = i64::deserialize(deserializer)?;
        if (-MONEY_AMOUNT_MAX..=MONEY_AMOUNT_MAX).contains(&units) {
            Ok(Self(units))
        } else {
            Err(Error::custom(format!("expected at most {MONEY_AMOUNT_MAX} minor units")))
        }
    }
}

/// A price in one currency.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceWrite {
    /// Minor units.
    #[schema(value_type = i64, minimum = 0, maximum = 10_000_000_000_000_i64, example = 5400)]
    amount: MinorUnits,
    /// Code of ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// What it cost before: minor units of the same currency, or money.
    #[serde(default)]
    #[schema(value_type = Option<CompareAtShape>)]
    compare_at: Option<CompareAt>,
}

/// Minor units of the price's currency, or money in it.
#[derive(Debug, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what is read by hand")]
enum CompareAtShape {
    Units(MinorUnits),
    Money(MoneyWrite),
}

/// What it cost before, in either form.
#[derive(Debug)]
enum CompareAt {
    Units(MinorUnits),
    Money(MoneyWrite),
}

/// Money as the API writes it.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoneyWrite {
    /// Minor units.
    #[schema(value_type = i64, minimum = -10_000_000_000_000_i64, maximum = 10_000_000_000_000_i64)]
    amount: MinorUnits,
    /// Code of ISO 4217.
    #[schema(value_type = String)]
    currency: Currency,
}

impl<'de> Deserialize<'de> for CompareAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = CompareAt;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("minor units or money")
            }
            fn visit_i64<E: Error>(self, units: i64) -> Result<CompareAt, E> {
                let units = serde::de::value::I64Deserializer::new(units);
                MinorUnits::deserialize(units).map(CompareAt::Units)
            }
            fn visit_u64<E: Error>(self, units: u64) -> Result<CompareAt, E> {
                let units = serde::de::value::U64Deserializer::new(units);
                MinorUnits::deserialize(units).map(CompareAt::Units)
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<CompareAt, A::Error> {
                let money = MoneyWrite::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(CompareAt::Money(money))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl PriceWrite {
    /// The price.
    pub fn price(self) -> Result<Price, MoneyError> {
        let compare_at = match self.compare_at {
            None => None,
            Some(CompareAt::Units(units)) => Some(Money::new(units.0, self.currency)?),
            Some(CompareAt::Money(money)) => Some(Money::new(money.amount.0, money.currency)?),
        };
        Ok(Price { price: Money::new(self.amount.0, self.currency)?, compare_at })
    }
}

pub(super) fn prices(prices: Option<Vec<PriceWrite>>) -> Result<Option<Vec<Price>>, MoneyError> {
    prices.map(|prices| prices.into_iter().map(PriceWrite::price).collect()).transpose()
}

/// The fields that every body of a variant has.
macro_rules! variant_body {
    ($(#[$doc:meta])* $name:ident { $($(#[$id_attribute:meta])* $id:ident)? }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$id_attribute])* $id: Option<VariantId>,)?
            /// Stock-keeping unit, unique in the shop.
            #[serde(default)]
            #[schema(value_type = Option<String>, max_length = 100)]
            sku: Patch<String>,
            /// Barcode (EAN, UPC, ISBN).
            #[serde(default)]
            #[schema(value_type = Option<String>, max_length = 64)]
            barcode: Patch<String>,
            /// Value of each option by the option's name.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = BTreeMap<String, String>, required = false)]
            options: Option<BTreeMap<String, String>>,
            /// All its prices, at most one a currency.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Vec<PriceWrite>, required = false)]
            prices: Option<Vec<PriceWrite>>,
            /// Its price in one currency; those in others stay.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = PriceWrite, required = false)]
            price: Option<PriceWrite>,
            /// Weight of one unit in grams.
            #[serde(default)]
            #[schema(value_type = Option<u32>, maximum = 100_000_000)]
            weight_grams: Patch<u32>,
            /// Units on hand at the default location.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000)]
            stock: Option<i64>,
            /// Whether stock is counted; true when it is not said.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = bool, required = false)]
            tracked: Option<bool>,
            /// Whether it may be ordered when none is left; false when it is not said.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = bool, required = false)]
            backorder: Option<bool>,
            /// Whether it has to be sent, as a download, a voucher or a service has not; true when it is not said.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = bool, required = false)]
            requires_shipping: Option<bool>,
            /// Id, blob or source_url of the picture among the product's that shows it.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            image: Patch<String>,
            /// Facts that the shop does not interpret: merged by key, null removes one. At most 64 KiB as JSON.
            #[serde(default)]
            #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
            metadata: Patch<JsonMap>,
        }

        impl $name {
            /// What it changes.
            pub fn into_changes(self) -> Result<VariantChanges, MoneyError> {
                Ok(VariantChanges {
                    sku: clearable(self.sku),
                    barcode: clearable(self.barcode),
                    options: self.options,
                    prices: prices(self.prices)?,
                    price: self.price.map(PriceWrite::price).transpose()?,
                    weight_grams: clearable(self.weight_grams),
                    stock: self.stock,
                    tracked: self.tracked,
                    backorder: self.backorder,
                    requires_shipping: self.requires_shipping,
                    image: clearable(self.image),
                    metadata: clearable(self.metadata),
                    ..VariantChanges { $(id: self.$id,)? ..VariantChanges::default() }
                })
            }
        }
    };
}

variant_body!(
    /// A variant in a product.
    VariantWrite {
        /// Which one, to change one that is there; else it is found by its SKU or its options.
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = String, required = false, pattern = "^var_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
        id
    }
);
variant_body!(
    /// A variant, or what changes of it.
    VariantPatch {}
);
