//! Which products a listing shows, in what order: the database's answer to a [`ProductQuery`].
//!
//! The one module with dynamic SQL. A statement is put together from the fixed texts below, chosen by enums; whatever
//! comes from outside travels as a parameter. Conditions on option, price and stock must hold for one and the same
//! variant: containment on `variants` finds candidates by index, and where that is not the whole truth a look into the
//! variants decides.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use tradepost_domain::catalog::product_query::{
    AttributeTest, Filter, Position, ProductHits, ProductQuery, Range, Sort, SortKey,
};
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use uuid::Uuid;

use crate::catalog::projection::TextSearchConfig;
use crate::db::Client;
use crate::error::StoreError;

/// Combinations of option values up to which each is looked up by itself; above, each option is and the rest is
/// left to the look into the variants.
const COMBINATIONS_MAX: usize = 50;

/// A parameter of a listing.
#[derive(Debug)]
enum Param {
    Uuid(Uuid),
    Text(String),
    Texts(Vec<String>),
    Integer(i64),
    Real(f32),
    Time(Timestamp),
    Json(Value),
}

impl Param {
    fn as_sql(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Uuid(value) => (value, Type::UUID),
            Self::Text(value) => (value, Type::TEXT),
            Self::Texts(value) => (value, Type::TEXT_ARRAY),
            Self::Integer(value) => (value, Type::INT8),
            Self::Real(value) => (value, Type::FLOAT4),
            Self::Time(value) => (value, Type::TIMESTAMPTZ),
            Self::Json(value) => (value, Type::JSONB),
        }
    }
}

/// A statement that grows by fixed texts and numbered parameters.
#[derive(Debug, Default)]
struct Composed {
    text: String,
    params: Vec<Param>,
}

impl Composed {
    /// Takes a parameter and answers its place, `$7`.
    fn bind(&mut self, param: Param) -> String {
        self.params.push(param);
        format!("${}", self.params.len())
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn and(&mut self, condition: &str) {
        self.push("\n   and ");
        self.push(condition);
    }

    fn and_any(&mut self, conditions: &[String]) {
        // Nothing to choose from is chosen by nobody.
        let any = if conditions.is_empty() { "false".to_owned() } else { conditions.join(" or ") };
        self.and(&format!("({any})"));
    }

    async fn run(&self, client: &Client, name: &'static str) -> Result<Vec<Row>, StoreError> {
        let params: Vec<_> = self.params.iter().map(Param::as_sql).collect();
        client.query_composed(name, &self.text, &params).await
    }
}

/// The products that answer the query: one page of them, and how many there are if that was asked.
pub async fn search(client: &Client, query: &ProductQuery) -> Result<ProductHits, StoreError> {
    let mut rows = page_statement(query)?.run(client, "catalog::listing::PAGE").await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(row) if has_more => Some(position(row, order(query))),
        _ => None,
    };
    let total = match (query.count, &query.after, has_more) {
        (false, _, _) => None,
        // The first page holds all there is: it has been counted.
        (true, None, false) => u64::try_from(rows.len()).ok(),
        (true, _, _) => Some(count(client, query).await?),
    };
    let ids = rows.iter().map(|row| ProductId::from_uuid(row.get(0))).collect();
    Ok(ProductHits { ids, next, total })
}

/// The database's plan for a page of the query, line by line; whoever asks sets the planner up as they like.
#[doc(hidden)]
pub async fn explain(client: &Client, query: &ProductQuery) -> Result<Vec<String>, StoreError> {
    let mut statement = page_statement(query)?;
    statement.text.insert_str(0, "explain (costs off) ");
    let rows = statement.run(client, "catalog::listing::EXPLAIN").await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn count(client: &Client, query: &ProductQuery) -> Result<u64, StoreError> {
    let mut statement = Composed { text: "select count(*)".to_owned(), params: Vec::new() };
    restrict(&mut statement, query);
    let rows = statement.run(client, "catalog::listing::COUNT").await?;
    let total = rows.first().map_or(0, |row| row.get::<_, i64>(0));
    Ok(u64::try_from(total).unwrap_or(0))
}

/// What a page is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Rank,
    Published,
    Cheapest,
    Dearest,
    Title,
    Popularity,
    Rating,
}

impl Order {
    fn is_descending(self) -> bool {
        !matches!(self, Self::Cheapest | Self::Title)
    }
}

