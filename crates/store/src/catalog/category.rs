//! Categories as shoppers read them: the whole tree at once, for it is small and kept in memory.

use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{CategoryId, EntityId};
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, parent_id, handle, name, description, translations
          from category
         order by position, name, id";
}

/// A category with its texts in all locales.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryRow {
    /// Id.
    pub id: CategoryId,
    /// The category above it.
    pub parent_id: Option<CategoryId>,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Text as shown.
    pub description: String,
    /// By locale: `{"de": {"name": "...", "description": "..."}}`.
    pub translations: Value,
}

/// All categories, those of one parent in their order of display.
pub async fn list(client: &Client) -> Result<Vec<CategoryRow>, StoreError> {
    Ok(client.query(LIST, &[]).await?.iter().map(from_row).collect())
}

fn from_row(row: &Row) -> CategoryRow {
    CategoryRow {
        id: CategoryId::from_uuid(row.get(0)),
        parent_id: row.get::<_, Option<Uuid>>(1).map(CategoryId::from_uuid),
        handle: row.get(2),
        name: row.get(3),
        description: row.get(4),
        translations: row.get(5),
    }
}
