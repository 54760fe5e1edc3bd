//! Stock levels: read, counted anew, corrected.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::kernel::ids::{EntityId, EventId, StockLevelId};
use tradepost_domain::kernel::limits::STOCK_QUANTITY_MAX;
use tradepost_store::StoreError;
use tradepost_store::catalog::stock_level::{self, StockLevel};
use tradepost_store::inventory::Cause;
use utoipa::ToSchema;

use crate::answer::{Answer, Outcome};
use crate::change::{Versions, check_version};
use crate::error::WriteError;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;
use crate::work::{StaffContext, Work};

pub use tradepost_store::catalog::stock_level::StockLevelFilter;

/// Characters of a reason.
pub(crate) const REASON_LEN_MAX: usize = 255;

/// The stock of one variant at one location.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockLevelView {
    /// Id.
    #[schema(example = "slev_01000000000000000000000010")]
    pub id: String,
    /// The variant.
    pub variant_id: String,
    /// The variant's product.
    pub product_id: String,
    /// The variant's SKU.
    pub sku: Option<String>,
    /// Where it lies.
    pub location_id: String,
    /// Units that lie there.
    pub on_hand: i64,
    /// Units that belong to orders.
    pub allocated: i64,
    /// Units that are held for checkouts.
    pub reserved: i64,
    /// Units that can still be sold; below zero where more was promised than there is.
    pub available: i64,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl From<&StockLevel> for StockLevelView {
    fn from(level: &StockLevel) -> Self {
        Self {
            id: level.id.to_string(),
            variant_id: level.variant_id.to_string(),
            product_id: level.product_id.to_string(),
            sku: level.sku.clone(),
            location_id: level.location_id.to_string(),
            on_hand: level.on_hand,
            allocated: level.allocated,
            reserved: level.reserved,
            available: level.available(),
            version: level.version,
            updated_at: level.updated_at,
        }
    }
}

/// Levels by id.
pub async fn list_stock_levels(
    shop: &Shop,
    filter: &StockLevelFilter,
    request: &PageRequest<StockLevelId>,
) -> Result<Page<StockLevelView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let levels = stock_level::list(&conn, filter, request.after, request.rows()).await?;
    let total = if request.count { Some(stock_level::count(&conn, filter).await?) } else { None };
    Ok(Page::new(request, levels, total, |level| level.id).map(|level| StockLevelView::from(&level)))
}

/// One level; `None` when there is none.
pub async fn get_stock_level(shop: &Shop, id: StockLevelId) -> Result<Option<StockLevelView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(stock_level::get(&conn, id).await?.as_ref().map(StockLevelView::from))
}

/// How many units lie at a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockChange {
    /// So many: it was counted.
    OnHand(i64),
    /// So many more, or fewer.
    Adjust(i64),
}

impl StockChange {
    /// The field that says it.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::OnHand(_) => "on_hand",
            Self::Adjust(_) => "adjust",
        }
    }
}

/// Changes what lies at a level, and keeps the reason in the audit log.
pub async fn patch_stock_level(
    context: &StaffContext,
    id: StockLevelId,
    version: Option<Versions>,
    change: StockChange,
    reason: Option<&str>,
) -> Result<Answer, WriteError> {
    if let Some(issue) = reason.and_then(|reason| check_text("$.reason", reason, REASON_LEN_MAX, false)) {
        return Err(WriteError::Invalid(vec![issue]));
    }
    let mut work = context.begin("patch_stock_level").await?;
    let found = stock_level::get_for_update(&work.tx, id).await?;
    let mut level = found.ok_or(WriteError::NotFound { kind: "stock_level" })?;
    check_version(version, level.version)?;
    let on_hand = counted(Some(&level), change, "$")?;
    refuse_oversold(&level, on_hand, &format!("$.{}", change.field()))?;
    if on_hand != level.on_hand {
        let before = json!({"on_hand": level.on_hand});
        level.on_hand = on_hand;
        level.version += 1;
        level.updated_at = work.now;
        let note = reason.map(str::to_owned);
        let cause = Cause { note, ..staff_cause(&work) };
        stock_level::update(&work.tx, &level, &cause).await?;
        work.event("stock.updated", level.product_id.as_uuid(), level.version, level_payload(&level));
        let after = json!({"on_hand": on_hand, "reason": reason});
        work.audit("stock_level.update", ("stock_level", id.as_uuid()), Some(before), Some(after));
    }
    work.finish_with(Outcome::Done, &StockLevelView::from(&level), Some(level.version)).await
}

/// A change by staff as the cause of movements.
pub(crate) fn staff_cause(work: &Work<'_>) -> Cause {
    Cause::new("staff", work.next_id::<EventId>().as_uuid())
}

/// What belongs to orders has to lie there, unless it may be ordered back; `param` is the field that says how much.
pub(crate) fn refuse_oversold(level: &StockLevel, on_hand: i64, param: &str) -> Result<(), WriteError> {
    if !level.limited || level.promised() <= on_hand {
        return Ok(());
    }
    let detail = "orders and checkouts hold more units than would lie there: cancel or ship them first";
    Err(WriteError::conflict("stock_promised", detail, Some(param))
        .with_fact("allocated", level.allocated)
        .with_fact("reserved", level.reserved))
}

/// Units that lie at a level after a change, nothing where there is no level yet; `at` is where the change stands.
pub(crate) fn counted(level: Option<&StockLevel>, change: StockChange, at: &str) -> Result<i64, WriteError> {
    let fits = |units: &i64| (0..=STOCK_QUANTITY_MAX).contains(units);
    let on_hand = level.map_or(0, |level| level.on_hand);
    match change {
        StockChange::OnHand(units) if fits(&units) => Ok(units),
        StockChange::OnHand(_) => {
            let message = format!("a number from 0 to {STOCK_QUANTITY_MAX}");
            Err(WriteError::invalid(format!("{at}.on_hand"), "invalid_quantity", message))
        }
        StockChange::Adjust(by) => on_hand.checked_add(by).filter(fits).ok_or_else(|| {
            let detail = format!("what lies there stays between 0 and {STOCK_QUANTITY_MAX}");
            WriteError::conflict("insufficient_stock", detail, Some(&format!("{at}.adjust")))
                .with_fact("on_hand", on_hand)
                .with_fact("available", level.map_or(0, StockLevel::available))
        }),
    }
}

/// What the event of a changed level tells.
pub(crate) fn level_payload(level: &StockLevel) -> Value {
    json!({
        "variant_ids": [level.variant_id.to_string()],
        "stock_level_id": level.id.to_string(),
        "on_hand": level.on_hand,
        "available": level.available(),
    })
}
