//! The query of a product list: words, places, filters and sort, read strictly.
//!
//! A filter is `filter[<field>]` or `filter[<field>][<bound>]`; several values are separated by commas. What is not
//! known is refused by its name: a filter that is silently ignored shows a shopper the wrong products.

use serde_json::Value;
use tradepost_app::catalog::Reference;
use tradepost_app::catalog::list_products::ListProducts;
use tradepost_app::search::FacetChoice;
use tradepost_domain::catalog::product_query::{AttributeTest, Filter, Range, Sort};
use tradepost_domain::kernel::ids::{CategoryId, EntityId};
use tradepost_domain::kernel::limits::{FILTER_VALUES_MAX, FILTERS_MAX, SEARCH_TEXT_MAX};
use tradepost_port::search::FacetKey;
use utoipa::{IntoParams, ToSchema};

use super::list::names;
use crate::extract::ListParams;
use crate::extract::page::Count;
use crate::problem::Problem;

/// Facets that may be named.
const FACETS_MAX: usize = 20;
/// Keys of the path to an attribute.
const PATH_MAX: usize = 8;
/// Characters of one value of a filter.
const VALUE_LEN_MAX: usize = 255;

/// How the parameters stand in the OpenAPI document; [`list_products`] reads them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read by name")]
pub struct ProductListQuery {
    /// Words to search for.
    #[param(required = false, max_length = 200)]
    q: Option<String>,
    /// Id or handle of a category: products in it or below it.
    #[param(required = false, min_length = 1)]
    category: Option<String>,
    /// Id or handle of a collection.
    #[param(required = false, min_length = 1)]
    collection: Option<String>,
    /// Conditions on options and attributes by their names: `filter[option.color]=red,blue`,
    /// `filter[attribute.material]=wool`, `filter[attribute.size.width]=40`; numbers also with a bound,
    /// `filter[attribute.height_cm][lt]=80`. All conditions must hold; those on options, price and stock are met by one
    /// and the same variant. A comma in a value is written `\\,`, a dot in a key of an attribute `\\.`.
    #[param(required = false, style = DeepObject, explode, value_type = Object)]
    filter: Option<serde_json::Map<String, Value>>,
    /// Price in minor units of the channel's currency, at or above this.
    #[param(required = false, rename = "filter[price][gte]")]
    price_gte: Option<i64>,
    /// Above this.
    #[param(required = false, rename = "filter[price][gt]")]
    price_gt: Option<i64>,
    /// At or below this.
    #[param(required = false, rename = "filter[price][lte]")]
    price_lte: Option<i64>,
    /// Below this.
    #[param(required = false, rename = "filter[price][lt]")]
    price_lt: Option<i64>,
    /// Average rating in stars with at most two decimals, at or above this; also `gt`, `lte` and `lt`.
    #[param(
        required = false,
        rename = "filter[rating][gte]",
        pattern = "^([0-4](\\.[0-9]{1,2})?|5(\\.0{1,2})?)$"
    )]
    rating_gte: Option<String>,
    /// What can be ordered, or what cannot.
    #[param(required = false, rename = "filter[in_stock]")]
    in_stock: Option<bool>,
    /// Handles of brands, any of them.
    #[param(required = false, rename = "filter[brand]")]
    brand: Option<Vec<String>>,
    /// Handles of product types, any of them.
    #[param(required = false, rename = "filter[type]")]
    product_type: Option<Vec<String>>,
    /// Tags, any of them.
    #[param(required = false, rename = "filter[tag]")]
    tag: Option<Vec<String>>,
    /// Order of the list; without words `relevance` is `best_selling`.
    #[param(required = false, inline, value_type = ProductSort)]
    sort: Option<String>,
    /// `page.next` of the page before.
    #[param(required = false)]
    cursor: Option<String>,
    /// Products at most.
    #[param(required = false, minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `exact` adds `page.total`.
    #[param(required = false, inline, value_type = Count)]
    count: Option<String>,
    /// `true` adds the facets that most products of the list have, names between commas (`brand,option.color,price`)
    /// add these, at most 20.
    #[param(
        required = false,
        pattern = r"^(true|false|(category|brand|type|tag|price|in_stock|rating|option\.[^,\s]+|attribute(\.[^,.\s]+){1,8})(,(category|brand|type|tag|price|in_stock|rating|option\.[^,\s]+|attribute(\.[^,.\s]+){1,8})){0,19})$"
    )]
    facets: Option<String>,
    /// Only these fields of each card, separated by commas.
    #[param(required = false)]
    fields: Option<String>,
    /// Fields of the product's page to add to each card.
    #[param(required = false)]
    expand: Option<String>,
    /// Locale of the texts; the channel's default when absent.
    #[param(required = false)]
    locale: Option<String>,
}

