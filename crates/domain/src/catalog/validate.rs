//! What makes a product valid as a whole: bounds, options that fit the variants, prices, pictures.
//!
//! All findings are reported at once, each with the JSONPath of the field it belongs to in a product write.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::attribute::{AttributeSchema, check_json_bounds};
use super::product::{Product, ProductStatus, Variant};
use crate::kernel::issue::has_control;
pub use crate::kernel::issue::{Issue, check_text};
use crate::kernel::limits;

impl Product {
    /// Checks the product against the rules of the shop and the schema of its type.
    pub fn validate(&self, schema: &AttributeSchema) -> Result<(), Vec<Issue>> {
        let mut issues: Vec<Issue> = Vec::new();
        issues.extend(check_text("$.title", &self.title, limits::TITLE_LEN_MAX, true));
        if self.description.len() > limits::DESCRIPTION_BYTES_MAX {
            issues.push(Issue::new(
                "$.description",
                "too_long",
                format!("at most {} bytes", limits::DESCRIPTION_BYTES_MAX),
            ));
        }
        if has_control(&self.description) {
            issues.push(Issue::new(
                "$.description",
                "invalid_character",
                "control characters are not allowed",
            ));
        }
        if !(0..=limits::POPULARITY_MAX).contains(&self.popularity) {
            let message = format!("a whole number from 0 to {}", limits::POPULARITY_MAX);
            issues.push(Issue::new("$.popularity", "invalid_value", message));
        }
        let seo_texts = [("$.seo.title", &self.seo.title), ("$.seo.description", &self.seo.description)];
        for (path, text) in seo_texts {
            issues.extend(text.as_deref().and_then(|text| check_text(path, text, 1_000, false)));
        }
        issues.extend(check_json_bounds("$.attributes", &self.attributes));
        issues.extend(check_json_bounds("$.metadata", &self.metadata));
        issues.extend(schema.check(&self.attributes));
        self.check_counts(&mut issues);
        self.check_options(&mut issues);
        self.check_variants(&mut issues);
        if self.publish_at.is_some() && self.status != ProductStatus::Draft {
            issues.push(Issue::new(
                "$.publish_at",
                "not_a_draft",
                "only a draft can be planned for publication",
            ));
        }
        if issues.is_empty() { Ok(()) } else { Err(issues) }
    }

    fn check_counts(&self, issues: &mut Vec<Issue>) {
        for (path, count, max) in [
            ("$.options", self.options.len(), limits::OPTIONS_MAX),
            ("$.variants", self.variants.len(), limits::VARIANTS_MAX),
            ("$.media", self.media.len(), limits::MEDIA_MAX),
            ("$.tags", self.tags.len(), limits::TAGS_MAX),
            ("$.categories", self.category_ids.len(), limits::CATEGORIES_MAX),
        ] {
            if count > max {
                issues.push(Issue::new(path, "too_many", format!("at most {max}")));
            }
        }
        for (index, tag) in self.tags.iter().enumerate() {
            issues.extend(check_text(&format_args!("$.tags[{index}]"), tag, limits::TITLE_LEN_MAX, true));
        }
    }

    fn check_options(&self, issues: &mut Vec<Issue>) {
        let mut names = BTreeSet::new();
        for (index, option) in self.options.iter().enumerate() {
            let path = format_args!("$.options[{index}]");
            issues.extend(check_text(
                &format_args!("{path}.name"),
                &option.name,
                limits::TITLE_LEN_MAX,
                true,
            ));
            if !names.insert(option.name.to_lowercase()) {
                issues.push(Issue::new(
                    format!("{path}.name"),
                    "duplicate_option",
                    "the option is there twice",
                ));
            }
            if option.values.is_empty() || option.values.len() > limits::OPTION_VALUES_MAX {
                let message = format!("an option has 1 to {} values", limits::OPTION_VALUES_MAX);
                issues.push(Issue::new(format!("{path}.values"), "invalid_option", message));
            }
            let mut values = BTreeSet::new();
            for (place, value) in option.values.iter().enumerate() {
                let path = format_args!("{path}.values[{place}]");
                issues.extend(check_text(&path, value, limits::TITLE_LEN_MAX, true));
                if !values.insert(value) {
                    issues.push(Issue::new(path.to_string(), "duplicate_value", "the value is there twice"));
                }
            }
        }
    }

