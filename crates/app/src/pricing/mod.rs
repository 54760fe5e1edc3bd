//! Prices, as staff keep them and as carts are priced by them: groups of customers, price lists, promotions with their
//! coupons, taxes, shipping.
//!
//! All kinds of rules are kept by the same use cases (`rule`); a file each says what is special about one.

pub mod coupon;
pub mod coupon_patch;
pub mod customer_group;
pub mod known;
pub mod load;
pub mod price_list;
pub mod price_list_price;
pub mod promotion;
pub mod rates;
pub mod rule;
pub mod shape;
pub mod shipping_method;
pub mod shipping_zone;
pub(crate) mod shown;
pub mod tax_class;
pub mod tax_rate;
pub mod tax_zone;

pub use known::{RuleBook, TaxClasses};
pub use load::{LoadedRules, RulesFor, customer_keys, load_rules};
pub use tradepost_store::pricing::redemption::{Redeemed, Redemption, redeem, release};
pub use tradepost_store::pricing::snapshot::coupon_exists;

use jiff::Timestamp;
use tradepost_domain::kernel::Issue;
use tradepost_domain::kernel::issue::check_line;
use tradepost_domain::kernel::limits::{PLACES_MAX, TITLE_LEN_MAX};
use tradepost_domain::kernel::place::Place;

/// The yes that stands where nothing is said.
pub(crate) fn yes() -> bool {
    true
}

/// What is wrong with the name and the times of a rule.
pub(crate) fn common_issues(
    name: &str,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
) -> Vec<Issue> {
    let mut issues = Vec::from_iter(check_line("$.name", name, TITLE_LEN_MAX, true));
    for (path, at) in [("$.starts_at", starts_at), ("$.ends_at", ends_at)] {
        if at.is_some_and(|at| at < Timestamp::UNIX_EPOCH) {
            issues.push(Issue::new(path, "too_early", "a time is not before 1970"));
        }
    }
    if starts_at.zip(ends_at).is_some_and(|(start, end)| end <= start) {
        issues.push(Issue::new("$.ends_at", "ends_before_start", "the end comes after the start"));
    }
    issues
}

/// What is wrong with places.
fn place_issues(places: &[Place]) -> Vec<Issue> {
    let mut issues = Vec::new();
    if places.len() > PLACES_MAX {
        issues.push(Issue::new("$.places", "too_many", format!("a zone has at most {PLACES_MAX} places")));
    }
    for (index, place) in places.iter().enumerate() {
        for (field, text) in [("region", &place.region), ("postal_prefix", &place.postal_prefix)] {
            let path = format!("$.places[{index}].{field}");
            issues.extend(text.as_ref().and_then(|text| check_line(&path, text, 100, true)));
        }
    }
    issues
}