/// Order of a list of products.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a parameter that is read by name")]
enum ProductSort {
    /// What fits the words best.
    Relevance,
    /// Published last, first.
    Newest,
    /// Cheapest first.
    Price,
    /// Dearest first.
    #[schema(rename = "-price")]
    PriceDescending,
    /// By title.
    Name,
    /// Most sold first.
    BestSelling,
}

/// Reads the parameters; the locale has been taken already.
pub fn list_products(mut params: ListParams) -> Result<ListProducts, Problem> {
    let text = params.take("q").map(|text| search_text(&text)).transpose()?.flatten();
    let category =
        params.take("category").map(|text| reference::<CategoryId>("category", text)).transpose()?;
    let collection = params.take("collection").map(|text| reference("collection", text)).transpose()?;
    let sort = params.take("sort").map_or(Ok(Sort::Relevance), |text| sort(&text))?;
    let count = match params.take("count").as_deref() {
        None => false,
        Some("exact") => true,
        Some(_) => return Err(refuse("invalid_parameter", "count", "expected exact")),
    };
    let limit = params.take_limit()?;
    let cursor = params.take("cursor");
    let fields = params.take("fields").map(|text| names(&text, "fields")).transpose()?;
    let expand = params.take("expand").map(|text| names(&text, "expand")).transpose()?.unwrap_or_default();
    let facets = params.take("facets").map_or(Ok(FacetChoice::None), |text| facets(&text))?;
    let filters = filters(&mut params)?;
    params.finish()?;
    Ok(ListProducts {
        text,
        category,
        collection,
        filters,
        sort,
        limit,
        cursor,
        count,
        facets,
        fields,
        expand,
        ..ListProducts::default()
    })
}

/// Reads the parameters of a search: those of a list, and `as_words`, which may be empty when its last text is taken out.
pub fn search(mut params: ListParams) -> Result<ListProducts, Problem> {
    let as_words = params.take("as_words").filter(|text| !text.is_empty());
    let as_words = as_words.map(|text| values("as_words", &text)).transpose()?;
    let command = list_products(params)?;
    Ok(ListProducts { understand: true, as_words: as_words.unwrap_or_default(), ..command })
}

/// `true` for the usual facets, `false` for none, or names of facets between commas.
fn facets(text: &str) -> Result<FacetChoice, Problem> {
    match text {
        "true" => Ok(FacetChoice::Usual),
        "false" => Ok(FacetChoice::None),
        names => {
            let mut keys = Vec::new();
            for name in names.split(',') {
                let key = facet_key(name.trim()).ok_or_else(unknown_facet)?;
                if keys.contains(&key) {
                    continue;
                }
                if keys.len() == FACETS_MAX {
                    return Err(unknown_facet());
                }
                keys.push(key);
            }
            Ok(FacetChoice::Named(keys))
        }
    }
}

fn unknown_facet() -> Problem {
    let detail = "expected true, false or up to 20 names: category, brand, type, tag, price, in_stock, rating, \
                  option.<name> or attribute.<path>";
    refuse("invalid_parameter", "facets", detail)
}

