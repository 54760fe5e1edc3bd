//! A change of a cart that was decided without reading anything: from the cart, the rules and the goods as a process
//! remembers them. The statement that stores it proves that they still are what they were, or stores nothing.

use tokio_postgres::types::{Json, ToSql};
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::EmailAddress;
use tradepost_domain::kernel::ids::{EntityId, ProductId, VariantId};
use uuid::Uuid;

use super::{LineColumns, differing};
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

/// A parameter of a statement.
type Param<'a> = &'a (dyn ToSql + Sync);

/// `$id`, the version and the moment of the cart's last change, the epoch of the rules, products with their versions.
///
/// The cart's row comes first, so that of two who suppose the same one waits for the other and finds it changed. The moment
/// stands beside the version because versions come again in a database that was put back.
macro_rules! as_supposed {
    ($before:literal, $epoch:literal, $products:literal) => {
        concat!(
            "
             where id = $1 and (version, updated_at) = ",
            $before,
            " and status = 'open'
               and (select epoch from rules_epoch) = ",
            $epoch,
            "
               and not exists (
                   select
                     from unnest(",
            $products,
            ") as w (id, version)
                     left join product p on p.id = w.id
                    where p.version is distinct from w.version)
            returning id"
        )
    };
}

/// What is left of each variant of `$variants`, in their order, when there is somebody to be told.
macro_rules! told {
    ($variants:literal) => {
        concat!(
            "
        select array(
                   select (select coalesce(sum(l.on_hand - l.allocated - l.reserved), 0)::int8
                             from stock_level l
                            where l.variant_id = v.id)
                     from unnest(",
            $variants,
            ") as v (id))
          from changed"
        )
    };
}

sql! {
    // Most changes are this one: a line is new, or holds more or less.
    PUT_LINE = concat!("
        with changed as (
            update cart
               set version = $2, updated_at = $3, expires_at = $4",
        as_supposed!("($5, $6)", "$7", "$8::uuid[], $9::int8[]"), "
        ), put as (
            insert into cart_line (id, cart_id, variant_id, quantity, metadata, created_at)
            select $11, id, $12, $13, $14, $15 from changed
            on conflict (id) do update
               set quantity = excluded.quantity, metadata = excluded.metadata
        )", told!("$10::uuid[]"));
    CHANGE = concat!("
        with changed as (
            update cart
               set version = $2, updated_at = $3, expires_at = $4, email = $11, shipping_address = $12, billing_address = $13,
                   shipping_method_id = $14, coupons = $15, metadata = $16, locale = $17",
        as_supposed!("($5, $6)", "$7", "$8::uuid[], $9::int8[]"), "
        ), gone as (
            delete from cart_line l using changed c where l.cart_id = c.id and l.id = any ($18)
        ), put as (
            insert into cart_line (id, cart_id, variant_id, quantity, metadata, created_at)
            select l.id, c.id, l.variant_id, l.quantity, l.metadata, l.created_at
              from changed c,
                   unnest($19::uuid[], $20::uuid[], $21::int4[], $22::jsonb[], $23::timestamptz[])
                   as l (id, variant_id, quantity, metadata, created_at)
            on conflict (id) do update
               set quantity = excluded.quantity, metadata = excluded.metadata
        )", told!("$10::uuid[]"));
}

/// What a change was decided by besides the cart, without having been read for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supposed {
    /// The epoch of the shop's rules.
    pub epoch: i64,
    /// The products of its lines, each with its version.
    pub products: Vec<(ProductId, i64)>,
    /// Variants whose stock is to be told.
    pub variants: Vec<VariantId>,
}

/// Stores a change of a cart if everything is still as it was supposed to be, and answers how many units of each variant
/// can be sold. `None`, and nothing is stored, where the cart, the rules or a product became another one. The owner
/// of a cart is not changed by it.
pub async fn change_supposed(
    client: &Client,
    (before, after): (&Cart, &Cart),
    supposed: &Supposed,
) -> Result<Option<Vec<i64>>, StoreError> {
    let (products, versions): (Vec<Uuid>, Vec<i64>) =
        supposed.products.iter().map(|(id, version)| (id.as_uuid(), *version)).unzip();
    let variants: Vec<Uuid> = supposed.variants.iter().map(EntityId::as_uuid).collect();
    let (id, (changed, gone)) = (after.id.as_uuid(), differing(before, after));
    let mut params: Vec<Param<'_>> = vec![
        &id,
        &after.version,
        &after.updated_at,
        &after.expires_at,
        &before.version,
        &before.updated_at,
        &supposed.epoch,
        &products,
        &versions,
        &variants,
    ];
    let lines = LineColumns::of(&changed);
    let row = if let (&[_], true) = (changed.as_slice(), gone.is_empty() && says_the_same(before, after)) {
        let LineColumns { ids, variants, quantities, metadata, times } = &lines;
        params.extend(ids.iter().map(|value| -> Param<'_> { value }));
        params.extend(variants.iter().map(|value| -> Param<'_> { value }));
        params.extend(quantities.iter().map(|value| -> Param<'_> { value }));
        params.extend(metadata.iter().map(|value| -> Param<'_> { value }));
        params.extend(times.iter().map(|value| -> Param<'_> { value }));
        client.query_opt(PUT_LINE, &params).await?
    } else {
        let email = after.email.as_ref().map(EmailAddress::as_str);
        let (shipping, billing) =
            (after.shipping_address.as_ref().map(Json), after.billing_address.as_ref().map(Json));
        let method = after.shipping_method_id.map(|id| id.as_uuid());
        let (metadata, locale) = (Json(&after.metadata), after.locale.as_str());
        let own: [Param<'_>; 7] = [&email, &shipping, &billing, &method, &after.coupons, &metadata, &locale];
        params.extend(own);
        params.push(&gone);
        let columns: [Param<'_>; 5] =
            [&lines.ids, &lines.variants, &lines.quantities, &lines.metadata, &lines.times];
        params.extend(columns);
        client.query_opt(CHANGE, &params).await?
    };
    Ok(row.map(|row| row.get(0)))
}

/// Whether nothing differs but lines.
fn says_the_same(before: &Cart, after: &Cart) -> bool {
    before.email == after.email
        && before.shipping_address == after.shipping_address
        && before.billing_address == after.billing_address
        && before.shipping_method_id == after.shipping_method_id
        && before.coupons == after.coupons
        && before.metadata == after.metadata
        && before.locale == after.locale
}
