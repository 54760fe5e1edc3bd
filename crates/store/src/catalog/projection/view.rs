//! The rows of `product_view`: written where they differ, deleted where they no longer belong, compared for the proof.
//!
//! Rendered rows travel as one array a column; the arrays within a row as PostgreSQL's literals, because arrays of arrays
//! of different lengths do not exist.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{CategoryId, ChannelId, CollectionId, EntityId, ProductId};
use uuid::Uuid;

use super::text_search::TextSearchConfig;
use crate::db::{Client, Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

/// The rendered rows as a relation, of the parameters $1 to $21: the columns of `product_view`, but for the search vector
/// its number.
macro_rules! rendered {
    () => {
        "
        select n.product_id, n.channel_id, n.locale, n.handle, n.title_sort, n.price_min, n.price_max, n.published_at,
               n.popularity, n.in_stock, n.rating_hundredths, n.brand_handle, n.type_handle,
               n.category_ids::uuid[] as category_ids, n.collection_ids::uuid[] as collection_ids,
               n.tags::text[] as tags, n.attributes::jsonb as attributes, n.variants::jsonb as variants,
               n.search_no, n.card, n.page
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[],
                      $8::timestamptz[], $9::int8[], $10::bool[], $11::int4[], $12::text[], $13::text[], $14::text[],
                      $15::text[], $16::text[], $17::text[], $18::text[], $19::int8[], $20::text[], $21::text[])
               as n (product_id, channel_id, locale, handle, title_sort, price_min, price_max, published_at, popularity,
                     in_stock, rating_hundredths, brand_handle, type_handle, category_ids, collection_ids, tags,
                     attributes, variants, search_no, card, page)"
    };
}

/// The search vectors by their numbers, of the parameters $22 to $26: channels that share a locale share them.
macro_rules! vectors {
    () => {
        "
        select t.search_no,
               setweight(to_tsvector(t.config::regconfig, t.search_a), 'A')
               || setweight(to_tsvector(t.config::regconfig, t.search_b), 'B')
               || setweight(to_tsvector(t.config::regconfig, t.search_c), 'C')
               || setweight(to_tsvector(t.config::regconfig, t.search_d), 'D') as search
          from unnest($22::text[], $23::text[], $24::text[], $25::text[], $26::text[]) with ordinality
               as t (config, search_a, search_b, search_c, search_d, search_no)"
    };
}

/// The columns that tell two renderings apart, of a row `$row`. The search vector is not among them: it is made of
/// texts that the page shows, and making it is the dearest part of writing a row.
macro_rules! content {
    ($row:literal) => {
        concat!(
            "(",
            $row,
            ".page, ",
            $row,
            ".card, ",
            $row,
            ".handle, ",
            $row,
            ".title_sort, ",
            $row,
            ".price_min, ",
            $row,
            ".price_max, ",
            $row,
            ".published_at, ",
            $row,
            ".popularity, ",
            $row,
            ".in_stock, ",
            $row,
            ".rating_hundredths, ",
            $row,
            ".brand_handle, ",
            $row,
            ".type_handle, ",
            $row,
            ".category_ids, ",
            $row,
            ".collection_ids, ",
            $row,
            ".tags, ",
            $row,
            ".attributes, ",
            $row,
            ".variants)"
        )
    };
}

