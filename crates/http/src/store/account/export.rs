//! `GET /api/account/export`.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tradepost_app::customer::{CustomerExport, ExportPages, closed_account, export_customer};

use crate::document::CustomerReadProblems;
use crate::extract::{Customer, NoParams};
use crate::problem::Problem;
use crate::respond;

/// Everything that the shop knows of the customer, to take along.
#[utoipa::path(
    get,
    path = "/api/account/export",
    operation_id = "export_account",
    tag = "account",
    responses((status = 200, body = CustomerExport), CustomerReadProblems),
    security(("access_token" = []))
)]
pub async fn handler(customer: Customer, _: NoParams) -> Result<Response, Problem> {
    let found = export_customer(&customer.context.shop, customer.id).await?;
    let (first, pages) = found.ok_or_else(closed_account)?;
    let first = stream::iter([Ok(Bytes::from(first))]);
    let mut response = respond::private(StatusCode::OK, Vec::new(), None, None);
    *response.body_mut() = Body::from_stream(first.chain(stream::try_unfold(pages, next)));
    let disposition = HeaderValue::from_static("attachment; filename=\"account.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// The next piece. Where one cannot be read the answer breaks off: half of an export is none.
async fn next(mut pages: ExportPages) -> Result<Option<(Bytes, ExportPages)>, std::io::Error> {
    let piece = pages.next().await.map_err(|error| {
        tracing::error!(%error, "an export of an account broke off");
        std::io::Error::other("the export broke off")
    })?;
    Ok(piece.map(|piece| (Bytes::from(piece), pages)))
}
