//! Ids: one newtype for each kind of thing over UUIDv7, so that an order's id can never stand where a product's is due.
//!
//! On the wire an id is its prefix and 26 characters of Crockford base32 (`prod_06e…`), lower case, most significant
//! bits first: ids sort on the wire as they sort in the database, which is by time of creation.
//! Alphabet and decoding rules: <https://www.crockford.com/base32.html> (`i`, `l` read as 1, `o` as 0, case ignored).

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters after the prefix: 128 bits in groups of five, the first group holding three.
pub const ENCODED_LEN: usize = 26;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The prefix is missing or belongs to another kind of thing.
    #[error("expected an id that starts with `{expected}_`")]
    WrongPrefix {
        /// Prefix of the kind that was wanted, without the underscore.
        expected: &'static str,
    },
    /// The part after the prefix is not 26 characters of base32.
    #[error("expected 26 characters of base32 after `{expected}_`")]
    Malformed {
        /// Prefix of the kind that was wanted, without the underscore.
        expected: &'static str,
    },
}

/// The letters of an id; a listing writes dozens, so they are not put into a text of their own first.
struct Letters([u8; ENCODED_LEN]);

impl Letters {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn encode(uuid: Uuid) -> Letters {
    let mut letters = [b'0'; ENCODED_LEN];
    let mut bits = uuid.as_u128();
    for place in letters.iter_mut().rev() {
        let group = usize::try_from(bits & 31).unwrap_or_default();
        *place = ALPHABET.get(group).copied().unwrap_or(b'0');
        bits >>= 5;
    }
    Letters(letters)
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != ENCODED_LEN {
        return None;
    }
    let mut bits: u128 = 0;
    for (place, byte) in text.bytes().enumerate() {
        let value = match byte.to_ascii_lowercase() {
            b'o' => 0,
            b'i' | b'l' => 1,
            other => u128::try_from(ALPHABET.iter().position(|letter| *letter == other)?).ok()?,
        };
        // The first group has only three bits: a larger value would not fit in 128.
        if place == 0 && value > 7 {
            return None;
        }
        bits = (bits << 5) | value;
    }
    Some(Uuid::from_u128(bits))
}

/// The id on the wire of a thing whose kind is known by its prefix alone.
pub fn wire_id(prefix: &str, uuid: Uuid) -> String {
    format!("{prefix}_{}", encode(uuid).as_str())
}

/// An id of one kind of thing.
pub trait EntityId: Copy + Ord + fmt::Display + FromStr<Err = IdError> + Send + Sync + 'static {
    /// Prefix on the wire, without the underscore.
    const PREFIX: &'static str;
    /// Makes an id of a stored or newly drawn UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID as the database stores it.
    fn as_uuid(&self) -> Uuid;
}

