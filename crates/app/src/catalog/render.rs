//! Makes finished fragments of a product: one a channel and locale. Pure: the same product and catalogue give the same
//! bytes, whoever renders them and whenever.
//!
//! What does not depend on the channel is worked out once a product, what does not depend on the locale once a channel.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::value::RawValue;
use tradepost_domain::catalog::product::JsonMap;
use tradepost_domain::catalog::review::average_hundredths;
use tradepost_domain::catalog::{Availability, Channel, ProductFacts, ProductStatus};
use tradepost_domain::kernel::ids::{CategoryId, CollectionId};
use tradepost_domain::kernel::{Locale, Money, MoneyError};
use tradepost_domain::pricing::{AskedLists, BasePrice, PriceList};
use tradepost_store::catalog::projection::{
    CatalogSnapshot, CategorySource, MediaSource, PriceSource, ProductSource, ProductTexts, RenderedView,
    VariantSource,
};

use super::shown_prices::{lists_of, setting};
use super::text::{excerpt, plain_text, words_of};
use super::views::{
    CategoryPathView, CategoryRef, Hundredths, ImageView, MetadataView, MoneyView, OptionView, ProductCard,
    ProductDetails, ProductPage, RatingView, SeoView, VariantView,
};

/// Bytes of one weight's text that are searched; PostgreSQL's search vectors have a bound, and what stands this far
/// behind is nobody's reason to find a product.
const SEARCH_BYTES_MAX: usize = 64 * 1024;
/// Characters that the sort by name compares; an index entry has a bound too.
const TITLE_SORT_LEN_MAX: usize = 255;
/// Characters of the description that stand in for one written for search engines.
const SEO_EXCERPT_LEN: usize = 160;

/// Why a product cannot be rendered: it holds what no write of ours has let in.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Attributes or metadata that are no JSON object, or hold a number that nobody can read.
    #[error("attributes or metadata cannot be read or written: {0}")]
    Json(#[from] serde_json::Error),
    /// A price beyond all bounds.
    #[error("a price cannot be shown: {0}")]
    Price(#[from] MoneyError),
    /// Published, but not known since when.
    #[error("the product is published and has no time of publication")]
    NoPublicationTime,
}

/// Renders a product for every channel and locale that shows it; empty when none does.
pub fn render_all(
    source: &ProductSource,
    catalog: &CatalogSnapshot,
) -> Result<Vec<RenderedView>, RenderError> {
    let mut views = Vec::new();
    let Some(product) = Shown::new(source, catalog)? else { return Ok(views) };
    for channel in &catalog.channels {
        let Some(offer) = Offer::new(&product, channel)? else { continue };
        for locale in &channel.locales {
            views.push(offer.render(locale)?);
        }
    }
    Ok(views)
}

/// Renders a product for one channel and locale.
///
/// `None` when the product is not published, hidden in the channel, or has no variant with a price in the channel's
/// currency, be it its own or that of a price list. Variants without one are left out.
pub fn render(
    source: &ProductSource,
    catalog: &CatalogSnapshot,
    channel: &Channel,
    locale: &Locale,
) -> Result<Option<RenderedView>, RenderError> {
    let Some(product) = Shown::new(source, catalog)? else { return Ok(None) };
    let Some(offer) = Offer::new(&product, channel)? else { return Ok(None) };
    offer.render(locale).map(Some)
}

/// A published product, with what holds in every channel.
struct Shown<'a> {
    source: &'a ProductSource,
    catalog: &'a CatalogSnapshot,
    attributes: JsonMap,
    metadata: BTreeMap<String, Box<RawValue>>,
    /// The main category and further ones, each with the path to it; those that exist.
    paths: Vec<Vec<CategoryId>>,
    /// All of them and their ancestors.
    category_ids: BTreeSet<CategoryId>,
    /// Price lists that have a price for one of its variants.
    price_lists: Vec<PriceList>,
}

impl<'a> Shown<'a> {
    fn new(source: &'a ProductSource, catalog: &'a CatalogSnapshot) -> Result<Option<Self>, RenderError> {
        if source.status != ProductStatus::Published {
            return Ok(None);
        }
        let mut seen = BTreeSet::new();
        let named = source.category_id.iter().chain(&source.category_ids).filter(|id| seen.insert(**id));
        let paths: Vec<_> = named.map(|id| catalog.tree.path(*id)).filter(|path| !path.is_empty()).collect();
        let category_ids = paths.iter().flatten().copied().collect();
        let mut metadata: BTreeMap<String, Box<RawValue>> = serde_json::from_str(source.metadata.get())?;
        // The name belongs to the texts for search engines, which have fields of their own.
        metadata.remove("seo");
        let attributes = serde_json::from_str(source.attributes.get())?;
        let price_lists = lists_of(source, catalog);
        Ok(Some(Self { source, catalog, attributes, metadata, paths, category_ids, price_lists }))
    }

