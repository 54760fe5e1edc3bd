//! What a catalogue promises, over thousands of products: the same shop for the same seed, nothing twice that has
//! to be unique, everything consistent with its schema, prices and sales of a plausible shape, clean text and pictures.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use tradepost_sample::{
    AttributeKind, AttributeValue, PictureKey, ReviewStatus, SampleCatalog, SampleProduct, SampleVariant,
};

fn hash(product: &SampleProduct) -> u64 {
    let mut hasher = DefaultHasher::new();
    product.hash(&mut hasher);
    hasher.finish()
}

fn products(count: u64) -> impl Iterator<Item = SampleProduct> {
    let catalog = SampleCatalog::new(42, count);
    (0..count).map(move |ordinal| catalog.product(ordinal))
}

#[test]
fn the_same_seed_gives_the_same_products_in_any_order() {
    let catalog = SampleCatalog::new(7, 500);
    let forwards: Vec<u64> = catalog.iter().map(|product| hash(&product)).collect();
    let mut backwards: Vec<u64> = (0..500).rev().map(|ordinal| hash(&catalog.product(ordinal))).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);
    assert_eq!(forwards.iter().collect::<HashSet<_>>().len(), 500);
    assert_ne!(hash(&SampleCatalog::new(8, 500).product(0)), forwards[0]);
}

/// Demo links and screenshots live on: a change of these lines is a change of every demo shop, and is made on purpose.
#[test]
fn the_first_products_of_seed_1_stay_what_they_are() {
    let titles: Vec<String> =
        SampleCatalog::new(1, 2000).iter().take(3).map(|product| product.handle).collect();
    assert_eq!(
        titles,
        [
            "baumwerk-spule-studio-merino-t-shirt-80154",
            "seifenrot-krauter-reserve-almond-hand-cream-82805",
            "harrow-lane-chapel-no-4-rfid-wallet-29329",
        ]
    );
}

#[test]
fn handles_skus_barcodes_and_model_numbers_are_unique() {
    let (mut handles, mut skus) = (HashSet::new(), HashSet::new());
    let (mut barcodes, mut models) = (HashSet::new(), HashSet::new());
    for product in products(20_000) {
        assert!(models.insert(product.model_number.clone()), "{}", product.model_number);
        for variant in product.variants {
            assert!(skus.insert(variant.sku.clone()), "{}", variant.sku);
            assert!(barcodes.insert(variant.barcode.clone()), "{}", variant.barcode);
        }
        assert!(handles.insert(product.handle.clone()), "{}", product.handle);
    }
}

#[test]
fn products_far_out_in_a_large_catalogue_are_made_at_once() {
    let catalog = SampleCatalog::new(3, 1_000_000);
    let last = catalog.product(999_999);
    assert_eq!(last.ordinal, 999_999);
    assert_ne!(last.model_number, catalog.product(999_998).model_number);
    assert_eq!(SampleCatalog::new(3, u64::MAX).len(), tradepost_sample::MAX_PRODUCTS);
}

#[test]
fn variants_choose_from_the_options_of_their_product() {
    for product in products(4_000) {
        assert!((1..=12).contains(&product.variants.len()), "{}", product.title);
        let combinations: HashSet<_> = product.variants.iter().map(|variant| &variant.options).collect();
        assert_eq!(combinations.len(), product.variants.len(), "{}", product.title);
        for variant in &product.variants {
            let names: Vec<&String> = variant.options.iter().map(|(name, _)| name).collect();
            let offered: Vec<&String> = product.options.iter().map(|(name, _)| name).collect();
            assert_eq!(names, offered, "{}", variant.sku);
            for (chosen, (_, values)) in variant.options.iter().zip(&product.options) {
                assert!(values.contains(&chosen.1), "{}: {}", variant.sku, chosen.1);
            }
        }
        let possible: usize = product.options.iter().map(|(_, values)| values.len()).product();
        assert_eq!(possible, product.variants.len(), "{}", product.title);
    }
}

