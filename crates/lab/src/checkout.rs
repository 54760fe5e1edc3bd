//! The limits of carts and orders: scripts of the least that must be written, with the durability of the shop's own
//! writes, in tables of their own beside the shop's. And the goods that the shop's side of the comparison orders.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::Barrier;
use tradepost_domain::kernel::ids::{EntityId, VariantId};
use tradepost_store::sql::Sql;
use tradepost_store::{Store, StoreError, StoreSettings, Tx};
use uuid::Uuid;

use crate::compare::Side;
use crate::load::{LoadPlan, Requests};
use crate::{LabError, per_second};

/// Variants and carts of a script.
const ROWS: u64 = 1_000;
/// Transactions of each connection before the clock runs: connected, prepared, warm.
const WARM_UP: u64 = 20;

const SET_UP: Sql = Sql {
    name: "lab::SET_UP",
    text: "
        drop table if exists lab_outbox, lab_payment, lab_order_line, lab_order, lab_stock, lab_cart_line, lab_cart;
        create table lab_stock (variant_id bigint primary key, on_hand bigint not null) with (fillfactor = 70);
        create table lab_order (id uuid primary key, email text not null, currency char(3) not null, subtotal bigint not null,
            tax bigint not null, shipping bigint not null, total bigint not null, address jsonb not null, status text not null,
            placed_at timestamptz not null default now());
        create table lab_order_line (id uuid primary key, order_id uuid not null references lab_order, variant_id bigint not null,
            sku text not null, title text not null, quantity int not null, unit_price bigint not null, tax bigint not null);
        create index on lab_order_line (order_id);
        create table lab_payment (id uuid primary key, order_id uuid not null references lab_order, provider text not null,
            amount bigint not null, currency char(3) not null, status text not null);
        create index on lab_payment (order_id);
        create table lab_outbox (id bigint generated always as identity primary key, type text not null, payload jsonb not null);
        create table lab_cart (id bigint primary key, version bigint not null, updated_at timestamptz not null);
        create table lab_cart_line (cart_id bigint not null references lab_cart, variant_id bigint not null, quantity int not null,
            primary key (cart_id, variant_id));
        insert into lab_stock select n, 1000000000 from generate_series(0, 999) n;
        insert into lab_cart select n, 1, now() from generate_series(0, 999) n;
        checkpoint",
};
const TAKE: Sql = Sql {
    name: "lab::TAKE",
    text: "update lab_stock set on_hand = on_hand - 1 where variant_id = $1 and on_hand >= 1",
};
const ORDER: Sql = Sql {
    name: "lab::ORDER",
    text: "insert into lab_order (id, email, currency, subtotal, tax, shipping, total, address, status)
           values (gen_random_uuid(), 'ada@example.com', 'EUR', 2000, 400, 1000, 3400,
                   '{\"name\": \"Ada Lovelace\", \"line1\": \"Torstr. 1\", \"city\": \"Berlin\", \"postal_code\": \"10119\", \"country\": \"DE\"}',
                   'pending')
           returning id",
};
const LINES: Sql = Sql {
    name: "lab::LINES",
    text: "insert into lab_order_line (id, order_id, variant_id, sku, title, quantity, unit_price, tax)
           values (gen_random_uuid(), $1, $2, 'SKU-1', 'Wool jacket', 1, 1000, 200),
                  (gen_random_uuid(), $1, $3, 'SKU-2', 'Wool lamp', 1, 1000, 200)",
};
const PAYMENT: Sql = Sql {
    name: "lab::PAYMENT",
    text: "insert into lab_payment (id, order_id, provider, amount, currency, status)
           values (gen_random_uuid(), $1, 'test', 3400, 'EUR', 'created')",
};
const TELL: Sql = Sql {
    name: "lab::TELL",
    text: "insert into lab_outbox (type, payload)
           values ('order.placed', jsonb_build_object('id', $1::uuid, 'total', 3400, 'currency', 'EUR'))",
};
const PUT_LINE: Sql = Sql {
    name: "lab::PUT_LINE",
    text: "insert into lab_cart_line (cart_id, variant_id, quantity) values ($1, $2, 1)
           on conflict (cart_id, variant_id) do update set quantity = lab_cart_line.quantity + 1",
};
const TOUCH_CART: Sql = Sql {
    name: "lab::TOUCH_CART",
    text: "update lab_cart set version = version + 1, updated_at = now() where id = $1",
};
const STOCK_UP: Sql = Sql {
    name: "lab::STOCK_UP",
    text: "
        with goods as (
            select distinct on (v.product_id) v.id
              from variant v
              join product p on p.id = v.product_id
              join price c on c.variant_id = v.id
             where p.status = 'published' and p.channel_ids is null and v.tracked
               and c.currency = 'EUR' and c.amount < 9500
             order by v.product_id, v.id
        )
        update stock_level l
           set on_hand = 500000000, moved_kind = 'adjusted', moved_by = 'lab', moved_id = gen_random_uuid(), moved_note = null,
               moved_for = null, moved_units = null, version = l.version + 1
         where l.variant_id in (select id from goods limit 1000)
        returning l.variant_id",
};