    fn categories(&self) -> impl Iterator<Item = &'a CategorySource> {
        self.category_ids.iter().filter_map(|id| self.catalog.categories.get(id))
    }

    /// A text in the best locale that has it.
    fn text(
        &self,
        chain: &[&str],
        pick: impl Fn(&'a ProductTexts) -> Option<&'a String>,
        own: Option<&'a String>,
    ) -> Option<&'a str> {
        let filled = |text: &&'a String| !text.is_empty();
        let translated =
            chain.iter().find_map(|tag| pick(self.source.translations.get(*tag)?).filter(filled));
        translated.or(own.filter(filled)).map(String::as_str)
    }

    fn title(&self, chain: &[&str]) -> &'a str {
        self.text(chain, |texts| texts.title.as_ref(), Some(&self.source.title)).unwrap_or_default()
    }
}

/// A variant with its price in the channel.
struct OfferedVariant<'a> {
    source: &'a VariantSource,
    price: Money,
    compare_at: Option<Money>,
    availability: Availability,
}

/// A product as one channel offers it.
struct Offer<'a> {
    product: &'a Shown<'a>,
    channel: &'a Channel,
    variants: Vec<OfferedVariant<'a>>,
    price_min: Money,
    price_max: Money,
    compare_at: Option<Money>,
    availability: Availability,
    collection_ids: BTreeSet<CollectionId>,
    variants_json: String,
}

impl<'a> Offer<'a> {
    fn new(product: &'a Shown<'a>, channel: &'a Channel) -> Result<Option<Self>, RenderError> {
        let source = product.source;
        if source.channel_ids.as_ref().is_some_and(|ids| !ids.contains(&channel.id)) {
            return Ok(None);
        }
        let lists = AskedLists::new(&product.price_lists, &setting(product.catalog, channel));
        let mut variants = Vec::with_capacity(source.variants.len());
        for variant in &source.variants {
            variants.extend(offered(variant, channel, &lists)?);
        }
        // The first of the cheapest, so that two of one price always give the same card.
        let Some(cheapest) = variants.iter().min_by_key(|variant| variant.price.amount()) else {
            return Ok(None);
        };
        let (price_min, compare_at) = (cheapest.price, cheapest.compare_at);
        let dearest = variants.iter().map(|variant| variant.price).max_by_key(|price| price.amount());
        let availability = Availability::of_product(variants.iter().map(|variant| variant.availability));
        let variants_json = filterable(&variants)?;
        let price_max = dearest.unwrap_or(price_min);
        let mut offer = Self {
            product,
            channel,
            variants,
            price_min,
            price_max,
            compare_at,
            availability,
            collection_ids: source.collection_ids.iter().copied().collect(),
            variants_json,
        };
        offer.collect_by_rules();
        Ok(Some(offer))
    }

    /// Adds the collections whose rule picks the product in this channel.
    fn collect_by_rules(&mut self) {
        let (product, source) = (self.product, self.product.source);
        if product.catalog.rules.is_empty() {
            return;
        }
        let chain: Vec<&str> = self.channel.default_locale.chain(&self.channel.default_locale).collect();
        let facts = ProductFacts {
            title: product.title(&chain),
            brand: source.brand.as_ref().map_or("", |brand| &brand.handle),
            product_type: source.product_type.as_ref().map_or("", |kind| &kind.handle),
            categories: product.categories().map(|category| category.handle.as_str()).collect(),
            tags: &source.tags,
            price: self.price_min.amount(),
            in_stock: self.availability.is_orderable(),
            attributes: Some(&product.attributes),
        };
        let picked = product.catalog.rules.iter().filter(|(_, rule)| rule.matches(&facts)).map(|(id, _)| *id);
        self.collection_ids.extend(picked);
    }

