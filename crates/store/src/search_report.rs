//! What the log of searches tells, over a span of time. Every statement answers so many rows at most.

use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::Row;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

/// Searches by their words. A click on a further page or in a narrowed list is one of the same words; where a rule of search
/// leads elsewhere, nothing is missed.
macro_rules! by_words {
    ($having:literal, $order:literal) => {
        concat!(
            "
        select words, searches, without_results, clicked, redirected, clients
          from (select q.words,
                       count(*) filter (where q.is_initial) as searches,
                       count(*) filter (where q.is_initial and q.hit_ids = '{}' and q.redirect is null) as without_results,
                       count(e.query_id) as clicked,
                       count(*) filter (where q.is_initial and q.redirect is not null) as redirected,
                       count(distinct q.client_id) as clients
                  from search_query q
                  left join (select distinct query_id from search_event where action = 'click' and at >= $1) e
                       on e.query_id = q.id
                 where q.at >= $1 and q.at < $2
                 group by q.words) w
         where clients >= $4 and ",
            $having,
            "
         order by ",
            $order,
            ", words
         limit $3"
        )
    };
}

/// One search after another of the same client within five minutes, with other words.
macro_rules! refined {
    () => {
        "
        with initial as (
            select words, at, hit_ids = '{}' and redirect is null as is_empty,
                   lead(words) over w as next_words,
                   lead(at) over w as next_at,
                   lead(hit_ids = '{}') over w as next_is_empty
              from search_query
             where at >= $1 and at < $2 and is_initial and client_id is not null
            window w as (partition by client_id, channel_id, locale order by at, id)),
        refined as (
            select words, next_words, count(*) as times, count(*) filter (where is_empty and not next_is_empty) as rescued
              from initial
             where next_at < at + interval '5 minutes' and next_words <> words
             group by words, next_words)"
    };
}

sql! {
    TOP = by_words!("searches > 0", "searches desc");
    WITHOUT_RESULTS = by_words!("without_results > 0", "without_results desc");
    // Of few searches nothing can be said.
    LOW_CLICK_THROUGH = by_words!(
        "searches - without_results - redirected >= 5",
        "clicked::float8 / (searches - without_results - redirected), searches desc");
    REFINEMENTS = concat!(refined!(), "
        select words, next_words, times, rescued, 0::int8 from refined order by times desc, words, next_words limit $3");
    // Words that found nothing, with those that found something; and words after which the same was clicked.
    SYNONYMS = concat!(refined!(), ",
        clicks as (
            select distinct q.words, e.object_id
              from search_query q
              join search_event e on e.query_id = q.id and e.action = 'click'
             where q.at >= $1 and q.at < $2),
        shared as (
            select r.words, r.next_words, count(*) as shared
              from refined r
              join clicks a on a.words = r.words
              join clicks b on b.words = r.next_words and b.object_id = a.object_id
             group by r.words, r.next_words)
        select words, next_words, r.times, r.rescued, coalesce(s.shared, 0)
          from refined r
          left join shared s using (words, next_words)
         where r.rescued > 0 or s.shared > 0
         order by r.rescued + coalesce(s.shared, 0) desc, r.times desc, words, next_words
         limit $3");
    // A line of an order belongs to the last search whose purchase was told and where its product was clicked or put into the
    // cart: it counts once.
    REVENUE = "
        with bought as (
            select distinct on (l.id) q.words, o.id as order_id, o.currency, l.total - l.refunded_amount as amount
              from search_query q
              join search_event e on e.query_id = q.id and e.action = 'purchase'
              join orders o on o.id = e.object_id and o.placed_at >= q.at and o.status <> 'canceled'
                           and o.payment_status in ('not_required', 'authorized', 'paid', 'partially_refunded')
              join order_line l on l.order_id = o.id
              join search_event c on c.query_id = q.id and c.action in ('click', 'add_to_cart') and c.object_id = l.product_id
             where q.at >= $1 and q.at < $2
             order by l.id, q.at desc, q.id desc)
        select words, count(distinct order_id), sum(amount)::int8, currency
          from bought
         group by words, currency
         order by sum(amount) desc, words
         limit $3";
    BY_DAY = "
        select (q.at at time zone 'UTC')::date as day,
               count(*) filter (where q.is_initial),
               count(*) filter (where q.is_initial and q.hit_ids = '{}' and q.redirect is null),
               count(e.query_id),
               count(*) filter (where q.is_initial and q.redirect is not null),
               count(distinct q.client_id)
          from search_query q
          left join (select distinct query_id from search_event where action = 'click' and at >= $1) e on e.query_id = q.id
         where q.at >= $1 and q.at < $2
         group by day
         order by day
         limit $3";
}

/// Which searches to list, by their words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordsReport {
    /// The most frequent.
    Top,
    /// Those that found nothing.
    WithoutResults,
    /// Those that found something which nobody wanted.
    LowClickThrough,
}

/// A span of time, and rows at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, which is not part of it.
    pub to: Timestamp,
    /// Rows at most.
    pub limit: i64,
}

