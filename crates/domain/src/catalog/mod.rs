//! The catalogue: products, variants, attributes, categories, collections, channels and reviews.

pub mod attribute;
pub mod availability;
pub mod category;
pub mod channel;
pub mod collection;
pub mod product;
pub mod product_query;
pub mod review;
pub mod validate;

pub use attribute::{AttributeDefinition, AttributeKind, AttributeSchema};
pub use availability::Availability;
pub use channel::Channel;
pub use collection::{CollectionKind, CollectionRule, ProductFacts};
pub use product::{JsonMap, Media, Price, Product, ProductOption, ProductStatus, Seo, Variant};
pub use review::ReviewStatus;
pub use validate::Issue;