#[test]
fn every_attribute_is_in_the_schema_of_its_type_and_of_its_kind() {
    let types: BTreeMap<_, _> =
        SampleCatalog::product_types().iter().map(|kind| (kind.handle.as_str(), kind)).collect();
    for product in products(4_000) {
        let kind = types[product.type_handle.as_str()];
        assert_eq!(product.category_path, kind.category);
        assert_eq!(product.attributes.len(), kind.attributes.len(), "{}", product.title);
        for ((key, value), schema) in product.attributes.iter().zip(&kind.attributes) {
            assert_eq!(*key, schema.key);
            let fits = match (&schema.kind, value) {
                (AttributeKind::Enum(values), AttributeValue::Text(text)) => values.contains(text),
                (AttributeKind::Text, AttributeValue::Text(text)) => !text.is_empty(),
                (AttributeKind::Decimal, AttributeValue::Decimal(text)) => text.parse::<f64>().is_ok(),
                (AttributeKind::Integer, AttributeValue::Integer(_))
                | (AttributeKind::Boolean, AttributeValue::Boolean(_)) => true,
                _ => false,
            };
            assert!(fits, "{}: {key} = {value:?}", product.title);
        }
    }
}

#[test]
fn a_key_has_the_same_kind_and_unit_in_every_type() {
    let mut kinds = BTreeMap::new();
    for kind in SampleCatalog::product_types() {
        for attribute in &kind.attributes {
            let same = kinds
                .entry(&attribute.key)
                .or_insert_with(|| (std::mem::discriminant(&attribute.kind), &attribute.unit));
            assert_eq!(
                *same,
                (std::mem::discriminant(&attribute.kind), &attribute.unit),
                "{}.{}",
                kind.handle,
                attribute.key
            );
            if let AttributeKind::Enum(values) = &attribute.kind {
                assert_eq!(values.len(), attribute.values_de.len());
            }
        }
    }
}

fn check_prices(variant: &SampleVariant) {
    assert!(variant.price_eur_cents > 0 && variant.price_usd_cents > 0, "{}", variant.sku);
    assert_eq!(variant.compare_at_eur_cents.is_some(), variant.compare_at_usd_cents.is_some());
    assert!(
        variant.compare_at_eur_cents.is_none_or(|before| before > variant.price_eur_cents),
        "{}",
        variant.sku
    );
    assert!(
        variant.compare_at_usd_cents.is_none_or(|before| before > variant.price_usd_cents),
        "{}",
        variant.sku
    );
    assert!(variant.weight_grams > 0);
}

#[test]
fn prices_are_positive_and_log_normal_and_some_are_reduced() {
    let mut prices = Vec::new();
    let mut reduced = 0;
    for product in products(4_000) {
        product.variants.iter().for_each(check_prices);
        prices.push(product.variants[0].price_eur_cents);
        reduced += i32::from(product.variants[0].compare_at_eur_cents.is_some());
    }
    prices.sort_unstable();
    let (median, sum) = (prices[2_000], prices.iter().sum::<i64>());
    assert!((3_000..12_000).contains(&median), "median {median}");
    assert!(sum / 4_000 > median * 3 / 2, "the mean is well above the median");
    assert!(prices[0] >= 190 && prices[3_999] < 1_000_000, "{} to {}", prices[0], prices[3_999]);
    assert!((480..720).contains(&reduced), "{reduced} of 4,000 reduced");
}

#[test]
fn sales_follow_zipf_and_reviews_follow_sales() {
    let mut sold: Vec<(u64, usize)> = products(2_000).map(|p| (p.popularity, p.reviews.len())).collect();
    sold.sort_unstable_by(|a, b| b.cmp(a));
    let total: u64 = sold.iter().map(|entry| entry.0).sum();
    let best: u64 = sold[..20].iter().map(|entry| entry.0).sum();
    // Of 2,000 products the first 20 have H(20)/H(2000) = 44 % of the sales.
    assert!((40..48).contains(&(best * 100 / total)), "{}", best * 100 / total);
    assert_eq!(sold[0].0 / sold[9].0, 10);
    assert!(sold[..10].iter().all(|entry| entry.1 >= 15));
    assert!(sold[1_000..].iter().all(|entry| entry.1 == 0));
    assert!(sold.iter().all(|entry| entry.1 <= 30));
}

