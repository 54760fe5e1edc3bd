//! The limits of the shop, in one place: a limit that is not named here does not exist.
//!
//! They are part of the contract (the API document states them) and bound the work that one request can cause.

/// Largest absolute amount of money in minor units: ten trillion. Products of it with a quantity still fit in `i128`.
pub const MONEY_AMOUNT_MAX: i64 = 10_000_000_000_000;
/// Most units of one variant in a cart line.
pub const LINE_QUANTITY_MAX: u32 = 9_999;
/// Lines of a cart or an order.
pub const CART_LINES_MAX: usize = 100;
/// Coupons of a cart.
pub const CART_COUPONS_MAX: usize = 20;
/// Characters of a coupon code.
pub const COUPON_LEN_MAX: usize = 64;
/// Keys in the metadata of a cart, a line or an order.
pub const METADATA_KEYS_MAX: usize = 50;
/// Most units in one stock level.
pub const STOCK_QUANTITY_MAX: i64 = 1_000_000_000;
/// Characters in a handle.
pub const HANDLE_LEN_MAX: usize = 200;
/// Characters in a title or a name.
pub const TITLE_LEN_MAX: usize = 255;
/// Bytes of sanitised HTML in a description.
pub const DESCRIPTION_BYTES_MAX: usize = 128 * 1024;
/// Characters in a SKU.
pub const SKU_LEN_MAX: usize = 100;
/// Characters in a barcode.
pub const BARCODE_LEN_MAX: usize = 64;
/// Options of a product (colour, size, material).
pub const OPTIONS_MAX: usize = 5;
/// Values of one option.
pub const OPTION_VALUES_MAX: usize = 250;
/// Variants of a product.
pub const VARIANTS_MAX: usize = 250;
/// Pictures of a product.
pub const MEDIA_MAX: usize = 100;
/// Tags of a product.
pub const TAGS_MAX: usize = 250;
/// Categories of a product besides its main one.
pub const CATEGORIES_MAX: usize = 50;
/// Keys in a product's attributes, and in its metadata.
pub const ATTRIBUTES_MAX: usize = 250;
/// Bytes of a product's attributes as JSON, of its metadata, and of each variant's metadata.
pub const JSON_BYTES_MAX: usize = 64 * 1024;
/// Depth of a product's attributes or metadata.
pub const ATTRIBUTE_DEPTH_MAX: usize = 8;
/// Depth of the category tree.
pub const CATEGORY_DEPTH_MAX: usize = 10;
/// Categories that are put in order at once.
pub const CATEGORY_ORDER_MAX: usize = 1_000;
/// Products of a collection that is picked by hand.
pub const COLLECTION_PRODUCTS_MAX: usize = 10_000;
/// Locales of a channel.
pub const CHANNEL_LOCALES_MAX: usize = 50;
/// Locales that a text is translated into.
pub const TRANSLATIONS_MAX: usize = 100;
/// Characters of a review.
pub const REVIEW_LEN_MAX: usize = 10_000;
/// Depth of a JSON body.
pub const JSON_DEPTH_MAX: usize = 32;
/// Bytes of a JSON body; imports have their own limit.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Items of a page, at most.
pub const PAGE_LIMIT_MAX: u32 = 100;
/// Items of a page when nothing is asked.
pub const PAGE_LIMIT_DEFAULT: u32 = 20;
/// Filters of one request.
pub const FILTERS_MAX: usize = 20;
/// Values of one filter.
pub const FILTER_VALUES_MAX: usize = 50;
/// Characters of a search text.
pub const SEARCH_TEXT_MAX: usize = 200;
/// Items of one batch request.
pub const BATCH_MAX: usize = 50;
/// Units sold of a product, at most: a million million.
pub const POPULARITY_MAX: i64 = 1_000_000_000_000;
/// Stars of a review, at most.
pub const RATING_MAX: u8 = 5;
/// Weight of one unit in grams: one hundred tonnes.
pub const WEIGHT_GRAMS_MAX: u32 = 100_000_000;
/// Entries of one list of a price rule: channels, groups of customers, zones.
pub const RULE_LIST_MAX: usize = 250;
/// Places of a tax or shipping zone.
pub const PLACES_MAX: usize = 500;
/// Most uses that a promotion or coupon can be limited to.
pub const USAGE_LIMIT_MAX: u32 = 1_000_000_000;
/// Prices of a price list that one request sets.
pub const PRICES_MAX: usize = 500;
/// Coupons that one request makes.
pub const COUPONS_MAX: u32 = 1_000;
