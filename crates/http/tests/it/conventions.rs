//! What holds for every endpoint.

use tradepost_testkit::TestApp;

#[tokio::test]
async fn an_unknown_path_is_a_problem_with_the_requests_id() {
    let app = TestApp::new().await;
    let response = app.get("/api/nothing").header("x-request-id", "req-12345678").send().await.expect(404);
    assert_eq!(response.header("content-type"), "application/problem+json");
    assert_eq!(response.code(), "route_not_found");
    assert_eq!(response.json()["request_id"], "req-12345678");
    assert_eq!(response.header("x-request-id"), "req-12345678");
    assert_eq!(response.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn an_unknown_version_is_refused_with_the_supported_ones() {
    let app = TestApp::new().await;
    let response = app.get("/api/nothing").header("api-version", "2020-01-01").send().await.expect(400);
    assert_eq!(response.code(), "unsupported_api_version");
    assert_eq!(response.json()["supported"], serde_json::json!(["2026-11-01"]));
}
