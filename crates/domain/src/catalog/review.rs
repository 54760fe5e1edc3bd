//! Reviews: what customers say of a product, shown once staff have approved it.

use crate::kernel::limits::RATING_MAX;

/// Where a review stands in moderation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    /// Waits for a decision.
    Pending,
    /// Shown and counted in the rating.
    Approved,
    /// Not shown.
    Rejected,
}

impl ReviewStatus {
    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Rejected].into_iter().find(|status| status.as_str() == word)
    }
}

/// Whether a number of stars can be given.
pub fn is_rating(stars: u8) -> bool {
    (1..=RATING_MAX).contains(&stars)
}

/// The average of a product's approved ratings in hundredths of a star (`433` is 4.33), 0 without any.
///
/// Whole numbers, so that every node renders the same fragment.
pub fn average_hundredths(sum: i64, count: i64) -> i64 {
    if count <= 0 { 0 } else { (sum * 100 + count / 2) / count }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_one_to_five_stars_and_average_to_the_nearest_hundredth() {
        assert!(is_rating(1) && is_rating(5) && !is_rating(0) && !is_rating(6));
        assert_eq!(average_hundredths(13, 3), 433);
        assert_eq!(average_hundredths(5, 3), 167);
        assert_eq!(average_hundredths(0, 0), 0);
    }
}
