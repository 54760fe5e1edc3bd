//! A change of a cart that was decided without reading anything: from the cart, the rules and the goods as a process
//! remembers them. The statement that stores it proves that they still are what they were, or stores nothing.

use jiff::Timestamp;
use tokio_postgres::types::{Json, ToSql};
use tradepost_domain::cart::{Cart, CartLine};
use tradepost_domain::kernel::EmailAddress;
use tradepost_domain::kernel::ids::{CartId, EntityId, ProductId, VariantId};
use uuid::Uuid;

use super::{LineColumns, differing};
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

/// A parameter of a statement.
type Param<'a> = &'a (dyn ToSql + Sync);

sql! {
    // Most changes are this one: a line is new, or holds more or less. Carts that are changed together are changed each on its own
    // supposition. Columns travel as arrays and are taken apart by their place. Of two changes of one cart one is made.
    CHANGE_LINES = "
        with changed as (
            update cart c
               set version = ($2::int8[])[w.i], updated_at = ($3::timestamptz[])[w.i], expires_at = ($4::timestamptz[])[w.i]
              from (select id, place::int4 as i from unnest($1::uuid[]) with ordinality as w (id, place)) w
             where c.id = w.id and c.version = ($5::int8[])[w.i] and c.updated_at = ($6::timestamptz[])[w.i]
               and c.status = 'open' and ($7::int8[])[w.i] = (select epoch from rules_epoch)
               and w.i <> all (array(
                   select s.i
                     from unnest($8::int4[], $9::uuid[], $10::int8[]) as s (i, id, version)
                     left join product p on p.id = s.id
                    where p.version is distinct from s.version))
            returning c.id, w.i
        ), put as (
            insert into cart_line (id, cart_id, variant_id, quantity, metadata, created_at)
            select ($11::uuid[])[i], id, ($12::uuid[])[i], ($13::int4[])[i], ($14::jsonb[])[i], ($15::timestamptz[])[i]
              from changed
            on conflict (id) do update
               set quantity = excluded.quantity, metadata = excluded.metadata
        )
        select i,
               array(
                   select (select coalesce(sum(l.on_hand - l.allocated - l.reserved), 0)::int8
                             from stock_level l
                            where l.variant_id = v.id)
                     from unnest(($16::uuid[])[($17::int4[])[i]:($18::int4[])[i]]) as v (id))
          from changed";
    // The cart's row comes first, so that of two who suppose the same one waits for the other and finds it changed. The moment
    // stands beside the version because versions come again in a database that was put back. What is left of each variant is told in
    // their order, when there is somebody to be told.
    CHANGE = "
        with changed as (
            update cart
               set version = $2, updated_at = $3, expires_at = $4, email = $11, shipping_address = $12, billing_address = $13,
                   shipping_method_id = $14, coupons = $15, metadata = $16, locale = $17
             where id = $1 and (version, updated_at) = ($5, $6) and status = 'open'
               and (select epoch from rules_epoch) = $7
               and not exists (
                   select
                     from unnest($8::uuid[], $9::int8[]) as w (id, version)
                     left join product p on p.id = w.id
                    where p.version is distinct from w.version)
            returning id
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
        )
        select array(
                   select (select coalesce(sum(l.on_hand - l.allocated - l.reserved), 0)::int8
                             from stock_level l
                            where l.variant_id = v.id)
                     from unnest($10::uuid[]) as v (id))
          from changed";
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

/// A change of a cart by which a line is new, or holds more or less, and nothing else differs.
#[derive(Debug, Clone)]
pub struct LineChange {
    cart_id: CartId,
    before: (i64, Timestamp),
    after: (i64, Timestamp),
    expires_at: Timestamp,
    line: CartLine,
    supposed: Supposed,
}

impl LineChange {
    /// A change, if it is such a one.
    pub fn of(before: &Cart, after: &Cart, supposed: &Supposed) -> Option<Self> {
        let (changed, gone) = differing(before, after);
        let &[line] = changed.as_slice() else { return None };
        (gone.is_empty() && says_the_same(before, after)).then(|| Self {
            cart_id: after.id,
            before: (before.version, before.updated_at),
            after: (after.version, after.updated_at),
            expires_at: after.expires_at,
            line: line.clone(),
            supposed: supposed.clone(),
        })
    }
}

/// Stores changes of carts in one statement, each as [`change_supposed`] does: if everything is as it was supposed to be. Of two of
/// the same cart one is stored.
///
/// Carts are locked in the order of their ids. An error is one of all together; nothing is stored where the database tells it.
pub async fn change_lines(
    client: &Client,
    changes: &[&LineChange],
) -> Result<Vec<Option<Vec<i64>>>, StoreError> {
    let mut places: Vec<usize> = (0..changes.len()).collect();
    places.sort_by_key(|place| changes.get(*place).map(|change| change.cart_id));
    let sorted: Vec<&LineChange> = places.iter().filter_map(|place| changes.get(*place).copied()).collect();
    let lines = LineColumns::of(&sorted.iter().map(|change| &change.line).collect::<Vec<_>>());
    let carts: Vec<Uuid> = sorted.iter().map(|change| change.cart_id.as_uuid()).collect();
    let (versions, times): (Vec<i64>, Vec<Timestamp>) = sorted.iter().map(|change| change.after).unzip();
    let ends: Vec<Timestamp> = sorted.iter().map(|change| change.expires_at).collect();
    let (seen, seen_at): (Vec<i64>, Vec<Timestamp>) = sorted.iter().map(|change| change.before).unzip();
    let epochs: Vec<i64> = sorted.iter().map(|change| change.supposed.epoch).collect();
    let mut products = (Vec::new(), Vec::new(), Vec::new());
    let (mut variants, mut ranges) = (Vec::new(), (Vec::new(), Vec::new()));
    for (place, change) in (1_i32..).zip(&sorted) {
        for (id, version) in &change.supposed.products {
            products.0.push(place);
            products.1.push(id.as_uuid());
            products.2.push(*version);
        }
        ranges.0.push(position(variants.len().saturating_add(1)));
        variants.extend(change.supposed.variants.iter().map(EntityId::as_uuid));
        ranges.1.push(position(variants.len()));
    }
    let params: [Param<'_>; 18] = [
        &carts,
        &versions,
        &times,
        &ends,
        &seen,
        &seen_at,
        &epochs,
        &products.0,
        &products.1,
        &products.2,
        &lines.ids,
        &lines.variants,
        &lines.quantities,
        &lines.metadata,
        &lines.times,
        &variants,
        &ranges.0,
        &ranges.1,
    ];
    let mut stored = vec![None; changes.len()];
    for row in client.query(CHANGE_LINES, &params).await? {
        let place = usize::try_from(row.get::<_, i32>(0)).ok().and_then(|place| place.checked_sub(1));
        let slot = place.and_then(|place| places.get(place)).and_then(|place| stored.get_mut(*place));
        if let Some(slot) = slot {
            *slot = Some(row.get(1));
        }
    }
    Ok(stored)
}

/// A place in an array, counted from 1.
fn position(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
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
    let lines = LineColumns::of(&changed);
    let email = after.email.as_ref().map(EmailAddress::as_str);
    let (shipping, billing) =
        (after.shipping_address.as_ref().map(Json), after.billing_address.as_ref().map(Json));
    let method = after.shipping_method_id.map(|id| id.as_uuid());
    let (metadata, locale) = (Json(&after.metadata), after.locale.as_str());
    let params: [Param<'_>; 23] = [
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
        &email,
        &shipping,
        &billing,
        &method,
        &after.coupons,
        &metadata,
        &locale,
        &gone,
        &lines.ids,
        &lines.variants,
        &lines.quantities,
        &lines.metadata,
        &lines.times,
    ];
    let row = client.query_opt(CHANGE, &params).await?;
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
