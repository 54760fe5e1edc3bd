//! Reports on searches: for staff all of them, for the public page only what many have searched for.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tradepost_domain::kernel::Currency;
use tradepost_store::search_report::{self, Counts, RefinementRow, WordsReport};
use tradepost_store::{Db, StoreError};
use utoipa::ToSchema;

use crate::catalog::views::MoneyView;
use crate::shop::Shop;

pub use tradepost_store::search_report::Span;

/// Days of the widest report.
pub const SPAN_DAYS_MAX: i64 = 92;
/// Words that hold so many digits may be somebody's number.
const PUBLIC_DIGITS_MAX: usize = 6;
const PUBLIC_ROWS: usize = 15;
/// Rows that are looked through for those.
const PUBLIC_CANDIDATES: i64 = 100;

/// What to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchReport {
    /// The most frequent searches.
    TopQueries,
    /// Searches that found nothing.
    NoResults,
    /// Searches that found what nobody clicked, of those made at least five times.
    LowClickThrough,
    /// Searches that the same client followed by another one within five minutes.
    Refinements,
    /// What was bought of the products that were clicked or put into the cart after a search.
    Revenue,
    /// Refinements that found what the first words did not, or with the same clicks before and after: words that may mean the same.
    Synonyms,
}

/// A name that is none of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such report")]
pub struct UnknownReport;

impl std::str::FromStr for SearchReport {
    type Err = UnknownReport;

    fn from_str(name: &str) -> Result<Self, UnknownReport> {
        Ok(match name {
            "top_queries" => Self::TopQueries,
            "no_results" => Self::NoResults,
            "low_click_through" => Self::LowClickThrough,
            "refinements" => Self::Refinements,
            "revenue" => Self::Revenue,
            "synonyms" => Self::Synonyms,
            _ => return Err(UnknownReport),
        })
    }
}

/// A report over a span of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchReportView {
    /// What is told.
    pub report: SearchReport,
    /// From when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when; that moment is not part of it.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
    /// Rows, those that matter most first.
    pub data: Vec<SearchReportRow>,
}

/// A row of a report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SearchReportRow {
    /// Of `top_queries`, `no_results` and `low_click_through`.
    Query(SearchQueryRow),
    /// Of `refinements` and `synonyms`.
    Refinement(SearchRefinementRow),
    /// Of `revenue`.
    Revenue(SearchRevenueRow),
}

/// How often something was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchQueryRow {
    /// The words, lower case.
    pub user_query: String,
    /// Searches; further pages and narrowed lists are none of their own.
    pub searches: i64,
    /// Those of them that found nothing and were led nowhere else.
    pub without_results: i64,
    /// Answers with a click, further pages and narrowed lists among them.
    pub clicked: i64,
    /// Searches that a rule led elsewhere.
    pub redirected: i64,
    /// Browsers that are known to have made them: those whose shoppers have agreed.
    pub clients: i64,
}

/// Words that were followed by others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchRefinementRow {
    /// The first ones.
    pub user_query: String,
    /// The next ones.
    pub refined_to: String,
    /// How often.
    pub times: i64,
    /// How often of it the first words found nothing and the next ones something.
    pub rescued: i64,
    /// Products that were clicked after either; only there in `synonyms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_clicks: Option<i64>,
}

/// What a search earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SearchRevenueRow {
    /// The words, lower case.
    pub user_query: String,
    /// Orders with a product that was clicked or put into the cart after it.
    pub orders: i64,
    /// Those products in those orders, less what was paid back.
    pub revenue: MoneyView,
}

fn query_row((user_query, counts): (String, Counts)) -> SearchQueryRow {
    let Counts { searches, without_results, clicked, redirected, clients } = counts;
    SearchQueryRow { user_query, searches, without_results, clicked, redirected, clients }
}

fn refinement_row(row: RefinementRow, with_clicks: bool) -> SearchReportRow {
    SearchReportRow::Refinement(SearchRefinementRow {
        user_query: row.words,
        refined_to: row.next_words,
        times: row.times,
        rescued: row.rescued,
        shared_clicks: with_clicks.then_some(row.shared_clicks),
    })
}