fn order(query: &ProductQuery) -> Order {
    match query.sort {
        Sort::Relevance if query.text.is_some() => Order::Rank,
        Sort::Relevance | Sort::BestSelling => Order::Popularity,
        Sort::Newest => Order::Published,
        Sort::PriceAscending => Order::Cheapest,
        Sort::PriceDescending => Order::Dearest,
        Sort::Name => Order::Title,
        Sort::Rating => Order::Rating,
    }
}

/// The column or score of an order. A score is `real` so that it comes back from a cursor to the last bit.
fn key_expression(statement: &mut Composed, query: &ProductQuery) -> String {
    match order(query) {
        Order::Published => "published_at".to_owned(),
        Order::Cheapest | Order::Dearest => "price_min".to_owned(),
        Order::Title => "title_sort".to_owned(),
        Order::Popularity => "popularity".to_owned(),
        Order::Rating => "rating_hundredths::int8".to_owned(),
        Order::Rank => {
            let words = words(statement, query);
            // Many products match a word equally well: what sells goes before what does not.
            format!(
                "(ts_rank_cd(search, {words}) * (1 + 0.1 * ln(1.0::float8 + greatest(popularity, 0))))::real"
            )
        }
    }
}

fn words(statement: &mut Composed, query: &ProductQuery) -> String {
    let text = statement.bind(Param::Text(query.text.clone().unwrap_or_default()));
    format!("websearch_to_tsquery('{}', {text})", TextSearchConfig::of(&query.locale).as_str())
}

fn page_statement(query: &ProductQuery) -> Result<Composed, StoreError> {
    let mut statement = Composed::default();
    let key = key_expression(&mut statement, query);
    statement.text = format!("select product_id, {key}");
    restrict(&mut statement, query);
    let (comparison, direction) = if order(query).is_descending() { ("<", "desc") } else { (">", "asc") };
    if let Some(after) = &query.after {
        let value = statement.bind(key_param(&after.key, order(query))?);
        let id = statement.bind(Param::Uuid(after.id.as_uuid()));
        statement.and(&format!("({key}, product_id) {comparison} ({value}, {id})"));
    }
    let limit = statement.bind(Param::Integer(i64::from(query.limit) + 1));
    statement.push(&format!("\n order by 2 {direction}, product_id {direction}\n limit {limit}"));
    Ok(statement)
}

/// The parameter of a position, if it belongs to the order. One that does not is a caller's error: cursors are bound to
/// their query.
fn key_param(key: &SortKey, order: Order) -> Result<Param, StoreError> {
    match (key, order) {
        (SortKey::Integer(value), Order::Cheapest | Order::Dearest | Order::Popularity | Order::Rating) => {
            Ok(Param::Integer(*value))
        }
        (SortKey::Score(value), Order::Rank) => Ok(Param::Real(*value)),
        (SortKey::Text(value), Order::Title) => Ok(Param::Text(value.clone())),
        (SortKey::Time(value), Order::Published) => Ok(Param::Time(*value)),
        _ => Err(StoreError::inconsistent("product_view", "a position of another order")),
    }
}

fn position(row: &Row, order: Order) -> Position {
    let key = match order {
        Order::Rank => SortKey::Score(row.get(1)),
        Order::Published => SortKey::Time(row.get(1)),
        Order::Cheapest | Order::Dearest | Order::Popularity | Order::Rating => SortKey::Integer(row.get(1)),
        Order::Title => SortKey::Text(row.get(1)),
    };
    Position { key, id: ProductId::from_uuid(row.get(0)) }
}

/// Everything between `from` and the end of the conditions.
fn restrict(statement: &mut Composed, query: &ProductQuery) {
    let channel = statement.bind(Param::Uuid(query.channel_id.as_uuid()));
    let locale = statement.bind(Param::Text(query.locale.as_str().to_owned()));
    statement.push(&format!(
        "
  from product_view\n where channel_id = {channel} and locale = {locale}"
    ));
    if query.text.is_some() {
        let words = words(statement, query);
        statement.and(&format!("search @@ {words}"));
    }
    if let Some(category) = query.category_id {
        let place = statement.bind(Param::Uuid(category.as_uuid()));
        statement.and(&format!("category_ids @> array[{place}]"));
    }
    if let Some(collection) = query.collection_id {
        let place = statement.bind(Param::Uuid(collection.as_uuid()));
        statement.and(&format!("collection_ids @> array[{place}]"));
    }
    for filter in &query.filters {
        restrict_product(statement, filter);
    }
    restrict_variants(statement, &query.filters);
}

