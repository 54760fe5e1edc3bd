//! Puts one product together: type, brand and model first, then what follows from them.

use crate::attribute::{Drawn, draw_all};
use crate::code::{model_digits, slug};
use crate::model::{AttributeValue, SampleBrand, SampleProduct};
use crate::picture::PictureKey;
use crate::rng::{Rng, permute};
use crate::vocabulary::{Color, TypeSpec, VOCABULARY, Vocabulary, split};
use crate::{review, text, variant};

/// What is decided about a product before its parts are made.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) seed: u64,
    pub(crate) ordinal: u64,
    pub(crate) kind: &'static TypeSpec,
    pub(crate) brand: &'static SampleBrand,
    /// Name of the model without the brand.
    pub(crate) model: String,
    /// `NVK-48213`.
    pub(crate) number: String,
    pub(crate) drawn: Vec<Drawn>,
    /// 1 to 4 colours; the first is that of the main picture.
    pub(crate) colors: Vec<&'static Color>,
    pub(crate) pattern: u8,
    pub(crate) scene: u8,
}

impl Draft {
    /// The stream of random numbers for one part of this product.
    pub(crate) fn stream(&self, name: &str) -> Rng {
        Rng::stream(self.seed, self.ordinal, name)
    }

    /// The picture in a colour.
    pub(crate) fn picture(&self, color: &'static Color) -> PictureKey {
        PictureKey::new(&self.kind.handle, &color.name, self.pattern, self.scene)
    }
}

/// The product at `ordinal` of the catalogue with that seed and size.
#[expect(clippy::expect_used, reason = "the vocabulary has types and brands, which a test sees to")]
pub(crate) fn product(seed: u64, products: u64, ordinal: u64) -> SampleProduct {
    let vocabulary = &*VOCABULARY;
    let mut rng = Rng::stream(seed, ordinal, "kind");
    let place = rng.weighted(vocabulary.types.iter().map(|kind| kind.weight));
    let kind = vocabulary.types.get(place).expect("a type");
    let makers = vocabulary.makers.get(place).expect("makers of each type");
    let brand = rng.pick(makers).and_then(|index| vocabulary.brands.get(*index)).expect("a maker");
    let draft = draft(vocabulary, (seed, ordinal), kind, brand);
    finish(&draft, units_sold(seed, products, ordinal), products)
}

fn draft(
    vocabulary: &'static Vocabulary,
    (seed, ordinal): (u64, u64),
    kind: &'static TypeSpec,
    brand: &'static SampleBrand,
) -> Draft {
    let drawn = draw_all(kind, &mut Rng::stream(seed, ordinal, "attributes"));
    let mut rng = Rng::stream(seed, ordinal, "look");
    let scene = u8::try_from(rng.below(4)).unwrap_or(0);
    Draft {
        seed,
        ordinal,
        kind,
        brand,
        model: model_name(vocabulary, kind, brand, &mut Rng::stream(seed, ordinal, "name")),
        number: format!("{}-{}", brand.code, model_digits(seed, ordinal)),
        colors: draw_colors(vocabulary, kind, &mut rng),
        pattern: pattern(&drawn),
        drawn,
        scene,
    }
}

/// A line of the brand with a mark, or a name from the series of the type.
fn model_name(vocabulary: &Vocabulary, kind: &TypeSpec, brand: &SampleBrand, rng: &mut Rng) -> String {
    if let Some(series) = kind.series.as_ref().and_then(|name| vocabulary.series.get(name)) {
        return series
            .form
            .replace("{first}", rng.text(&series.first))
            .replace("{second}", rng.text(&series.second));
    }
    let mark = vocabulary.marks.get(&kind.marks).map_or("", |marks| rng.text(marks));
    format!("{} {mark}", rng.text(&brand.lines)).trim_end().to_owned()
}