#[test]
fn reviews_fit_their_stars_and_their_product() {
    let (mut approved, mut all, mut stars) = (0, 0, BTreeMap::new());
    for product in products(2_000) {
        for review in &product.reviews {
            assert!((1..=5).contains(&review.rating));
            assert!(review.days_ago >= 1 && review.days_ago <= product.days_since_publication);
            assert!(!review.title.is_empty() && !review.body.is_empty(), "{}", product.title);
            assert!(
                !format!("{}{}", review.title, review.body).contains(['{', '}', '<', '|']),
                "{}",
                review.body
            );
            all += 1;
            approved += i32::from(review.status == ReviewStatus::Approved);
            *stars.entry(review.rating).or_insert(0) += 1;
        }
    }
    assert!(all > 500 && approved < all && approved > all * 8 / 10);
    assert!(stars[&5] > stars[&3] && stars[&1] > 0);
}

#[test]
fn barcodes_are_ean_13_of_the_in_store_range() {
    for variant in products(1_000).flat_map(|product| product.variants) {
        let digits: Vec<u32> = variant.barcode.chars().map(|digit| digit.to_digit(10).unwrap()).collect();
        assert_eq!((digits.len(), digits[0]), (13, 2));
        let sum: u32 = digits.iter().zip([1, 3].iter().cycle()).map(|(digit, weight)| digit * weight).sum();
        assert_eq!(sum % 10, 0, "{}", variant.barcode);
    }
}

#[test]
fn no_title_has_a_word_twice_in_a_row() {
    for seed in [1, 2, 7, 42] {
        for product in SampleCatalog::new(seed, 3_000).iter() {
            for title in [&product.title, &product.title_de, &product.seo_title] {
                let lower = title.to_lowercase();
                let words: Vec<&str> = lower.split(' ').collect();
                let is_word = |word: &str| word.chars().next().is_some_and(char::is_alphabetic);
                // A comma between two is a list, and no stammer.
                let doubled = words.windows(2).find(|pair| {
                    is_word(pair[0])
                        && pair[0] == pair[1].trim_end_matches(|sign: char| !sign.is_alphanumeric())
                });
                assert_eq!(doubled, None, "{title}");
            }
        }
    }
}

#[test]
fn texts_are_complete_sentences_without_holes() {
    for product in products(6_000) {
        let texts = [
            &product.title,
            &product.title_de,
            &product.description_html,
            &product.description_de_html,
            &product.seo_title,
            &product.seo_description,
        ];
        for text in texts {
            assert!(!text.is_empty() && !text.contains(['{', '}', '[', ']', '|']), "{text}");
            assert!(!text.contains("  ") && !text.contains(" ,") && !text.contains(".."), "{text}");
        }
        for html in [&product.description_html, &product.description_de_html] {
            assert!(html.starts_with("<p>") && html.ends_with("</li></ul>"), "{html}");
            check_tags(html);
        }
        check_articles(&product.description_html);
        assert!(product.seo_title.chars().count() <= 70 && product.seo_description.chars().count() <= 160);
        assert!(product.handle.bytes().all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit()));
    }
}

/// "a" stands before consonants, "an" before vowels, but for words that sound otherwise than they look.
fn check_articles(text: &str) {
    let words: Vec<&str> = text.split([' ', '>', '<']).collect();
    for pair in words.windows(2) {
        let next = pair[1].to_lowercase();
        let vowel = next.starts_with(['a', 'e', 'i', 'o', 'u'])
            && !next.starts_with("one")
            && !next.starts_with("us");
        let silent = next.starts_with("hour") || next.starts_with("honest");
        match pair[0] {
            "a" | "A" => assert!(!vowel, "a {next} in {text}"),
            "an" | "An" => assert!(vowel || silent, "an {next} in {text}"),
            _ => {}
        }
    }
}

