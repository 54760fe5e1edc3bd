//! The parameters that every list of staff takes: `cursor`, `limit` and `count`.

use tradepost_app::page::{CursorKey, PageRequest, decode_cursor};
use utoipa::IntoParams;

use super::list::ListParams;
use crate::problem::Problem;

/// How the parameters stand in the OpenAPI document; [`take_page`] reads them.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read by name")]
pub struct PageQuery {
    /// `page.next` of the page before.
    #[param(required = false)]
    cursor: Option<String>,
    /// Items at most.
    #[param(required = false, minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// `exact` adds `page.total`.
    #[param(required = false, inline)]
    count: Option<Count>,
}

/// The same for a list that is not counted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read by name")]
pub struct CursorQuery {
    /// `page.next` of the page before.
    #[param(required = false)]
    cursor: Option<String>,
    /// Items at most.
    #[param(required = false, minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// How items are counted.
#[derive(Debug, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes a parameter that is read by name")]
pub(crate) enum Count {
    /// All of them.
    Exact,
}

/// Takes `cursor`, `limit` and `count`.
pub fn take_page<K: CursorKey>(params: &mut ListParams) -> Result<PageRequest<K>, Problem> {
    let count = match params.take("count").as_deref() {
        None => false,
        Some("exact") => true,
        Some(_) => return Err(Problem::malformed("invalid_parameter", "count", "expected exact")),
    };
    Ok(PageRequest { count, ..take_uncounted_page(params)? })
}

/// Takes `cursor` and `limit`, for a list that is not counted.
pub fn take_uncounted_page<K: CursorKey>(params: &mut ListParams) -> Result<PageRequest<K>, Problem> {
    let limit = params.take_limit()?;
    let after = match params.take("cursor") {
        None => None,
        Some(text) => Some(decode_cursor(&text).ok_or_else(|| {
            Problem::malformed("invalid_cursor", "cursor", "expected `page.next` of a page of this list")
        })?),
    };
    Ok(PageRequest { after, limit, count: false })
}
