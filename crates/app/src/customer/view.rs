//! A customer, as the customer and as staff see them.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::ids::{CustomerGroupId, CustomerId};
use tradepost_store::customer::account::CustomerRow;
use utoipa::ToSchema;

use crate::change::resource;

/// Whether an account can be used.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum CustomerStatusShape {
    /// It can.
    Active,
    /// Staff have closed it.
    Disabled,
    /// Its owner had it erased.
    Erased,
}

/// A customer's own account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerView {
    /// Id.
    #[schema(value_type = String)]
    pub id: CustomerId,
    /// E-mail address.
    pub email: String,
    /// Whether the address is proved.
    pub email_verified: bool,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Locale of mails.
    pub locale: Option<String>,
    /// Whether advertising may be sent.
    pub accepts_marketing: bool,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl From<CustomerRow> for CustomerView {
    fn from(row: CustomerRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            email_verified: row.email_verified_at.is_some(),
            first_name: row.first_name,
            last_name: row.last_name,
            phone: row.phone,
            locale: row.locale,
            accepts_marketing: row.accepts_marketing,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A customer as staff see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerAdminView {
    /// Id.
    #[schema(value_type = String)]
    pub id: CustomerId,
    /// E-mail address; of one who was erased a number that leads nowhere.
    pub email: String,
    /// When the address was proved.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub email_verified_at: Option<Timestamp>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Locale of mails.
    pub locale: Option<String>,
    /// Whether advertising may be sent.
    pub accepts_marketing: bool,
    /// Groups that prices and promotions ask for.
    #[schema(value_type = Vec<String>)]
    pub group_ids: Vec<CustomerGroupId>,
    /// Whether the account can be used.
    #[schema(value_type = CustomerStatusShape)]
    pub status: CustomerStatus,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

resource!(CustomerAdminView, CustomerId, "customer", "/api/admin/customers");

impl From<CustomerRow> for CustomerAdminView {
    fn from(row: CustomerRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            email_verified_at: row.email_verified_at,
            first_name: row.first_name,
            last_name: row.last_name,
            phone: row.phone,
            locale: row.locale,
            accepts_marketing: row.accepts_marketing,
            group_ids: row.group_ids,
            status: row.status,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
