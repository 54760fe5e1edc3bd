//! Transactions, and the rows that are written in them beside a change.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, EventId, ImportId, OrderId};
use tradepost_domain::kernel::{Currency, with_causes};
use tradepost_store::db::{count_statements, open_transactions};
use tradepost_store::idempotency::StoredAnswer;
use tradepost_store::order::place::{Kept, Placing};
use tradepost_store::outbox::Lane;
use tradepost_store::payment::ledger;
use tradepost_store::{Sql, StoreError, audit, idempotency, import_run, order, outbox, setting};
use tradepost_testkit::TestDatabase;
use uuid::Uuid;

fn event(number: u128) -> outbox::Event {
    outbox::Event {
        id: EventId::from_uuid(Uuid::from_u128(number)),
        kind: "product.updated",
        aggregate_id: Uuid::from_u128(number),
        version: 1,
        payload: json!({}).into(),
    }
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing_and_its_connection_works_on() {
    let database = TestDatabase::new().await;
    let db = database.store.worker();
    for _ in 0..10 {
        let tx = db.begin("dropped").await.unwrap();
        outbox::push(&tx, &[event(1)], Timestamp::UNIX_EPOCH).await.unwrap();
        drop(tx);
    }
    let conn = db.conn().await.unwrap();
    assert_eq!(outbox::count_pending(&conn).await.unwrap(), 0);
}

#[tokio::test]
async fn a_write_after_a_transaction_that_was_given_up_while_it_began_is_not_lost() {
    let database = TestDatabase::new().await;
    let db = database.store.worker();
    // The pool has a connection, so that the next one is asked for and `begin` sent in the same breath.
    drop(db.conn().await.unwrap());
    tokio::select! { biased; _ = db.begin("given_up") => {}, () = std::future::ready(()) => {} }
    let conn = db.conn().await.unwrap();
    let run = import_run::NewImportRun {
        id: ImportId::from_uuid(Uuid::from_u128(1)),
        format: "jsonl",
        file_hash: &[1],
        file_name: "a.jsonl",
        file_blob: None,
        file_bytes: None,
        dry_run: false,
        currency: Some("EUR"),
        location_id: None,
    };
    import_run::insert(&conn, &run, Timestamp::UNIX_EPOCH).await.unwrap();
    let elsewhere = database.store.admin().conn().await.unwrap();
    assert!(import_run::get(&elsewhere, run.id).await.unwrap().is_some());
}

#[tokio::test]
async fn committed_events_are_taken_once_and_marked() {
    let database = TestDatabase::new().await;
    let db = database.store.worker();
    let tx = db.begin("push").await.unwrap();
    outbox::push(&tx, &[event(1), event(2)], Timestamp::UNIX_EPOCH).await.unwrap();
    tx.commit().await.unwrap();

    let first = db.begin("first").await.unwrap();
    let second = db.begin("second").await.unwrap();
    let taken = outbox::take(&first, Lane::Fresh, 10).await.unwrap();
    assert_eq!(taken.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["product.updated"; 2]);
    assert!(
        outbox::take(&second, Lane::Fresh, 10).await.unwrap().is_empty(),
        "what one has taken no other sees"
    );
    let rows: Vec<i64> = taken.iter().map(|event| event.row).collect();
    outbox::mark_dispatched(&first, &rows, Timestamp::UNIX_EPOCH).await.unwrap();
    first.commit().await.unwrap();
    assert!(outbox::take(&second, Lane::Fresh, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn statements_and_open_transactions_are_counted_for_the_request() {
    let database = TestDatabase::new().await;
    let (open, statements) = count_statements(async {
        let tx = database.store.admin().begin("count").await.unwrap();
        let _ = outbox::count_pending(&tx).await.unwrap();
        let _ = outbox::count_pending(&tx).await.unwrap();
        let open = open_transactions();
        tx.commit().await.unwrap();
        (open, open_transactions())
    })
    .await;
    assert_eq!((open, statements), ((1, 0), 2));
}

#[tokio::test]
async fn a_key_is_claimed_once_and_an_expired_claim_is_taken_over_by_one() {
    let database = TestDatabase::new().await;
    let conn = database.store.admin().conn().await.unwrap();
    let at = |second| Timestamp::from_second(second).unwrap();
    let claim = |until| idempotency::Claim {
        principal: "key_1".to_owned(),
        key: "abc".to_owned(),
        operation: "POST /x".to_owned(),
        body_hash: vec![1],
        locked_until: at(until),
        resource_id: None,
        is_new: false,
    };
    assert!(idempotency::claim(&conn, &claim(30), at(0)).await.unwrap());
    assert!(!idempotency::claim(&conn, &claim(31), at(1)).await.unwrap());
    assert!(
        idempotency::take_over(&conn, &claim(50), at(20)).await.unwrap().is_none(),
        "the lease still runs"
    );
    assert_eq!(idempotency::take_over(&conn, &claim(70), at(40)).await.unwrap(), Some(None));
    assert!(idempotency::take_over(&conn, &claim(71), at(40)).await.unwrap().is_none(), "one has it now");

    let answer = idempotency::StoredAnswer { status: 201, body: b"{}".to_vec(), etag: None, location: None };
    let tx = database.store.admin().begin("finish").await.unwrap();
    assert!(
        !idempotency::finish(&tx, &claim(30), &answer).await.unwrap(),
        "the first holder has lost its claim"
    );
    assert!(idempotency::finish(&tx, &claim(70), &answer).await.unwrap());
    tx.commit().await.unwrap();
    let stored = idempotency::get(&conn, "key_1", "abc").await.unwrap().unwrap();
    assert_eq!(stored.answer, Some(answer));
}

fn claim(key: &str) -> idempotency::Claim {
    idempotency::Claim {
        principal: "key_1".to_owned(),
        key: key.to_owned(),
        operation: "POST /x".to_owned(),
        body_hash: vec![1],
        locked_until: Timestamp::from_second(30).unwrap(),
        resource_id: None,
        is_new: true,
    }
}

const PID: Sql = Sql { name: "pid", text: "select pg_backend_pid()" };
const WAITING: Sql = Sql {
    name: "waiting",
    text: "
        with recursive held (pid) as (
            select $1::int4
             union
            select a.pid from pg_stat_activity a join held h on h.pid = any (pg_blocking_pids(a.pid)))
        select count(*) - 1 from held",
};

#[tokio::test]
async fn of_keys_that_are_claimed_together_each_is_claimed_once_and_one_that_was_used_is_not() {
    let database = TestDatabase::new().await;
    let db = database.store.admin();
    let claims = [claim("b"), claim("used"), claim("a"), claim("b")];
    assert!(idempotency::claim(&db.conn().await.unwrap(), &claims[1], Timestamp::UNIX_EPOCH).await.unwrap());
    let tx = db.begin("claim").await.unwrap();
    let ours = idempotency::claim_all(&tx, &claims.each_ref(), Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(ours, [true, false, true, false]);
    // What is given back is as if it had never been.
    idempotency::release_all(&tx, &[&claims[2]]).await.unwrap();
    tx.commit().await.unwrap();
    let conn = db.conn().await.unwrap();
    for (key, is_there) in [("a", false), ("b", true), ("used", true)] {
        assert_eq!(idempotency::get(&conn, "key_1", key).await.unwrap().is_some(), is_there, "{key}");
    }
}

#[tokio::test]
async fn transactions_that_claim_the_same_keys_in_other_orders_wait_for_each_other_one_way() {
    let database = TestDatabase::new().await;
    let db = database.store.admin();
    // Somebody holds the key between the two: both have begun, and neither has claimed both.
    let between = db.begin("between").await.unwrap();
    let held = claim("b");
    assert_eq!(idempotency::claim_all(&between, &[&held], Timestamp::UNIX_EPOCH).await.unwrap(), [true]);
    let pid: i32 = between.query_one(PID, &[]).await.unwrap().get(0);
    let claiming = |keys: [&'static str; 3]| {
        let db = db.clone();
        tokio::spawn(async move {
            let tx = db.begin("claim").await.unwrap();
            let claims = keys.map(claim);
            let ours = idempotency::claim_all(&tx, &claims.each_ref(), Timestamp::UNIX_EPOCH).await;
            tx.commit().await.unwrap();
            ours.unwrap()
        })
    };
    let (up, down) = (claiming(["a", "b", "c"]), claiming(["c", "b", "a"]));
    let watcher = database.store.worker().conn().await.unwrap();
    while watcher.query_one(WAITING, &[&pid]).await.unwrap().get::<_, i64>(0) < 2 {
        tokio::task::yield_now().await;
    }
    drop(between);
    let mut ours = [up.await.unwrap(), down.await.unwrap()];
    ours.sort();
    assert_eq!(ours, [[false; 3], [true; 3]], "no deadlock, and one has all");
}

#[tokio::test]
async fn a_claim_under_which_something_was_made_is_not_kept_for_a_second() {
    let database = TestDatabase::new().await;
    let db = database.store.admin();
    let claims = [claim("used"), claim("new")];
    for claim in &claims {
        assert!(idempotency::claim(&db.conn().await.unwrap(), claim, Timestamp::UNIX_EPOCH).await.unwrap());
    }
    let tx = db.begin("make").await.unwrap();
    assert!(idempotency::keep_resource(&tx, &claims[0], Uuid::from_u128(1)).await.unwrap());
    assert_eq!(idempotency::keep_all(&tx, &claims.each_ref()).await.unwrap(), [false, true]);
}

#[tokio::test]
async fn only_a_server_that_has_refused_a_statement_and_goes_on_has_surely_rolled_back() {
    const REFUSED: Sql = Sql { name: "refused", text: "select 1 / 0" };
    const ENDED: Sql = Sql { name: "ended", text: "select pg_terminate_backend(pg_backend_pid())" };
    let database = TestDatabase::new().await;
    for (sql, is_rolled_back) in [(REFUSED, true), (ENDED, false)] {
        let tx = database.store.worker().begin("fails").await.unwrap();
        assert_eq!(tx.batch(sql).await.unwrap_err().is_rolled_back(), is_rolled_back, "{}", sql.name);
    }
    assert!(!StoreError::Unavailable("no connection".to_owned()).is_rolled_back());
    assert!(!StoreError::inconsistent("orders", "whatever we take for wrong").is_rolled_back());
}

#[tokio::test]
async fn the_audit_log_refuses_to_be_changed() {
    let database = TestDatabase::new().await;
    let entry = audit::AuditRow {
        id: Uuid::from_u128(1),
        at: Timestamp::UNIX_EPOCH,
        actor_kind: "system".to_owned(),
        actor_id: None,
        action: "product.create".to_owned(),
        entity_kind: "product".to_owned(),
        entity_id: Some(Uuid::from_u128(2)),
        before: None,
        after: Some(json!({"title": "x"})),
        ip: None,
        user_agent: None,
        request_id: None,
    };
    let tx = database.store.admin().begin("audit").await.unwrap();
    audit::insert_all(&tx, std::slice::from_ref(&entry)).await.unwrap();
    tx.commit().await.unwrap();
    let conn = database.store.admin().conn().await.unwrap();
    assert_eq!(audit::list(&conn, &audit::AuditFilter::default(), 10).await.unwrap(), [entry]);

    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    for change in ["delete from audit_log", "update audit_log set action = 'nothing'"] {
        assert!(client.batch_execute(change).await.is_err(), "{change}");
    }
}

/// Refuses by an error where the number is 0, as a statement must that the commit travels behind.
const KEEP_SETTING: Sql = Sql {
    name: "test::KEEP_SETTING",
    text: "insert into setting (key, value, updated_at) values ('last', to_jsonb(1 / $1::int4), now())",
};

#[tokio::test]
async fn what_the_commit_travels_behind_is_kept_with_all_before_it_or_nothing_is() {
    let database = TestDatabase::new().await;
    let db = database.store.storefront();
    let conn = database.store.admin().conn().await.unwrap();
    let left = async || {
        let last = setting::get(&conn, "last").await.unwrap().is_some();
        (last, outbox::count_pending(&conn).await.unwrap())
    };
    let begin = async || {
        let tx = db.begin("behind").await.unwrap();
        outbox::push(&tx, &[event(1)], Timestamp::UNIX_EPOCH).await.unwrap();
        tx
    };
    let is_asked = AtomicBool::new(false);
    let asked = || is_asked.store(true, Ordering::SeqCst);
    // The server refuses it: the commit behind it keeps nothing, and that is certain.
    let refused = begin().await.commit_behind(KEEP_SETTING, &[&0_i32], asked).await.unwrap_err();
    assert!(refused.is_rolled_back(), "{refused}");
    assert!(is_asked.swap(false, Ordering::SeqCst));
    assert_eq!(left().await, (false, 0));
    // It is never sent: no commit is sent behind it.
    let unsent = begin().await.commit_behind(KEEP_SETTING, &[&"one"], asked).await;
    assert!(unsent.is_err() && !is_asked.load(Ordering::SeqCst));
    assert_eq!(left().await, (false, 0));
    begin().await.commit_behind(KEEP_SETTING, &[&1_i32], asked).await.unwrap();
    assert!(is_asked.load(Ordering::SeqCst));
    assert_eq!(left().await, (true, 1));
}

#[tokio::test]
async fn an_order_whose_claim_is_gone_is_not_stored() {
    let database = TestDatabase::new().await;
    let db = database.store.storefront();
    let (claims, booking) = ([claim("kept"), claim("gone")], |number: u128| ledger::Booking {
        order_id: OrderId::from_uuid(Uuid::from_u128(1)),
        source_kind: "order",
        source_id: number.to_string(),
        kind: "sold",
        currency: Currency::EUR,
        entries: vec![("revenue".to_owned(), -1), ("receivable".to_owned(), 1)],
    });
    let place = async |number: u128, kept: &[&idempotency::Claim]| {
        let tx = db.begin("place").await.unwrap();
        assert_eq!(
            idempotency::claim_all(&tx, &[&claims[0]], Timestamp::UNIX_EPOCH).await.unwrap(),
            [number == 1 || number == 2]
        );
        let answer = StoredAnswer { status: 201, body: vec![1], etag: None, location: None };
        let placing = Placing {
            sold: vec![booking(number)],
            kept: kept.iter().map(|claim| (*claim, Kept::Answer(answer.clone()))).collect(),
            ..Placing::default()
        };
        let mut next_id = Uuid::nil;
        order::place::place(tx, &placing, (Timestamp::UNIX_EPOCH, &mut next_id), || ()).await
    };
    let both = place(1, &claims.each_ref()).await.unwrap_err();
    let said = with_causes(&both);
    assert!(both.is_rolled_back() && said.contains("a claim that was kept is gone"), "{said}");
    let conn = db.conn().await.unwrap();
    let count = async || {
        let key = idempotency::get(&conn, "key_1", "kept").await.unwrap();
        (
            conn.query_one(BOOKED, &[]).await.unwrap().get::<_, i64>(0),
            key.and_then(|key| key.answer).is_some(),
        )
    };
    assert_eq!(count().await, (0, false));
    place(2, &[&claims[0]]).await.unwrap();
    assert_eq!(count().await, (2, true), "two entries of one booking");
}

const BOOKED: Sql = Sql { name: "test::BOOKED", text: "select count(*) from ledger_entry" };