sql! {
    /// $27: also write rows of which only the search vector may differ; $28: now. Vectors are made for the rows that are
    /// written, and for no others.
    WRITE = concat!("
        with r as not materialized (", rendered!(), "),
             changed as materialized (
             select r.*
               from r
               left join product_view o using (product_id, channel_id, locale)
              where $27::bool or o.product_id is null or ", content!("o"), " is distinct from ", content!("r"), "),
             vectors as materialized (", vectors!(), "
              where t.search_no in (select search_no from changed))
        insert into product_view as v (product_id, channel_id, locale, handle, title_sort, price_min, price_max,
               published_at, popularity, in_stock, rating_hundredths, brand_handle, type_handle, category_ids,
               collection_ids, tags, attributes, variants, card, page, search, version, rendered_at)
        select c.product_id, c.channel_id, c.locale, c.handle, c.title_sort, c.price_min, c.price_max, c.published_at,
               c.popularity, c.in_stock, c.rating_hundredths, c.brand_handle, c.type_handle, c.category_ids,
               c.collection_ids, c.tags, c.attributes, c.variants, c.card, c.page, s.search,
               (select epoch + 1 from catalog_epoch), $28::timestamptz
          from changed c
          join vectors s using (search_no)
            on conflict (product_id, channel_id, locale) do update
           set handle = excluded.handle, title_sort = excluded.title_sort, price_min = excluded.price_min,
               price_max = excluded.price_max, published_at = excluded.published_at, popularity = excluded.popularity,
               in_stock = excluded.in_stock, rating_hundredths = excluded.rating_hundredths,
               brand_handle = excluded.brand_handle, type_handle = excluded.type_handle,
               category_ids = excluded.category_ids, collection_ids = excluded.collection_ids, tags = excluded.tags,
               attributes = excluded.attributes, variants = excluded.variants, search = excluded.search,
               card = excluded.card, page = excluded.page, version = excluded.version,
               rendered_at = excluded.rendered_at
         where ", content!("v"), " is distinct from ", content!("excluded"), "
            or v.search is distinct from excluded.search
        returning product_id");
    // In the order of ids, as all who lock several do.
    HOLD_CHANNELS = "
        select id from channel order by id for key share";
    HOLD_PRODUCTS = "
        select id from product where id = any ($1) order by id for key share";
    /// Rows of the products $1 other than the keys.
    DELETE_LEFT_OVER = "
        delete from product_view
         where product_id = any ($1)
           and (product_id, channel_id, locale) not in
               (select k.product_id, k.channel_id, k.locale
                  from unnest($2::uuid[], $3::uuid[], $4::text[]) as k (product_id, channel_id, locale))
        returning product_id";
    /// Rows under one of the handles $3.
    DELETE_BY_HANDLE = "
        delete from product_view
         where channel_id = any ($1) and locale = any ($2) and handle = any ($3)
        returning product_id";
    COMPARE = concat!("
        with r as (select r.*, s.search from (", rendered!(), ") r join (", vectors!(), ") s using (search_no)),
             o as (select * from product_view where product_id = any ($27)),
             compared as (
             select coalesce(r.product_id, o.product_id) as product_id, coalesce(r.channel_id, o.channel_id) as channel_id,
                    coalesce(r.locale, o.locale) as locale,
                    case when o.product_id is null then array['missing']
                         when r.product_id is null then array['left over']
                         else array_remove(array[
                              case when o.handle is distinct from r.handle then 'handle' end,
                              case when o.title_sort is distinct from r.title_sort then 'title_sort' end,
                              case when o.price_min is distinct from r.price_min then 'price_min' end,
                              case when o.price_max is distinct from r.price_max then 'price_max' end,
                              case when o.published_at is distinct from r.published_at then 'published_at' end,
                              case when o.popularity is distinct from r.popularity then 'popularity' end,
                              case when o.in_stock is distinct from r.in_stock then 'in_stock' end,
                              case when o.rating_hundredths is distinct from r.rating_hundredths then 'rating_hundredths' end,
                              case when o.brand_handle is distinct from r.brand_handle then 'brand_handle' end,
                              case when o.type_handle is distinct from r.type_handle then 'type_handle' end,
                              case when o.category_ids is distinct from r.category_ids then 'category_ids' end,
                              case when o.collection_ids is distinct from r.collection_ids then 'collection_ids' end,
                              case when o.tags is distinct from r.tags then 'tags' end,
                              case when o.attributes is distinct from r.attributes then 'attributes' end,
                              case when o.variants is distinct from r.variants then 'variants' end,
                              case when o.search is distinct from r.search then 'search' end,
                              case when o.card is distinct from r.card then 'card' end,
                              case when o.page is distinct from r.page then 'page' end], null)
                    end as what
               from r
               full join o on o.product_id = r.product_id and o.channel_id = r.channel_id and o.locale = r.locale)
        select product_id, channel_id, locale, what
          from compared
         where what <> '{}'
         order by product_id, channel_id, locale");
}

/// The constraint that a write runs into when a handle has changed hands; see [`delete_by_handle`].
pub const HANDLE_KEY: &str = "product_view_handle_key";

/// A finished row of `product_view`: one product in one channel and locale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedView {
    /// Product.
    pub product_id: ProductId,
    /// Channel.
    pub channel_id: ChannelId,
    /// Locale.
    pub locale: Locale,
    /// Name in URLs.
    pub handle: String,
    /// What the sort by name compares.
    pub title_sort: String,
    /// Lowest price in minor units of the channel's currency.
    pub price_min: i64,
    /// Highest price.
    pub price_max: i64,
    /// When the product was first published.
    pub published_at: Timestamp,
    /// Units sold.
    pub popularity: i64,
    /// Whether a variant can be ordered.
    pub in_stock: bool,
    /// Average rating in hundredths of a star.
    pub rating_hundredths: i32,
    /// Handle of the brand, or empty.
    pub brand_handle: String,
    /// Handle of the product type, or empty.
    pub type_handle: String,
    /// All categories and their ancestors, sorted.
    pub category_ids: Vec<CategoryId>,
    /// All collections, sorted.
    pub collection_ids: Vec<CollectionId>,
    /// Tags.
    pub tags: Vec<String>,
    /// JSON object of the attributes.
    pub attributes: String,
    /// JSON list: `{"o": {"color": "red"}, "p": price, "s": orderable}` a variant.
    pub variants: String,
    /// Texts to search, from weight A to D.
    pub search: [String; 4],
    /// JSON of the card.
    pub card: String,
    /// JSON of the page.
    pub page: String,
}

/// A fragment that is not what rendering now would give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewMismatch {
    /// Product.
    pub product_id: ProductId,
    /// Channel.
    pub channel_id: ChannelId,
    /// Locale.
    pub locale: String,
    /// `missing`, `left over`, or the columns that differ.
    pub what: Vec<String>,
}