/// Conditions on the product as a whole.
fn restrict_product(statement: &mut Composed, filter: &Filter) {
    match filter {
        Filter::Brand(handles) => {
            let place = statement.bind(Param::Texts(handles.clone()));
            statement.and(&format!("brand_handle = any ({place})"));
        }
        Filter::ProductType(handles) => {
            let place = statement.bind(Param::Texts(handles.clone()));
            statement.and(&format!("type_handle = any ({place})"));
        }
        Filter::Tag(tags) => {
            let place = statement.bind(Param::Texts(tags.clone()));
            statement.and(&format!("tags && {place}"));
        }
        Filter::Rating(range) => restrict_range(statement, "rating_hundredths", range),
        Filter::Attribute { path, test: AttributeTest::AnyOf(values) } => {
            restrict_attribute(statement, path, values);
        }
        Filter::Attribute { path, test: AttributeTest::Within(range) } => {
            let path = statement.bind(Param::Texts(path.clone()));
            let bounds = statement.bind(Param::Json(bounds_json(range)));
            let test = bounds_test(range);
            statement.and(&format!("jsonb_path_exists(attributes #> {path}, '{test}', {bounds})"));
        }
        // Decided together, for one and the same variant.
        Filter::Price(_) | Filter::Option { .. } | Filter::InStock(_) => {}
    }
}

fn restrict_range(statement: &mut Composed, column: &str, range: &Range<i64>) {
    for (operator, bound) in [(">=", range.gte), (">", range.gt), ("<=", range.lte), ("<", range.lt)] {
        if let Some(bound) = bound {
            let place = statement.bind(Param::Integer(bound));
            statement.and(&format!("{column} {operator} {place}"));
        }
    }
}

/// The attribute at the path is one of the values, or a list that has one of them.
fn restrict_attribute(statement: &mut Composed, path: &[String], values: &[Value]) {
    let nest = |inner: Value| path.iter().rev().fold(inner, |inner, key| json!({ key: inner }));
    let mut alternatives = Vec::with_capacity(values.len() * 2);
    for value in values {
        for wanted in [value.clone(), json!([value])] {
            let place = statement.bind(Param::Json(nest(wanted)));
            alternatives.push(format!("attributes @> {place}"));
        }
    }
    statement.and_any(&alternatives);
}

/// The numbers that [`bounds_test`] names.
fn bounds_json(range: &Range<f64>) -> Value {
    json!({"gte": range.gte, "gt": range.gt, "lte": range.lte, "lt": range.lt})
}

/// A JSON path over the bounds that are given; a value that is no number fails it.
fn bounds_test(range: &Range<f64>) -> String {
    let tests = [
        range.gte.map(|_| "@ >= $gte"),
        range.gt.map(|_| "@ > $gt"),
        range.lte.map(|_| "@ <= $lte"),
        range.lt.map(|_| "@ < $lt"),
    ];
    let tests: Vec<&str> = tests.into_iter().flatten().collect();
    if tests.is_empty() {
        "$ ? (@.type() == \"number\")".to_owned()
    } else {
        format!("$ ? ({})", tests.join(" && "))
    }
}

/// What one and the same variant must meet.
#[derive(Debug, Default)]
struct VariantConditions<'a> {
    options: Vec<(&'a str, &'a [String])>,
    prices: Vec<&'a Range<i64>>,
    in_stock: Vec<bool>,
}

impl<'a> VariantConditions<'a> {
    fn of(filters: &'a [Filter]) -> Self {
        let mut conditions = Self::default();
        for filter in filters {
            match filter {
                Filter::Option { name, values } => conditions.options.push((name, values)),
                Filter::Price(range) => conditions.prices.push(range),
                Filter::InStock(wanted) => conditions.in_stock.push(*wanted),
                _ => {}
            }
        }
        conditions
    }

    fn is_about_stock_alone(&self) -> bool {
        self.options.is_empty() && self.prices.is_empty()
    }

    /// Whether the lowest and the highest price of the product decide by themselves.
    fn is_one_sided_price_alone(&self) -> bool {
        let one_sided = |range: &Range<i64>| {
            (range.gte.is_none() && range.gt.is_none()) || (range.lte.is_none() && range.lt.is_none())
        };
        self.options.is_empty()
            && self.in_stock.is_empty()
            && matches!(self.prices.as_slice(), [range] if one_sided(range))
    }

