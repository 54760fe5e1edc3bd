//! A run of an export belongs to one worker.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, ExportId};
use tradepost_store::export_run::{self, ExportCounts, ExportedFile};
use tradepost_testkit::TestDatabase;
use uuid::Uuid;

const LEASE: SignedDuration = SignedDuration::from_secs(60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

async fn with_runs(runs: u128) -> TestDatabase {
    let database = TestDatabase::new().await;
    let conn = database.store.worker().conn().await.unwrap();
    for number in 1..=runs {
        let id = ExportId::from_uuid(Uuid::from_u128(number));
        export_run::insert(&conn, id, ("jsonl", &json!({})), at(0)).await.unwrap();
    }
    database
}

/// Takes a run while another worker has taken one and not committed; answers which.
async fn taken_beside(database: &TestDatabase) -> Option<ExportId> {
    let first = database.store.worker().begin("first").await.unwrap();
    let taken = export_run::take(&first, at(1), at(1) + LEASE).await.unwrap().unwrap();
    assert_eq!(taken.id.as_uuid(), Uuid::from_u128(1));
    let second = tokio::spawn({
        let store = database.store.clone();
        async move {
            let conn = store.worker().conn().await.unwrap();
            export_run::take(&conn, at(2), at(2) + LEASE).await.unwrap()
        }
    });
    // Done, or waiting for the first: either way nothing is left to chance.
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let waits = "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'update export_run')";
    while !second.is_finished() && !client.query_one(waits, &[]).await.unwrap().get::<_, bool>(0) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    first.commit().await.unwrap();
    second.await.unwrap().map(|run| run.id)
}

#[tokio::test]
async fn two_workers_that_take_at_once_have_a_run_each() {
    let database = with_runs(2).await;
    assert_eq!(taken_beside(&database).await.map(|id| id.as_uuid()), Some(Uuid::from_u128(2)));
}

#[tokio::test]
async fn of_two_workers_that_take_the_last_run_at_once_one_has_nothing() {
    let database = with_runs(1).await;
    assert_eq!(taken_beside(&database).await, None);
}

#[tokio::test]
async fn a_worker_whose_lease_ran_out_can_say_nothing_of_the_run_any_more() {
    let database = with_runs(1).await;
    let conn = database.store.worker().conn().await.unwrap();
    let (slow, quick) = (at(1) + LEASE, at(100) + LEASE);
    let id = export_run::take(&conn, at(1), slow).await.unwrap().unwrap().id;
    assert_eq!(export_run::take(&conn, at(100), quick).await.unwrap().map(|run| run.id), Some(id));
    let counts = ExportCounts { products: 3, bytes: 30 };
    let file = ExportedFile { name: "slow", counts, products_left_out: 0, left_out: &[] };
    assert!(!export_run::advance(&conn, id, (slow, at(200)), counts).await.unwrap());
    assert!(!export_run::succeed(&conn, id, slow, &file, at(101)).await.unwrap());
    assert!(!export_run::fail(&conn, id, slow, "gone", at(101)).await.unwrap());
    let run = export_run::get(&conn, id).await.unwrap().unwrap();
    assert_eq!((run.status.as_str(), run.counts.products, run.attempts), ("running", 0, 2));
    let file = ExportedFile { name: "quick", ..file };
    assert!(export_run::succeed(&conn, id, quick, &file, at(102)).await.unwrap());
    assert_eq!(export_run::get(&conn, id).await.unwrap().unwrap().file_name.as_deref(), Some("quick"));
}
