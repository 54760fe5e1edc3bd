//! Movements of stock: why each quantity is what it is.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::kernel::ids::{
    EntityId, FulfillmentId, OrderId, PaymentId, RefundId, StockLevelId, StockLocationId, StockMovementId,
    VariantId,
};
use tradepost_store::StoreError;
use tradepost_store::inventory::{self, StockMovement};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::page::{Page, PageRequest};
use crate::shop::Shop;

pub use tradepost_store::inventory::MovementFilter;

/// One change of a level.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockMovementView {
    /// Id; later movements have greater ones.
    #[schema(value_type = String)]
    pub id: StockMovementId,
    /// The level that changed.
    #[schema(value_type = String)]
    pub stock_level_id: StockLevelId,
    /// Its variant.
    #[schema(value_type = String)]
    pub variant_id: VariantId,
    /// The variant's SKU; null when it has none, or is gone.
    pub sku: Option<String>,
    /// Where.
    #[schema(value_type = String)]
    pub location_id: StockLocationId,
    /// `received`, `adjusted`, `reserved`, `released`, `allocated`, `deallocated`, `shipped` or `returned`.
    pub kind: String,
    /// What caused it.
    pub cause: MovementCauseView,
    /// What was said about it.
    pub note: Option<String>,
    /// Units by which what lies there changed.
    pub on_hand: i64,
    /// Units by which what is held for checkouts changed.
    pub reserved: i64,
    /// Units by which what belongs to orders changed.
    pub allocated: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What caused a movement.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovementCauseView {
    /// `order`, `payment`, `fulfillment`, `refund`, `staff`, `import`, `seed`.
    pub kind: String,
    /// Which of them; null where a change has no name of its own.
    pub id: Option<String>,
}

/// The kinds of causes that are things with ids of their own.
macro_rules! causes {
    ($($kind:literal => $id:ty),* $(,)?) => {
        fn write_cause_id(kind: &str, id: Uuid) -> Option<String> {
            match kind {
                $($kind => Some(<$id>::from_uuid(id).to_string()),)*
                _ => None,
            }
        }

        /// Reads the id of any kind of thing that can cause movements.
        pub fn read_cause_id(text: &str) -> Option<Uuid> {
            $(if let Ok(id) = text.parse::<$id>() {
                return Some(id.as_uuid());
            })*
            None
        }

        /// What the ids of these things begin with.
        pub const CAUSE_PREFIXES: &[&str] = &[$(<$id>::PREFIX),*];
    };
}
causes! {
    "order" => OrderId,
    "payment" => PaymentId,
    "fulfillment" => FulfillmentId,
    "refund" => RefundId,
}

fn view(movement: StockMovement) -> StockMovementView {
    let id = write_cause_id(&movement.cause_kind, movement.cause_id);
    StockMovementView {
        id: movement.id,
        stock_level_id: movement.stock_level_id,
        variant_id: movement.variant_id,
        sku: movement.sku,
        location_id: movement.location_id,
        kind: movement.kind,
        cause: MovementCauseView { kind: movement.cause_kind, id },
        note: movement.note,
        on_hand: movement.on_hand,
        reserved: movement.reserved,
        allocated: movement.allocated,
        created_at: movement.created_at,
    }
}

/// A page of movements, newest first. They are not counted: they only grow.
pub async fn list_stock_movements(
    shop: &Shop,
    filter: &MovementFilter,
    page: &PageRequest<StockMovementId>,
) -> Result<Page<StockMovementView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = inventory::list_movements(&conn, filter, page.after, page.rows()).await?;
    Ok(Page::new(page, rows, None, |row| row.id).map(view))
}
