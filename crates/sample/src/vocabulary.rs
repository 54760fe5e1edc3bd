//! The words the shop is made of: read once from the TOML files in `data/`, which are part of the binary. A file
//! that does not fit is found by the first test that runs, so reading may stop the process.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::model::{
    AttributeKind, SampleAttribute, SampleBrand, SampleCategory, SampleCollection, SampleType,
};

/// One colour: what it is called and how it is painted.
#[derive(Debug, Deserialize)]
pub(crate) struct Color {
    pub(crate) name: String,
    pub(crate) name_de: String,
    /// `rrggbb`.
    pub(crate) hex: String,
    /// The colour that goes with it in a picture.
    pub(crate) accent: String,
    /// The base colour, an English word of `families`.
    pub(crate) family: String,
}

/// The steps in which a type is made: sizes, volumes, lengths.
#[derive(Debug, Deserialize)]
pub(crate) struct Scale {
    /// Name of the option.
    pub(crate) option: String,
    pub(crate) values: Vec<String>,
    /// Price of each step in percent of the type's; empty where all cost the same.
    #[serde(default)]
    pub(crate) price: Vec<i64>,
    /// Weight of each step in percent; empty where all weigh the same.
    #[serde(default)]
    pub(crate) grams: Vec<i64>,
}

/// One attribute of a type and how its values are drawn. Exactly one of `values`, `texts`, `int`, `dec`, `yes`
/// is there; texts are `English|German|word for the title`, the last two as needed.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AttributeSpec {
    pub(crate) key: String,
    pub(crate) label: String,
    pub(crate) de: String,
    #[serde(default)]
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) texts: Vec<String>,
    pub(crate) int: Option<(i64, i64)>,
    /// Bounds in tenths.
    pub(crate) dec: Option<(i64, i64)>,
    pub(crate) step: Option<i64>,
    /// How many of a hundred are true.
    pub(crate) yes: Option<u64>,
    /// Word in the title if true: `English|German`.
    pub(crate) title: Option<String>,
    pub(crate) unit: Option<String>,
    /// The unit in prose: `litres|Liter`.
    pub(crate) word: Option<String>,
}

/// A product type with all it takes to write about one.
#[derive(Debug, Deserialize)]
pub(crate) struct TypeSpec {
    pub(crate) handle: String,
    pub(crate) name: String,
    pub(crate) name_de: String,
    /// What one calls it at the end of a title.
    pub(crate) noun: String,
    pub(crate) noun_de: String,
    /// What one calls it in a sentence: `boots`.
    pub(crate) prose: String,
    /// Whether `prose` is a plural.
    #[serde(default)]
    pub(crate) plural: bool,
    /// Leaf category.
    pub(crate) category: String,
    /// How common it is.
    pub(crate) weight: u64,
    /// Median in whole euros and sigma in percent.
    pub(crate) price: (i64, i64),
    /// Lightest and heaviest.
    pub(crate) grams: (i64, i64),
    /// A palette.
    pub(crate) colors: String,
    /// False where the colour is only that of the picture (a book's cover).
    #[serde(default = "yes")]
    pub(crate) color_option: bool,
    pub(crate) scale: Option<String>,
    /// Key into the marks that follow a model's name.
    #[serde(default)]
    pub(crate) marks: String,
    /// Key into the series: names that do not come from the brand's lines.
    pub(crate) series: Option<String>,
    /// Form of the title, English and German, where it is not brand, model, words, noun.
    pub(crate) title: Option<String>,
    pub(crate) title_de: Option<String>,
    pub(crate) attributes: Vec<AttributeSpec>,
    pub(crate) open: Vec<String>,
    pub(crate) detail: Vec<String>,
    #[serde(rename = "use")]
    pub(crate) usage: Vec<String>,
    pub(crate) open_de: Vec<String>,
    pub(crate) detail_de: Vec<String>,
    pub(crate) tags: Vec<String>,
    /// Group of the aspects that reviews speak of.
    pub(crate) reviews: String,
    /// Drawing parts from back to front.
    pub(crate) picture: Vec<String>,
}