/// Every element that is opened is closed, in order.
fn check_tags(markup: &str) {
    let mut open = Vec::new();
    for part in markup.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap();
        let name = tag.trim_matches('/').split(' ').next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{markup}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "{markup}");
}

#[test]
fn every_type_has_a_small_clean_picture() {
    let mut seen = BTreeSet::new();
    for product in products(6_000) {
        for key in product.variants.iter().map(|variant| variant.picture) {
            if !seen.insert(key) || seen.len() > 3_000 {
                continue;
            }
            let svg = key.svg();
            check_tags(&svg);
            assert!(svg.len() < 6_144, "{}: {} bytes", key.name(), svg.len());
            let forbidden =
                ["<script", "href", "javascript", "<image", "<foreignObject", "onload", "$", "data:"];
            assert!(!forbidden.iter().any(|word| svg.contains(word)), "{}", key.name());
            assert!(
                ["<path", "<circle", "<rect"].iter().map(|shape| svg.matches(shape).count()).sum::<usize>()
                    > 5,
                "{}",
                key.name()
            );
            assert!(!key.alt().is_empty() && !key.alt_de().is_empty());
        }
    }
    let drawn: BTreeSet<String> = products(6_000).map(|product| product.type_handle).collect();
    assert_eq!(drawn.len(), SampleCatalog::product_types().len());
    assert!(
        PictureKey::find("mugs", "Navy", 0, 0).is_some() && PictureKey::find("mugs", "Puce", 0, 0).is_none()
    );
}

#[test]
fn the_vocabulary_holds_together() {
    let categories = SampleCatalog::categories();
    let mut known = HashSet::new();
    for category in categories {
        assert!(category.parent.as_ref().is_none_or(|parent| known.contains(parent)), "{}", category.handle);
        assert!(known.insert(category.handle.clone()), "{} twice", category.handle);
    }
    let types = SampleCatalog::product_types();
    for kind in types {
        assert!((2..=3).contains(&kind.category.len()), "{}", kind.handle);
        let makers =
            SampleCatalog::brands().iter().filter(|brand| brand.types.contains(&kind.handle)).count();
        assert!(makers >= 2, "{} has {makers} makers", kind.handle);
    }
    let leaves: HashSet<&String> = types.iter().filter_map(|kind| kind.category.last()).collect();
    let parents: HashSet<&String> =
        categories.iter().filter_map(|category| category.parent.as_ref()).collect();
    for category in categories {
        assert!(
            leaves.contains(&category.handle) || parents.contains(&category.handle),
            "{}",
            category.handle
        );
    }
    let (mut codes, mut names) = (HashSet::new(), HashSet::new());
    for brand in SampleCatalog::brands() {
        assert!(codes.insert(&brand.code) && names.insert(brand.handle()), "{} twice", brand.name);
        assert!(brand.code.len() == 3 && !brand.lines.is_empty());
        for made in &brand.types {
            assert!(types.iter().any(|kind| kind.handle == *made), "{} makes {made}", brand.name);
        }
    }
}

#[test]
fn every_collection_has_products_and_none_has_all() {
    let all: Vec<SampleProduct> = products(2_000).collect();
    for collection in SampleCatalog::collections() {
        let count = all.iter().filter(|product| collection.contains(product)).count();
        assert!((10..1_000).contains(&count), "{}: {count}", collection.handle);
    }
}

#[test]
fn two_thousand_products_are_varied() {
    let all: Vec<SampleProduct> = products(2_000).collect();
    let titles: HashSet<&String> = all.iter().map(|product| &product.title).collect();
    assert!(titles.len() > 1_850, "{} different titles", titles.len());
    let single = all.iter().filter(|product| product.options.is_empty()).count();
    assert!(single > 100 && all.iter().any(|product| product.variants.len() == 12));
    let empty = all.iter().flat_map(|product| &product.variants).filter(|variant| variant.stock == 0).count();
    assert!(empty > 100);
}