type Param<'a> = &'a (dyn ToSql + Sync);

/// The rows turned into one array a column.
#[derive(Debug, Default)]
struct Columns<'a> {
    product_ids: Vec<Uuid>,
    channel_ids: Vec<Uuid>,
    locales: Vec<&'a str>,
    handles: Vec<&'a str>,
    title_sorts: Vec<&'a str>,
    prices_min: Vec<i64>,
    prices_max: Vec<i64>,
    published_ats: Vec<Timestamp>,
    popularities: Vec<i64>,
    in_stocks: Vec<bool>,
    ratings: Vec<i32>,
    brands: Vec<&'a str>,
    types: Vec<&'a str>,
    categories: Vec<String>,
    collections: Vec<String>,
    tags: Vec<String>,
    attributes: Vec<&'a str>,
    variants: Vec<&'a str>,
    search_numbers: Vec<i64>,
    cards: Vec<&'a str>,
    pages: Vec<&'a str>,
    configs: Vec<&'static str>,
    search: [Vec<&'a str>; 4],
}

impl<'a> Columns<'a> {
    fn of(views: &'a [RenderedView]) -> Self {
        let mut columns = Self::default();
        let mut numbers = HashMap::new();
        for view in views {
            columns.product_ids.push(view.product_id.as_uuid());
            columns.channel_ids.push(view.channel_id.as_uuid());
            columns.locales.push(view.locale.as_str());
            columns.handles.push(&view.handle);
            columns.title_sorts.push(&view.title_sort);
            columns.prices_min.push(view.price_min);
            columns.prices_max.push(view.price_max);
            columns.published_ats.push(view.published_at);
            columns.popularities.push(view.popularity);
            columns.in_stocks.push(view.in_stock);
            columns.ratings.push(view.rating_hundredths);
            columns.brands.push(&view.brand_handle);
            columns.types.push(&view.type_handle);
            columns
                .categories
                .push(array_literal(view.category_ids.iter().map(|id| id.as_uuid().to_string())));
            columns
                .collections
                .push(array_literal(view.collection_ids.iter().map(|id| id.as_uuid().to_string())));
            columns.tags.push(array_literal(view.tags.iter()));
            columns.attributes.push(&view.attributes);
            columns.variants.push(&view.variants);
            let config = TextSearchConfig::of(&view.locale).as_str();
            let number = *numbers.entry((config, &view.search)).or_insert_with(|| {
                columns.configs.push(config);
                for (column, text) in columns.search.iter_mut().zip(&view.search) {
                    column.push(text);
                }
                // As PostgreSQL counts them, from one.
                i64::try_from(columns.configs.len()).unwrap_or(i64::MAX)
            });
            columns.search_numbers.push(number);
            columns.cards.push(&view.card);
            columns.pages.push(&view.page);
        }
        columns
    }

    /// The parameters $1 to $26, and those behind them.
    fn params<'b>(&'b self, more: &[Param<'b>]) -> Vec<Param<'b>> {
        let [search_a, search_b, search_c, search_d] = &self.search;
        let mut params: Vec<Param<'b>> = vec![
            &self.product_ids,
            &self.channel_ids,
            &self.locales,
            &self.handles,
            &self.title_sorts,
            &self.prices_min,
            &self.prices_max,
            &self.published_ats,
            &self.popularities,
            &self.in_stocks,
            &self.ratings,
            &self.brands,
            &self.types,
            &self.categories,
            &self.collections,
            &self.tags,
            &self.attributes,
            &self.variants,
            &self.search_numbers,
            &self.cards,
            &self.pages,
            &self.configs,
            search_a,
            search_b,
            search_c,
            search_d,
        ];
        params.extend_from_slice(more);
        params
    }
}

