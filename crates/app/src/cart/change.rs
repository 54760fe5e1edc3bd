//! Changes what a cart says of its buyer: e-mail, addresses, shipping method, coupons, language.

use serde::Deserialize;
use tradepost_domain::cart::{Cart, Metadata};
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::ids::{CartId, ShippingMethodId};
use tradepost_domain::kernel::{Address, Locale};
use utoipa::ToSchema;

use super::edit::change_cart;
use super::input::{check_metadata, read_code, read_email};
use crate::address::AddressInput;
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, refuse};
use crate::error::WriteError;
use crate::patch::{Patch, present};
use crate::shopper::ShopperContext;

/// Changes to a cart: what is absent stays, null clears.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CartPatch {
    /// Where the order confirmation goes.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub email: Patch<String>,
    /// Where the goods go.
    #[serde(default)]
    #[schema(value_type = Option<AddressInput>)]
    pub shipping_address: Patch<AddressInput>,
    /// Where the bill goes; null for the shipping address.
    #[serde(default)]
    #[schema(value_type = Option<AddressInput>)]
    pub billing_address: Patch<AddressInput>,
    /// Id of the shipping method; null for the cheapest one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub shipping_method: Patch<ShippingMethodId>,
    /// All coupon codes.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub coupons: Option<Vec<String>>,
    /// Language of its texts.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, nullable = false)]
    pub locale: Option<Locale>,
    /// What the client keeps with it, all of it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub metadata: Option<Metadata>,
}

fn read_address(path: &str, input: Patch<AddressInput>, issues: &mut Vec<Issue>) -> Patch<Address> {
    match input {
        Patch::Absent => Patch::Absent,
        Patch::Null => Patch::Null,
        Patch::Value(input) => match input.read(path) {
            Ok(address) => Patch::Value(address),
            Err(found) => {
                issues.extend(found);
                Patch::Absent
            }
        },
    }
}

/// Changes a cart.
pub async fn patch_cart(
    context: &ShopperContext,
    id: CartId,
    version: Option<Versions>,
    patch: CartPatch,
) -> Result<Answer, WriteError> {
    change_cart(context, (id, version, "patch_cart"), (Outcome::Done, &[]), |cart, _| {
        apply(context, cart, patch.clone())
    })
    .await
}

fn apply(context: &ShopperContext, cart: &mut Cart, patch: CartPatch) -> Result<(), WriteError> {
    let mut issues = Vec::new();
    match patch.email {
        Patch::Absent => {}
        Patch::Null => cart.email = None,
        Patch::Value(text) => match read_email("$.email", &text) {
            Ok(email) => cart.email = Some(email),
            Err(issue) => issues.push(issue),
        },
    }
    read_address("$.shipping_address", patch.shipping_address, &mut issues).apply(&mut cart.shipping_address);
    read_address("$.billing_address", patch.billing_address, &mut issues).apply(&mut cart.billing_address);
    patch.shipping_method.apply(&mut cart.shipping_method_id);
    if let Some(metadata) = patch.metadata {
        issues.extend(check_metadata("$.metadata", &metadata));
        cart.metadata = metadata;
    }
    if let Some(wanted) = &patch.locale {
        match context.channel.serve_locale(Some(wanted)) {
            Some(served) => cart.locale = served.clone(),
            None => {
                issues.push(Issue::new("$.locale", "unsupported_locale", "the channel does not speak it"));
            }
        }
    }
    if let Some(codes) = patch.coupons {
        cart.coupons.clear();
        for (index, code) in codes.iter().enumerate() {
            match read_code(&format!("$.coupons[{index}]"), code) {
                Ok(code) => cart.add_coupon(code.as_str().to_owned())?,
                Err(issue) => issues.push(issue),
            }
        }
    }
    refuse(issues)
}