macro_rules! define_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl EntityId for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!($prefix, "_"))?;
                formatter.write_str(encode(self.0).as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let rest = text
                    .strip_prefix(concat!($prefix, "_"))
                    .ok_or(IdError::WrongPrefix { expected: $prefix })?;
                decode(rest).map(Self).ok_or(IdError::Malformed { expected: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

define_ids! {
    /// A product.
    ProductId = "prod";
    /// A variant of a product: what has a SKU, a price and stock.
    VariantId = "var";
    /// A node of the category tree.
    CategoryId = "cat";
    /// A collection of products, picked by hand or by rule.
    CollectionId = "col";
    /// A brand.
    BrandId = "brand";
    /// A product type, which holds the schema of its products' attributes.
    ProductTypeId = "ptype";
    /// A picture of a product.
    MediaId = "med";
    /// A review of a product.
    ReviewId = "rev";
    /// A sales channel: currency, locales and visibility.
    ChannelId = "chan";
    /// A publishable or secret API key.
    ApiKeyId = "key";
    /// A member of the staff.
    StaffMemberId = "staff";
    /// A customer.
    CustomerId = "cus";
    /// A group of customers, which prices and promotions ask for.
    CustomerGroupId = "cgrp";
    /// An address that a customer keeps.
    CustomerAddressId = "addr";
    /// A sign-in of a customer and what was refreshed from it.
    SessionId = "sess";
    /// A place where stock lies.
    StockLocationId = "loc";
    /// The stock of one variant at one location.
    StockLevelId = "slev";
    /// A change of a stock level's quantities.
    StockMovementId = "smov";
    /// A run of an import.
    ImportId = "imp";
    /// A run of an export.
    ExportId = "exp";
    /// An event in the outbox.
    EventId = "evt";
    /// An address that is told of events.
    WebhookEndpointId = "whe";
    /// A background job.
    JobId = "job";
    /// An entry of the audit log.
    AuditEntryId = "aud";
    /// A cart.
    CartId = "cart";
    /// A line of a cart.
    CartLineId = "line";
    /// An order.
    OrderId = "ord";
    /// A line of an order.
    OrderLineId = "oline";
    /// An entry of an order's timeline.
    OrderEventId = "oevt";
    /// What is owed for one order through one provider.
    PaymentId = "pay";
    /// One try to collect a payment.
    PaymentAttemptId = "patt";
    /// A way to pay that a customer keeps.
    SavedPaymentMethodId = "spm";
    /// A search that was answered.
    SearchQueryId = "qry";
    /// A refund of a payment.
    RefundId = "ref";
    /// What an order holds of a stock level.
    ReservationId = "res";
    /// Goods of an order that are sent together.
    FulfillmentId = "ful";
    /// A parcel.
    ShipmentId = "ship";
    /// A way of shipping.
    ShippingMethodId = "smeth";
    /// A price list.
    PriceListId = "plist";
    /// A promotion.
    PromotionId = "promo";
    /// A coupon of a promotion.
    CouponId = "coup";
    /// A class of goods that are taxed alike, such as books.
    TaxClassId = "tclass";
    /// An area with its own taxes.
    TaxZoneId = "tzone";
    /// A tax rate of a class in a zone.
    TaxRateId = "trate";
    /// An area that shipping methods deliver to.
    ShippingZoneId = "szone";
    /// Words that mean the same to search.
    SearchSynonymId = "syn";
    /// A rule of what search shows.
    SearchRuleId = "srule";
    /// What matches count in search.
    SearchWeightsId = "swt";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_reads_back_from_its_own_text(bits: u128) {
            let id = ProductId::from_uuid(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<ProductId>(), Ok(id));
        }

        #[test]
        fn ids_sort_on_the_wire_as_they_sort_in_the_database(a: u128, b: u128) {
            let (left, right) = (ProductId::from_uuid(Uuid::from_u128(a)), ProductId::from_uuid(Uuid::from_u128(b)));
            prop_assert_eq!(left.to_string().cmp(&right.to_string()), left.cmp(&right));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}") {
            if let Ok(id) = text.parse::<ProductId>() {
                prop_assert_eq!(id.to_string().len(), "prod_".len() + ENCODED_LEN);
            }
        }
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let variant = VariantId::from_uuid(Uuid::from_u128(7)).to_string();
        assert_eq!(variant.parse::<ProductId>(), Err(IdError::WrongPrefix { expected: "prod" }));
    }

    #[test]
    fn values_over_128_bits_and_foreign_letters_are_malformed() {
        for rest in ["8zzzzzzzzzzzzzzzzzzzzzzzzz", "0000000000000000000000000u", "", "0"] {
            assert_eq!(
                format!("prod_{rest}").parse::<ProductId>(),
                Err(IdError::Malformed { expected: "prod" })
            );
        }
    }

    #[test]
    fn look_alike_letters_and_capitals_are_read_as_crockford_says() {
        let canonical: ProductId = "prod_01000000000000000000000010".parse().unwrap();
        assert_eq!("prod_OL0000000000000000000000I0".parse::<ProductId>(), Ok(canonical));
    }
}
