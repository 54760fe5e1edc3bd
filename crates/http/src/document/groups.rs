//! The groups of operations, in the order in which somebody who is new here meets them.

use utoipa::openapi::OpenApi;
use utoipa::openapi::tag::TagBuilder;

use super::operations;

/// Every group with what it holds: what a shop shows, how it sells, who buys, then what staff set up.
const GROUPS: [(&str, &str); 32] = [
    ("products", "What is sold: listings and pages for shoppers; products, variants and batches for staff."),
    ("categories", "The tree that products stand in."),
    ("collections", "Selections of products, by hand or by rule."),
    ("reviews", "What customers say of products, shown once staff have seen it."),
    ("search-steering", "What search shows by decision of staff: synonyms and rules."),
    ("brands", "Who makes it."),
    ("product-types", "The attributes that products of a kind have."),
    ("media", "Pictures."),
    ("carts", "What a shopper is about to buy, priced whenever it is shown."),
    ("orders", "What was bought: placed by shoppers; sent, refunded and annotated by staff."),
    ("payments", "Paying for an order, and what providers tell of it."),
    ("auth", "Registering, signing in, refreshing and ending sessions."),
    ("account", "The signed-in customer: profile, addresses, a copy of everything, erasure."),
    ("customers", "Customers, as staff see them."),
    ("customer-groups", "Groups of customers, which prices and promotions ask for."),
    ("prices", "Prices of variants, many at once."),
    ("price-lists", "Other prices for some channels, groups, times or quantities."),
    ("promotions", "What is taken off, when, and with which coupons."),
    ("stock", "How much of what lies where, and every change of it."),
    ("stock-locations", "Where it lies."),
    ("shipping-zones", "Where parcels go."),
    ("shipping-methods", "How, and for how much."),
    ("tax-zones", "Where which taxes are due."),
    ("tax-classes", "Kinds of goods, as taxes see them."),
    ("tax-rates", "How much is due."),
    ("channels", "Where it is sold: currency, languages, visibility."),
    ("imports", "Catalogues from files."),
    ("exports", "Catalogues to files."),
    ("api-keys", "Keys of staff, of integrations and of storefronts."),
    ("audit-log", "Who changed what."),
    ("system", "The state of caches, queues and rounds."),
    ("operations", "Health, metrics, and this document."),
];

/// Names the groups that have operations; those that are not told of here come last.
pub(super) fn apply(document: &mut OpenApi) {
    let mut used: Vec<String> = operations(document)
        .flat_map(|(_, _, operation)| operation.tags.clone().unwrap_or_default())
        .collect();
    used.sort();
    used.dedup();
    let told = GROUPS
        .iter()
        .filter(|(name, _)| used.iter().any(|tag| tag == name))
        .map(|(name, about)| TagBuilder::new().name(*name).description(Some(*about)).build());
    let is_told = |tag: &String| GROUPS.iter().any(|(name, _)| name == tag);
    let others =
        used.iter().filter(|tag| !is_told(tag)).map(|tag| TagBuilder::new().name(tag.as_str()).build());
    document.tags = Some(told.chain(others).collect());
}
