//! Lists the audit log.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tradepost_domain::kernel::ids::{
    ApiKeyId, AuditEntryId, BrandId, CategoryId, ChannelId, CollectionId, CouponId, CustomerAddressId,
    CustomerGroupId, CustomerId, EntityId, ExportId, ImportId, MediaId, OrderId, PriceListId, ProductId,
    ProductTypeId, PromotionId, ReviewId, SavedPaymentMethodId, SearchRuleId, SearchSynonymId,
    SearchWeightsId, ShippingMethodId, ShippingZoneId, StaffMemberId, StockLevelId, StockLocationId,
    TaxClassId, TaxRateId, TaxZoneId, VariantId, WebhookEndpointId,
};
use tradepost_store::StoreError;
use tradepost_store::audit::{self, AuditFilter, AuditRow};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::page::{ByNumber, Page, PageRequest};
use crate::shop::Shop;

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditEntryView {
    /// Id.
    #[schema(value_type = String)]
    pub id: AuditEntryId,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who did it.
    pub actor: AuditActorView,
    /// What was done: `product.update`.
    pub action: String,
    /// To what kind of thing.
    pub entity_kind: String,
    /// To which.
    pub entity_id: Option<String>,
    /// The fields that changed, before.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// The fields that changed, after.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// Where the request came from.
    pub ip: Option<String>,
    /// What it said it was.
    pub user_agent: Option<String>,
    /// The request's id in the logs.
    pub request_id: Option<String>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditActorView {
    /// `api_key`, `staff`, `customer`, `guest` or `system`.
    pub kind: String,
    /// Which of them; null for the shop itself.
    pub id: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only this kind of thing.
    pub entity_kind: Option<String>,
    /// Only this thing.
    pub entity_id: Option<Uuid>,
    /// Only what this key or member of the staff did.
    pub actor_id: Option<Uuid>,
}

/// The kinds of things that are noted, each with how its id stands on the wire and is read from there.
macro_rules! kinds {
    ($($kind:literal => $id:ty),* $(,)?) => {
        /// The id of a thing as it stands on the wire; one of a kind that has no prefix as a UUID.
        fn write_entity_id(kind: &str, id: Uuid) -> String {
            match kind {
                $($kind => <$id>::from_uuid(id).to_string(),)*
                _ => id.to_string(),
            }
        }

        /// Reads the id of any kind of thing that is noted.
        pub fn read_entity_id(text: &str) -> Option<Uuid> {
            $(if let Ok(id) = text.parse::<$id>() {
                return Some(id.as_uuid());
            })*
            None
        }

        /// What the ids of these things begin with.
        pub const ENTITY_PREFIXES: &[&str] = &[$(<$id>::PREFIX),*];
    };
}
kinds! {
    "product" => ProductId,
    "variant" => VariantId,
    "media" => MediaId,
    "category" => CategoryId,
    "collection" => CollectionId,
    "brand" => BrandId,
    "webhook_endpoint" => WebhookEndpointId,
    "product_type" => ProductTypeId,
    "review" => ReviewId,
    "channel" => ChannelId,
    "api_key" => ApiKeyId,
    "staff" => StaffMemberId,
    "stock_location" => StockLocationId,
    "stock_level" => StockLevelId,
    "import" => ImportId,
    "export" => ExportId,
    "customer" => CustomerId,
    "order" => OrderId,
    "customer_address" => CustomerAddressId,
    "payment_method" => SavedPaymentMethodId,
    "customer_group" => CustomerGroupId,
    "price_list" => PriceListId,
    "promotion" => PromotionId,
    "coupon" => CouponId,
    "tax_class" => TaxClassId,
    "tax_zone" => TaxZoneId,
    "tax_rate" => TaxRateId,
    "shipping_zone" => ShippingZoneId,
    "shipping_method" => ShippingMethodId,
    "search_synonym" => SearchSynonymId,
    "search_rule" => SearchRuleId,
    "search_weights" => SearchWeightsId,
}

fn view(row: AuditRow) -> AuditEntryView {
    let entity_id = row.entity_id.map(|id| write_entity_id(&row.entity_kind, id));
    let actor_id = row.actor_id.map(|id| write_entity_id(&row.actor_kind, id));
    AuditEntryView {
        id: AuditEntryId::from_uuid(row.id),
        at: row.at,
        actor: AuditActorView { kind: row.actor_kind, id: actor_id },
        action: row.action,
        entity_kind: row.entity_kind,
        entity_id,
        before: row.before,
        after: row.after,
        ip: row.ip,
        user_agent: row.user_agent,
        request_id: row.request_id,
    }
}

/// A page of the entries that pass the filter, newest first. They are not counted: the log only grows.
pub async fn list_audit_log(
    shop: &Shop,
    query: AuditQuery,
    page: &PageRequest<ByNumber<AuditEntryId>>,
) -> Result<Page<AuditEntryView>, StoreError> {
    let AuditQuery { entity_kind, entity_id, actor_id } = query;
    let before = page.after.map(|place| (place.timestamp(), place.id.as_uuid()));
    let filter = AuditFilter { entity_kind, entity_id, actor_id, before };
    let conn = shop.store.admin().conn().await?;
    let rows = audit::list(&conn, &filter, page.rows()).await?;
    let place = |row: &AuditRow| ByNumber::at(row.at, AuditEntryId::from_uuid(row.id));
    Ok(Page::new(page, rows, None, place).map(view))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_kind_read_back_and_others_do_not() {
        let id = Uuid::from_u128(7);
        for kind in ["product", "category", "api_key", "stock_level"] {
            assert_eq!(read_entity_id(&write_entity_id(kind, id)), Some(id), "{kind}");
        }
        assert_eq!(write_entity_id("scope", id), id.to_string());
        for text in ["", "prod_", "x", &id.to_string()] {
            assert_eq!(read_entity_id(text), None, "{text}");
        }
    }
}
