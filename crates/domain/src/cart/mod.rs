//! Carts: what somebody means to buy. A cart holds no prices; pricing says what it comes to whenever somebody asks.

pub mod requirement;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::kernel::ids::{CartId, CartLineId, ChannelId, CustomerId, ShippingMethodId, VariantId};
use crate::kernel::limits::{CART_COUPONS_MAX, CART_LINES_MAX};
use crate::kernel::quantity::{Quantity, QuantityError};
use crate::kernel::{Address, Currency, EmailAddress, Locale};

/// Free JSON that a client keeps with a cart, a line or an order.
pub type Metadata = BTreeMap<String, Value>;

/// Where a cart stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartStatus {
    /// It can be changed.
    Open,
    /// It became an order.
    Ordered,
    /// Its lines went into another cart.
    Merged,
}

impl CartStatus {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ordered => "ordered",
            Self::Merged => "merged",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::Ordered, Self::Merged].into_iter().find(|status| status.as_str() == word)
    }
}

/// So many units of one variant.
#[derive(Debug, Clone, PartialEq)]
pub struct CartLine {
    /// Id.
    pub id: CartLineId,
    /// What is bought.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: Quantity,
    /// What the client keeps with it.
    pub metadata: Metadata,
    /// When it was put in; lines are shown in this order.
    pub created_at: Timestamp,
}

/// A cart.
#[derive(Debug, Clone, PartialEq)]
pub struct Cart {
    /// Id.
    pub id: CartId,
    /// Channel whose prices and rules hold.
    pub channel_id: ChannelId,
    /// Whose it is; `None` for a guest's, which its secret token opens.
    pub customer_id: Option<CustomerId>,
    /// Currency of its totals: the channel's at its making.
    pub currency: Currency,
    /// Language of its texts.
    pub locale: Locale,
    /// Where the order confirmation goes.
    pub email: Option<EmailAddress>,
    /// Where the goods go; taxes and shipping follow from it.
    pub shipping_address: Option<Address>,
    /// Where the bill goes; the shipping address when absent.
    pub billing_address: Option<Address>,
    /// The way of shipping that was chosen.
    pub shipping_method_id: Option<ShippingMethodId>,
    /// Coupon codes as entered, in upper case.
    pub coupons: Vec<String>,
    /// What the client keeps with it.
    pub metadata: Metadata,
    /// Where it stands.
    pub status: CartStatus,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// Its lines, in the order in which they were put in.
    pub lines: Vec<CartLine>,
}

/// Why a cart was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeCartError {
    /// It became an order, or was merged into another cart.
    #[error("the cart is closed: it is {}", .0.as_str())]
    Closed(CartStatus),
    /// It holds as many lines as a cart can.
    #[error("a cart has at most {CART_LINES_MAX} lines")]
    TooManyLines,
    /// A line would hold more than a line can.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// It has no such line.
    #[error("the cart has no such line")]
    NoSuchLine,
    /// It holds as many coupons as a cart can.
    #[error("a cart has at most {CART_COUPONS_MAX} coupons")]
    TooManyCoupons,
}

/// What is to be put into a cart.
#[derive(Debug, Clone, PartialEq)]
pub struct LineToAdd {
    /// Id of the line, should it be a new one.
    pub id: CartLineId,
    /// What.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: Quantity,
    /// What the client keeps with it; laid over what a line of this variant has already.
    pub metadata: Metadata,
}

impl Cart {
    /// The address that taxes go by: where the goods go, else where the bill goes. Without either, taxes are those of the channel's
    /// own place.
    pub fn tax_address(&self) -> Option<&Address> {
        self.shipping_address.as_ref().or(self.billing_address.as_ref())
    }

    fn check_open(&self) -> Result<(), ChangeCartError> {
        match self.status {
            CartStatus::Open => Ok(()),
            closed => Err(ChangeCartError::Closed(closed)),
        }
    }

    /// Puts units of a variant in: into its line, when it has one. Answers the line.
    pub fn add_line(&mut self, line: LineToAdd, now: Timestamp) -> Result<CartLineId, ChangeCartError> {
        self.check_open()?;
        let LineToAdd { id, variant_id, quantity, metadata } = line;
        if let Some(line) = self.lines.iter_mut().find(|line| line.variant_id == variant_id) {
            line.quantity = line.quantity.checked_add(quantity)?;
            line.metadata.extend(metadata);
            return Ok(line.id);
        }
        if self.lines.len() >= CART_LINES_MAX {
            return Err(ChangeCartError::TooManyLines);
        }
        self.lines.push(CartLine { id, variant_id, quantity, metadata, created_at: now });
        Ok(id)
    }

    /// The line with this id.
    pub fn line(&self, id: CartLineId) -> Option<&CartLine> {
        self.lines.iter().find(|line| line.id == id)
    }

