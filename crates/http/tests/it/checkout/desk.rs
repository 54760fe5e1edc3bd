//! What the desk owes to those who wait: an answer in time, a key that is free, and a worker, whatever goes wrong.

use tradepost_testkit::TestApp;

use super::together::{Jam, spawn_items, wait_for};
use super::{stock, stocked};
use crate::admin::{sql, sql_value};

#[tokio::test]
async fn a_key_under_which_an_order_was_made_makes_no_other_and_is_not_forgotten() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let jam = Jam::begin(&app).await;
    let waits = spawn_items(&app, &boot, "key".to_owned());
    wait_for(&app, 1).await;
    let made = "01890000-0000-7000-8000-000000000001";
    sql(&app, &format!("update idempotency_key set resource_id = '{made}' where key = 'key'")).await;
    let answers = jam.decide(&app, vec![waits]).await;
    assert_eq!((answers[0].status.as_u16(), answers[0].code().as_str()), (409, "idempotency_in_progress"));
    let kept = "select concat_ws(' ', state, resource_id) from idempotency_key where key = 'key'";
    assert_eq!(sql_value(&app, kept).await, format!("running {made}"));
    assert_eq!(stock(&app, &boot).await, "5/0/0");
}
