//! The query string of `GET /api/products`: words, places, filters, order and page, read into a command.
//!
//! Filters are `filter[name]=value` and, for what has an order, `filter[name][gte|gt|lte|lt]=value`. Several values are
//! separated by commas and any of them will do; a comma that belongs to a value is written `\,`. What this file does
//! not know is refused, never passed over: a filter that is silently ignored shows a shopper what was filtered out.

use std::collections::BTreeMap;

use serde_json::{Number, Value};
use tradepost_app::catalog::Reference;
use tradepost_app::catalog::list_products::ListProducts;
use tradepost_domain::catalog::product_query::{AttributeTest, Filter, Range, Sort};
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_domain::kernel::limits::{
    ATTRIBUTE_DEPTH_MAX, FILTER_VALUES_MAX, FILTERS_MAX, MONEY_AMOUNT_MAX, RATING_MAX, SEARCH_TEXT_MAX,
};

use crate::extract::ListParams;
use crate::extract::path::{IdOrHandle, PathValue};
use crate::problem::Problem;

/// Characters of one value of a filter.
const VALUE_LEN_MAX: usize = 255;
/// Operators of filters on what has an order.
const OPERATORS: [&str; 4] = ["gte", "gt", "lte", "lt"];

/// What a listing was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductsQuery {
    /// The listing itself.
    pub command: ListProducts,
    /// Locale of the texts, if one was asked for; whether the channel speaks it is not known here.
    pub locale: Option<Locale>,
}

impl ProductsQuery {
    /// Reads a raw query string.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut params = ListParams::parse(query)?;
        let filters = parse_filters(&params.take_prefixed("filter["))?;
        let command = ListProducts {
            text: params.take("q").map(parse_words).transpose()?,
            category: params.take("category").map(|text| parse_reference("category", text)).transpose()?,
            collection: params
                .take("collection")
                .map(|text| parse_reference("collection", text))
                .transpose()?,
            filters,
            sort: params.take("sort").map_or(Ok(Sort::Relevance), |text| parse_sort(&text))?,
            limit: params.take_limit()?,
            cursor: params.take("cursor"),
            count: params.take("count").map_or(Ok(false), |text| parse_word("count", &text, "exact"))?,
            fields: params.take("fields").map(|text| parse_list("fields", &text)).transpose()?,
            expand: params.take("expand").map_or(Ok(Vec::new()), |text| parse_list("expand", &text))?,
        };
        let locale = params.take_parsed("locale", "a locale such as `en` or `de-AT`")?;
        if let Some(wanted) = params.take("facets") {
            check_facets(&wanted)?;
        }
        params.finish()?;
        Ok(Self { command, locale })
    }
}

fn invalid(param: &str, expected: impl std::fmt::Display) -> Problem {
    Problem::malformed("invalid_parameter", param, format!("expected {expected}"))
}

fn parse_words(text: String) -> Result<String, Problem> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.chars().count() > SEARCH_TEXT_MAX {
        return Err(invalid("q", format!("1 to {SEARCH_TEXT_MAX} characters")));
    }
    Ok(if trimmed.len() == text.len() { text } else { trimmed.to_owned() })
}

/// An id where it begins like one, else a handle. A text that no handle can be names nothing: the answer is the same as
/// for a handle that does not exist.
fn parse_reference<Id: EntityId>(param: &str, text: String) -> Result<Reference<Id>, Problem> {
    if text.is_empty() || text.chars().count() > VALUE_LEN_MAX {
        return Err(invalid(param, "an id or a handle"));
    }
    let looks_like_id = text.strip_prefix(Id::PREFIX).is_some_and(|rest| rest.starts_with('_'));
    if looks_like_id {
        return Id::read(&text).map(Reference::Id).map_err(|problem| problem.param(param));
    }
    Ok(Reference::Handle(text))
}

fn parse_sort(text: &str) -> Result<Sort, Problem> {
    Ok(match text {
        "relevance" => Sort::Relevance,
        "newest" => Sort::Newest,
        "price" => Sort::PriceAscending,
        "-price" => Sort::PriceDescending,
        "name" => Sort::Name,
        "best_selling" => Sort::BestSelling,
        _ => return Err(invalid("sort", "one of relevance, newest, price, -price, name, best_selling")),
    })
}

/// A parameter that is there or not and says one word.
fn parse_word(param: &str, text: &str, word: &str) -> Result<bool, Problem> {
    if text == word { Ok(true) } else { Err(invalid(param, format!("`{word}`"))) }
}

