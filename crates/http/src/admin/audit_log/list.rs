//! `GET /api/admin/audit-log`.

use axum::response::Response;
use tradepost_app::audit::{AuditEntryView, AuditQuery, list_audit_log, read_entity_id};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::AuditRead;
use crate::extract::{CursorQuery, ListParams, Staff, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// Lists what was changed and denied, newest first. It is not counted: the log only grows.
#[utoipa::path(
    get,
    path = "/api/admin/audit-log",
    operation_id = "list_audit_log",
    tag = "audit-log",
    params(CursorQuery, ("filter[entity_kind]" = Option<String>, Query, description = "Only this kind of thing, such as `product`"), ("filter[entity_id]" = Option<String>, Query, description = "Only this thing"), ("filter[actor_id]" = Option<String>, Query, description = "Only what this key or member of the staff did")),
    responses((status = 200, body = Page<AuditEntryView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<AuditRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    let query = AuditQuery {
        entity_kind: params.take("filter[entity_kind]"),
        entity_id: take_id(&mut params, "filter[entity_id]")?,
        actor_id: take_id(&mut params, "filter[actor_id]")?,
    };
    params.finish()?;
    respond::read(&list_audit_log(&staff.context.shop, query, &page).await?, None)
}

fn take_id(params: &mut ListParams, name: &str) -> Result<Option<uuid::Uuid>, Problem> {
    let Some(text) = params.take(name) else { return Ok(None) };
    let id = read_entity_id(&text);
    id.map(Some).ok_or_else(|| Problem::malformed("invalid_parameter", name, "expected an id such as prod_…"))
}
