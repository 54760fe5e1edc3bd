//! The made-up catalogue in the words of the shop.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tradepost_app::seed::{
    SeedCategory, SeedCollection, SeedPicture, SeedProduct, SeedReview, SeedShop, SeedType, SeedVariant,
};
use tradepost_domain::catalog::{
    AttributeDefinition, AttributeKind, AttributeSchema, Channel, CollectionRule, JsonMap, ProductOption,
};
use tradepost_domain::kernel::ids::{ChannelId, EntityId};
use tradepost_domain::kernel::{Currency, Locale, Money};
use tradepost_sample as sample;
use tradepost_sample::{PictureKey, ReviewStatus, SampleCatalog, SampleProduct, SampleRule};

use crate::failure::Failure;

/// Pictures that are kept drawn; equal ones are drawn once in a while, not once a product.
const DRAWN_MAX: usize = 4_096;

fn object(value: Value) -> JsonMap {
    match value {
        Value::Object(map) => map,
        _ => JsonMap::new(),
    }
}

/// What the products refer to.
pub fn shop() -> Result<SeedShop, Failure> {
    let category = |one: &sample::SampleCategory| SeedCategory {
        handle: one.handle.clone(),
        name: one.name.clone(),
        parent: one.parent.clone(),
        translations: object(json!({"de": {"name": one.name_de}})),
    };
    let kind = |one: &sample::SampleType| SeedType {
        handle: one.handle.clone(),
        name: one.name.clone(),
        attributes: AttributeSchema(one.attributes.iter().map(attribute).collect()),
    };
    let collections: Result<Vec<SeedCollection>, Failure> =
        SampleCatalog::collections().iter().map(collection).collect();
    Ok(SeedShop {
        channels: vec![american_channel()?],
        categories: SampleCatalog::categories().iter().map(category).collect(),
        brands: SampleCatalog::brands().iter().map(|brand| (brand.handle(), brand.name.clone())).collect(),
        types: SampleCatalog::product_types().iter().map(kind).collect(),
        collections: collections?,
    })
}

/// A second channel, so that there is something to choose: dollars, English only.
fn american_channel() -> Result<Channel, Failure> {
    Ok(Channel {
        id: ChannelId::from_uuid(uuid::Uuid::nil()),
        handle: "us".parse().map_err(Failure::new)?,
        name: "United States".to_owned(),
        currency: "USD".parse::<Currency>().map_err(Failure::new)?,
        default_locale: Locale::english(),
        locales: vec![Locale::english()],
        is_default: false,
        active: true,
        version: 1,
    })
}

fn attribute(one: &sample::SampleAttribute) -> AttributeDefinition {
    let (kind, values) = match &one.kind {
        sample::AttributeKind::Text => (AttributeKind::Text, Vec::new()),
        sample::AttributeKind::Enum(values) => (AttributeKind::Enum, values.clone()),
        sample::AttributeKind::Integer => (AttributeKind::Integer, Vec::new()),
        sample::AttributeKind::Decimal => (AttributeKind::Decimal, Vec::new()),
        sample::AttributeKind::Boolean => (AttributeKind::Boolean, Vec::new()),
    };
    AttributeDefinition {
        key: one.key.clone(),
        label: one.label.clone(),
        kind,
        unit: one.unit.clone(),
        values,
        required: false,
    }
}

fn collection(one: &sample::SampleCollection) -> Result<SeedCollection, Failure> {
    let condition = match &one.rule {
        SampleRule::Manual(_) => None,
        SampleRule::Tag(tag) => Some(json!({"field": "tag", "operator": "eq", "value": tag})),
        SampleRule::Category(handle) => Some(json!({"field": "category", "operator": "eq", "value": handle})),
        SampleRule::PriceBelow(cents) => Some(json!({"field": "price", "operator": "lt", "value": cents})),
    };
    let rule = condition.map(|condition| json!({"match": "all", "conditions": [condition]}));
    let rule: Option<CollectionRule> = rule.map(serde_json::from_value).transpose()?;
    Ok(SeedCollection {
        handle: one.handle.clone(),
        title: one.name.clone(),
        description: one.description.clone(),
        rule,
    })
}

/// Turns products into values; keeps the pictures that it has drawn.
#[derive(Debug, Default)]
pub struct Converter {
    drawn: HashMap<PictureKey, (String, Bytes)>,
}

