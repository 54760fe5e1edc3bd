//! `GET /api/admin/exports/{export}/file`.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream::try_unfold;
use tokio::io::AsyncReadExt;
use tradepost_app::export::{ExportFile, open_export};
use tradepost_app::import::Format;
use tradepost_domain::kernel::ids::ExportId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;

/// Bytes that are read at once: a download takes no more memory than this.
const PIECE_BYTES: usize = 64 * 1024;

/// Downloads the file of an export that has succeeded.
#[utoipa::path(
    get,
    path = "/api/admin/exports/{export}/file",
    operation_id = "get_export_file",
    tag = "exports",
    params(("export" = String, Path, description = "Id of the export")),
    responses(
        (status = 200, description = "The file", content(("text/csv"), ("application/x-ndjson")), headers(("Content-Disposition" = String, description = "A name for the file"))),
        (status = 409, content_type = "application/problem+json", body = Problem, description = "There is no file yet, or there will be none"),
        StaffReadProblems
    ),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(id): Path<ExportId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let ExportFile { file, bytes, format, name } = open_export(&staff.context.shop, id).await?;
    let pieces = try_unfold(file, |mut file| async move {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        let count = file.read_buf(&mut piece).await?;
        Ok::<_, std::io::Error>((count > 0).then(|| (Bytes::from(piece), file)))
    });
    let content_type = match format {
        Format::ShopifyCsv => "text/csv; charset=utf-8; header=present",
        Format::JsonLines => "application/x-ndjson",
    };
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    headers.insert(header::CONTENT_DISPOSITION, disposition.map_err(|error| Problem::internal(&error))?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}