/// What a script writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// A line of a cart and the cart's version, in four round trips.
    CartLine,
    /// Two conditional updates of stock, an order, two lines, a payment, an event, in eight round trips.
    Order,
}

fn failed(error: &StoreError) -> LabError {
    LabError::Preparation(error.to_string())
}

/// Fills the shelves of up to a thousand products that cost so little that no promotion of the demo's shop applies to two
/// of them; answers a variant of each.
pub async fn stock_up(store: &Store) -> Result<Vec<VariantId>, LabError> {
    let conn = store.worker().conn().await.map_err(|error| failed(&error))?;
    let rows = conn.query(STOCK_UP, &[]).await.map_err(|error| failed(&error))?;
    let mut variants: Vec<VariantId> =
        rows.iter().map(|row| VariantId::from_uuid(row.get::<_, Uuid>(0))).collect();
    variants.sort_unstable();
    variants.dedup();
    if variants.len() < 2 {
        return Err(LabError::Preparation("the shop has no goods to order".to_owned()));
    }
    Ok(variants)
}

/// Makes the tables of the scripts, empty.
pub async fn set_up(store: &Store) -> Result<(), LabError> {
    let conn = store.worker().conn().await.map_err(|error| failed(&error))?;
    for statement in SET_UP.text.split(';') {
        // One at a time: a checkpoint is refused inside of the transaction that several at once are.
        let text: &'static str = statement;
        conn.batch(Sql { name: SET_UP.name, text }).await.map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// A side that runs a script on connections of its own and answers transactions a second.
pub fn script_side(url: String, script: Script, plan: LoadPlan) -> Side<'static> {
    Box::new(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run_script(&url, script, plan)).map_err(|error| failed(&error))
    })
}

async fn run_script(url: &str, script: Script, plan: LoadPlan) -> Result<f64, StoreError> {
    let mut settings = StoreSettings::new(url);
    settings.storefront.size = plan.connections;
    let store = Store::new(&settings)?;
    let begin = Arc::new(Barrier::new(plan.connections));
    let next = Arc::new(AtomicU64::new(0));
    let clients = (0..plan.connections).map(|_| {
        let (store, begin, next) = (store.clone(), begin.clone(), next.clone());
        tokio::spawn(async move {
            // All are warm before the first is measured, also when one of them fails.
            let warm = repeat(&store, script, &next, |done| done < WARM_UP).await;
            begin.wait().await;
            warm?;
            let started = Instant::now();
            let end = started + plan.duration;
            let done = repeat(&store, script, &next, |_| Instant::now() < end).await?;
            Ok::<_, StoreError>((done, started.elapsed()))
        })
    });
    let (mut total, mut longest) = (0, std::time::Duration::ZERO);
    for client in clients.collect::<Vec<_>>() {
        let ended = client.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let (done, took) = ended?;
        total += done;
        longest = longest.max(took);
    }
    store.close();
    Ok(per_second(total, longest))
}

async fn repeat(
    store: &Store,
    script: Script,
    next: &AtomicU64,
    mut more: impl FnMut(u64) -> bool,
) -> Result<u64, StoreError> {
    let mut done = 0;
    while more(done) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let tx = store.storefront().begin("lab_script").await?;
        match script {
            Script::CartLine => put_line(&tx, number).await?,
            Script::Order => place(&tx, number).await?,
        }
        tx.commit().await?;
        done += 1;
    }
    Ok(done)
}

