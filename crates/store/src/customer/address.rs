//! Addresses of customers. Every statement names the owner: nobody's address is found by its id alone.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::Address;
use tradepost_domain::kernel::ids::{CustomerAddressId, CustomerId, EntityId};

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, address, is_default_shipping, is_default_billing, version, created_at, updated_at
          from customer_address
         where customer_id = $1 and ($2::uuid is null or id < $2)
         order by id desc
         limit $3";
    COUNT = "
        select count(*) from customer_address where customer_id = $1";
    GET = "
        select id, address, is_default_shipping, is_default_billing, version, created_at, updated_at
          from customer_address
         where customer_id = $1 and id = $2";
    GET_FOR_UPDATE = "
        select id, address, is_default_shipping, is_default_billing, version, created_at, updated_at
          from customer_address
         where customer_id = $1 and id = $2
           for update";
    /// Before another one becomes the default.
    CLEAR_DEFAULTS = "
        update customer_address
           set is_default_shipping = is_default_shipping and not $3, is_default_billing = is_default_billing and not $4,
               version = version + 1, updated_at = $5
         where customer_id = $1 and id <> $2 and ((is_default_shipping and $3) or (is_default_billing and $4))";
    INSERT = "
        insert into customer_address (id, customer_id, address, is_default_shipping, is_default_billing, version, created_at, updated_at)
        values ($2, $1, $3, $4, $5, $6, $7, $8)";
    UPDATE = "
        update customer_address
           set address = $3, is_default_shipping = $4, is_default_billing = $5, version = $6, updated_at = $7
         where customer_id = $1 and id = $2";
    DELETE = "
        delete from customer_address where customer_id = $1 and id = $2";
    DELETE_ALL = "
        delete from customer_address where customer_id = $1";
}

/// An address that a customer keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerAddressRow {
    /// Id.
    pub id: CustomerAddressId,
    /// The address.
    pub address: Address,
    /// Whether parcels go here when nobody says where.
    pub is_default_shipping: bool,
    /// Whether bills do.
    pub is_default_billing: bool,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Addresses made before `after`, newest first.
pub async fn list(
    client: &Client,
    customer: CustomerId,
    after: Option<CustomerAddressId>,
    limit: i64,
) -> Result<Vec<CustomerAddressRow>, StoreError> {
    let rows = client.query(LIST, &[&customer.as_uuid(), &after.map(|id| id.as_uuid()), &limit]).await?;
    rows.iter().map(from_row).collect()
}

/// How many there are.
pub async fn count(client: &Client, customer: CustomerId) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[&customer.as_uuid()]).await?.get(0))
}

/// One address.
pub async fn get(
    client: &Client,
    customer: CustomerId,
    id: CustomerAddressId,
) -> Result<Option<CustomerAddressRow>, StoreError> {
    client.query_opt(GET, &[&customer.as_uuid(), &id.as_uuid()]).await?.as_ref().map(from_row).transpose()
}

/// One address, kept from other writers until the transaction ends.
pub async fn get_for_update(
    tx: &Tx,
    customer: CustomerId,
    id: CustomerAddressId,
) -> Result<Option<CustomerAddressRow>, StoreError> {
    let row = tx.query_opt(GET_FOR_UPDATE, &[&customer.as_uuid(), &id.as_uuid()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Takes from every other address what this one becomes the default for.
pub async fn clear_other_defaults(
    tx: &Tx,
    customer: CustomerId,
    address: &CustomerAddressRow,
    now: Timestamp,
) -> Result<(), StoreError> {
    let CustomerAddressRow { id, is_default_shipping, is_default_billing, .. } = address;
    let params: crate::db::Params<'_> =
        &[&customer.as_uuid(), &id.as_uuid(), is_default_shipping, is_default_billing, &now];
    tx.execute(CLEAR_DEFAULTS, params).await.map(drop)
}

/// Stores a new address.
pub async fn insert(tx: &Tx, customer: CustomerId, address: &CustomerAddressRow) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[
        &customer.as_uuid(),
        &address.id.as_uuid(),
        &write(&address.address)?,
        &address.is_default_shipping,
        &address.is_default_billing,
        &address.version,
        &address.created_at,
        &address.updated_at,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// Stores a changed address.
pub async fn update(tx: &Tx, customer: CustomerId, address: &CustomerAddressRow) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[
        &customer.as_uuid(),
        &address.id.as_uuid(),
        &write(&address.address)?,
        &address.is_default_shipping,
        &address.is_default_billing,
        &address.version,
        &address.updated_at,
    ];
    tx.execute(UPDATE, params).await.map(drop)
}

/// Deletes an address.
pub async fn delete(tx: &Tx, customer: CustomerId, id: CustomerAddressId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&customer.as_uuid(), &id.as_uuid()]).await.map(drop)
}

/// Deletes all addresses of a customer.
pub async fn delete_all(tx: &Tx, customer: CustomerId) -> Result<(), StoreError> {
    tx.execute(DELETE_ALL, &[&customer.as_uuid()]).await.map(drop)
}

fn write(address: &Address) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(address).map_err(|error| StoreError::inconsistent("customer_address", error))
}

fn from_row(row: &Row) -> Result<CustomerAddressRow, StoreError> {
    let address = serde_json::from_value(row.get(1));
    Ok(CustomerAddressRow {
        id: CustomerAddressId::from_uuid(row.get(0)),
        address: address.map_err(|error| StoreError::inconsistent("customer_address", error))?,
        is_default_shipping: row.get(2),
        is_default_billing: row.get(3),
        version: row.get(4),
        created_at: row.get(5),
        updated_at: row.get(6),
    })
}
