//! Puts lines into a cart, changes them, takes them out.

use serde::Deserialize;
use tradepost_domain::cart::{LineToAdd, Metadata};
use tradepost_domain::kernel::Quantity;
use tradepost_domain::kernel::ids::{CartId, CartLineId};
use utoipa::ToSchema;

use super::Change;
use super::input::{LineAdd, WantedLine, check_metadata, read_lines};
use crate::answer::{Answer, Outcome};
use crate::change::refuse;
use crate::error::WriteError;
use crate::patch::present;
use crate::pricing::rates::asking;
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
    version: Option<i64>,
    line: LineAdd,
) -> Result<Answer, WriteError> {
    asking(&context.caller.shop, || async {
        let mut change = Change::open(context, id, version, "add_cart_line").await?;
        for line in read_lines(&change.work.tx, "$", vec![line.clone()]).await? {
            let id = change.work.next_id();
            let WantedLine { variant_id, quantity, metadata } = line;
            change.after.add_line(LineToAdd { id, variant_id, quantity, metadata }, change.work.now)?;
        }
        change.finish(context, Outcome::Created).await
    })
    .await
}

/// Changes a line of a cart.
pub async fn patch_cart_line(
    context: &ShopperContext,
    (id, line): (CartId, CartLineId),
    version: Option<i64>,
    patch: LinePatch,
) -> Result<Answer, WriteError> {
    refuse(
        patch.metadata.as_ref().map(|metadata| check_metadata("$.metadata", metadata)).unwrap_or_default(),
    )?;
    asking(&context.caller.shop, || async {
        let mut change = Change::open(context, id, version, "patch_cart_line").await?;
        change.after.change_line(line, patch.quantity, patch.metadata.clone())?;
        change.finish(context, Outcome::Done).await
    })
    .await
}

/// Takes a line out of a cart.
pub async fn remove_cart_line(
    context: &ShopperContext,
    (id, line): (CartId, CartLineId),
    version: Option<i64>,
) -> Result<Answer, WriteError> {
    asking(&context.caller.shop, || async {
        let mut change = Change::open(context, id, version, "remove_cart_line").await?;
        change.after.remove_line(line)?;
        change.finish(context, Outcome::Done).await
    })
    .await
}