fn check_facets(wanted: &str) -> Result<(), Problem> {
    if parse_bool("facets", wanted)? {
        let detail = "this shop does not count facets; ask without `facets`";
        return Err(Problem::malformed("facets_unavailable", "facets", detail));
    }
    Ok(())
}

fn parse_bool(param: &str, text: &str) -> Result<bool, Problem> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid(param, "`true` or `false`")),
    }
}

/// Values between commas; `\,` and `\\` are a comma and a backslash of the value.
fn parse_list(param: &str, text: &str) -> Result<Vec<String>, Problem> {
    let mut values = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let (ends, letter) = match letter {
            ',' => (true, None),
            '\\' => (false, Some(letters.next().ok_or_else(|| invalid(param, "a character after `\\`"))?)),
            other => (false, Some(other)),
        };
        if ends {
            values.push(String::new());
        }
        if let (Some(value), Some(letter)) = (values.last_mut(), letter) {
            value.push(letter);
        }
    }
    if values.len() > FILTER_VALUES_MAX {
        let detail = format!("at most {FILTER_VALUES_MAX} values");
        return Err(Problem::malformed("too_many_values", param, detail));
    }
    if values.iter().any(|value| value.trim().is_empty() || value.chars().count() > VALUE_LEN_MAX) {
        return Err(invalid(
            param,
            format!("values of 1 to {VALUE_LEN_MAX} characters, separated by commas"),
        ));
    }
    Ok(values)
}

/// A filter's name and operator: `price` and `gte` of `filter[price][gte]`.
fn split_name(param: &str) -> Option<(&str, Option<&str>)> {
    let inner = param.strip_prefix("filter[")?.strip_suffix(']')?;
    match inner.rsplit_once("][") {
        // Only for what can be an operator: names of options may hold brackets.
        Some((name, operator)) if OPERATORS.contains(&operator) => Some((name, Some(operator))),
        _ => Some((inner, None)),
    }
}

/// Bounds that were named one by one.
#[derive(Default)]
struct Bounds {
    price: Option<Range<i64>>,
    rating: Option<Range<i64>>,
    attributes: BTreeMap<Vec<String>, Range<f64>>,
}

impl Bounds {
    fn add(&mut self, param: &str, (name, operator): (&str, &str), text: &str) -> Result<(), Problem> {
        match name {
            "price" => set(self.price.get_or_insert_default(), operator, parse_price(param, text)?),
            "rating" => set(self.rating.get_or_insert_default(), operator, parse_rating(param, text)?),
            _ => {
                let path = name.strip_prefix("attribute.").ok_or_else(|| unknown_filter(param))?;
                let range = self.attributes.entry(parse_path(param, path)?).or_default();
                set(range, operator, parse_number(param, text)?);
            }
        }
        Ok(())
    }

    fn into_filters(self) -> impl Iterator<Item = Filter> {
        let attribute = |(path, range)| Filter::Attribute { path, test: AttributeTest::Within(range) };
        let whole = self.price.map(Filter::Price).into_iter().chain(self.rating.map(Filter::Rating));
        whole.chain(self.attributes.into_iter().map(attribute))
    }
}

fn set<T>(range: &mut Range<T>, operator: &str, bound: T) {
    let place = match operator {
        "gte" => &mut range.gte,
        "gt" => &mut range.gt,
        "lte" => &mut range.lte,
        _ => &mut range.lt,
    };
    *place = Some(bound);
}

fn unknown_filter(param: &str) -> Problem {
    let detail = "filters are price, rating (each with [gte], [gt], [lte] or [lt]), option.<name>, attribute.<path>, \
                  in_stock, brand, type and tag";
    Problem::malformed("unknown_filter", param, detail)
}

fn parse_filters(params: &[(String, String)]) -> Result<Vec<Filter>, Problem> {
    if params.len() > FILTERS_MAX {
        return Err(Problem::malformed(
            "too_many_filters",
            "filter",
            format!("at most {FILTERS_MAX} filters"),
        ));
    }
    let mut bounds = Bounds::default();
    let mut filters = Vec::with_capacity(params.len());
    for (param, text) in params {
        match split_name(param).ok_or_else(|| unknown_filter(param))? {
            (name, Some(operator)) => bounds.add(param, (name, operator), text)?,
            (name, None) => filters.push(parse_filter(param, name, text)?),
        }
    }
    filters.extend(bounds.into_filters());
    Ok(filters)
}