    fn check_variants(&self, issues: &mut Vec<Issue>) {
        if self.variants.is_empty() {
            issues.push(Issue::new("$.variants", "variant_required", "a product needs at least one variant"));
        }
        let mut skus = BTreeSet::new();
        let mut combinations: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
        for (index, variant) in self.variants.iter().enumerate() {
            let path = format_args!("$.variants[{index}]");
            variant.check(&path, issues);
            if let Some(sku) = &variant.sku
                && !skus.insert(sku)
            {
                issues.push(Issue::new(format!("{path}.sku"), "duplicate_sku", "two variants have this SKU"));
            }
            let Some(combination) = self.check_combination(&path, variant, issues) else { continue };
            if let Some(earlier) = combinations.insert(combination, index) {
                let number = earlier.saturating_add(1);
                let message = format!("variant {number}, counted from 1, has the same option values");
                issues.push(Issue::new(format!("{path}.options"), "duplicate_variant", message));
            }
        }
    }

    /// The variant's option values in the order of the product's options, or what is wrong with them.
    fn check_combination<'a>(
        &self,
        path: &impl Display,
        variant: &'a Variant,
        issues: &mut Vec<Issue>,
    ) -> Option<Vec<&'a str>> {
        let before = issues.len();
        let known = |name: &str| self.options.iter().any(|option| option.name == name);
        for name in variant.options.keys().filter(|name| !known(name)) {
            issues.push(Issue::new(
                format!("{path}.options.{name}"),
                "unknown_option",
                "the product has no such option",
            ));
        }
        let mut combination = Vec::with_capacity(self.options.len());
        for option in &self.options {
            let path = || format!("{path}.options.{}", option.name);
            match variant.options.get(&option.name) {
                None => issues.push(Issue::new(
                    path(),
                    "option_required",
                    "every variant has a value for each option",
                )),
                Some(value) if !option.values.contains(value) => {
                    issues.push(Issue::new(
                        path(),
                        "unknown_value",
                        format!("one of: {}", option.values.join(", ")),
                    ));
                }
                Some(value) => combination.push(value.as_str()),
            }
        }
        (issues.len() == before).then_some(combination)
    }
}