/// An array as PostgreSQL reads it from a text: every element in quotes, quotes and backslashes escaped
/// (<https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>).
fn array_literal(elements: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut literal = String::from("{");
    for element in elements {
        if literal.len() > 1 {
            literal.push(',');
        }
        literal.push('"');
        for letter in element.as_ref().chars() {
            if matches!(letter, '"' | '\\') {
                literal.push('\\');
            }
            literal.push(letter);
        }
        literal.push('"');
    }
    literal.push('}');
    literal
}

/// Keeps the products and channels of `views` from being deleted until the transaction ends, for the rows have no
/// foreign keys; takes out the views of those that are gone.
pub async fn hold(tx: &Tx, views: &mut Vec<RenderedView>) -> Result<(), StoreError> {
    let ids: BTreeSet<Uuid> = views.iter().map(|view| view.product_id.as_uuid()).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let products: Params<'_> = &[&ids];
    let (products, channels) =
        tokio::try_join!(tx.query(HOLD_PRODUCTS, products), tx.query(HOLD_CHANNELS, &[]))?;
    let products: HashSet<Uuid> = products.iter().map(|row| row.get(0)).collect();
    let channels: HashSet<Uuid> = channels.iter().map(|row| row.get(0)).collect();
    views.retain(|view| {
        products.contains(&view.product_id.as_uuid()) && channels.contains(&view.channel_id.as_uuid())
    });
    Ok(())
}

/// Writes the rows that differ from what is stored, each with the version of the epoch to come; answers the products
/// of which one did.
///
/// `thorough` also compares the search vectors, which change without the page when the way they are made does.
pub async fn write_views(
    tx: &Tx,
    views: &[RenderedView],
    thorough: bool,
    now: Timestamp,
) -> Result<BTreeSet<ProductId>, StoreError> {
    if views.is_empty() {
        return Ok(BTreeSet::new());
    }
    let columns = Columns::of(views);
    let rows = tx.query(WRITE, &columns.params(&[&thorough, &now])).await?;
    Ok(rows.iter().map(|row| ProductId::from_uuid(row.get(0))).collect())
}

/// Deletes rows of the products `ids` that are not among `views`, which are all that they should have; answers the
/// products that lost one.
pub async fn delete_left_over(
    tx: &Tx,
    ids: &[ProductId],
    views: &[RenderedView],
) -> Result<BTreeSet<ProductId>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let products: Vec<Uuid> = views.iter().map(|view| view.product_id.as_uuid()).collect();
    let channels: Vec<Uuid> = views.iter().map(|view| view.channel_id.as_uuid()).collect();
    let locales: Vec<&str> = views.iter().map(|view| view.locale.as_str()).collect();
    let rows = tx.query(DELETE_LEFT_OVER, &[&ids, &products, &channels, &locales]).await?;
    Ok(rows.iter().map(|row| ProductId::from_uuid(row.get(0))).collect())
}

/// Deletes all rows under the handles of `views`, for handles that have changed hands; answers the products that lost
/// one. Those that are not among `views` have an event of their own to come.
pub async fn delete_by_handle(tx: &Tx, views: &[RenderedView]) -> Result<BTreeSet<ProductId>, StoreError> {
    let channels: BTreeSet<Uuid> = views.iter().map(|view| view.channel_id.as_uuid()).collect();
    let locales: BTreeSet<&str> = views.iter().map(|view| view.locale.as_str()).collect();
    let handles: BTreeSet<&str> = views.iter().map(|view| view.handle.as_str()).collect();
    let channels: Vec<Uuid> = channels.into_iter().collect();
    let (locales, handles) =
        (locales.into_iter().collect::<Vec<_>>(), handles.into_iter().collect::<Vec<_>>());
    let rows = tx.query(DELETE_BY_HANDLE, &[&channels, &locales, &handles]).await?;
    Ok(rows.iter().map(|row| ProductId::from_uuid(row.get(0))).collect())
}

/// Compares `views`, all rows of the products `ids`, with what is stored of these products.
pub async fn compare_views(
    client: &Client,
    ids: &[ProductId],
    views: &[RenderedView],
) -> Result<Vec<ViewMismatch>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let columns = Columns::of(views);
    let rows = client.query(COMPARE, &columns.params(&[&ids])).await?;
    let mismatches = rows.iter().map(|row| ViewMismatch {
        product_id: ProductId::from_uuid(row.get(0)),
        channel_id: ChannelId::from_uuid(row.get(1)),
        locale: row.get(2),
        what: row.get(3),
    });
    Ok(mismatches.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_literal_escapes_what_would_end_an_element() {
        assert_eq!(
            array_literal([r#"a"b"#, r"c\d", "e,f", "{}", ""].iter()),
            r#"{"a\"b","c\\d","e,f","{}",""}"#
        );
        assert_eq!(array_literal(std::iter::empty::<String>()), "{}");
    }
}