fn parse_filter(param: &str, name: &str, text: &str) -> Result<Filter, Problem> {
    if let Some(option) = name.strip_prefix("option.").filter(|option| !option.is_empty()) {
        let values = parse_list(param, text)?.iter().map(|value| value.to_lowercase()).collect();
        return Ok(Filter::Option { name: option.to_lowercase(), values });
    }
    if let Some(path) = name.strip_prefix("attribute.") {
        let values = parse_list(param, text)?.into_iter().flat_map(candidates).collect();
        return Ok(Filter::Attribute { path: parse_path(param, path)?, test: AttributeTest::AnyOf(values) });
    }
    match name {
        "in_stock" => parse_bool(param, text).map(Filter::InStock),
        "brand" => parse_list(param, text).map(Filter::Brand),
        "type" => parse_list(param, text).map(Filter::ProductType),
        "tag" => parse_list(param, text).map(Filter::Tag),
        "price" | "rating" => {
            let detail = format!("`{name}` is filtered by bounds: filter[{name}][gte], [gt], [lte] or [lt]");
            Err(Problem::malformed("invalid_filter", param, detail))
        }
        _ => Err(unknown_filter(param)),
    }
}

/// What a text of the URL can stand for in JSON: itself, and a number or a truth value that is written the same.
fn candidates(text: String) -> impl Iterator<Item = Value> {
    let number = json_number(&text).map(Value::Number);
    let truth = text.parse::<bool>().ok().map(Value::Bool);
    [Some(Value::String(text)), number, truth].into_iter().flatten()
}

fn json_number(text: &str) -> Option<Number> {
    let number = serde_json::from_str::<Number>(text).ok()?;
    number.as_f64().is_some_and(f64::is_finite).then_some(number)
}

fn parse_path(param: &str, path: &str) -> Result<Vec<String>, Problem> {
    let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
    let sound = |key: &String| !key.is_empty() && key.chars().count() <= VALUE_LEN_MAX;
    // One more than an attribute may be deep: its own key comes first.
    if keys.len() > ATTRIBUTE_DEPTH_MAX + 1 || !keys.iter().all(sound) {
        return Err(Problem::malformed(
            "invalid_filter",
            param,
            "expected keys joined by dots: attribute.care.wash",
        ));
    }
    Ok(keys)
}

fn parse_number(param: &str, text: &str) -> Result<f64, Problem> {
    json_number(text)
        .and_then(|number| number.as_f64())
        .ok_or_else(|| invalid(param, "a number such as 12 or 0.5"))
}

fn parse_price(param: &str, text: &str) -> Result<i64, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let amount = if digits { text.parse::<i64>().ok() } else { None };
    let bounded = amount.filter(|amount| *amount <= MONEY_AMOUNT_MAX);
    bounded.ok_or_else(|| invalid(param, "a whole number of minor units such as 1000 for 10.00"))
}

/// Stars with at most two decimal places, as hundredths: `4.5` is 450.
fn parse_rating(param: &str, text: &str) -> Result<i64, Problem> {
    let refuse = || invalid(param, format!("0 to {RATING_MAX} with at most two decimal places"));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(whole.len() == 1 && (1..=2).contains(&decimals.len()) && digits(whole) && digits(decimals)) {
        return Err(refuse());
    }
    let hundredths = format!("{whole}{decimals:0<2}").parse::<i64>().map_err(|_| refuse())?;
    if hundredths <= i64::from(RATING_MAX) * 100 { Ok(hundredths) } else { Err(refuse()) }
}