fn facet_key(name: &str) -> Option<FacetKey> {
    Some(match name {
        "category" => FacetKey::Category,
        "brand" => FacetKey::Brand,
        "type" => FacetKey::ProductType,
        "tag" => FacetKey::Tag,
        "price" => FacetKey::Price,
        "in_stock" => FacetKey::InStock,
        "rating" => FacetKey::Rating,
        _ => match name.split_once('.')? {
            ("option", option) if !option.is_empty() => FacetKey::Option(option.to_lowercase()),
            ("attribute", path) => FacetKey::Attribute(attribute_path(path)?),
            _ => return None,
        },
    })
}

fn refuse(code: &str, param: &str, detail: &str) -> Problem {
    Problem::malformed(code, param, detail)
}

/// The words, without blanks around them; none of a text without words.
fn search_text(text: &str) -> Result<Option<String>, Problem> {
    if text.chars().count() > SEARCH_TEXT_MAX {
        return Err(refuse("invalid_parameter", "q", "expected at most 200 characters"));
    }
    let words = text.trim();
    Ok((!words.is_empty()).then(|| words.to_owned()))
}

/// An id where it begins like one, else a handle. A text that can be no handle names nothing, as an unknown one does.
fn reference<T: EntityId>(param: &str, text: String) -> Result<Reference<T>, Problem> {
    let looks_like_id = text.strip_prefix(T::PREFIX).is_some_and(|rest| rest.starts_with('_'));
    match text.parse() {
        Ok(id) => Ok(Reference::Id(id)),
        Err(error) if looks_like_id => Err(refuse("invalid_id", param, &error.to_string())),
        Err(_) if text.is_empty() => Err(refuse("invalid_parameter", param, "expected an id or a handle")),
        Err(_) => Ok(Reference::Handle(text)),
    }
}

fn sort(text: &str) -> Result<Sort, Problem> {
    match text {
        "relevance" => Ok(Sort::Relevance),
        "newest" => Ok(Sort::Newest),
        "price" => Ok(Sort::PriceAscending),
        "-price" => Ok(Sort::PriceDescending),
        "name" => Ok(Sort::Name),
        "best_selling" => Ok(Sort::BestSelling),
        _ => Err(refuse(
            "invalid_sort",
            "sort",
            "expected relevance, newest, price, -price, name or best_selling",
        )),
    }
}

/// A filter's parameter, taken apart: `filter[price][gte]` is the field `price` with the bound `gte`.
struct FilterName<'a> {
    field: &'a str,
    bound: Option<&'a str>,
}

impl<'a> FilterName<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix("filter[")?.strip_suffix(']')?;
        let (field, bound) = match rest.split_once("][") {
            Some((field, bound)) => (field, Some(bound)),
            None => (rest, None),
        };
        let plain = |part: &str| !part.is_empty() && !part.contains(['[', ']']);
        (plain(field) && bound.is_none_or(plain)).then_some(Self { field, bound })
    }
}

fn filters(params: &mut ListParams) -> Result<Vec<Filter>, Problem> {
    let mut filters: Vec<Filter> = Vec::new();
    for (name, value) in params.take_prefixed("filter[") {
        let parsed = FilterName::parse(&name);
        let parsed = parsed.ok_or_else(|| {
            refuse("invalid_filter", &name, "expected filter[field] or filter[field][bound]")
        })?;
        add_filter(&mut filters, &parsed, (&name, &value))?;
        if filters.len() > FILTERS_MAX {
            return Err(refuse("too_many_filters", &name, "expected at most 20 filters"));
        }
    }
    Ok(filters)
}

