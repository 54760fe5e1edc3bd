//! Carts: found by their owner alone, changed as a whole under their version.

mod supposed;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use tradepost_domain::cart::{Cart, CartLine, CartStatus, Metadata};
use tradepost_domain::kernel::ids::{
    CartId, CartLineId, ChannelId, CustomerId, EntityId, ShippingMethodId, VariantId,
};
use tradepost_domain::kernel::{Address, Quantity};
use uuid::Uuid;

use crate::catalog::sellable::{self, Sellable};
use crate::db::{Client, Params, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

pub use self::supposed::{Supposed, change_supposed};

macro_rules! carts {
    ($tail:literal) => {
        carts!("", $tail)
    };
    ($more:literal, $tail:literal) => {
        concat!(
            "
        select c.id, c.channel_id, c.customer_id, c.currency, c.locale, c.email, c.shipping_address, c.billing_address,
               c.shipping_method_id, c.coupons, c.metadata, c.status, c.successor_id, c.version, c.created_at, c.updated_at,
               c.expires_at", $more, "
          from cart c",
            $tail
        )
    };
}

sql! {
    // A guest is known by a token, a customer by an id; the absent one of the two matches nothing.
    GET = carts!(", l.ids, l.variants, l.quantities, l.metadata, l.times, (select epoch from rules_epoch)", "
          cross join lateral (
               select array_agg(o.id) as ids, array_agg(o.variant_id) as variants, array_agg(o.quantity) as quantities,
                      array_agg(o.metadata) as metadata, array_agg(o.created_at) as times
                 from (select * from cart_line where cart_id = c.id order by created_at, id) o) l
         where c.id = $1 and (c.customer_id = $2 or c.token_hash = $3) and c.expires_at > $4");
    GET_FOR_UPDATE = carts!("
         where c.id = $1 and (c.customer_id = $2 or c.token_hash = $3) and c.expires_at > $4
           for no key update");
    // Each by its own right; locked in the order of their ids, so that two who lock several wait in one direction only.
    ALL_FOR_UPDATE = carts!("
          join unnest($1::uuid[], $2::uuid[], $3::bytea[]) as w (id, customer_id, token_hash) on w.id = c.id
         where (c.customer_id = w.customer_id or c.token_hash = w.token_hash) and c.expires_at > $4
         order by c.id
           for no key update of c");
    LATEST = "
        select id
          from cart
         where customer_id = $1 and channel_id = $2 and status = 'open' and expires_at > $3
         order by updated_at desc, id desc
         limit 1";
    // Given to the customer as it was, or put into a cart of theirs.
    WAS_BROUGHT = "
        select exists (select from cart c
                        where c.id = $1
                          and (c.customer_id = $2
                               or c.token_hash = $3
                                  and exists (select from cart s where s.id = c.successor_id and s.customer_id = $2)))";
    LIST = carts!("
         where c.customer_id = $1 and c.status = 'open' and c.expires_at > $2 and ($3::uuid is null or c.id < $3)
         order by c.id desc
         limit $4");
    ALL_OF_CUSTOMER = carts!("
         where c.customer_id = $1 and ($2::uuid is null or c.id < $2)
         order by c.id desc
         limit $3");
    // Locked in the order of their ids, as orders lock them.
    DELETE_OF_CUSTOMER = "
        delete from cart
         where id in (select id from cart where customer_id = $1 order by id for update)";
    LINES = "
        select id, cart_id, variant_id, quantity, metadata, created_at
          from cart_line
         where cart_id = any ($1)
         order by created_at, id";
    INSERT = "
        insert into cart (id, channel_id, customer_id, token_hash, currency, locale, email, shipping_address, billing_address,
                          shipping_method_id, coupons, metadata, status, version, created_at, updated_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', $13, $14, $14, $15)";
    // What was read and nobody has changed since; all of it or, when somebody has, nothing.
    CHANGE = "
        with changed as (
            update cart
               set email = $2, shipping_address = $3, billing_address = $4, shipping_method_id = $5, coupons = $6,
                   metadata = $7, locale = $8, version = $9, updated_at = $10, expires_at = $11,
                   customer_id = $19, token_hash = case when $19::uuid is null then token_hash end
             where id = $1 and version = $12 and status = 'open'
            returning id
        ), gone as (
            delete from cart_line l using changed c where l.cart_id = c.id and l.id = any ($13)
        ), put as (
            insert into cart_line (id, cart_id, variant_id, quantity, metadata, created_at)
            select l.id, c.id, l.variant_id, l.quantity, l.metadata, l.created_at
              from changed c,
                   unnest($14::uuid[], $15::uuid[], $16::int4[], $17::jsonb[], $18::timestamptz[])
                   as l (id, variant_id, quantity, metadata, created_at)
            on conflict (id) do update
               set quantity = excluded.quantity, metadata = excluded.metadata
        )
        select count(*) from changed";
    CLOSE = "
        update cart
           set status = $2, successor_id = $3, version = version + 1, updated_at = $4
         where id = $1 and status = 'open'";
    PUT_LINES = "
        insert into cart_line (id, cart_id, variant_id, quantity, metadata, created_at)
        select l.id, $1, l.variant_id, l.quantity, l.metadata, l.created_at
          from unnest($2::uuid[], $3::uuid[], $4::int4[], $5::jsonb[], $6::timestamptz[])
               as l (id, variant_id, quantity, metadata, created_at)
        on conflict (id) do update
           set quantity = excluded.quantity, metadata = excluded.metadata";
    DELETE_ALL_LINES = "
        delete from cart_line where cart_id = $1";
    PURGE = "
        delete from cart
         where id in (select id from cart where expires_at < $1 order by expires_at limit $2 for update skip locked)";
}

/// Who opens a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CartOwner {
    /// Whoever has the cart's token, of which this is the SHA-256.
    Guest(Vec<u8>),
    /// A customer who is signed in.
    Customer(CustomerId),
}

/// Every statement about carts.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    STATEMENTS.iter().chain(supposed::STATEMENTS).copied()
}

impl CartOwner {
    fn keys(&self) -> (Option<Uuid>, Option<&[u8]>) {
        match self {
            Self::Guest(hash) => (None, Some(hash)),
            Self::Customer(id) => (Some(id.as_uuid()), None),
        }
    }
}

/// A cart and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCart {
    /// The cart.
    pub cart: Cart,
    /// The order that it became, or the cart that took its lines.
    pub successor_id: Option<Uuid>,
}

fn from_row(row: &Row) -> Result<StoredCart, StoreError> {
    let bad = |column: &str| StoreError::inconsistent("cart", column);
    let cart = Cart {
        id: CartId::from_uuid(row.get(0)),
        channel_id: ChannelId::from_uuid(row.get(1)),
        customer_id: row.get::<_, Option<Uuid>>(2).map(CustomerId::from_uuid),
        currency: row.get::<_, &str>(3).parse().map_err(|_| bad("currency"))?,
        locale: row.get::<_, &str>(4).parse().map_err(|_| bad("locale"))?,
        email: row.get::<_, Option<&str>>(5).map(str::parse).transpose().map_err(|_| bad("email"))?,
        shipping_address: row.get::<_, Option<Json<Address>>>(6).map(|address| address.0),
        billing_address: row.get::<_, Option<Json<Address>>>(7).map(|address| address.0),
        shipping_method_id: row.get::<_, Option<Uuid>>(8).map(ShippingMethodId::from_uuid),
        coupons: row.get(9),
        metadata: row.get::<_, Json<Metadata>>(10).0,
        status: CartStatus::parse(row.get(11)).ok_or_else(|| bad("status"))?,
        version: row.get(13),
        created_at: row.get(14),
        updated_at: row.get(15),
        expires_at: row.get(16),
        lines: Vec::new(),
    };
    Ok(StoredCart { cart, successor_id: row.get(12) })
}

fn line_from_row(row: &Row) -> Result<(CartId, CartLine), StoreError> {
    let bad = || StoreError::inconsistent("cart_line", "quantity");
    let quantity = u32::try_from(row.get::<_, i32>(3)).map_err(|_| bad())?;
    let line = CartLine {
        id: CartLineId::from_uuid(row.get(0)),
        variant_id: VariantId::from_uuid(row.get(2)),
        quantity: Quantity::new(quantity).map_err(|_| bad())?,
        metadata: row.get::<_, Json<Metadata>>(4).0,
        created_at: row.get(5),
    };
    Ok((CartId::from_uuid(row.get(1)), line))
}

async fn fill(client: &Client, carts: &mut [StoredCart]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = carts.iter().map(|stored| stored.cart.id.as_uuid()).collect();
    put_in(carts, &client.query(LINES, &[&ids]).await?)
}

fn put_in(carts: &mut [StoredCart], rows: &[Row]) -> Result<(), StoreError> {
    for row in rows {
        let (id, line) = line_from_row(row)?;
        if let Some(stored) = carts.iter_mut().find(|stored| stored.cart.id == id) {
            stored.cart.lines.push(line);
        }
    }
    Ok(())
}

/// The lines that stand beside a cart in its row.
fn lines_beside(row: &Row) -> Result<Vec<CartLine>, StoreError> {
    let Some(ids) = row.get::<_, Option<Vec<Uuid>>>(17) else { return Ok(Vec::new()) };
    let bad = || StoreError::inconsistent("cart_line", "quantity");
    let (variants, quantities): (Vec<Uuid>, Vec<i32>) = (row.get(18), row.get(19));
    let (metadata, times): (Vec<Json<Metadata>>, Vec<Timestamp>) = (row.get(20), row.get(21));
    let rest = variants.into_iter().zip(quantities).zip(metadata.into_iter().zip(times));
    let each = ids.into_iter().zip(rest).map(|(id, ((variant, quantity), (metadata, created_at)))| {
        let quantity = u32::try_from(quantity).map_err(|_| bad())?;
        Ok(CartLine {
            id: CartLineId::from_uuid(id),
            variant_id: VariantId::from_uuid(variant),
            quantity: Quantity::new(quantity).map_err(|_| bad())?,
            metadata: metadata.0,
            created_at,
        })
    });
    each.collect()
}

/// What a cart is priced by, as it was read with the cart.
#[derive(Debug, Clone)]
pub struct Beside {
    /// The epoch of the shop's rules.
    pub epoch: i64,
    /// The variants of the cart's lines, and those that were asked for besides.
    pub sellables: Vec<Sellable>,
}

/// An owner's cart with what it is priced by, and with variants that are about to be put in: one flight.
///
/// The two are read one after the other: where a change came between and a line's goods are not among them, they are not told.
pub async fn open(
    client: &Client,
    id: CartId,
    (owner, now): (&CartOwner, Timestamp),
    more: &[VariantId],
) -> Result<Option<(StoredCart, Option<Beside>)>, StoreError> {
    let (customer, token) = owner.keys();
    let params: Params<'_> = &[&id.as_uuid(), &customer, &token, &now];
    client.ready(GET).await?;
    let sellables = sellable::of_cart(client, id, more);
    let (row, sellables) = futures_util::future::try_join(client.query_opt(GET, params), sellables).await?;
    let Some(row) = row else { return Ok(None) };
    let mut stored = from_row(&row)?;
    stored.cart.lines = lines_beside(&row)?;
    let is_known = |line: &CartLine| sellables.iter().any(|known| known.variant_id == line.variant_id);
    let is_whole = stored.cart.lines.iter().all(is_known);
    Ok(Some((stored, is_whole.then(|| Beside { epoch: row.get(22), sellables }))))
}

/// An owner's cart, kept from other writers until the transaction ends.
pub async fn get_for_update(
    tx: &Tx,
    id: CartId,
    owner: &CartOwner,
    now: Timestamp,
) -> Result<Option<StoredCart>, StoreError> {
    let (customer, token) = owner.keys();
    let ids = [id.as_uuid()];
    let [id] = &ids;
    let ids = ids.as_slice();
    let (wanted, ids): (Params<'_>, Params<'_>) = (&[id, &customer, &token, &now], &[&ids]);
    tx.ready(GET_FOR_UPDATE).await?;
    // In one flight, the lines behind the lock: they are those that it found.
    let (row, lines) =
        futures_util::future::try_join(tx.query_opt(GET_FOR_UPDATE, wanted), tx.query(LINES, ids)).await?;
    let Some(mut stored) = row.as_ref().map(from_row).transpose()? else { return Ok(None) };
    put_in(std::slice::from_mut(&mut stored), &lines)?;
    Ok(Some(stored))
}

/// Carts, each by its owner, kept from other writers until the transaction ends; those that are not theirs are left out.
pub async fn all_for_update(
    tx: &Tx,
    wanted: &[(CartId, CartOwner)],
    now: Timestamp,
) -> Result<Vec<StoredCart>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = wanted.iter().map(|(id, _)| id.as_uuid()).collect();
    let customers: Vec<Option<Uuid>> = wanted.iter().map(|(_, owner)| owner.keys().0).collect();
    let tokens: Vec<Option<&[u8]>> = wanted.iter().map(|(_, owner)| owner.keys().1).collect();
    let (all, lines): (Params<'_>, Params<'_>) = (&[&ids, &customers, &tokens, &now], &[&ids]);
    tx.ready(ALL_FOR_UPDATE).await?;
    let (rows, lines) =
        futures_util::future::try_join(tx.query(ALL_FOR_UPDATE, all), tx.query(LINES, lines)).await?;
    let mut carts = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
    put_in(&mut carts, &lines)?;
    Ok(carts)
}

/// The open cart of a customer that was changed last.
pub async fn latest(
    client: &Client,
    customer: CustomerId,
    channel: ChannelId,
    now: Timestamp,
) -> Result<Option<CartId>, StoreError> {
    let row = client.query_opt(LATEST, &[&customer.as_uuid(), &channel.as_uuid(), &now]).await?;
    Ok(row.map(|row| CartId::from_uuid(row.get(0))))
}

/// Whether a cart is a customer's own, or was a guest's with this token that was merged into a customer's own.
pub async fn was_brought(
    client: &Client,
    id: CartId,
    customer: CustomerId,
    token_hash: &[u8],
) -> Result<bool, StoreError> {
    let params: Params<'_> = &[&id.as_uuid(), &customer.as_uuid(), &token_hash];
    Ok(client.query_one(WAS_BROUGHT, params).await?.get(0))
}

/// The open carts of a customer behind `after`, newest first.
pub async fn list(
    client: &Client,
    customer: CustomerId,
    after: Option<CartId>,
    (limit, now): (i64, Timestamp),
) -> Result<Vec<Cart>, StoreError> {
    let after = after.map(|id| id.as_uuid());
    let rows = client.query(LIST, &[&customer.as_uuid(), &now, &after, &limit]).await?;
    let mut carts = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
    fill(client, &mut carts).await?;
    Ok(carts.into_iter().map(|stored| stored.cart).collect())
}

/// All carts of a customer behind `after`, whatever became of them, newest first.
pub async fn all_of_customer(
    client: &Client,
    customer: CustomerId,
    after: Option<CartId>,
    limit: i64,
) -> Result<Vec<Cart>, StoreError> {
    let params: crate::db::Params<'_> = &[&customer.as_uuid(), &after.map(|id| id.as_uuid()), &limit];
    let rows = client.query(ALL_OF_CUSTOMER, params).await?;
    let mut carts = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
    fill(client, &mut carts).await?;
    Ok(carts.into_iter().map(|stored| stored.cart).collect())
}

/// Deletes all carts of a customer.
pub async fn delete_of_customer(tx: &Tx, customer: CustomerId) -> Result<(), StoreError> {
    tx.execute(DELETE_OF_CUSTOMER, &[&customer.as_uuid()]).await.map(drop)
}

/// Stores a new cart with its lines.
pub async fn insert(tx: &Tx, cart: &Cart, token_hash: Option<&[u8]>) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[
        &cart.id.as_uuid(),
        &cart.channel_id.as_uuid(),
        &cart.customer_id.map(|id| id.as_uuid()),
        &token_hash,
        &cart.currency.code(),
        &cart.locale.as_str(),
        &cart.email.as_ref().map(tradepost_domain::kernel::EmailAddress::as_str),
        &cart.shipping_address.as_ref().map(Json),
        &cart.billing_address.as_ref().map(Json),
        &cart.shipping_method_id.map(|id| id.as_uuid()),
        &cart.coupons,
        &Json(&cart.metadata),
        &cart.version,
        &cart.created_at,
        &cart.expires_at,
    ];
    tx.execute(INSERT, params).await?;
    put_lines(tx, cart.id, &cart.lines.iter().collect::<Vec<_>>()).await
}

/// Stores a change of a cart that was read without keeping others from it, in one statement that needs no transaction;
/// `false`, and nothing is stored, when somebody changed it meanwhile. A cart that is given to a customer loses its
/// token.
pub async fn change(client: &Client, before: &Cart, after: &Cart) -> Result<bool, StoreError> {
    let (changed, gone) = differing(before, after);
    let lines = LineColumns::of(&changed);
    let params: crate::db::Params<'_> = &[
        &after.id.as_uuid(),
        &after.email.as_ref().map(tradepost_domain::kernel::EmailAddress::as_str),
        &after.shipping_address.as_ref().map(Json),
        &after.billing_address.as_ref().map(Json),
        &after.shipping_method_id.map(|id| id.as_uuid()),
        &after.coupons,
        &Json(&after.metadata),
        &after.locale.as_str(),
        &after.version,
        &after.updated_at,
        &after.expires_at,
        &before.version,
        &gone,
        &lines.ids,
        &lines.variants,
        &lines.quantities,
        &lines.metadata,
        &lines.times,
        &after.customer_id.map(|id| id.as_uuid()),
    ];
    Ok(client.query_one(CHANGE, params).await?.get::<_, i64>(0) == 1)
}

/// The lines that are new or other than they were, and the ids of those that are gone.
fn differing<'a>(before: &Cart, after: &'a Cart) -> (Vec<&'a CartLine>, Vec<Uuid>) {
    let changed = after.lines.iter().filter(|line| before.line(line.id).is_none_or(|old| old != *line));
    let gone = before.lines.iter().filter(|line| after.line(line.id).is_none());
    (changed.collect(), gone.map(|line| line.id.as_uuid()).collect())
}