    /// All combinations of the options' values as variants that have them; `None` when there are too many, or when an
    /// option is named twice and so needs two values at once.
    fn combinations(&self) -> Option<Vec<Value>> {
        let mut names: Vec<&str> = self.options.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let all = self.options.len();
        names.dedup();
        let mut count: usize = 1;
        for (_, values) in &self.options {
            count = count.saturating_mul(values.len());
        }
        if names.len() < all || count > COMBINATIONS_MAX {
            return None;
        }
        let mut combinations = vec![serde_json::Map::new()];
        for (name, values) in &self.options {
            let with_value = |chosen: &serde_json::Map<String, Value>, value: &String| {
                let mut chosen = chosen.clone();
                chosen.insert((*name).to_owned(), json!(value));
                chosen
            };
            combinations = combinations
                .iter()
                .flat_map(|chosen| values.iter().map(move |value| with_value(chosen, value)))
                .collect();
        }
        Some(combinations.into_iter().map(Value::Object).collect())
    }
}

fn restrict_variants(statement: &mut Composed, filters: &[Filter]) {
    let conditions = VariantConditions::of(filters);
    let wants_stock = conditions.in_stock.contains(&true);
    let wants_none = conditions.in_stock.contains(&false);
    if wants_stock {
        statement.and("in_stock");
    }
    if conditions.is_about_stock_alone() {
        if wants_none {
            statement.and("not in_stock");
        }
        return;
    }
    for range in &conditions.prices {
        let highest = Range { gte: range.gte, gt: range.gt, ..Range::default() };
        let lowest = Range { lte: range.lte, lt: range.lt, ..Range::default() };
        restrict_range(statement, "price_max", &highest);
        restrict_range(statement, "price_min", &lowest);
    }
    let combinations = conditions.combinations();
    let found_exactly = combinations.is_some();
    restrict_options(statement, &conditions, combinations, wants_stock);
    let settled =
        if conditions.prices.is_empty() { found_exactly } else { conditions.is_one_sided_price_alone() };
    if !settled {
        let matching = matching_variant(statement, &conditions, wants_stock);
        statement.and(&matching);
    }
    if wants_none {
        let orderable = matching_variant(statement, &conditions, true);
        statement.and(&format!("not {orderable}"));
    }
}

/// Finds candidates by index: variants with one of the combinations, or else with one value of each option.
fn restrict_options(
    statement: &mut Composed,
    conditions: &VariantConditions<'_>,
    combinations: Option<Vec<Value>>,
    wants_stock: bool,
) {
    let contains = |statement: &mut Composed, variant: Value| {
        let place = statement.bind(Param::Json(json!([variant])));
        format!("variants @> {place}")
    };
    if conditions.options.is_empty() {
        return;
    }
    if let Some(combinations) = combinations {
        let variant = |options: Value| {
            if wants_stock { json!({"o": options, "s": true}) } else { json!({"o": options}) }
        };
        let alternatives: Vec<String> =
            combinations.into_iter().map(|options| contains(statement, variant(options))).collect();
        statement.and_any(&alternatives);
        return;
    }
    for (name, values) in &conditions.options {
        let alternatives: Vec<String> =
            values.iter().map(|value| contains(statement, json!({"o": {*name: value}}))).collect();
        statement.and_any(&alternatives);
    }
}

/// Whether there is a variant that meets all conditions at once.
fn matching_variant(statement: &mut Composed, conditions: &VariantConditions<'_>, orderable: bool) -> String {
    let mut tests = Vec::new();
    for (name, values) in &conditions.options {
        let name = statement.bind(Param::Text((*name).to_owned()));
        let values = statement.bind(Param::Texts(values.to_vec()));
        tests.push(format!("v -> 'o' ->> {name} = any ({values})"));
    }
    for range in &conditions.prices {
        for (operator, bound) in [(">=", range.gte), (">", range.gt), ("<=", range.lte), ("<", range.lt)] {
            if let Some(bound) = bound {
                let place = statement.bind(Param::Integer(bound));
                tests.push(format!("(v ->> 'p')::int8 {operator} {place}"));
            }
        }
    }
    if orderable {
        tests.push("(v ->> 's')::bool".to_owned());
    }
    let tests = if tests.is_empty() { "true".to_owned() } else { tests.join(" and ") };
    format!("exists (select from jsonb_array_elements(variants) as v where {tests})")
}