fn add_filter(filters: &mut Vec<Filter>, name: &FilterName<'_>, given: (&str, &str)) -> Result<(), Problem> {
    let (param, value) = given;
    match (name.field, name.bound) {
        ("price", Some(bound)) => {
            let found = filters.iter_mut().find_map(|filter| match filter {
                Filter::Price(range) => Some(range),
                _ => None,
            });
            let amount = whole_number(param, value)?;
            match found {
                Some(range) => set_bound(range, bound, amount, param)?,
                None => filters.push(Filter::Price(new_range(bound, amount, param)?)),
            }
        }
        ("rating", Some(bound)) => {
            let found = filters.iter_mut().find_map(|filter| match filter {
                Filter::Rating(range) => Some(range),
                _ => None,
            });
            let stars = hundredths(param, value)?;
            match found {
                Some(range) => set_bound(range, bound, stars, param)?,
                None => filters.push(Filter::Rating(new_range(bound, stars, param)?)),
            }
        }
        ("in_stock", None) => match value {
            "true" => filters.push(Filter::InStock(true)),
            "false" => filters.push(Filter::InStock(false)),
            _ => return Err(refuse("invalid_filter", param, "expected true or false")),
        },
        ("brand", None) => filters.push(Filter::Brand(values(param, value)?)),
        ("type", None) => filters.push(Filter::ProductType(values(param, value)?)),
        ("tag", None) => filters.push(Filter::Tag(values(param, value)?)),
        (field, bound) => match (field.split_once('.'), bound) {
            (Some(("option", option)), None) if !option.is_empty() => {
                let values = values(param, value)?.iter().map(|value| value.to_lowercase()).collect();
                filters.push(Filter::Option { name: option.to_lowercase(), values });
            }
            (Some(("attribute", path)), bound) => add_attribute(filters, (path, bound), given)?,
            _ => return Err(unknown_filter(param)),
        },
    }
    Ok(())
}

fn unknown_filter(param: &str) -> Problem {
    let detail = "expected price, rating, in_stock, brand, type, tag, option.<name> or attribute.<path>; \
        price, rating and numbers take a bound: gte, gt, lte, lt";
    refuse("unknown_filter", param, detail)
}

fn add_attribute(
    filters: &mut Vec<Filter>,
    (path, bound): (&str, Option<&str>),
    (param, value): (&str, &str),
) -> Result<(), Problem> {
    let path = attribute_path(path)
        .ok_or_else(|| refuse("invalid_filter", param, "expected keys separated by dots"))?;
    let Some(bound) = bound else {
        let candidates = values(param, value)?.iter().flat_map(|value| candidates(value)).collect();
        filters.push(Filter::Attribute { path, test: AttributeTest::AnyOf(candidates) });
        return Ok(());
    };
    let number: f64 = value
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| refuse("invalid_filter", param, "expected a number"))?;
    for filter in filters.iter_mut() {
        if let Filter::Attribute { path: other, test: AttributeTest::Within(range) } = filter
            && *other == path
        {
            return set_bound(range, bound, number, param);
        }
    }
    let test = AttributeTest::Within(new_range(bound, number, param)?);
    filters.push(Filter::Attribute { path, test });
    Ok(())
}

/// What a text of a URL may stand for in JSON: itself, and a number or a truth value of the same writing.
fn candidates(text: &str) -> Vec<Value> {
    let other: Option<Value> = serde_json::from_str(text).ok();
    let other = other.filter(|value| value.is_number() || value.is_boolean());
    std::iter::once(Value::from(text)).chain(other).collect()
}

fn new_range<T: Copy>(bound: &str, value: T, param: &str) -> Result<Range<T>, Problem> {
    let mut range = Range { gte: None, gt: None, lte: None, lt: None };
    set_bound(&mut range, bound, value, param)?;
    Ok(range)
}

fn set_bound<T: Copy>(range: &mut Range<T>, bound: &str, value: T, param: &str) -> Result<(), Problem> {
    let place = match bound {
        "gte" => &mut range.gte,
        "gt" => &mut range.gt,
        "lte" => &mut range.lte,
        "lt" => &mut range.lt,
        _ => return Err(refuse("invalid_filter", param, "expected the bound gte, gt, lte or lt")),
    };
    *place = Some(value);
    Ok(())
}

fn whole_number(param: &str, value: &str) -> Result<i64, Problem> {
    value.parse().map_err(|_| refuse("invalid_filter", param, "expected a whole number of minor units"))
}

