//! Addresses on the wire: as they are sent, and as they are shown.

use serde::{Deserialize, Serialize};
use tradepost_domain::kernel::{Address, AddressFields, Issue};
use utoipa::ToSchema;

/// A postal address as a client sends it. `line1`, `city`, `country` and a name or a company are needed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressInput {
    /// First name.
    #[serde(default)]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default)]
    pub last_name: Option<String>,
    /// Company.
    #[serde(default)]
    pub company: Option<String>,
    /// Street and number.
    #[serde(default)]
    pub line1: Option<String>,
    /// What a carrier needs besides: floor, care of.
    #[serde(default)]
    pub line2: Option<String>,
    /// City.
    #[serde(default)]
    pub city: Option<String>,
    /// State, province or county.
    #[serde(default)]
    pub region: Option<String>,
    /// Postal code; some countries have none.
    #[serde(default)]
    pub postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(example = "DE")]
    pub country: Option<String>,
    /// Telephone number, for the carrier.
    #[serde(default)]
    pub phone: Option<String>,
}

impl AddressInput {
    /// The address; `path` is its JSONPath in the findings.
    pub fn read(self, path: &str) -> Result<Address, Vec<Issue>> {
        let fields = AddressFields {
            first_name: self.first_name,
            last_name: self.last_name,
            company: self.company,
            line1: self.line1,
            line2: self.line2,
            city: self.city,
            region: self.region,
            postal_code: self.postal_code,
            country: self.country,
            phone: self.phone,
        };
        Address::parse(path, &fields)
    }
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AddressView {
    /// First name.
    #[schema(required = true)]
    pub first_name: Option<String>,
    /// Last name.
    #[schema(required = true)]
    pub last_name: Option<String>,
    /// Company.
    #[schema(required = true)]
    pub company: Option<String>,
    /// Street and number.
    pub line1: String,
    /// What a carrier needs besides.
    #[schema(required = true)]
    pub line2: Option<String>,
    /// City.
    pub city: String,
    /// State, province or county.
    #[schema(required = true)]
    pub region: Option<String>,
    /// Postal code.
    #[schema(required = true)]
    pub postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
    /// Telephone number.
    #[schema(required = true)]
    pub phone: Option<String>,
}

impl From<&Address> for AddressView {
    fn from(address: &Address) -> Self {
        Self {
            first_name: address.first_name.clone(),
            last_name: address.last_name.clone(),
            company: address.company.clone(),
            line1: address.line1.clone(),
            line2: address.line2.clone(),
            city: address.city.clone(),
            region: address.region.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.code().to_owned(),
            phone: address.phone.clone(),
        }
    }
}