    fn render(&self, locale: &Locale) -> Result<RenderedView, RenderError> {
        let (product, source) = (self.product, self.product.source);
        let chain: Vec<&str> = locale.chain(&self.channel.default_locale).collect();
        let title = product.title(&chain);
        let description = product
            .text(&chain, |texts| texts.description.as_ref(), Some(&source.description))
            .unwrap_or_default();
        let plain = plain_text(description);
        let images: Vec<ImageView> = source.media.iter().map(|media| image(media, title)).collect();
        let card = self.card(title, &chain, images.first().cloned());
        let page = ProductPage {
            details: ProductDetails {
                description: description.to_owned(),
                r#type: source.product_type.as_ref().map(|kind| kind.name.clone()),
                tags: source.tags.clone(),
                options: self.options(),
                variants: self.variants(title, &images),
                attributes: source.attributes.clone(),
                categories: self.category_paths(&chain),
                metadata: self.metadata(&chain, title, &plain),
                media: images,
                version: source.version,
            },
            card,
        };
        let search = self.search(&page, plain);
        let ProductPage { card, details } = page;
        let card = serde_json::to_string(&card)?;
        let rating = average_hundredths(source.rating_sum, source.rating_count);
        Ok(RenderedView {
            product_id: source.id,
            channel_id: self.channel.id,
            locale: locale.clone(),
            handle: source.handle.clone(),
            title_sort: title.to_lowercase().chars().take(TITLE_SORT_LEN_MAX).collect(),
            price_min: self.price_min.amount(),
            price_max: self.price_max.amount(),
            published_at: source.published_at.ok_or(RenderError::NoPublicationTime)?,
            popularity: source.popularity,
            in_stock: self.availability.is_orderable(),
            rating_hundredths: i32::try_from(rating).unwrap_or(i32::MAX),
            brand_handle: source.brand.as_ref().map(|brand| brand.handle.clone()).unwrap_or_default(),
            type_handle: source.product_type.as_ref().map(|kind| kind.handle.clone()).unwrap_or_default(),
            category_ids: product.category_ids.iter().copied().collect(),
            collection_ids: self.collection_ids.iter().copied().collect(),
            tags: source.tags.clone(),
            attributes: source.attributes.get().to_owned(),
            variants: self.variants_json.clone(),
            search,
            page: join_objects(&card, &serde_json::to_string(&details)?),
            card,
        })
    }

    fn card(&self, title: &str, chain: &[&str], image: Option<ImageView>) -> ProductCard {
        let source = self.product.source;
        ProductCard {
            id: source.id,
            handle: source.handle.clone(),
            title: title.to_owned(),
            brand: source.brand.as_ref().map(|brand| brand.name.clone()),
            category: source.category_id.and_then(|id| self.category(id, chain)),
            price: self.price_min.into(),
            price_max: self.price_max.into(),
            compare_at_price: self.compare_at.map(MoneyView::from),
            availability: self.availability.into(),
            image,
            rating: RatingView {
                average: Hundredths(average_hundredths(source.rating_sum, source.rating_count)),
                count: source.rating_count,
            },
            variant_count: self.variants.len(),
            updated_at: source.updated_at,
        }
    }

    fn category(&self, id: CategoryId, chain: &[&str]) -> Option<CategoryRef> {
        let category = self.product.catalog.categories.get(&id)?;
        let translated =
            chain.iter().find_map(|tag| category.names.get(*tag)).filter(|name| !name.is_empty());
        let name = translated.unwrap_or(&category.name).clone();
        Some(CategoryRef { id, handle: category.handle.clone(), name })
    }

    fn category_paths(&self, chain: &[&str]) -> Vec<CategoryPathView> {
        let views = self.product.paths.iter().filter_map(|path| {
            let path: Vec<_> = path.iter().filter_map(|id| self.category(*id, chain)).collect();
            Some(CategoryPathView { category: path.last()?.clone(), path })
        });
        views.collect()
    }

    /// The options with those of their values that an offered variant has.
    fn options(&self) -> Vec<OptionView> {
        let views = self.product.source.options.iter().map(|option| {
            let has = |value: &&String| {
                self.variants.iter().any(|variant| variant.source.options.get(&option.name) == Some(*value))
            };
            OptionView {
                name: option.name.clone(),
                values: option.values.iter().filter(has).cloned().collect(),
            }
        });
        views.filter(|option| !option.values.is_empty()).collect()
    }