fn yes() -> bool {
    true
}

/// Names that a series is made of: `form` with one of `first` and one of `second`.
#[derive(Debug, Deserialize)]
pub(crate) struct Series {
    pub(crate) form: String,
    pub(crate) first: Vec<String>,
    pub(crate) second: Vec<String>,
}

/// How a brand speaks.
#[derive(Debug, Deserialize)]
pub(crate) struct Style {
    pub(crate) tag: String,
    pub(crate) en: Vec<String>,
    pub(crate) de: Vec<String>,
}

/// Sentences of reviews for one rating.
#[derive(Debug, Deserialize)]
pub(crate) struct Voice {
    pub(crate) titles: Vec<String>,
    pub(crate) open: Vec<String>,
    pub(crate) close: Vec<String>,
}

/// What buyers praise and blame in a group of types.
#[derive(Debug, Deserialize)]
pub(crate) struct Aspects {
    pub(crate) good: Vec<String>,
    pub(crate) bad: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Reviews {
    /// Voices for 1 to 5 stars.
    pub(crate) voices: Vec<Voice>,
    pub(crate) aspects: BTreeMap<String, Aspects>,
    pub(crate) names: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Colors {
    families: Vec<String>,
    color: Vec<Color>,
    palettes: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Words {
    scales: BTreeMap<String, Scale>,
    marks: BTreeMap<String, Vec<String>>,
    series: BTreeMap<String, Series>,
    styles: BTreeMap<String, Style>,
}

#[derive(Debug, Deserialize)]
struct Shelf {
    category: Vec<SampleCategory>,
    collection: Vec<SampleCollection>,
}

#[derive(Debug, Deserialize)]
struct Types {
    #[serde(rename = "type")]
    types: Vec<TypeSpec>,
}

#[derive(Debug, Deserialize)]
struct Brands {
    brand: Vec<SampleBrand>,
}

#[derive(Debug, Deserialize)]
struct Parts {
    parts: BTreeMap<String, String>,
}

/// Everything, with the tables that generation looks up.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    pub(crate) types: Vec<TypeSpec>,
    pub(crate) schemas: Vec<SampleType>,
    pub(crate) brands: Vec<SampleBrand>,
    /// For each type the indices of the brands that make it.
    pub(crate) makers: Vec<Vec<usize>>,
    pub(crate) categories: Vec<SampleCategory>,
    pub(crate) collections: Vec<SampleCollection>,
    pub(crate) colors: Vec<Color>,
    /// German words of the families, by the English ones.
    pub(crate) families: Vec<(String, String)>,
    pub(crate) palettes: BTreeMap<String, Vec<String>>,
    pub(crate) scales: BTreeMap<String, Scale>,
    pub(crate) marks: BTreeMap<String, Vec<String>>,
    pub(crate) series: BTreeMap<String, Series>,
    pub(crate) styles: BTreeMap<String, Style>,
    pub(crate) reviews: Reviews,
    pub(crate) parts: BTreeMap<String, String>,
}

/// The vocabulary, read on first use. It is a constant in all but the way it is written down.
pub(crate) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::read);

#[expect(clippy::expect_used, reason = "the files are part of the binary and every test reads them")]
fn parse<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("a vocabulary file that is part of the binary")
}

impl Vocabulary {
    fn read() -> Self {
        let types: Vec<TypeSpec> = [
            include_str!("../data/types-wear.toml"),
            include_str!("../data/types-outdoor.toml"),
            include_str!("../data/types-home.toml"),
            include_str!("../data/types-kitchen.toml"),
            include_str!("../data/types-tech.toml"),
            include_str!("../data/types-leisure.toml"),
        ]
        .into_iter()
        .flat_map(|text| parse::<Types>(text).types)
        .collect();
        let parts = [include_str!("../data/parts-soft.toml"), include_str!("../data/parts-hard.toml")]
            .into_iter()
            .flat_map(|text| parse::<Parts>(text).parts)
            .collect();
        let brands = parse::<Brands>(include_str!("../data/brands.toml")).brand;
        let colors: Colors = parse(include_str!("../data/colors.toml"));
        let words: Words = parse(include_str!("../data/words.toml"));
        let shelf: Shelf = parse(include_str!("../data/categories.toml"));
        let families: Vec<(String, String)> = colors.families.iter().map(|pair| split(pair)).collect();
        let makers = types.iter().map(|kind| makers_of(&brands, &kind.handle)).collect();
        let schemas = types.iter().map(|kind| schema(kind, &shelf.category, &families)).collect();
        Self {
            types,
            schemas,
            brands,
            makers,
            categories: shelf.category,
            collections: shelf.collection,
            colors: colors.color,
            families,
            palettes: colors.palettes,
            scales: words.scales,
            marks: words.marks,
            series: words.series,
            styles: words.styles,
            reviews: parse(include_str!("../data/reviews.toml")),
            parts,
        }
    }

