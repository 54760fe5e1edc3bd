//! `/api/admin/system`.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::make;

#[tokio::test]
async fn the_system_shows_what_waits_and_since_when() {
    let app = TestApp::new().await;
    let path = "/api/admin/system";
    let idle = app.get(path).admin().send().await.expect(200);
    assert_eq!(idle.statements, 3);
    assert_eq!(
        (&idle.json()["outbox_pending"], &idle.json()["projector_lag_seconds"]),
        (&json!(0), &json!(0))
    );
    make(&app, "/api/admin/brands", &json!({"name": "a"})).await;
    app.clock.advance(jiff::SignedDuration::from_secs(7));
    let busy = app.get(path).admin().send().await.expect(200).json();
    assert_eq!((&busy["outbox_pending"], &busy["projector_lag_seconds"]), (&json!(1), &json!(7)));
    assert_eq!(busy["pools"].as_array().unwrap().len(), 3);
    assert!(busy["schema_version"].as_i64().unwrap() >= 6);
}
