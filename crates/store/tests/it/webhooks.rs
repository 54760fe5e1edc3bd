//! Deliveries that are sent anew.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tradepost_domain::kernel::ids::{EntityId, WebhookEndpointId};
use tradepost_store::webhook::delivery::{self, Replay, Replayed};
use tradepost_store::webhook::sending;
use tradepost_testkit::TestDatabase;
use uuid::Uuid;

/// An endpoint, ten events that it has taken and five that it has not.
const FILL: &str = "
    insert into webhook_endpoint (id, url, event_types, status, secret, concurrency, created_at, updated_at)
    values ('00000000-0000-7000-8000-000000000001', 'https://a.example/', '{brand.*}', 'enabled',
            decode(repeat('00', 69), 'hex'), 4, now(), now());
    insert into outbox (event_id, type, aggregate_id, version, created_at)
    select gen_random_uuid(), 'brand.created', gen_random_uuid(), 1, '2026-11-01T12:00:00Z'
      from generate_series(1, 15);
    update webhook_delivery d set state = 'delivered', next_at = null, finished_at = now() where event_row <= 10;
    update webhook_delivery d set state = 'dead', next_at = null, finished_at = now() where event_row > 10";

struct Replays {
    database: TestDatabase,
    endpoint: WebhookEndpointId,
    now: Timestamp,
}

impl Replays {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let (client, connection) =
            tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(FILL).await.unwrap();
        let endpoint = WebhookEndpointId::from_uuid(Uuid::from_u128(0x7000_8000_0000_0000_0001));
        Self { database, endpoint, now: "2026-11-02T12:00:00Z".parse().unwrap() }
    }

    /// A replay of four at most.
    async fn replay(&self, delivered_too: bool, after: Option<i64>) -> Replayed {
        let tx = self.database.store.worker().begin("replay").await.unwrap();
        let since = "2026-11-01T12:00:00Z".parse().unwrap();
        let wanted = Replay { since, delivered_too, after, limit: 4 };
        let replayed = delivery::replay_since(&tx, self.endpoint, wanted, self.now).await.unwrap();
        tx.commit().await.unwrap();
        replayed
    }

    /// Lets the endpoint take what is due; answers which events.
    async fn deliver(&self) -> BTreeSet<Uuid> {
        let conn = self.database.store.worker().conn().await.unwrap();
        let lease = "2026-11-02T12:00:45Z".parse().unwrap();
        let taken = sending::take(&conn, self.endpoint, (self.now, lease), 5).await.unwrap();
        for one in &taken {
            let result = sending::TryResult {
                state: "delivered",
                next_at: None,
                finished_at: Some(self.now),
                at: self.now,
                duration_ms: 1,
                status_code: Some(200),
                response: None,
                error: None,
            };
            sending::record(&conn, (self.endpoint, one.event_id), lease, &result).await.unwrap();
        }
        taken.into_iter().map(|one| one.event_id.as_uuid()).collect()
    }
}

#[tokio::test]
async fn a_replay_is_complete_over_several_calls_whatever_was_taken_before() {
    let replays = Replays::new().await;
    let first = replays.replay(false, None).await;
    assert_eq!(first.count, 4, "those that were taken use up nothing of the limit");
    assert!(first.last.is_some());
    let second = replays.replay(false, None).await;
    assert_eq!(second, Replayed { count: 1, last: None }, "those that wait use up nothing of it either");
    assert_eq!(replays.replay(false, None).await.count, 0);
    assert_eq!(replays.deliver().await.len(), 4);
}

#[tokio::test]
async fn a_replay_of_everything_goes_on_behind_what_was_taken_meanwhile() {
    let replays = Replays::new().await;
    let conn = replays.database.store.worker().conn().await.unwrap();
    let (mut told, mut counts, mut after) = (BTreeSet::new(), Vec::new(), None);
    loop {
        let Replayed { count, last } = replays.replay(true, after).await;
        counts.push(count);
        told.extend(replays.deliver().await);
        let Some(last) = last else { break };
        after = delivery::event_row(&conn, replays.endpoint, last).await.unwrap();
        assert!(after.is_some() && counts.len() < 9);
    }
    assert_eq!((counts, told.len()), (vec![4, 4, 4, 3], 15));
}
