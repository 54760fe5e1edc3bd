//! Changes an address that a customer keeps.

use serde::Deserialize;
use tradepost_domain::kernel::ids::{CustomerAddressId, CustomerId};
use tradepost_domain::kernel::{Address, AddressFields};
use tradepost_store::customer::address;
use utoipa::ToSchema;

use super::view::CustomerAddressView;
use super::{lock_owner, tell};
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, Versions, check_version, missing};
use crate::error::WriteError;
use crate::patch::{Patch, present, set};
use crate::work::StaffContext;

/// What to change of an address; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressPatch {
    /// First name.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub first_name: Patch<String>,
    /// Last name.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub last_name: Patch<String>,
    /// Company.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub company: Patch<String>,
    /// Street and number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    pub line1: Option<String>,
    /// What a carrier needs besides.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    pub line2: Patch<String>,
    /// City.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    pub city: Option<String>,
    /// State, province or county.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    pub region: Patch<String>,
    /// Postal code.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 20)]
    pub postal_code: Patch<String>,
    /// Country: ISO 3166-1 alpha-2.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 2, max_length = 2)]
    pub country: Option<String>,
    /// Telephone number.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 32)]
    pub phone: Patch<String>,
    /// Whether parcels go here when nobody says where.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub is_default_shipping: Option<bool>,
    /// Whether bills do.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub is_default_billing: Option<bool>,
}

impl AddressPatch {
    fn apply(self, fields: &mut AddressFields) {
        self.first_name.apply(&mut fields.first_name);
        self.last_name.apply(&mut fields.last_name);
        self.company.apply(&mut fields.company);
        self.line2.apply(&mut fields.line2);
        self.region.apply(&mut fields.region);
        self.postal_code.apply(&mut fields.postal_code);
        self.phone.apply(&mut fields.phone);
        fields.line1 = self.line1.or(fields.line1.take());
        fields.city = self.city.or(fields.city.take());
        fields.country = self.country.or(fields.country.take());
    }
}

/// Changes the address if it still has the version that was read.
pub async fn patch_customer_address(
    context: &StaffContext,
    (customer, id): (CustomerId, CustomerAddressId),
    version: Option<Versions>,
    patch: AddressPatch,
) -> Result<Answer, WriteError> {
    let mut work = context.begin_in(context.shop.store.storefront(), "patch_customer_address").await?;
    lock_owner(&work.tx, customer).await?;
    let found = address::get_for_update(&work.tx, customer, id).await?;
    let before = found.ok_or_else(missing::<CustomerAddressView>)?;
    check_version(version, before.version)?;
    let mut after = before.clone();
    set(&mut after.is_default_shipping, patch.is_default_shipping);
    set(&mut after.is_default_billing, patch.is_default_billing);
    let mut fields = before.address.to_fields();
    patch.apply(&mut fields);
    after.address = Address::parse("$", &fields).map_err(WriteError::Invalid)?;
    if after == before {
        return work.finish_unchanged(&CustomerAddressView::from(before)).await;
    }
    after.version += 1;
    after.updated_at = work.now;
    address::clear_other_defaults(&work.tx, customer, &after, work.now).await?;
    address::update(&work.tx, customer, &after).await?;
    let view = CustomerAddressView::from(after);
    tell(&mut work, CustomerAddressView::KIND.updated, "update", &view);
    work.finish_with(Outcome::Done, &view, Some(view.version)).await
}