/// Rows of a script's transaction: two that neighbours in time do not share, in ascending order.
fn rows_of(number: u64) -> Option<(i64, i64)> {
    let first = number.wrapping_mul(617) % (ROWS / 2);
    let second = ROWS / 2 + number.wrapping_mul(373) % (ROWS / 2);
    Some((i64::try_from(first).ok()?, i64::try_from(second).ok()?))
}

async fn put_line(tx: &Tx, number: u64) -> Result<(), StoreError> {
    let (cart, variant) = rows_of(number).unwrap_or_default();
    tx.execute(PUT_LINE, &[&cart, &(variant % 2)]).await?;
    tx.execute(TOUCH_CART, &[&cart]).await?;
    Ok(())
}

async fn place(tx: &Tx, number: u64) -> Result<(), StoreError> {
    let (first, second) = rows_of(number).unwrap_or_default();
    tx.execute(TAKE, &[&first]).await?;
    tx.execute(TAKE, &[&second]).await?;
    let order: Uuid = tx.query_one(ORDER, &[]).await?.get(0);
    tx.execute(LINES, &[&order, &first, &second]).await?;
    tx.execute(PAYMENT, &[&order]).await?;
    tx.execute(TELL, &[&order]).await?;
    Ok(())
}

/// Orders of two lines each, from `items`, as guests, through the built-in provider; every one under a key of its own.
///
/// The pairs are spread over the variants; given two, all want the same. `run` begins the keys and is used once.
pub fn orders(variants: &[VariantId], run: String) -> Requests {
    let variants = variants.to_vec();
    let next = AtomicU64::new(0);
    Arc::new(move |_| {
        // Not the load's own number: that begins anew with each turn, and a key is used once.
        let number = next.fetch_add(1, Ordering::Relaxed);
        let half = variants.len() / 2;
        let pick = |at: u64, step: u64, from: usize| {
            let place = usize::try_from(at.wrapping_mul(step)).unwrap_or_default() % half.max(1);
            variants.get(from + place).copied().map(|id| id.to_string()).unwrap_or_default()
        };
        let (first, second) = (pick(number, 617, 0), pick(number, 373, half));
        let body = format!(
            r#"{{"items":[{{"variant_id":"{first}","quantity":1}},{{"variant_id":"{second}","quantity":1}}],"email":"ada{}@example.com","shipping_address":{{"first_name":"Ada","last_name":"Lovelace","line1":"Torstr. 1","city":"Berlin","postal_code":"10119","country":"DE"}}}}"#,
            number % 50_000
        );
        post("/api/orders", &format!("Idempotency-Key: {run}-{number}\r\n"), &body)
    })
}

/// A unit more of a variant that a cart has two kinds of, on many carts in turn.
pub fn cart_lines(carts: &[(String, String)], variants: [VariantId; 2]) -> Requests {
    let requests: Vec<String> = carts
        .iter()
        .enumerate()
        .map(|(number, (id, token))| {
            let variant = if number % 2 == 0 { variants[0] } else { variants[1] };
            let body = format!(r#"{{"variant_id":"{variant}","quantity":1}}"#);
            post(&format!("/api/carts/{id}/lines"), &format!("Cart-Token: {token}\r\n"), &body)
        })
        .collect();
    Arc::new(move |number| {
        let number = usize::try_from(number).unwrap_or_default();
        requests.get(number % requests.len().max(1)).cloned().unwrap_or_default()
    })
}

/// A POST request with more lines of its head, each ended, and a JSON body.
pub fn post(path: &str, head: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{head}\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_orders_have_two_keys_and_two_lines_that_differ() {
        let variants: Vec<VariantId> =
            (0..10).map(|number| VariantId::from_uuid(Uuid::from_u128(number))).collect();
        let requests = orders(&variants, "run".to_owned());
        let (one, other) = (requests(0), requests(0));
        let key = |request: &str| {
            request.lines().find(|line| line.starts_with("Idempotency-Key")).map(str::to_owned)
        };
        assert_ne!(key(&one), key(&other));
        let body: serde_json::Value = serde_json::from_str(one.split("\r\n\r\n").last().unwrap()).unwrap();
        assert_ne!(body["items"][0]["variant_id"], body["items"][1]["variant_id"]);
    }

    #[test]
    fn rows_are_locked_in_ascending_order() {
        assert!((0..5_000).map(rows_of).all(|rows| rows.is_some_and(|(first, second)| first < second)));
    }
}
