//! Ports that lead out of the process are out of reach while a transaction is open.

use std::sync::Arc;

use jiff::Timestamp;
use tradepost_app::count_statements;
use tradepost_app::outside::Outside;
use tradepost_port::Clock;
use tradepost_port::fake::FakeClock;
use tradepost_testkit::TestDatabase;

fn outside() -> Outside<dyn Clock> {
    Outside::new(Arc::new(FakeClock::at(Timestamp::UNIX_EPOCH)))
}

#[tokio::test]
async fn a_port_is_reached_before_and_after_a_transaction() {
    let database = TestDatabase::new().await;
    let (told, _) = count_statements(async {
        let before = outside().call().now();
        let tx = database.store.admin().begin("between").await.unwrap();
        tx.commit().await.unwrap();
        (before, outside().call().now())
    })
    .await;
    assert_eq!(told, (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
}

#[cfg(debug_assertions)]
#[tokio::test]
#[should_panic(expected = "a port is called while a transaction is open")]
async fn a_port_called_within_a_transaction_panics_in_debug_builds() {
    let database = TestDatabase::new().await;
    count_statements(async {
        let _tx = database.store.admin().begin("around").await.unwrap();
        outside().call().now()
    })
    .await;
}