/// Lines as columns.
struct LineColumns<'a> {
    ids: Vec<Uuid>,
    variants: Vec<Uuid>,
    quantities: Vec<i32>,
    metadata: Vec<Json<&'a Metadata>>,
    times: Vec<Timestamp>,
}

impl<'a> LineColumns<'a> {
    fn of(lines: &[&'a CartLine]) -> Self {
        Self {
            ids: lines.iter().map(|line| line.id.as_uuid()).collect(),
            variants: lines.iter().map(|line| line.variant_id.as_uuid()).collect(),
            quantities: lines
                .iter()
                .map(|line| i32::try_from(line.quantity.get()).unwrap_or(i32::MAX))
                .collect(),
            metadata: lines.iter().map(|line| Json(&line.metadata)).collect(),
            times: lines.iter().map(|line| line.created_at).collect(),
        }
    }
}

async fn put_lines(tx: &Tx, cart: CartId, lines: &[&CartLine]) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let LineColumns { ids, variants, quantities, metadata, times } = LineColumns::of(lines);
    tx.execute(PUT_LINES, &[&cart.as_uuid(), &ids, &variants, &quantities, &metadata, &times]).await.map(drop)
}

/// Closes an open cart; `false` when it was closed before.
pub async fn close(
    tx: &Tx,
    id: CartId,
    (status, successor): (CartStatus, Uuid),
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(CLOSE, &[&id.as_uuid(), &status.as_str(), &successor, &now]).await? == 1)
}

/// Takes all lines out of a cart whose lines go into another one.
pub async fn delete_lines(tx: &Tx, id: CartId) -> Result<(), StoreError> {
    tx.execute(DELETE_ALL_LINES, &[&id.as_uuid()]).await.map(drop)
}

/// Deletes up to `limit` carts whose time ran out before `before`; answers how many.
pub async fn purge(client: &Client, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    client.execute(PURGE, &[&before, &limit]).await
}