    /// The colour of that name.
    pub(crate) fn color(&self, name: &str) -> Option<&Color> {
        self.colors.iter().find(|color| color.name == name)
    }

    /// The type of that handle.
    pub(crate) fn kind(&self, handle: &str) -> Option<&TypeSpec> {
        self.types.iter().find(|kind| kind.handle == handle)
    }

    /// Handles of the categories from the root to that one.
    pub(crate) fn path(&self, leaf: &str) -> Vec<String> {
        path(&self.categories, leaf)
    }
}

/// The halves of `English|German`; the German is the English where it is not given.
pub(crate) fn split(pair: &str) -> (String, String) {
    let mut halves = pair.split('|');
    let english = halves.next().unwrap_or_default();
    let german = halves.next().filter(|german| !german.is_empty()).unwrap_or(english);
    (english.to_owned(), german.to_owned())
}

fn makers_of(brands: &[SampleBrand], handle: &str) -> Vec<usize> {
    let makes = |brand: &SampleBrand| brand.types.iter().any(|made| made == handle);
    brands.iter().enumerate().filter(|(_, brand)| makes(brand)).map(|(index, _)| index).collect()
}

fn path(categories: &[SampleCategory], leaf: &str) -> Vec<String> {
    let mut path = Vec::new();
    let mut next = Some(leaf);
    while let Some(found) = next.and_then(|handle| categories.iter().find(|entry| entry.handle == handle)) {
        path.insert(0, found.handle.clone());
        next = found.parent.as_deref();
    }
    path
}

fn schema(kind: &TypeSpec, categories: &[SampleCategory], families: &[(String, String)]) -> SampleType {
    let mut attributes: Vec<SampleAttribute> = kind.attributes.iter().map(AttributeSpec::schema).collect();
    if kind.color_option {
        attributes.push(SampleAttribute {
            key: "color_family".to_owned(),
            label: "Color family".to_owned(),
            label_de: "Farbfamilie".to_owned(),
            kind: AttributeKind::Enum(families.iter().map(|(english, _)| english.clone()).collect()),
            values_de: families.iter().map(|(_, german)| german.clone()).collect(),
            unit: None,
        });
    }
    SampleType {
        handle: kind.handle.clone(),
        name: kind.name.clone(),
        name_de: kind.name_de.clone(),
        category: path(categories, &kind.category),
        attributes,
    }
}

impl AttributeSpec {
    /// The public schema of the attribute.
    fn schema(&self) -> SampleAttribute {
        let words: Vec<(String, String)> =
            self.values.iter().chain(&self.texts).map(|text| split(text)).collect();
        let kind = match self {
            Self { values, .. } if !values.is_empty() => {
                AttributeKind::Enum(words.iter().map(|(english, _)| english.clone()).collect())
            }
            Self { texts, .. } if !texts.is_empty() => AttributeKind::Text,
            Self { int: Some(_), .. } => AttributeKind::Integer,
            Self { dec: Some(_), .. } => AttributeKind::Decimal,
            _ => AttributeKind::Boolean,
        };
        SampleAttribute {
            key: self.key.clone(),
            label: self.label.clone(),
            label_de: self.de.clone(),
            kind,
            values_de: words.into_iter().map(|(_, german)| german).collect(),
            unit: self.unit.clone(),
        }
    }
}
