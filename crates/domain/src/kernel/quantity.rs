//! Quantities: how many units of a variant a line holds.

use std::fmt;

use super::limits::LINE_QUANTITY_MAX;

/// A number of units of one variant: at least 1, at most [`LINE_QUANTITY_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

/// A number of units that no line can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a whole number from 1 to {LINE_QUANTITY_MAX}")]
pub struct QuantityError;

impl Quantity {
    /// One unit.
    pub const ONE: Self = Self(1);
    /// As many as a line can hold.
    pub const MAX: Self = Self(LINE_QUANTITY_MAX);

    /// Checks the bounds.
    pub fn new(units: u32) -> Result<Self, QuantityError> {
        if (1..=LINE_QUANTITY_MAX).contains(&units) { Ok(Self(units)) } else { Err(QuantityError) }
    }

    /// The number of units.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The sum, where it is still within the limit.
    pub fn checked_add(self, other: Self) -> Result<Self, QuantityError> {
        Self::new(self.0.saturating_add(other.0))
    }
}

impl TryFrom<u32> for Quantity {
    type Error = QuantityError;
    fn try_from(units: u32) -> Result<Self, QuantityError> {
        Self::new(units)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_outside_the_limits_are_refused() {
        for units in [0, LINE_QUANTITY_MAX + 1, u32::MAX] {
            assert_eq!(Quantity::new(units), Err(QuantityError));
        }
        let most = Quantity::new(LINE_QUANTITY_MAX).unwrap();
        assert_eq!(most.checked_add(Quantity::ONE), Err(QuantityError));
        assert_eq!(Quantity::ONE.checked_add(Quantity::ONE).unwrap().get(), 2);
    }
}
