//! `GET /api/admin/products`.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use tradepost_app::catalog::product::ProductAdminView;
use tradepost_app::catalog::product::list::{
    ListProducts, PageSort, ProductFilter, ProductPlace, list_products,
};
use tradepost_app::page::{Page, PageRequest};
use tradepost_domain::catalog::ProductStatus;
use tradepost_domain::kernel::limits::SEARCH_TEXT_MAX;

use super::body::ProductStatusWrite;
use super::fields;
use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Order of a list of products.
#[derive(Debug, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a parameter that is read by name")]
enum AdminProductSort {
    /// Made last, first.
    Newest,
    /// Changed last, first.
    Updated,
    /// By title.
    Title,
}

/// Products of every status, in pages.
#[utoipa::path(
    get,
    path = "/api/admin/products",
    operation_id = "list_admin_products",
    tag = "products",
    params(
        PageQuery,
        ("q" = Option<String>, Query, description = "Beginning of the title (in any case), of the handle, or of a SKU (as it is written, in capitals or in small letters)", min_length = 1, max_length = 200, pattern = "\\S"),
        ("filter[status]" = Option<ProductStatusWrite>, Query, description = "Where they stand"),
        ("filter[brand]" = Option<String>, Query, description = "Handle of a brand", min_length = 1, max_length = 200, pattern = "\\S"),
        ("filter[type]" = Option<String>, Query, description = "Handle of a product type", min_length = 1, max_length = 200, pattern = "\\S"),
        ("category" = Option<String>, Query, description = "Handle or id of a category, which is in itself meant", min_length = 1, max_length = 200, pattern = "\\S"),
        ("filter[updated_at][gte]" = Option<String>, Query, description = "Changed at this time or later", format = DateTime),
        ("filter[updated_at][gt]" = Option<String>, Query, description = "Changed later than this", format = DateTime),
        ("filter[updated_at][lte]" = Option<String>, Query, description = "Changed at this time or earlier", format = DateTime),
        ("filter[updated_at][lt]" = Option<String>, Query, description = "Changed earlier than this", format = DateTime),
        ("sort" = inline(Option<AdminProductSort>), Query, description = "Newest first when it is not said"),
        ("fields" = Option<String>, Query, description = "Fields to show, separated by commas")
    ),
    responses((status = 200, body = Page<ProductAdminView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let request: PageRequest<ProductPlace> = take_page(&mut params)?;
    let wanted = ListProducts {
        sort: take_sort(&mut params)?,
        category: take_text(&mut params, "category")?,
        filter: take_filter(&mut params)?,
    };
    let shown = fields::take(&mut params)?;
    params.finish()?;
    if request.after.as_ref().is_some_and(|place| place.sort != wanted.sort) {
        let detail = "the cursor belongs to another order: use it with the `sort` of its page";
        return Err(Problem::malformed("invalid_cursor", "cursor", detail));
    }
    let page = list_products(&staff.context.shop, wanted, &request).await?;
    let page = page.ok_or_else(|| Problem::missing("category").param("category"))?;
    let data = page.data.iter().map(|view| fields::pick(view, &shown)).collect::<Result<Vec<_>, _>>()?;
    let body = fields::bytes(&Page { data, page: page.page })?;
    Ok(respond::private(StatusCode::OK, body, None, None))
}

fn take_sort(params: &mut ListParams) -> Result<PageSort, Problem> {
    match params.take("sort").as_deref() {
        None | Some("newest") => Ok(PageSort::Newest),
        Some("updated") => Ok(PageSort::Updated),
        Some("title") => Ok(PageSort::Title),
        Some(_) => Err(Problem::malformed("invalid_parameter", "sort", "expected newest, updated or title")),
    }
}

fn take_text(params: &mut ListParams, name: &str) -> Result<Option<String>, Problem> {
    let Some(text) = params.take(name) else { return Ok(None) };
    if text.trim().is_empty() || text.chars().count() > SEARCH_TEXT_MAX {
        let detail = format!("expected 1 to {SEARCH_TEXT_MAX} characters");
        return Err(Problem::malformed("invalid_parameter", name, detail));
    }
    Ok(Some(text.trim().to_owned()))
}

fn take_filter(params: &mut ListParams) -> Result<ProductFilter, Problem> {
    let status = match params.take("filter[status]") {
        None => None,
        Some(word) => Some(ProductStatus::parse(&word).ok_or_else(|| {
            let detail = "expected draft, published or archived";
            Problem::malformed("invalid_parameter", "filter[status]", detail)
        })?),
    };
    // The database counts in microseconds: behind a time is one of them later.
    let from = latest(take_time(params, "gte", false)?, take_time(params, "gt", true)?, Timestamp::max);
    let before = latest(take_time(params, "lt", false)?, take_time(params, "lte", true)?, Timestamp::min);
    Ok(ProductFilter {
        status,
        prefix: take_text(params, "q")?,
        brand: take_text(params, "filter[brand]")?,
        product_type: take_text(params, "filter[type]")?,
        category: None,
        updated_from: from,
        updated_before: before,
    })
}

fn latest(
    one: Option<Timestamp>,
    other: Option<Timestamp>,
    choose: fn(Timestamp, Timestamp) -> Timestamp,
) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(choose(one, other)),
        (one, other) => one.or(other),
    }
}

fn take_time(params: &mut ListParams, bound: &str, is_behind: bool) -> Result<Option<Timestamp>, Problem> {
    let name = format!("filter[updated_at][{bound}]");
    let expected = "a time of RFC 3339, such as 2026-11-01T12:00:00Z";
    let Some(time) = params.take_parsed::<Timestamp>(&name, expected)? else { return Ok(None) };
    // No product is older; the database does not know every time that can be written.
    let time = time.max(Timestamp::UNIX_EPOCH);
    let step = SignedDuration::from_micros(i64::from(is_behind));
    Ok(Some(time.saturating_add(step).unwrap_or(time)))
}
