//! What a shopper is told about stock. It is shown, never sold by: what is sold is decided in the stock row.

/// Units at or below which a variant counts as low on stock.
pub const LOW_STOCK_AT_MOST: i64 = 5;

/// Whether a variant, or a product by its best variant, can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// None left and none promised.
    OutOfStock,
    /// None left, but it may be ordered for later.
    Backorder,
    /// A few left.
    LowStock,
    /// Enough left, or not counted at all.
    InStock,
}

impl Availability {
    /// Of one variant: `available` units over all locations (on hand less allocated and reserved).
    pub fn of_variant(tracked: bool, backorder: bool, available: i64) -> Self {
        if !tracked || available > LOW_STOCK_AT_MOST {
            Self::InStock
        } else if available > 0 {
            Self::LowStock
        } else if backorder {
            Self::Backorder
        } else {
            Self::OutOfStock
        }
    }

    /// Of a product: the best of its variants.
    pub fn of_product(variants: impl IntoIterator<Item = Self>) -> Self {
        variants.into_iter().max().unwrap_or(Self::OutOfStock)
    }

    /// Whether it can be put into a cart now.
    pub fn is_orderable(self) -> bool {
        self != Self::OutOfStock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn availability_follows_stock_tracking_and_backorder() {
        use Availability::{Backorder, InStock, LowStock, OutOfStock};
        for (tracked, backorder, available, expected) in [
            (true, false, 6, InStock),
            (true, false, 5, LowStock),
            (true, false, 0, OutOfStock),
            (true, true, 0, Backorder),
            (true, true, -3, Backorder),
            (true, true, 1, LowStock),
            (false, false, 0, InStock),
        ] {
            assert_eq!(Availability::of_variant(tracked, backorder, available), expected);
        }
    }

    #[test]
    fn a_product_is_as_available_as_its_best_variant() {
        use Availability::{Backorder, LowStock, OutOfStock};
        assert_eq!(Availability::of_product([OutOfStock, LowStock, Backorder]), LowStock);
        assert_eq!(Availability::of_product([]), OutOfStock);
    }
}