    fn variants(&self, title: &str, images: &[ImageView]) -> Vec<VariantView> {
        let source = self.product.source;
        let picture = |variant: &VariantSource| {
            let own = variant.media_id.and_then(|id| source.media.iter().position(|media| media.id == id));
            images.get(own.unwrap_or(0)).cloned()
        };
        let view = |variant: &OfferedVariant<'_>| {
            let values: Vec<&str> = source
                .options
                .iter()
                .filter_map(|option| variant.source.options.get(&option.name).map(String::as_str))
                .collect();
            VariantView {
                id: variant.source.id,
                sku: variant.source.sku.clone(),
                barcode: variant.source.barcode.clone(),
                title: if values.is_empty() { title.to_owned() } else { values.join(" / ") },
                options: variant.source.options.clone(),
                price: variant.price.into(),
                compare_at_price: variant.compare_at.map(MoneyView::from),
                availability: variant.availability.into(),
                requires_shipping: variant.source.requires_shipping,
                image: picture(variant.source),
            }
        };
        self.variants.iter().map(view).collect()
    }

    fn metadata(&self, chain: &[&str], title: &str, plain: &str) -> MetadataView {
        let (product, seo) = (self.product, &self.product.source.seo);
        let written = product.text(chain, |texts| texts.seo_title.as_ref(), seo.title.as_ref());
        let described = product.text(chain, |texts| texts.seo_description.as_ref(), seo.description.as_ref());
        let description = described.map_or_else(|| excerpt(plain, SEO_EXCERPT_LEN), str::to_owned);
        MetadataView {
            seo: SeoView {
                title: written.unwrap_or(title).to_owned(),
                description: Some(description).filter(|text| !text.is_empty()),
            },
            own: product.metadata.clone(),
        }
    }

    /// The texts to search, from the weightiest to the least.
    fn search(&self, page: &ProductPage, plain: String) -> [String; 4] {
        let source = self.product.source;
        let mut named: Vec<&str> = Vec::new();
        named.extend(page.card.brand.as_deref());
        named.extend(page.details.r#type.as_deref());
        named.extend(
            page.details.categories.iter().flat_map(|view| &view.path).map(|part| part.name.as_str()),
        );
        named.extend(source.tags.iter().map(String::as_str));
        let mut facts = words_of(&self.product.attributes);
        for variant in &self.variants {
            facts.extend(variant.source.sku.as_deref());
            facts.extend(variant.source.barcode.as_deref());
            facts.extend(variant.source.options.values().map(String::as_str));
        }
        let parts = [page.card.title.clone(), named.join(" "), facts.join(" "), plain];
        parts.map(|mut text| {
            text.truncate(text.floor_char_boundary(SEARCH_BYTES_MAX));
            text
        })
    }
}

/// The variant in the channel at what everybody pays for one, if that has a price in the channel's currency.
fn offered<'a>(
    variant: &'a VariantSource,
    channel: &Channel,
    lists: &AskedLists<'_>,
) -> Result<Option<OfferedVariant<'a>>, MoneyError> {
    let money = |amount: i64| Money::new(amount, channel.currency);
    let own = variant.prices.iter().find(|price| price.currency == channel.currency.code());
    let base = |price: &PriceSource| {
        let compare_at = price.compare_at_amount.map(money).transpose()?;
        Ok::<_, MoneyError>(BasePrice { amount: money(price.amount)?, compare_at })
    };
    let Some(unit) = lists.unit_price(variant.id, 1, own.map(base).transpose()?) else { return Ok(None) };
    Ok(Some(OfferedVariant {
        source: variant,
        price: unit.amount,
        compare_at: unit.compare_at,
        availability: Availability::of_variant(variant.tracked, variant.backorder, variant.available),
    }))
}

/// What filters compare of the variants, as the column `variants` of `product_view` says.
fn filterable(variants: &[OfferedVariant<'_>]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Filterable {
        o: BTreeMap<String, String>,
        p: i64,
        s: bool,
    }
    let rows: Vec<_> = variants
        .iter()
        .map(|variant| Filterable {
            o: variant
                .source
                .options
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value.to_lowercase()))
                .collect(),
            p: variant.price.amount(),
            s: variant.availability.is_orderable(),
        })
        .collect();
    serde_json::to_string(&rows)
}

fn image(media: &MediaSource, title: &str) -> ImageView {
    let url = match (&media.blob, &media.source_url) {
        (Some(blob), _) => format!("/media/{blob}"),
        (None, url) => url.clone().unwrap_or_default(),
    };
    // A picture of which nothing is said shows the product.
    let alt = if media.alt.is_empty() { title } else { &media.alt };
    ImageView { url, alt: alt.to_owned(), width: media.width, height: media.height }
}

/// Two JSON objects as one: the card's fields are written once and stand in the card and at the front of the page.
fn join_objects(front: &str, back: &str) -> String {
    let front = front.strip_suffix('}').unwrap_or(front);
    let back = back.strip_prefix('{').unwrap_or(back);
    let mut joined = String::with_capacity(front.len() + back.len() + 1);
    joined.push_str(front);
    joined.push(',');
    joined.push_str(back);
    joined
}
