//! Accounts. An address is looked up by its key, the lower-case form.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::ids::{CustomerGroupId, CustomerId, EntityId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    GET = "
        select id, email, email_key, first_name, last_name, phone, password_hash, locale, group_ids, accepts_marketing,
               email_verified_at, status, version, created_at, updated_at
          from customer
         where id = $1";
    GET_FOR_UPDATE = "
        select id, email, email_key, first_name, last_name, phone, password_hash, locale, group_ids, accepts_marketing,
               email_verified_at, status, version, created_at, updated_at
          from customer
         where id = $1
           for update";
    FIND_BY_EMAIL = "
        select id, email, email_key, first_name, last_name, phone, password_hash, locale, group_ids, accepts_marketing,
               email_verified_at, status, version, created_at, updated_at
          from customer
         where email_key = $1";
    LIST = "
        select id, email, email_key, first_name, last_name, phone, password_hash, locale, group_ids, accepts_marketing,
               email_verified_at, status, version, created_at, updated_at
          from customer
         where ($1::text is null or email_key like $1 or lower(last_name) like $1 or lower(first_name) like $1)
           and ($2::text is null or status = $2)
           and ($3::uuid is null or group_ids @> array[$3])
           and ($4::uuid is null or id < $4)
         order by id desc
         limit $5";
    COUNT = "
        select count(*)
          from customer
         where ($1::text is null or email_key like $1 or lower(last_name) like $1 or lower(first_name) like $1)
           and ($2::text is null or status = $2)
           and ($3::uuid is null or group_ids @> array[$3])";
    INSERT = "
        insert into customer (id, email, email_key, first_name, last_name, phone, password_hash, locale, group_ids,
                              accepts_marketing, email_verified_at, status, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    UPDATE = "
        update customer
           set email = $2, email_key = $3, first_name = $4, last_name = $5, phone = $6, password_hash = $7, locale = $8,
               group_ids = $9, accepts_marketing = $10, email_verified_at = $11, status = $12, version = $13, updated_at = $14
         where id = $1";
    /// A better hash of the same password is no change that anybody sees.
    REHASH = "
        update customer set password_hash = $3 where id = $1 and password_hash = $2";
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRow {
    /// Id.
    pub id: CustomerId,
    /// Address as written.
    pub email: String,
    /// Address as compared.
    pub email_key: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// PHC string of the password.
    pub password_hash: Option<String>,
    /// Locale of mails.
    pub locale: Option<String>,
    /// Groups that prices and promotions ask for.
    pub group_ids: Vec<CustomerGroupId>,
    /// Whether advertising may be sent.
    pub accepts_marketing: bool,
    /// When the address was proved.
    pub email_verified_at: Option<Timestamp>,
    /// Whether the account can be used.
    pub status: CustomerStatus,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Beginning of the address or of a name, in lower case.
    pub prefix: Option<String>,
    /// Only those that stand so.
    pub status: Option<CustomerStatus>,
    /// Only those of this group.
    pub group_id: Option<CustomerGroupId>,
}

impl CustomerFilter {
    /// The prefix as a pattern in which its own signs mean themselves.
    fn pattern(&self) -> Option<String> {
        let escape = |prefix: &String| {
            let escaped: String = prefix
                .chars()
                .flat_map(|letter| {
                    matches!(letter, '%' | '_' | '\\').then_some('\\').into_iter().chain([letter])
                })
                .collect();
            format!("{escaped}%")
        };
        self.prefix.as_ref().map(escape)
    }
}

/// One customer.
pub async fn get(client: &Client, id: CustomerId) -> Result<Option<CustomerRow>, StoreError> {
    client.query_opt(GET, &[&id.as_uuid()]).await?.as_ref().map(from_row).transpose()
}

/// One customer, kept from other writers until the transaction ends.
pub async fn get_for_update(tx: &Tx, id: CustomerId) -> Result<Option<CustomerRow>, StoreError> {
    tx.query_opt(GET_FOR_UPDATE, &[&id.as_uuid()]).await?.as_ref().map(from_row).transpose()
}

/// The customer whose address has this key.
pub async fn find_by_email(client: &Client, email_key: &str) -> Result<Option<CustomerRow>, StoreError> {
    client.query_opt(FIND_BY_EMAIL, &[&email_key]).await?.as_ref().map(from_row).transpose()
}

/// Customers made before `after`, newest first.
pub async fn list(
    client: &Client,
    filter: &CustomerFilter,
    after: Option<CustomerId>,
    limit: i64,
) -> Result<Vec<CustomerRow>, StoreError> {
    let (status, group) = params(filter);
    let after = after.map(|id| id.as_uuid());
    let rows = client.query(LIST, &[&filter.pattern(), &status, &group, &after, &limit]).await?;
    rows.iter().map(from_row).collect()
}

/// How many there are.
pub async fn count(client: &Client, filter: &CustomerFilter) -> Result<i64, StoreError> {
    let (status, group) = params(filter);
    Ok(client.query_one(COUNT, &[&filter.pattern(), &status, &group]).await?.get(0))
}

fn params(filter: &CustomerFilter) -> (Option<&'static str>, Option<Uuid>) {
    (filter.status.map(CustomerStatus::as_str), filter.group_id.map(|id| id.as_uuid()))
}

/// Stores a new customer; the constraint `customer_email_key` refuses an address that is taken.
pub async fn insert(tx: &Tx, customer: &CustomerRow) -> Result<(), StoreError> {
    let groups = group_uuids(customer);
    let params: crate::db::Params<'_> = &[
        &customer.id.as_uuid(),
        &customer.email,
        &customer.email_key,
        &customer.first_name,
        &customer.last_name,
        &customer.phone,
        &customer.password_hash,
        &customer.locale,
        &groups,
        &customer.accepts_marketing,
        &customer.email_verified_at,
        &customer.status.as_str(),
        &customer.version,
        &customer.created_at,
        &customer.updated_at,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// Stores a changed customer; the constraint `customer_email_key` refuses an address that is taken.
pub async fn update(tx: &Tx, customer: &CustomerRow) -> Result<(), StoreError> {
    let groups = group_uuids(customer);
    let params: crate::db::Params<'_> = &[
        &customer.id.as_uuid(),
        &customer.email,
        &customer.email_key,
        &customer.first_name,
        &customer.last_name,
        &customer.phone,
        &customer.password_hash,
        &customer.locale,
        &groups,
        &customer.accepts_marketing,
        &customer.email_verified_at,
        &customer.status.as_str(),
        &customer.version,
        &customer.updated_at,
    ];
    tx.execute(UPDATE, params).await.map(drop)
}

/// Replaces the hash of a password by a better one of the same, unless the password was changed meanwhile.
pub async fn rehash(tx: &Tx, id: CustomerId, former: &str, hash: &str) -> Result<(), StoreError> {
    tx.execute(REHASH, &[&id.as_uuid(), &former, &hash]).await.map(drop)
}

fn group_uuids(customer: &CustomerRow) -> Vec<Uuid> {
    customer.group_ids.iter().map(EntityId::as_uuid).collect()
}

fn from_row(row: &Row) -> Result<CustomerRow, StoreError> {
    let status: &str = row.get(11);
    let unknown = || StoreError::inconsistent("customer", format!("`{status}` is no status"));
    Ok(CustomerRow {
        id: CustomerId::from_uuid(row.get(0)),
        email: row.get(1),
        email_key: row.get(2),
        first_name: row.get(3),
        last_name: row.get(4),
        phone: row.get(5),
        password_hash: row.get(6),
        locale: row.get(7),
        group_ids: row.get::<_, Vec<Uuid>>(8).into_iter().map(CustomerGroupId::from_uuid).collect(),
        accepts_marketing: row.get(9),
        email_verified_at: row.get(10),
        status: CustomerStatus::parse(status).ok_or_else(unknown)?,
        version: row.get(12),
        created_at: row.get(13),
        updated_at: row.get(14),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_a_pattern_mean_themselves_in_a_prefix() {
        let filter = CustomerFilter { prefix: Some("a_b%c\\".to_owned()), ..CustomerFilter::default() };
        assert_eq!(filter.pattern().as_deref(), Some("a\\_b\\%c\\\\%"));
    }
}
