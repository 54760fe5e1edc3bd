//! Applies a change of a product's options and variants.
//!
//! Options first: a renamed option or value takes the variants along, a removed option leaves them. Then the variants: a
//! list replaces, each item found by id, else by SKU, else by its options. Where a change does not give the options,
//! they grow with the values that its variants bring.

use std::collections::BTreeMap;

use tradepost_domain::catalog::{JsonMap, Price, Product, ProductOption, Variant};
use tradepost_domain::kernel::ids::VariantId;
use tradepost_domain::kernel::limits::STOCK_QUANTITY_MAX;

use super::apply::{Draft, merge, set_text};
use super::changes::{MediaSource, OptionChange, ProductChanges, VariantChanges, VariantsChange};
use super::media::shows;

pub(super) fn apply(draft: &mut Draft<'_>, changes: &ProductChanges) {
    if let Some(options) = &changes.options {
        set_options(draft, options);
    }
    match &changes.variants {
        VariantsChange::Keep => {}
        VariantsChange::Replace(items) => replace(draft, items),
        VariantsChange::Single(item) => change_single(draft, item),
        VariantsChange::Add(item) => {
            let variant = changed(draft, None, item, "$");
            draft.record.product.variants.push(variant);
        }
        VariantsChange::Patch(id, item) => {
            let variants = &draft.record.product.variants;
            let Some(index) = variants.iter().position(|variant| variant.id == *id) else { return };
            let old = draft.record.product.variants.remove(index);
            let variant = changed(draft, Some(old), item, "$");
            draft.record.product.variants.insert(index, variant);
        }
        VariantsChange::Remove(id) => draft.record.product.variants.retain(|variant| variant.id != *id),
    }
    // Before the options grow: a value that only one variant brings is not meant for the others.
    fill_only_values(&mut draft.record.product);
    if changes.options.is_none() {
        extend_options(&mut draft.record.product);
    }
}

fn set_options(draft: &mut Draft<'_>, options: &[OptionChange]) {
    for (index, option) in options.iter().enumerate() {
        let known = |name: &str| draft.record.product.options.iter().any(|old| old.name == name);
        if option.renamed_from.as_deref().is_some_and(|old| !known(old)) {
            let path = format!("$.options[{index}].renamed_from");
            draft.issue(path, "unknown_option", "the product has no option of this name");
        }
    }
    let product = &mut draft.record.product;
    for variant in &mut product.variants {
        let mut values = BTreeMap::new();
        for option in options {
            let source = option.renamed_from.as_ref().unwrap_or(&option.name).trim();
            let Some(value) = variant.options.get(source) else { continue };
            let value = option.renamed_values.get(value).unwrap_or(value);
            values.insert(option.name.trim().to_owned(), value.trim().to_owned());
        }
        variant.options = values;
    }
    let option = |change: &OptionChange| ProductOption {
        name: change.name.trim().to_owned(),
        values: change.values.iter().map(|value| value.trim().to_owned()).collect(),
    };
    product.options = options.iter().map(option).collect();
}

fn replace(draft: &mut Draft<'_>, items: &[VariantChanges]) {
    let mut old = std::mem::take(&mut draft.record.product.variants);
    let only_one = old.len() == 1 && items.len() == 1;
    let mut found: Vec<Option<Variant>> = Vec::with_capacity(items.len());
    // What names its variant comes before what only looks like it.
    for (index, item) in items.iter().enumerate() {
        let sku = item.sku.as_ref().and_then(Option::as_ref);
        let named = |variant: &Variant| match (item.id, sku) {
            (Some(id), _) => variant.id == id,
            (None, Some(sku)) => variant.sku.as_ref() == Some(sku),
            (None, None) => false,
        };
        let known = old.iter().position(named).map(|place| old.remove(place));
        if item.id.is_some() && known.is_none() {
            let path = format!("$.variants[{index}].id");
            draft.issue(
                path,
                "unknown_variant",
                "the product has no variant with this id, or it is named twice",
            );
        }
        found.push(known);
    }
    for (index, (item, known)) in items.iter().zip(found).enumerate() {
        let none = BTreeMap::new();
        let options = item.options.as_ref().unwrap_or(&none);
        let alike = |variant: &Variant| variant.options == *options || only_one && item.options.is_none();
        let known = match known {
            None if item.id.is_none() => old.iter().position(alike).map(|place| old.remove(place)),
            known => known,
        };
        let variant = changed(draft, known, item, &format!("$.variants[{index}]"));
        draft.record.product.variants.push(variant);
    }
}