/// Makes a report for staff.
pub async fn report_searches(
    shop: &Shop,
    report: SearchReport,
    span: Span,
) -> Result<SearchReportView, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let words = match report {
        SearchReport::TopQueries => Some(WordsReport::Top),
        SearchReport::NoResults => Some(WordsReport::WithoutResults),
        SearchReport::LowClickThrough => Some(WordsReport::LowClickThrough),
        SearchReport::Refinements | SearchReport::Revenue | SearchReport::Synonyms => None,
    };
    let data = if let Some(words) = words {
        let rows = search_report::by_words(&conn, words, span, 0).await?;
        rows.into_iter().map(|row| SearchReportRow::Query(query_row(row))).collect()
    } else if report == SearchReport::Revenue {
        let rows = search_report::revenue(&conn, span).await?;
        rows.into_iter().map(revenue_row).collect::<Result<_, _>>()?
    } else if report == SearchReport::Synonyms {
        let rows = search_report::synonyms(&conn, span).await?;
        rows.into_iter().map(|row| refinement_row(row, true)).collect()
    } else {
        let rows = search_report::refinements(&conn, span).await?;
        rows.into_iter().map(|row| refinement_row(row, false)).collect()
    };
    Ok(SearchReportView { report, from: span.from, to: span.to, data })
}

fn revenue_row(row: search_report::RevenueRow) -> Result<SearchReportRow, StoreError> {
    let currency: Currency =
        row.currency.parse().map_err(|_| StoreError::inconsistent("orders", "an unknown currency"))?;
    let revenue = MoneyView { amount: row.amount, currency };
    Ok(SearchReportRow::Revenue(SearchRevenueRow { user_query: row.words, orders: row.orders, revenue }))
}

/// What the public page shows.
#[derive(Debug, Clone, Serialize)]
pub struct PublicSearches {
    /// When it was made.
    pub made_at: Timestamp,
    /// Days that it is about.
    pub days: i64,
    /// Browsers that must have searched for words that are shown.
    pub clients_min: i64,
    /// Searches by day, in UTC; days without any are left out.
    pub by_day: Vec<PublicDay>,
    /// What many have searched for.
    pub top_queries: Vec<SearchQueryRow>,
    /// What many have searched for and not found.
    pub no_results: Vec<SearchQueryRow>,
}

/// The searches of a day.
#[derive(Debug, Clone, Serialize)]
pub struct PublicDay {
    /// The day, in UTC.
    pub day: Date,
    /// Searches.
    pub searches: i64,
    /// Those of them that found nothing.
    pub without_results: i64,
    /// Answers with a click.
    pub clicked: i64,
}

/// Whether words are nobody's number.
fn is_public(row: &SearchQueryRow) -> bool {
    row.user_query.chars().filter(char::is_ascii_digit).count() <= PUBLIC_DIGITS_MAX
}

/// Makes what the public page shows, three statements on a connection of the background: words that at least so many browsers
/// searched for.
pub async fn publish_searches(
    db: &Db,
    now: Timestamp,
    (days, clients_min): (i64, i64),
) -> Result<PublicSearches, StoreError> {
    let from = now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now);
    let conn = db.conn().await?;
    let span = Span { from, to: now, limit: PUBLIC_CANDIDATES };
    let public = |rows: Vec<(String, Counts)>| {
        rows.into_iter().map(query_row).filter(is_public).take(PUBLIC_ROWS).collect::<Vec<_>>()
    };
    let by_day = search_report::by_day(&conn, span).await?;
    let top = search_report::by_words(&conn, WordsReport::Top, span, clients_min).await?;
    let none = search_report::by_words(&conn, WordsReport::WithoutResults, span, clients_min).await?;
    let day = |(day, counts): (Date, Counts)| PublicDay {
        day,
        searches: counts.searches,
        without_results: counts.without_results,
        clicked: counts.clicked,
    };
    Ok(PublicSearches {
        made_at: now,
        days,
        clients_min,
        by_day: by_day.into_iter().map(day).collect(),
        top_queries: public(top),
        no_results: public(none),
    })
}