impl Variant {
    fn check(&self, path: &impl Display, issues: &mut Vec<Issue>) {
        let texts =
            [("sku", &self.sku, limits::SKU_LEN_MAX), ("barcode", &self.barcode, limits::BARCODE_LEN_MAX)];
        for (field, text, len_max) in texts {
            let check = |text: &str| check_text(&format_args!("{path}.{field}"), text, len_max, true);
            issues.extend(text.as_deref().and_then(check));
        }
        if self.weight_grams.is_some_and(|grams| grams > limits::WEIGHT_GRAMS_MAX) {
            issues.push(Issue::new(
                format!("{path}.weight_grams"),
                "too_large",
                format!("at most {}", limits::WEIGHT_GRAMS_MAX),
            ));
        }
        issues.extend(check_json_bounds(&format_args!("{path}.metadata"), &self.metadata));
        let mut currencies = BTreeSet::new();
        for (index, price) in self.prices.iter().enumerate() {
            let path = format_args!("{path}.prices[{index}]");
            if price.price.is_negative()
                || price.compare_at.is_some_and(super::super::kernel::money::Money::is_negative)
            {
                issues.push(Issue::new(
                    format!("{path}.amount"),
                    "negative_price",
                    "a price is not below zero",
                ));
            }
            if price.compare_at.is_some_and(|compare_at| compare_at.currency() != price.price.currency()) {
                issues.push(Issue::new(
                    format!("{path}.compare_at"),
                    "currency_mismatch",
                    "the price's own currency",
                ));
            }
            if !currencies.insert(price.price.currency()) {
                issues.push(Issue::new(
                    format!("{path}.currency"),
                    "duplicate_price",
                    "one price a currency",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::product::{JsonMap, Price, ProductOption, Seo};
    use crate::kernel::ids::{EntityId, ProductId, VariantId};
    use crate::kernel::{Currency, Money};
    use jiff::Timestamp;
    use uuid::Uuid;

    fn variant(number: u128, sku: &str, options: &[(&str, &str)]) -> Variant {
        Variant {
            id: VariantId::from_uuid(Uuid::from_u128(number)),
            sku: Some(sku.to_owned()),
            barcode: None,
            options: options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            prices: vec![Price { price: Money::new(100, Currency::EUR).unwrap(), compare_at: None }],
            weight_grams: None,
            media_id: None,
            tracked: true,
            backorder: false,
            requires_shipping: true,
            metadata: JsonMap::new(),
        }
    }

    fn product(options: &[(&str, &[&str])], variants: Vec<Variant>) -> Product {
        let option = |(name, values): &(&str, &[&str])| ProductOption {
            name: (*name).to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        Product {
            id: ProductId::from_uuid(Uuid::from_u128(1)),
            version: 1,
            handle: "shoe".parse().unwrap(),
            title: "Shoe".to_owned(),
            description: String::new(),
            status: ProductStatus::Draft,
            publish_at: None,
            published_at: None,
            brand_id: None,
            product_type_id: None,
            category_id: None,
            category_ids: Vec::new(),
            tags: Vec::new(),
            attributes: JsonMap::new(),
            metadata: JsonMap::new(),
            seo: Seo::default(),
            options: options.iter().map(option).collect(),
            variants,
            media: Vec::new(),
            channel_ids: None,
            popularity: 0,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn codes(product: &Product) -> Vec<&'static str> {
        let result = product.validate(&AttributeSchema::default());
        result.err().unwrap_or_default().into_iter().map(|issue| issue.code).collect()
    }

    #[test]
    fn a_product_with_one_variant_and_no_options_is_enough() {
        assert_eq!(codes(&product(&[], vec![variant(1, "a", &[])])), Vec::<&str>::new());
    }

    #[test]
    fn variants_must_fit_the_options_and_differ() {
        let options: &[(&str, &[&str])] = &[("Size", &["S", "M"])];
        let build = |variants| product(options, variants);
        assert!(
            codes(&build(vec![variant(1, "a", &[("Size", "S")]), variant(2, "b", &[("Size", "M")])]))
                .is_empty()
        );
        assert_eq!(
            codes(&build(vec![variant(1, "a", &[("Size", "S")]), variant(2, "b", &[("Size", "S")])])),
            ["duplicate_variant"]
        );
        assert_eq!(codes(&build(vec![variant(1, "a", &[])])), ["option_required"]);
        assert_eq!(codes(&build(vec![variant(1, "a", &[("Size", "XL")])])), ["unknown_value"]);
        assert_eq!(codes(&build(vec![variant(1, "a", &[("Size", "S"), ("Hue", "x")])])), ["unknown_option"]);
        assert_eq!(
            codes(&product(&[], vec![variant(1, "a", &[]), variant(2, "a", &[])])),
            ["duplicate_sku", "duplicate_variant"]
        );
        assert_eq!(codes(&product(&[], vec![])), ["variant_required"]);
    }

    #[test]
    fn prices_are_not_negative_and_one_a_currency() {
        let price = |amount| Price { price: Money::new(amount, Currency::EUR).unwrap(), compare_at: None };
        let mut dear = variant(1, "a", &[]);
        dear.prices = vec![price(-1), price(5)];
        assert_eq!(codes(&product(&[], vec![dear])), ["negative_price", "duplicate_price"]);
    }

    #[test]
    fn all_findings_come_at_once() {
        let mut bad = product(&[("Size", &[])], vec![]);
        bad.title = " ".to_owned();
        bad.tags = vec![String::new()];
        bad.status = ProductStatus::Published;
        bad.publish_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(
            codes(&bad),
            ["required", "required", "invalid_option", "variant_required", "not_a_draft"]
        );
    }

    #[test]
    fn publishing_keeps_the_first_date_and_clears_the_plan() {
        let mut planned = product(&[], vec![variant(1, "a", &[])]);
        planned.publish_at = Some(Timestamp::UNIX_EPOCH);
        planned.publish(Timestamp::from_second(5).unwrap());
        planned.publish(Timestamp::from_second(9).unwrap());
        assert_eq!(planned.published_at, Some(Timestamp::from_second(5).unwrap()));
        assert_eq!((planned.status, planned.publish_at), (ProductStatus::Published, None));
    }
}