fn change_single(draft: &mut Draft<'_>, item: &VariantChanges) {
    if draft.record.product.variants.len() > 1 {
        let message = "the product has several variants: give them in `variants`";
        draft.issue("$.variants", "several_variants", message);
        return;
    }
    let old = draft.record.product.variants.pop();
    let variant = changed(draft, old, item, "$");
    draft.record.product.variants.push(variant);
}

fn new_variant(id: VariantId) -> Variant {
    Variant {
        id,
        sku: None,
        barcode: None,
        options: BTreeMap::new(),
        prices: Vec::new(),
        weight_grams: None,
        media_id: None,
        tracked: true,
        backorder: false,
        requires_shipping: true,
        metadata: JsonMap::new(),
    }
}

/// The variant as it is to be: `known` changed, or a new one.
fn changed(draft: &mut Draft<'_>, known: Option<Variant>, item: &VariantChanges, path: &str) -> Variant {
    let is_new = known.is_none();
    let mut variant = known.unwrap_or_else(|| new_variant(draft.ids.next()));
    set_text(&mut variant.sku, item.sku.as_ref());
    set_text(&mut variant.barcode, item.barcode.as_ref());
    if let Some(options) = &item.options {
        let trimmed = |(name, value): (&String, &String)| (name.trim().to_owned(), value.trim().to_owned());
        variant.options = options.iter().map(trimmed).collect();
    }
    set_prices(draft, &mut variant, item, is_new, path);
    if let Some(grams) = item.weight_grams {
        variant.weight_grams = grams;
    }
    variant.tracked = item.tracked.unwrap_or(variant.tracked);
    variant.backorder = item.backorder.unwrap_or(variant.backorder);
    variant.requires_shipping = item.requires_shipping.unwrap_or(variant.requires_shipping);
    merge(&mut variant.metadata, item.metadata.as_ref());
    match &item.image {
        None => {}
        Some(None) => variant.media_id = None,
        Some(Some(text)) => set_image(draft, &mut variant, text, path),
    }
    if let Some(stock) = item.stock.or(is_new.then_some(0)) {
        if !(0..=STOCK_QUANTITY_MAX).contains(&stock) {
            draft.issue(
                format!("{path}.stock"),
                "invalid_quantity",
                "stock is a number from 0 to 1000000000",
            );
        }
        draft.stock.insert(variant.id, stock);
    }
    variant
}

fn set_prices(draft: &mut Draft<'_>, variant: &mut Variant, item: &VariantChanges, is_new: bool, path: &str) {
    if item.price.is_some() && item.prices.is_some() {
        draft.issue(format!("{path}.price"), "conflicting_fields", "give either `price` or `prices`");
    }
    if let Some(prices) = &item.prices {
        variant.prices.clone_from(prices);
    }
    if let Some(price) = item.price {
        let currency = price.price.currency();
        match variant.prices.iter_mut().find(|old| old.price.currency() == currency) {
            Some(old) => *old = price,
            None => variant.prices.push(price),
        }
    }
    // Stored by currency: an order that nobody can see must not look like a change.
    variant.prices.sort_by_key(|price: &Price| price.price.currency());
    if variant.prices.is_empty() && (is_new || item.prices.is_some()) {
        let field = if path == "$" && item.prices.is_none() { "price" } else { "prices" };
        draft.issue(format!("{path}.{field}"), "price_required", "a variant needs a price");
    }
}

fn set_image(draft: &mut Draft<'_>, variant: &mut Variant, text: &str, path: &str) {
    let id = text.parse().ok();
    let (blob, url) = (MediaSource::Blob(text.to_owned()), MediaSource::Url(text.to_owned()));
    let mut media = draft.record.product.media.iter();
    let found = media.find(|media| Some(media.id) == id || shows(media, &blob) || shows(media, &url));
    if let Some(media) = found {
        variant.media_id = Some(media.id);
    } else {
        let message = "expected the id, blob or source_url of one of the product's pictures";
        draft.issue(format!("{path}.image"), "unknown_media", message);
    }
}

/// Lets the options grow with the values that variants have. An option itself is only made where there was none.
fn extend_options(product: &mut Product) {
    let had_none = product.options.is_empty();
    for variant in &product.variants {
        for (name, value) in &variant.options {
            match product.options.iter_mut().find(|option| option.name == *name) {
                Some(option) if option.values.contains(value) => {}
                Some(option) => option.values.push(value.clone()),
                None if had_none => {
                    product.options.push(ProductOption { name: name.clone(), values: vec![value.clone()] });
                }
                None => {}
            }
        }
    }
}

/// Where an option has one value, every variant has it.
fn fill_only_values(product: &mut Product) {
    for option in &product.options {
        let [only] = option.values.as_slice() else { continue };
        for variant in &mut product.variants {
            variant.options.entry(option.name.clone()).or_insert_with(|| only.clone());
        }
    }
}
