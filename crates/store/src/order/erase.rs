//! Takes the person out of the orders of somebody who is erased. Numbers, lines, amounts, taxes and what was booked stay: they
//! have to be kept. Of addresses the country and the region stay, by which taxes were owed.

use jiff::Timestamp;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, OrderId};

use crate::db::{Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

/// An address of which the place of its taxes is left.
macro_rules! placeless {
    ($address:literal) => {
        concat!(
            "case when ",
            $address,
            " is null then null
                  else jsonb_build_object('first_name', null, 'last_name', null, 'company', null, 'line1', '', 'line2', null,
                                          'city', '', 'region', ",
            $address,
            " -> 'region', 'postal_code', null,
                                          'country', ",
            $address,
            " -> 'country', 'phone', null)
                   end"
        )
    };
}

sql! {
    // What is still to be sent keeps its address until it is.
    ANONYMISE = concat!("
        with mine as (
            select id from orders where customer_id = $1 order by id for no key update
        )
        update orders o
           set email = $2, token_hash = null, metadata = '{}', version = o.version + 1, updated_at = $3,
               cancel_reason = case when exists (select from order_event e
                                                  where e.order_id = o.id and e.kind = 'canceled' and e.actor_kind = 'customer')
                                    then null
                                    else o.cancel_reason end,
               billing_address = ", placeless!("o.billing_address"), ",
               shipping_address = case when o.status in ('pending', 'confirmed')
                                       then o.shipping_address
                                       else ", placeless!("o.shipping_address"), " end
          from mine
         where o.id = mine.id");
    ANONYMISE_LINES = "
        update order_line l
           set metadata = '{}'
          from orders o
         where o.customer_id = $1 and l.order_id = o.id and l.metadata <> '{}'";
    // Notes of the staff and reasons of the buyer are free text.
    ANONYMISE_EVENTS = "
        update order_event e
           set data = '{}'
          from orders o
         where o.customer_id = $1 and e.order_id = o.id
           and (e.kind = 'note' or (e.kind = 'canceled' and e.actor_kind = 'customer'))";
    ANONYMISE_SHIPMENTS = "
        update shipment s
           set tracking_number = null, tracking_url = null
          from orders o
         where o.customer_id = $1 and s.order_id = o.id and o.status in ('completed', 'canceled')";
    // Searches are no longer told apart by the browser that bought in the end.
    ANONYMISE_SEARCHES = "
        update search_query q
           set client_id = null
          from search_event e
          join orders o on o.id = e.object_id
         where e.action = 'purchase' and o.customer_id = $1 and q.id = e.query_id";
    /// Kept answers hold addresses: not the key of the request that erases, whose answer is not known yet.
    FORGET_ANSWERS = "
        delete from idempotency_key where (principal = $1 or operation like any ($2)) and state = 'done'";
    FORGET_MAILS = "
        delete from job
         where queue = any ($1)
           and (payload ->> 'customer_id' = $2 or payload ->> 'email_key' = $3 or payload ->> 'order_id' = any ($4))";
    IDS = "
        select id from orders where customer_id = $1";
    FORGET_PLACE = concat!("
        update orders o set shipping_address = ", placeless!("o.shipping_address"), " where o.id = $1");
}

/// Takes the person out of everything that was ordered, or asked for under this account: in seven statements, however many
/// orders there are. `email` takes the place of the address that was `email_key`.
pub async fn anonymise(
    tx: &Tx,
    customer: CustomerId,
    (email, email_key): (&str, &str),
    (queues, now): (&[&str], Timestamp),
) -> Result<(), StoreError> {
    let id = customer.as_uuid();
    let params: Params<'_> = &[&id, &email, &now];
    tx.execute(ANONYMISE, params).await?;
    tx.execute(ANONYMISE_LINES, &[&id]).await?;
    tx.execute(ANONYMISE_EVENTS, &[&id]).await?;
    tx.execute(ANONYMISE_SHIPMENTS, &[&id]).await?;
    tx.execute(ANONYMISE_SEARCHES, &[&id]).await?;
    let rows = tx.query(IDS, &[&id]).await?;
    let orders: Vec<String> = rows.iter().map(|row| OrderId::from_uuid(row.get(0)).to_string()).collect();
    let paths: Vec<String> = orders.iter().map(|order| format!("%/{order}%")).collect();
    tx.execute(FORGET_ANSWERS, &[&customer.to_string(), &paths]).await?;
    let params: Params<'_> = &[&queues, &customer.to_string(), &email_key, &orders];
    tx.execute(FORGET_MAILS, params).await.map(drop)
}

/// Forgets where an order went, once it is there or given up.
pub async fn forget_place(tx: &Tx, order: OrderId) -> Result<(), StoreError> {
    tx.execute(FORGET_PLACE, &[&order.as_uuid()]).await.map(drop)
}
