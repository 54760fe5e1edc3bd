//! Puts lines into a cart, changes them, takes them out.

use serde::Deserialize;
use tradepost_domain::cart::{LineToAdd, Metadata};
use tradepost_domain::kernel::Quantity;
use tradepost_domain::kernel::ids::{CartId, CartLineId, VariantId};
use utoipa::ToSchema;

use super::edit::change_cart;
use super::input::{LineAdd, WantedLine, check_metadata, read_lines};
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, refuse};
use crate::error::WriteError;
use crate::patch::present;
use crate::shopper::ShopperContext;

/// Changes to a line: what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinePatch {
    /// How many.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 9999, nullable = false)]
    pub quantity: Option<Quantity>,
    /// What the client keeps with the line, all of it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub metadata: Option<Metadata>,
}

/// Puts units of a variant into a cart.
pub async fn add_cart_line(
    context: &ShopperContext,
    id: CartId,
    version: Option<Versions>,
    line: LineAdd,
) -> Result<Answer, WriteError> {
    let conn = context.caller.shop.store.storefront().conn().await?;
    let wanted = read_lines(&conn, "$", vec![line]).await?;
    drop(conn);
    let more: Vec<VariantId> = wanted.iter().map(|line| line.variant_id).collect();
    change_cart(context, (id, version, "add_cart_line"), (Outcome::Created, &more), |cart, now| {
        for line in &wanted {
            let id = context.caller.shop.ids.next();
            let WantedLine { variant_id, quantity, metadata } = line.clone();
            cart.add_line(LineToAdd { id, variant_id, quantity, metadata }, now)?;
        }
        Ok(())
    })
    .await
}

/// Changes a line of a cart.
pub async fn patch_cart_line(
    context: &ShopperContext,
    (id, line): (CartId, CartLineId),
    version: Option<Versions>,
    patch: LinePatch,
) -> Result<Answer, WriteError> {
    refuse(
        patch.metadata.as_ref().map(|metadata| check_metadata("$.metadata", metadata)).unwrap_or_default(),
    )?;
    change_cart(context, (id, version, "patch_cart_line"), (Outcome::Done, &[]), |cart, _| {
        Ok(cart.change_line(line, patch.quantity, patch.metadata.clone())?)
    })
    .await
}

/// Takes a line out of a cart.
pub async fn remove_cart_line(
    context: &ShopperContext,
    (id, line): (CartId, CartLineId),
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    change_cart(context, (id, version, "remove_cart_line"), (Outcome::Done, &[]), |cart, _| {
        Ok(cart.remove_line(line)?)
    })
    .await
}