    /// Changes how many units a line holds, and what the client keeps with it.
    pub fn change_line(
        &mut self,
        id: CartLineId,
        quantity: Option<Quantity>,
        metadata: Option<Metadata>,
    ) -> Result<(), ChangeCartError> {
        self.check_open()?;
        let line = self.lines.iter_mut().find(|line| line.id == id).ok_or(ChangeCartError::NoSuchLine)?;
        line.quantity = quantity.unwrap_or(line.quantity);
        if let Some(metadata) = metadata {
            line.metadata = metadata;
        }
        Ok(())
    }

    /// Takes a line out.
    pub fn remove_line(&mut self, id: CartLineId) -> Result<(), ChangeCartError> {
        self.check_open()?;
        let before = self.lines.len();
        self.lines.retain(|line| line.id != id);
        if self.lines.len() == before { Err(ChangeCartError::NoSuchLine) } else { Ok(()) }
    }

    /// Enters a coupon code; entering it twice is entering it once. Whether it is worth something, pricing says.
    pub fn add_coupon(&mut self, code: String) -> Result<(), ChangeCartError> {
        self.check_open()?;
        if self.coupons.contains(&code) {
            return Ok(());
        }
        if self.coupons.len() >= CART_COUPONS_MAX {
            return Err(ChangeCartError::TooManyCoupons);
        }
        self.coupons.push(code);
        Ok(())
    }

    /// Takes a coupon code out; `false` when it was not in.
    pub fn remove_coupon(&mut self, code: &str) -> Result<bool, ChangeCartError> {
        self.check_open()?;
        let before = self.coupons.len();
        self.coupons.retain(|entered| entered != code);
        Ok(self.coupons.len() < before)
    }

    /// Puts everything of another cart in, as far as it fits: quantities are added up to what a line can hold, lines and
    /// coupons up to what a cart can hold. What this cart says already (e-mail, addresses) stays.
    pub fn absorb(&mut self, other: &Self, now: Timestamp) -> Result<(), ChangeCartError> {
        self.check_open()?;
        other.check_open()?;
        for line in &other.lines {
            let own = self.lines.iter().find(|own| own.variant_id == line.variant_id);
            let held = own.map_or(0, |own| own.quantity.get());
            let room = Quantity::MAX.get().saturating_sub(held);
            // A full cart still takes more of what it has: a line that does not fit does not end the merging.
            if let Ok(quantity) = Quantity::new(line.quantity.get().min(room))
                && (own.is_some() || self.lines.len() < CART_LINES_MAX)
            {
                let CartLine { id, variant_id, metadata, .. } = line.clone();
                self.add_line(LineToAdd { id, variant_id, quantity, metadata }, now)?;
            }
        }
        for code in &other.coupons {
            if self.coupons.len() < CART_COUPONS_MAX {
                self.add_coupon(code.clone())?;
            }
        }
        self.email = self.email.take().or_else(|| other.email.clone());
        self.shipping_address = self.shipping_address.take().or_else(|| other.shipping_address.clone());
        self.billing_address = self.billing_address.take().or_else(|| other.billing_address.clone());
        self.shipping_method_id = self.shipping_method_id.or(other.shipping_method_id);
        Ok(())
    }
}

