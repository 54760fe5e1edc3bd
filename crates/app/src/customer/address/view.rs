//! An address as its owner writes and reads it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tradepost_domain::kernel::ids::CustomerAddressId;
use tradepost_domain::kernel::{Address, AddressFields};
use tradepost_store::customer::address::CustomerAddressRow;
use utoipa::ToSchema;

use crate::change::resource;

/// An address to keep.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerAddressCreate {
    /// First name.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub first_name: Option<String>,
    /// Last name; this, a first name or a company is needed.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub last_name: Option<String>,
    /// Company.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub company: Option<String>,
    /// Street and number.
    #[schema(min_length = 1, max_length = 200)]
    pub line1: String,
    /// What a carrier needs besides: floor, care of.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub line2: Option<String>,
    /// City.
    #[schema(min_length = 1, max_length = 100)]
    pub city: String,
    /// State, province or county.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub region: Option<String>,
    /// Postal code.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub postal_code: Option<String>,
    /// Country: ISO 3166-1 alpha-2.
    #[schema(min_length = 2, max_length = 2)]
    pub country: String,
    /// Telephone number, for the carrier.
    #[serde(default)]
    #[schema(max_length = 32)]
    pub phone: Option<String>,
    /// Whether parcels go here when nobody says where. The first address always becomes both defaults.
    #[serde(default)]
    pub is_default_shipping: bool,
    /// Whether bills do.
    #[serde(default)]
    pub is_default_billing: bool,
}

impl CustomerAddressCreate {
    pub(super) fn fields(self) -> AddressFields {
        AddressFields {
            first_name: self.first_name,
            last_name: self.last_name,
            company: self.company,
            line1: Some(self.line1),
            line2: self.line2,
            city: Some(self.city),
            region: self.region,
            postal_code: self.postal_code,
            country: Some(self.country),
            phone: self.phone,
        }
    }
}

/// An address that a customer keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerAddressView {
    /// Id.
    #[schema(value_type = String)]
    pub id: CustomerAddressId,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Street and number.
    pub line1: String,
    /// What a carrier needs besides.
    pub line2: Option<String>,
    /// City.
    pub city: String,
    /// State, province or county.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country: ISO 3166-1 alpha-2.
    pub country: String,
    /// Telephone number.
    pub phone: Option<String>,
    /// Whether parcels go here when nobody says where.
    pub is_default_shipping: bool,
    /// Whether bills do.
    pub is_default_billing: bool,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

resource!(CustomerAddressView, CustomerAddressId, "customer_address", "/api/account/addresses");

impl From<CustomerAddressRow> for CustomerAddressView {
    fn from(row: CustomerAddressRow) -> Self {
        let Address {
            first_name,
            last_name,
            company,
            line1,
            line2,
            city,
            region,
            postal_code,
            country,
            phone,
        } = row.address;
        Self {
            id: row.id,
            first_name,
            last_name,
            company,
            line1,
            line2,
            city,
            region,
            postal_code,
            country: country.code().to_owned(),
            phone,
            is_default_shipping: row.is_default_shipping,
            is_default_billing: row.is_default_billing,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
