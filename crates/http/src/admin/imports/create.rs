//! `POST /api/admin/imports`.

use axum::body::Body as RawBody;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use tradepost_app::import::{
    Format, ImportCreate, ImportView, UPLOAD_BYTES_MAX, Upload, UploadWriter, create_import,
};
use tradepost_app::{Shop, WriteError};
use tradepost_domain::kernel::limits::TITLE_LEN_MAX;

use crate::document::StaffWriteProblems;
use crate::extract::body::broken_off;
use crate::extract::staff::ProductsWrite;
use crate::extract::{ListParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Imports products from a file of up to 1 GiB, which is sent as it is: Shopify's product CSV as `text/csv`, JSON lines as
/// `application/x-ndjson`. The import runs in the background: follow the run that is answered.
#[utoipa::path(
    post,
    path = "/api/admin/imports",
    operation_id = "create_import",
    tag = "imports",
    params(
        ("dry_run" = Option<bool>, Query, description = "Check everything against the shop, write nothing"),
        ("file_name" = Option<String>, Query, description = "Name of the file, for people", min_length = 1, max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$"),
        ("Content-Disposition" = Option<String>, Header, description = "`attachment; filename=\"products.csv\"`: the name of the file, where the query has none"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")
    ),
    request_body(description = "The file; not empty", content(("text/csv"), ("application/x-ndjson"))),
    responses(
        (status = 202, body = ImportView, headers(("Location" = String, description = "Path of the run"))),
        StaffWriteProblems
    ),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    mut params: ListParams,
    request: Request,
) -> Result<Response, Problem> {
    let dry_run = params.take_parsed::<bool>("dry_run", "true or false")?.unwrap_or(false);
    let file_name = take_file_name(&mut params)?;
    params.finish()?;
    let (parts, body) = request.into_parts();
    let format = format(&parts.headers)?;
    refuse_too_large(&parts.headers)?;
    let write = WriteRequest::with_params(&parts)?;
    let (upload, hash) = receive(&staff.context.shop, body).await?;
    let file_name = file_name.or_else(|| disposed_name(&parts.headers)).unwrap_or_else(|| {
        let ending = if format == Format::ShopifyCsv { "csv" } else { "jsonl" };
        format!("upload.{ending}")
    });
    let create = ImportCreate { upload, hash: hash.clone(), file_name, format, dry_run };
    staff.write(write, hash, |context| async move { Ok(create_import(&context, create).await?) }).await
}

fn fits(name: &str) -> bool {
    (1..=TITLE_LEN_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

/// The `filename` of a `Content-Disposition` (RFC 6266) without its folders; a name that does not fit is none.
fn disposed_name(headers: &http::HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?.to_str().ok()?;
    let (_, given) = value.split_once("filename=")?;
    let name = match given.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => given.split(';').next()?.trim(),
    };
    let name = name.rsplit(['/', '\\']).next()?;
    fits(name).then(|| name.to_owned())
}

fn take_file_name(params: &mut ListParams) -> Result<Option<String>, Problem> {
    let name = params.take("file_name");
    match name {
        Some(name) if !fits(&name) => {
            let detail = format!("expected 1 to {TITLE_LEN_MAX} characters");
            Err(Problem::malformed("invalid_parameter", "file_name", detail))
        }
        name => Ok(name),
    }
}

fn format(headers: &http::HeaderMap) -> Result<Format, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "text/csv" => Ok(Format::ShopifyCsv),
        "application/x-ndjson" | "application/jsonl" => Ok(Format::JsonLines),
        _ => {
            let detail = "send the file as text/csv or application/x-ndjson";
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
                .param("Content-Type"))
        }
    }
}

fn too_large() -> Problem {
    let detail = format!("a file has at most {UPLOAD_BYTES_MAX} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail).param("body")
}

/// Refuses what says of itself that it is too large, before a byte of it is read.
fn refuse_too_large(headers: &http::HeaderMap) -> Result<(), Problem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > UPLOAD_BYTES_MAX) { Err(too_large()) } else { Ok(()) }
}

/// Streams the body to a file.
async fn receive(shop: &Shop, mut body: RawBody) -> Result<(Upload, Vec<u8>), Problem> {
    let mut writer = UploadWriter::begin(shop).await.map_err(WriteError::from)?;
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let Ok(chunk) = frame.map_err(|error| broken_off(&error))?.into_data() else { continue };
        bytes = writer.write(&chunk).await.map_err(WriteError::from)?;
        if bytes > UPLOAD_BYTES_MAX {
            return Err(too_large());
        }
    }
    if bytes == 0 {
        return Err(Problem::malformed("empty_body", "$", "the body is the file to import"));
    }
    Ok(writer.finish().await.map_err(WriteError::from)?)
}