/// The form in which coupon codes are kept and compared.
pub fn coupon_key(code: &str) -> String {
    code.trim().to_uppercase()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::kernel::ids::EntityId;
    use crate::kernel::limits::LINE_QUANTITY_MAX;
    use proptest::prelude::*;
    use uuid::Uuid;

    pub(crate) fn empty(number: u128) -> Cart {
        Cart {
            id: CartId::from_uuid(Uuid::from_u128(number)),
            channel_id: ChannelId::from_uuid(Uuid::from_u128(1)),
            customer_id: None,
            currency: Currency::EUR,
            locale: "en".parse().unwrap(),
            email: None,
            shipping_address: None,
            billing_address: None,
            shipping_method_id: None,
            coupons: Vec::new(),
            metadata: Metadata::new(),
            status: CartStatus::Open,
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            lines: Vec::new(),
        }
    }

    fn line(id: u128, variant: u128, quantity: u32) -> LineToAdd {
        LineToAdd {
            id: CartLineId::from_uuid(Uuid::from_u128(id)),
            variant_id: VariantId::from_uuid(Uuid::from_u128(variant)),
            quantity: Quantity::new(quantity).unwrap(),
            metadata: Metadata::new(),
        }
    }

    pub(crate) fn filled(number: u128, lines: &[(u128, u32)]) -> Cart {
        let mut cart = empty(number);
        for (variant, quantity) in lines {
            let id = number * 1_000 + variant;
            let _ = cart.add_line(line(id, *variant, *quantity), Timestamp::UNIX_EPOCH);
        }
        cart
    }

    fn quantity_of(cart: &Cart, variant: u128) -> u64 {
        let id = VariantId::from_uuid(Uuid::from_u128(variant));
        cart.lines.iter().find(|line| line.variant_id == id).map_or(0, |line| u64::from(line.quantity.get()))
    }

    proptest! {
        #[test]
        fn merging_adds_up_and_loses_nothing_that_fits(
            own in prop::collection::vec((0_u128..150, 1_u32..=LINE_QUANTITY_MAX), 0..110),
            others in prop::collection::vec((0_u128..150, 1_u32..=LINE_QUANTITY_MAX), 0..110),
        ) {
            let (mut cart, other) = (filled(1, &own), filled(2, &others));
            let before = cart.clone();
            cart.absorb(&other, Timestamp::UNIX_EPOCH).unwrap();
            prop_assert!(cart.lines.len() <= CART_LINES_MAX);
            for variant in 0..150 {
                let wanted = quantity_of(&before, variant) + quantity_of(&other, variant);
                let found = quantity_of(&cart, variant);
                let fits = quantity_of(&before, variant) > 0 || cart.lines.len() < CART_LINES_MAX;
                if fits {
                    prop_assert_eq!(found, wanted.min(u64::from(LINE_QUANTITY_MAX)));
                } else {
                    prop_assert!(found == 0 || found == wanted.min(u64::from(LINE_QUANTITY_MAX)));
                }
            }
        }
    }

    #[test]
    fn a_status_reads_back_from_its_word() {
        for word in ["open", "ordered", "merged"] {
            assert_eq!(CartStatus::parse(word).map(CartStatus::as_str), Some(word));
        }
        assert_eq!(CartStatus::parse("closed"), None);
    }

    #[test]
    fn a_variant_has_one_line_and_a_closed_cart_takes_nothing() {
        let mut cart = filled(1, &[(7, 2), (7, 3)]);
        assert_eq!((cart.lines.len(), quantity_of(&cart, 7)), (1, 5));
        let id = cart.lines.first().unwrap().id;
        let over = cart.add_line(line(9, 7, LINE_QUANTITY_MAX), Timestamp::UNIX_EPOCH);
        assert_eq!((over, quantity_of(&cart, 7)), (Err(ChangeCartError::Quantity(QuantityError)), 5));
        cart.change_line(id, Some(Quantity::ONE), None).unwrap();
        assert_eq!(quantity_of(&cart, 7), 1);
        cart.remove_line(id).unwrap();
        assert_eq!(cart.remove_line(id), Err(ChangeCartError::NoSuchLine));
        cart.status = CartStatus::Ordered;
        let closed = Err(ChangeCartError::Closed(CartStatus::Ordered));
        assert_eq!(cart.add_coupon("X".to_owned()), closed);
        assert_eq!(cart.absorb(&empty(2), Timestamp::UNIX_EPOCH), closed);
    }

    #[test]
    fn a_line_is_found_by_its_id() {
        let cart = filled(1, &[(7, 2), (8, 3)]);
        let second = cart.lines.last().unwrap();
        assert_eq!(cart.line(second.id), Some(second));
        assert_eq!(cart.line(CartLineId::from_uuid(Uuid::from_u128(9))), None);
    }

    #[test]
    fn a_full_cart_takes_more_of_what_it_has_and_leaves_the_rest() {
        let full: Vec<(u128, u32)> = (1..).zip([1; CART_LINES_MAX]).collect();
        let mut cart = filled(1, &full);
        cart.absorb(&filled(2, &[(500, 1), (1, 2)]), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(cart.lines.len(), CART_LINES_MAX);
        assert_eq!((quantity_of(&cart, 1), quantity_of(&cart, 500)), (3, 0));
        let over = cart.add_line(line(1, 500, 1), Timestamp::UNIX_EPOCH);
        assert_eq!(over, Err(ChangeCartError::TooManyLines));
    }

    #[test]
    fn merging_takes_coupons_as_far_as_they_fit_and_never_fails_for_one_too_many() {
        let with = |number: u128, codes: std::ops::Range<usize>| {
            let mut cart = empty(number);
            cart.coupons = codes.map(|code| format!("CODE{code}")).collect();
            cart
        };
        let mut cart = with(1, 0..2);
        cart.absorb(&with(2, 1..3), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(cart.coupons, ["CODE0", "CODE1", "CODE2"]);
        cart.absorb(&with(3, 3..2 * CART_COUPONS_MAX), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(cart.coupons, with(4, 0..CART_COUPONS_MAX).coupons);
    }

    #[test]
    fn coupons_are_entered_once_and_up_to_the_limit() {
        let mut cart = empty(1);
        for number in 0..CART_COUPONS_MAX {
            cart.add_coupon(coupon_key(&format!(" code{number} "))).unwrap();
        }
        cart.add_coupon("CODE0".to_owned()).unwrap();
        assert_eq!(cart.add_coupon("MORE".to_owned()), Err(ChangeCartError::TooManyCoupons));
        assert_eq!((cart.remove_coupon("CODE0"), cart.remove_coupon("CODE0")), (Ok(true), Ok(false)));
    }
}