impl<T: EntityId> From<IdOrHandle<T>> for Reference<T> {
    fn from(value: IdOrHandle<T>) -> Self {
        match value {
            IdOrHandle::Id(id) => Self::Id(id),
            IdOrHandle::Handle(handle) => Self::Handle(handle.as_str().to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(query: &str) -> ListProducts {
        ProductsQuery::parse(query).unwrap_or_else(|problem| panic!("{query}: {problem:?}")).command
    }

    fn refusal(query: &str) -> (String, String) {
        let problem = ProductsQuery::parse(query).expect_err(query);
        assert_eq!(problem.status, 400, "{query}");
        (problem.code, problem.param.unwrap_or_default())
    }

    fn any_of(path: &[&str], values: Value) -> Filter {
        let Value::Array(values) = values else { panic!("a list") };
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        Filter::Attribute { path, test: AttributeTest::AnyOf(values) }
    }

    #[test]
    fn nothing_asked_is_the_first_page_of_what_sells() {
        assert_eq!(parse(""), ListProducts::default());
    }

    #[test]
    fn every_parameter_is_read() {
        let query = "q=+red+hat&category=hats&collection=col_00000000000000000000000001&sort=-price&limit=5&cursor=abc\
                     &count=exact&fields=id,title&expand=variants&locale=de-at&facets=false";
        let parsed = ProductsQuery::parse(query).unwrap();
        assert_eq!(parsed.locale, Some("de-AT".parse().unwrap()));
        let command = parsed.command;
        assert_eq!(command.text.as_deref(), Some("red hat"));
        assert_eq!(command.category, Some(Reference::Handle("hats".to_owned())));
        assert_eq!(
            command.collection,
            Some(Reference::Id("col_00000000000000000000000001".parse().unwrap()))
        );
        assert_eq!((command.sort, command.limit, command.count), (Sort::PriceDescending, 5, true));
        assert_eq!(command.cursor.as_deref(), Some("abc"));
        assert_eq!(
            (command.fields, command.expand),
            (Some(vec!["id".to_owned(), "title".to_owned()]), vec!["variants".to_owned()])
        );
    }

    #[test]
    fn filters_are_read_with_their_brackets_encoded_or_not() {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let option =
            |name: &str, values: &[&str]| Filter::Option { name: name.to_owned(), values: list(values) };
        for (query, expected) in [
            ("filter[option.Color]=Red,blue", option("color", &["red", "blue"])),
            ("filter%5Boption.Gr%C3%B6%C3%9Fe%5D=XL%2CL", option("größe", &["xl", "l"])),
            ("filter[option.Size%20[EU]]=42", option("size [eu]", &["42"])),
            ("filter[option.a]=b%5C,c,d%5C%5C", option("a", &["b,c", "d\\"])),
            (
                "filter[price][gte]=1000&filter[price][lt]=2000",
                Filter::Price(Range { gte: Some(1000), lt: Some(2000), ..Range::default() }),
            ),
            ("filter[rating][gt]=4.5", Filter::Rating(Range { gt: Some(450), ..Range::default() })),
            ("filter[rating][lte]=5", Filter::Rating(Range { lte: Some(500), ..Range::default() })),
            ("filter[in_stock]=false", Filter::InStock(false)),
            ("filter[brand]=nordvik,arlo", Filter::Brand(list(&["nordvik", "arlo"]))),
            ("filter[type]=hat", Filter::ProductType(list(&["hat"]))),
            ("filter[tag]=sale", Filter::Tag(list(&["sale"]))),
            ("filter[attribute.material]=wool,12", any_of(&["material"], json!(["wool", "12", 12]))),
            ("filter[attribute.care.wash]=true", any_of(&["care", "wash"], json!(["true", true]))),
        ] {
            assert_eq!(parse(query).filters, [expected], "{query}");
        }
        let within = Range { gte: Some(0.5), lt: Some(-3e2), ..Range::default() };
        let expected = Filter::Attribute { path: list(&["size", "cm"]), test: AttributeTest::Within(within) };
        assert_eq!(
            parse("filter[attribute.size.cm][gte]=0.5&filter[attribute.size.cm][lt]=-3e2").filters,
            [expected]
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_code_and_parameter() {
        let many = |name: &str, count: usize| {
            (0..count).map(|number| format!("filter[{name}{number}]=1")).collect::<Vec<_>>().join("&")
        };
        for (query, code, param) in [
            ("colour=red", "unknown_parameter", "colour"),
            ("q=a&q=b", "duplicate_parameter", "q"),
            ("filter[brand]=a&filter%5bbrand%5d=b", "duplicate_parameter", "filter[brand]"),
            ("q=%zz", "invalid_encoding", "query"),
            ("q=%ff", "invalid_encoding", "query"),
            ("q=a%00", "invalid_encoding", "query"),
            ("q=", "invalid_parameter", "q"),
            ("q", "invalid_parameter", "q"),
            ("q=++", "invalid_parameter", "q"),
            ("category=", "invalid_parameter", "category"),
            ("category=cat_zz", "invalid_id", "category"),
            ("sort=cheapest", "invalid_parameter", "sort"),
            ("limit=0", "invalid_parameter", "limit"),
            ("limit=101", "invalid_parameter", "limit"),
            ("count=yes", "invalid_parameter", "count"),
            ("locale=english", "invalid_parameter", "locale"),
            ("facets=true", "facets_unavailable", "facets"),
            ("facets=1", "invalid_parameter", "facets"),
            ("fields=id,,title", "invalid_parameter", "fields"),
            ("expand=", "invalid_parameter", "expand"),
            ("filter=1", "unknown_parameter", "filter"),
            ("filter[price]=1", "invalid_filter", "filter[price]"),
            ("filter[price][gte]=ten", "invalid_parameter", "filter[price][gte]"),
            ("filter[price][gte]=-1", "invalid_parameter", "filter[price][gte]"),
            ("filter[price][gte]=99999999999999", "invalid_parameter", "filter[price][gte]"),
            ("filter[price][eq]=1", "unknown_filter", "filter[price][eq]"),
            ("filter[brand][gte]=1", "unknown_filter", "filter[brand][gte]"),
            ("filter[option.]=1", "unknown_filter", "filter[option.]"),
            ("filter[colour]=red", "unknown_filter", "filter[colour]"),
            ("filter[brand", "unknown_filter", "filter[brand"),
            ("filter[]=1", "unknown_filter", "filter[]"),
            ("filter[in_stock]=1", "invalid_parameter", "filter[in_stock]"),
            ("filter[rating][gte]=4.567", "invalid_parameter", "filter[rating][gte]"),
            ("filter[rating][gte]=5.01", "invalid_parameter", "filter[rating][gte]"),
            ("filter[rating][gte]=.5", "invalid_parameter", "filter[rating][gte]"),
            ("filter[attribute.]=1", "invalid_filter", "filter[attribute.]"),
            ("filter[attribute.a..b]=1", "invalid_filter", "filter[attribute.a..b]"),
            (
                "filter[attribute.a.a.a.a.a.a.a.a.a.a]=1",
                "invalid_filter",
                "filter[attribute.a.a.a.a.a.a.a.a.a.a]",
            ),
            ("filter[attribute.a][gte]=inf", "invalid_parameter", "filter[attribute.a][gte]"),
            ("filter[attribute.a][gte]=NaN", "invalid_parameter", "filter[attribute.a][gte]"),
            ("filter[attribute.a][gte]=1e999", "invalid_parameter", "filter[attribute.a][gte]"),
            ("filter[tag]=", "invalid_parameter", "filter[tag]"),
            ("filter[tag]=a%5C", "invalid_parameter", "filter[tag]"),
            (&many("option.o", 21), "too_many_filters", "filter"),
            (&format!("filter[tag]={}", vec!["a"; 51].join(",")), "too_many_values", "filter[tag]"),
            (&format!("filter[tag]={}", "a".repeat(256)), "invalid_parameter", "filter[tag]"),
            (&format!("q={}", "a".repeat(201)), "invalid_parameter", "q"),
        ] {
            assert_eq!(refusal(query), (code.to_owned(), param.to_owned()), "{query}");
        }
    }

    #[test]
    fn a_text_that_is_no_handle_names_a_category_that_does_not_exist() {
        assert_eq!(
            parse("category=Not%20A%20Handle").category,
            Some(Reference::Handle("Not A Handle".to_owned()))
        );
    }

    proptest! {
        #[test]
        fn no_query_makes_the_parser_panic(query in "\\PC{0,120}") {
            let _ = ProductsQuery::parse(&query);
        }

        #[test]
        fn nothing_like_a_filter_makes_the_parser_panic(
            parts in proptest::collection::vec(
                (
                    proptest::sample::select(vec!["filter[", "q", "filter[attribute.", "filter[option.", "filter[rating", "filter[price"]),
                    "[a-z.\\]\\[%0-9]{0,12}",
                    proptest::sample::select(vec!["][gte]", "]", "", "][lt]"]),
                    "[\\PC]{0,20}",
                ),
                0..25,
            )
        ) {
            let pairs: Vec<String> = parts.iter().map(|(a, b, c, d)| format!("{a}{b}{c}={d}")).collect();
            if let Ok(parsed) = ProductsQuery::parse(&pairs.join("&")) {
                prop_assert!(parsed.command.filters.len() <= FILTERS_MAX);
            }
        }

        #[test]
        fn values_come_through_whole(values in proptest::collection::vec("[^\u{0}]{1,20}", 1..5)) {
            prop_assume!(values.iter().all(|value| !value.trim().is_empty()));
            let escaped: Vec<String> = values.iter().map(|value| value.replace('\\', "\\\\").replace(',', "\\,")).collect();
            let encoded: String = escaped.join(",").bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"));
            let command = parse(&format!("filter[tag]={encoded}"));
            prop_assert_eq!(command.filters, vec![Filter::Tag(values)]);
        }
    }
}