/// Stars with at most two decimals, in hundredths: `4.5` is 450.
fn hundredths(param: &str, value: &str) -> Result<i64, Problem> {
    let refuse = || refuse("invalid_filter", param, "expected stars from 0 to 5 with at most two decimals");
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > 1 || fraction.len() > 2 {
        return Err(refuse());
    }
    let hundredths: i64 = format!("{whole}{fraction:0<2}").parse().map_err(|_| refuse())?;
    if hundredths > 500 { Err(refuse()) } else { Ok(hundredths) }
}

/// The keys of a path between dots; `\.` is a dot of a key and `\\` a backslash.
fn attribute_path(text: &str) -> Option<Vec<String>> {
    let path = unescaped(text, '.');
    let sound = path.len() <= PATH_MAX && !path.iter().any(String::is_empty);
    sound.then_some(path)
}

/// What stands between separators; a backslash takes the sign behind it as it is.
fn unescaped(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let next = if letter == '\\' { letters.next() } else { None };
        if letter == separator {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(next.unwrap_or(letter));
        }
    }
    parts
}

/// Values between commas; `\,` is a comma of the value and `\\` a backslash.
fn values(param: &str, text: &str) -> Result<Vec<String>, Problem> {
    let values = unescaped(text, ',');
    let values: Vec<String> = values.iter().map(|value| value.trim().to_owned()).collect();
    let sound = |value: &String| !value.is_empty() && value.chars().count() <= VALUE_LEN_MAX;
    if values.len() > FILTER_VALUES_MAX || !values.iter().all(sound) {
        return Err(refuse("invalid_filter", param, "expected 1 to 50 values separated by commas"));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(query: &str) -> Result<ListProducts, Problem> {
        list_products(ListParams::parse(query)?)
    }

    fn code(query: &str) -> (String, String) {
        let problem = parse(query).unwrap_err();
        (problem.code, problem.param.unwrap_or_default())
    }

    #[test]
    fn every_part_of_the_grammar_is_read() {
        let command = parse(
            "q=+red%20shoe&category=shoes&sort=-price&limit=7&count=exact&fields=id,title&expand=variants\
             &filter[price][gte]=1000&filter[price][lt]=5000&filter[option.Color]=Red,blue&filter[in_stock]=true\
             &filter[attribute.specs.width][gte]=1.5&filter[attribute.waterproof]=true&filter[rating][gte]=4.5&filter[brand]=nordvik",
        )
        .unwrap();
        assert_eq!(command.text.as_deref(), Some("red shoe"));
        assert_eq!((command.sort, command.limit, command.count), (Sort::PriceDescending, 7, true));
        assert!(command.filters.contains(&Filter::Price(Range {
            gte: Some(1000),
            lt: Some(5000),
            gt: None,
            lte: None
        })));
        let colors =
            Filter::Option { name: "color".to_owned(), values: vec!["red".to_owned(), "blue".to_owned()] };
        assert!(command.filters.contains(&colors));
        let truth = AttributeTest::AnyOf(vec![json!("true"), json!(true)]);
        assert!(
            command.filters.contains(&Filter::Attribute { path: vec!["waterproof".to_owned()], test: truth })
        );
        assert!(command.filters.contains(&Filter::Rating(Range {
            gte: Some(450),
            gt: None,
            lte: None,
            lt: None
        })));
        assert_eq!(command.filters.len(), 7);
    }

    #[test]
    fn facets_are_the_usual_ones_or_those_that_are_named() {
        assert_eq!(parse("facets=false").unwrap().facets, FacetChoice::None);
        assert_eq!(parse("facets=true").unwrap().facets, FacetChoice::Usual);
        let named = [
            FacetKey::Brand,
            FacetKey::Option("color".to_owned()),
            FacetKey::Attribute(vec!["specs".to_owned(), "width".to_owned()]),
        ];
        let command = parse("facets=brand,option.Color,attribute.specs.width").unwrap();
        assert_eq!(command.facets, FacetChoice::Named(named.to_vec()));
        assert_eq!(parse("facets=tag,tag").unwrap().facets, FacetChoice::Named(vec![FacetKey::Tag]));
        let command = search(ListParams::parse("q=red+boots&as_words=red").unwrap()).unwrap();
        assert_eq!((command.understand, command.as_words), (true, vec!["red".to_owned()]));
        assert!(search(ListParams::parse("q=red&as_words=").unwrap()).unwrap().as_words.is_empty());
    }

    #[test]
    fn a_comma_of_a_value_is_escaped() {
        let command = parse(r"filter[tag]=a\,b,c\\d").unwrap();
        assert_eq!(command.filters, [Filter::Tag(vec!["a,b".to_owned(), r"c\d".to_owned()])]);
    }

    #[test]
    fn a_dot_of_a_key_is_escaped() {
        let path = vec!["dot.key".to_owned(), "b".to_owned()];
        let test = AttributeTest::AnyOf(vec![json!("x")]);
        let command = parse(r"filter[attribute.dot\.key.b]=x&facets=attribute.dot\.key.b").unwrap();
        assert_eq!(command.filters, [Filter::Attribute { path: path.clone(), test }]);
        assert_eq!(command.facets, FacetChoice::Named(vec![FacetKey::Attribute(path)]));
    }

    #[test]
    fn what_is_not_in_the_grammar_is_refused_by_name() {
        for (query, expected) in [
            ("colour=red", ("unknown_parameter", "colour")),
            ("filter[colour]=red", ("unknown_filter", "filter[colour]")),
            ("filter[price]=1", ("unknown_filter", "filter[price]")),
            ("filter[price][near]=1", ("invalid_filter", "filter[price][near]")),
            ("filter[price][gte]=1.5", ("invalid_filter", "filter[price][gte]")),
            ("filter[price][gte]=", ("invalid_filter", "filter[price][gte]")),
            ("filter[in_stock]=yes", ("invalid_filter", "filter[in_stock]")),
            ("filter[in_stock][gte]=true", ("unknown_filter", "filter[in_stock][gte]")),
            ("filter[option.]=x", ("unknown_filter", "filter[option.]")),
            ("filter[attribute.a..b]=x", ("invalid_filter", "filter[attribute.a..b]")),
            ("filter[attribute.a][gte]=nan", ("invalid_filter", "filter[attribute.a][gte]")),
            ("filter[brand]=a,,b", ("invalid_filter", "filter[brand]")),
            ("filter[rating][gte]=6", ("invalid_filter", "filter[rating][gte]")),
            ("filter[]=x", ("invalid_filter", "filter[]")),
            ("filter[a][b][c]=x", ("invalid_filter", "filter[a][b][c]")),
            ("sort=cheap", ("invalid_sort", "sort")),
            ("count=all", ("invalid_parameter", "count")),
            ("category=", ("invalid_parameter", "category")),
            ("category=cat_zz", ("invalid_id", "category")),
            ("facets=maybe", ("invalid_parameter", "facets")),
            ("facets=collection", ("invalid_parameter", "facets")),
            ("facets=option.", ("invalid_parameter", "facets")),
            ("facets=attribute.a..b", ("invalid_parameter", "facets")),
            ("as_words=red", ("unknown_parameter", "as_words")),
            ("fields=", ("invalid_parameter", "fields")),
        ] {
            assert_eq!(code(query), (expected.0.to_owned(), expected.1.to_owned()), "{query}");
        }
        assert_eq!(code(&format!("q={}", "x".repeat(201))).0, "invalid_parameter");
        let many: Vec<String> = (0..21).map(|number| format!("filter[attribute.a{number}]=1")).collect();
        assert_eq!(code(&many.join("&")).0, "too_many_filters");
    }

    proptest! {
        #[test]
        fn no_query_makes_the_parser_panic(query in "(filter\\[[a-z.]{0,9}\\](\\[[a-z]{0,4}\\])?=|[a-z]{1,6}=|&|%[0-9a-f]{0,2}|\\PC){0,12}") {
            let _ = parse(&query);
        }
    }
}