impl Converter {
    /// One product as of `now`.
    pub fn product(&mut self, one: &SampleProduct, now: Timestamp) -> Result<SeedProduct, Failure> {
        let days_ago = |days: u32| {
            let hours = i64::from(days).saturating_mul(24);
            now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(now)
        };
        let mut keys = vec![one.picture];
        for variant in &one.variants {
            if !keys.contains(&variant.picture) {
                keys.push(variant.picture);
            }
        }
        let variants: Result<Vec<SeedVariant>, Failure> =
            one.variants.iter().map(|variant| self.variant(variant)).collect();
        let options = one
            .options
            .iter()
            .map(|(name, values)| ProductOption { name: name.clone(), values: values.clone() });
        let attributes: Result<JsonMap, Failure> =
            one.attributes.iter().map(|(key, value)| Ok((key.clone(), json_value(value)?))).collect();
        let by_hand = SampleCatalog::collections().iter().filter(|collection| {
            matches!(collection.rule, SampleRule::Manual(_)) && collection.contains(one)
        });
        Ok(SeedProduct {
            handle: one.handle.clone(),
            title: one.title.clone(),
            description: one.description_html.clone(),
            published_at: days_ago(one.days_since_publication),
            brand: brand_handle(&one.brand),
            product_type: one.type_handle.clone(),
            category: one.category_path.last().cloned().unwrap_or_default(),
            tags: one.tags.clone(),
            attributes: attributes?,
            options: options.collect(),
            seo: (one.seo_title.clone(), one.seo_description.clone()),
            popularity: one.popularity,
            translations: object(
                json!({"de": {"title": one.title_de, "description": one.description_de_html}}),
            ),
            pictures: keys.iter().map(|key| self.picture(*key)).collect(),
            variants: variants?,
            reviews: one
                .reviews
                .iter()
                .map(|review| SeedReview {
                    author: review.author.clone(),
                    rating: review.rating,
                    title: review.title.clone(),
                    body: review.body.clone(),
                    created_at: days_ago(review.days_ago),
                    approved: review.status == ReviewStatus::Approved,
                })
                .collect(),
            collections: by_hand.map(|collection| collection.handle.clone()).collect(),
        })
    }

    fn variant(&mut self, one: &sample::SampleVariant) -> Result<SeedVariant, Failure> {
        let money = |amount: i64, currency: Currency| Money::new(amount, currency).map_err(Failure::new);
        let dollars: Currency = "USD".parse().map_err(Failure::new)?;
        let prices = vec![
            (
                money(one.price_eur_cents, Currency::EUR)?,
                one.compare_at_eur_cents.map(|cents| money(cents, Currency::EUR)).transpose()?,
            ),
            (
                money(one.price_usd_cents, dollars)?,
                one.compare_at_usd_cents.map(|cents| money(cents, dollars)).transpose()?,
            ),
        ];
        Ok(SeedVariant {
            sku: one.sku.clone(),
            barcode: one.barcode.clone(),
            options: one.options.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            prices,
            on_hand: one.stock,
            weight_grams: one.weight_grams,
            picture: self.draw(one.picture).0,
        })
    }

    fn draw(&mut self, key: PictureKey) -> (String, Bytes) {
        if self.drawn.len() >= DRAWN_MAX {
            self.drawn.clear();
        }
        let drawn = self.drawn.entry(key).or_insert_with(|| {
            let content = Bytes::from(key.svg());
            (format!("{}.svg", hash(&content)), content)
        });
        drawn.clone()
    }

    fn picture(&mut self, key: PictureKey) -> SeedPicture {
        let (blob, content) = self.draw(key);
        SeedPicture {
            blob,
            content,
            content_type: "image/svg+xml",
            alt: key.alt(),
            width: key.width(),
            height: key.height(),
        }
    }
}

fn hash(content: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    digest.as_ref().iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn brand_handle(name: &str) -> String {
    let found = SampleCatalog::brands().iter().find(|brand| brand.name == name);
    found.map(sample::SampleBrand::handle).unwrap_or_default()
}

fn json_value(value: &sample::AttributeValue) -> Result<Value, Failure> {
    Ok(match value {
        sample::AttributeValue::Text(text) => json!(text),
        sample::AttributeValue::Integer(number) => json!(number),
        sample::AttributeValue::Decimal(digits) => serde_json::from_str(digits)?,
        sample::AttributeValue::Boolean(yes) => json!(yes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_made_up_product_keeps_the_rules_of_the_shop() {
        let shop = shop().unwrap();
        let schemas: HashMap<&str, &AttributeSchema> =
            shop.types.iter().map(|kind| (kind.handle.as_str(), &kind.attributes)).collect();
        for kind in &shop.types {
            assert_eq!(kind.attributes.validate(), Ok(()), "{}", kind.handle);
        }
        for rule in shop.collections.iter().filter_map(|collection| collection.rule.as_ref()) {
            assert_eq!(rule.validate(), Ok(()));
        }
        let now: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
        let mut converter = Converter::default();
        for product in SampleCatalog::new(1, 300).iter() {
            let value = converter.product(&product, now).unwrap();
            assert_eq!(schemas[value.product_type.as_str()].check(&value.attributes), [], "{}", value.handle);
            assert!(value.handle.parse::<tradepost_domain::kernel::Handle>().is_ok(), "{}", value.handle);
            assert!(shop.categories.iter().any(|category| category.handle == value.category));
            assert!(shop.brands.iter().any(|(handle, _)| *handle == value.brand), "{}", value.brand);
            assert!(value.pictures.iter().all(|picture| tradepost_port::blob::is_blob_name(&picture.blob)));
            let shown =
                |variant: &SeedVariant| value.pictures.iter().any(|picture| picture.blob == variant.picture);
            assert!(value.variants.iter().all(shown));
        }
    }
}