fn draw_colors(vocabulary: &'static Vocabulary, kind: &TypeSpec, rng: &mut Rng) -> Vec<&'static Color> {
    let names = vocabulary.palettes.get(&kind.colors).map_or(&[][..], Vec::as_slice);
    let wanted = match rng.below(10) {
        0..=3 => 1,
        4..=6 => 2,
        7..=8 => 3,
        _ => 4,
    };
    let mut colors: Vec<&'static Color> = Vec::new();
    for _ in 0..wanted {
        let color = rng.pick(names).and_then(|name| vocabulary.color(name));
        colors.extend(color.filter(|color| colors.iter().all(|chosen| chosen.name != color.name)));
    }
    colors
}

/// The pattern that the attribute `pattern` names, for the picture.
fn pattern(drawn: &[Drawn]) -> u8 {
    let named = drawn.iter().find(|drawn| drawn.key == "pattern").map(|drawn| drawn.words.0.as_str());
    match named {
        Some("striped") => 1,
        Some("dotted") => 2,
        Some("checked") => 3,
        Some("herringbone") => 4,
        _ => 0,
    }
}

/// Zipf's law with exponent 1: the product of rank `r` sells `1/r` of what the best one does. The best one sells
/// 600 times the root of the catalogue's size, so that the tail of 2,000 products sells a dozen each and that of
/// a million nothing.
fn units_sold(seed: u64, products: u64, ordinal: u64) -> u64 {
    let rank = permute(seed ^ 0x706f_7075, products, ordinal).saturating_add(1);
    600 * products.isqrt() / rank
}

fn finish(draft: &Draft, popularity: u64, products: u64) -> SampleProduct {
    let title = text::title(draft);
    let (options, variants) = variant::make(draft);
    let paragraphs = text::description(draft);
    let days = draft.stream("age").between(1, 1_400);
    let days = u32::try_from(days).unwrap_or(1);
    let on_sale = variants.iter().any(|variant| variant.compare_at_eur_cents.is_some());
    let best = popularity.saturating_mul((products / 40).max(1)) >= 600 * products.isqrt();
    SampleProduct {
        ordinal: draft.ordinal,
        handle: handle(draft, &title),
        description_html: text::html(&paragraphs.english, &paragraphs.features),
        brand: draft.brand.name.clone(),
        type_handle: draft.kind.handle.clone(),
        category_path: VOCABULARY.path(&draft.kind.category),
        attributes: attributes(draft),
        tags: tags(draft, days <= 45, on_sale, best),
        options,
        picture: variants
            .first()
            .map_or(PictureKey::new(&draft.kind.handle, "", 0, 0), |first| first.picture),
        variants,
        popularity,
        model_number: draft.number.clone(),
        seo_title: text::seo_title(draft, &title),
        seo_description: text::cut(&paragraphs.english.concat(), 160),
        days_since_publication: days,
        title_de: text::title_de(draft),
        description_de_html: text::html(&paragraphs.german, &paragraphs.features_de),
        reviews: review::write(draft, popularity, days),
        title,
    }
}

/// The title and the digits of the model number, which make it unique.
fn handle(draft: &Draft, title: &str) -> String {
    let digits = draft.number.rsplit('-').next().unwrap_or_default();
    format!("{}-{digits}", slug(title))
}

fn attributes(draft: &Draft) -> Vec<(String, AttributeValue)> {
    let drawn = draft.drawn.iter().map(|drawn| (drawn.key.clone(), drawn.value.clone()));
    let family = draft.colors.first().filter(|_| draft.kind.color_option).map(|color| {
        let family = VOCABULARY.families.iter().find(|(english, _)| *english == color.family);
        let family = family.map_or_else(String::new, |(english, _)| english.clone());
        ("color_family".to_owned(), AttributeValue::Text(family))
    });
    drawn.chain(family).collect()
}

fn tags(draft: &Draft, new: bool, on_sale: bool, best: bool) -> Vec<String> {
    let mut tags: Vec<String> = draft.kind.tags.clone();
    tags.extend(VOCABULARY.styles.get(&draft.brand.style).map(|style| style.tag.clone()));
    let titled = draft.drawn.iter().filter_map(|drawn| drawn.title.as_ref());
    tags.extend(titled.map(|words| slug(&split(&words.0).0)));
    for (holds, tag) in [(new, "new"), (on_sale, "sale"), (best, "bestseller")] {
        if holds {
            tags.push(tag.to_owned());
        }
    }
    tags.retain(|tag| !tag.is_empty());
    tags.sort_unstable();
    tags.dedup();
    tags
}