/// How often something was searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Searches.
    pub searches: i64,
    /// Those of them that found nothing and were led nowhere else.
    pub without_results: i64,
    /// Answers with a click, further pages and narrowed lists among them.
    pub clicked: i64,
    /// Searches that a rule led elsewhere.
    pub redirected: i64,
    /// Browsers that are known to have made them.
    pub clients: i64,
}

/// Words that were followed by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefinementRow {
    /// The first ones.
    pub words: String,
    /// The next ones.
    pub next_words: String,
    /// How often.
    pub times: i64,
    /// How often of it the first words found nothing and the next ones something.
    pub rescued: i64,
    /// Products that were clicked after either; 0 where that was not asked for.
    pub shared_clicks: i64,
}

/// What was earned with the products that a search showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenueRow {
    /// What was searched for.
    pub words: String,
    /// Orders.
    pub orders: i64,
    /// Minor units.
    pub amount: i64,
    /// Code of ISO 4217.
    pub currency: String,
}

fn counts(row: &Row) -> Counts {
    Counts {
        searches: row.get(1),
        without_results: row.get(2),
        clicked: row.get(3),
        redirected: row.get(4),
        clients: row.get(5),
    }
}

/// Searches by their words, those that at least so many browsers made.
pub async fn by_words(
    client: &Client,
    report: WordsReport,
    span: Span,
    clients_min: i64,
) -> Result<Vec<(String, Counts)>, StoreError> {
    let sql = match report {
        WordsReport::Top => TOP,
        WordsReport::WithoutResults => WITHOUT_RESULTS,
        WordsReport::LowClickThrough => LOW_CLICK_THROUGH,
    };
    let rows = client.query(sql, &[&span.from, &span.to, &span.limit, &clients_min]).await?;
    Ok(rows.iter().map(|row| (row.get(0), counts(row))).collect())
}

/// Searches by day, in UTC; days without any are left out.
pub async fn by_day(client: &Client, span: Span) -> Result<Vec<(Date, Counts)>, StoreError> {
    let rows = client.query(BY_DAY, &[&span.from, &span.to, &span.limit]).await?;
    Ok(rows.iter().map(|row| (row.get(0), counts(row))).collect())
}

async fn pairs(client: &Client, sql: crate::Sql, span: Span) -> Result<Vec<RefinementRow>, StoreError> {
    let rows = client.query(sql, &[&span.from, &span.to, &span.limit]).await?;
    let pair = |row: &Row| RefinementRow {
        words: row.get(0),
        next_words: row.get(1),
        times: row.get(2),
        rescued: row.get(3),
        shared_clicks: row.get(4),
    };
    Ok(rows.iter().map(pair).collect())
}

/// Words that were followed by others, the most frequent first.
pub async fn refinements(client: &Client, span: Span) -> Result<Vec<RefinementRow>, StoreError> {
    pairs(client, REFINEMENTS, span).await
}

/// Those of them that found what the first words did not, or after which the same products were clicked: they may mean the same.
pub async fn synonyms(client: &Client, span: Span) -> Result<Vec<RefinementRow>, StoreError> {
    pairs(client, SYNONYMS, span).await
}

/// What was earned, by words and currency.
pub async fn revenue(client: &Client, span: Span) -> Result<Vec<RevenueRow>, StoreError> {
    let rows = client.query(REVENUE, &[&span.from, &span.to, &span.limit]).await?;
    let row = |row: &Row| RevenueRow {
        words: row.get(0),
        orders: row.get(1),
        amount: row.get(2),
        currency: row.get(3),
    };
    Ok(rows.iter().map(row).collect())
}
