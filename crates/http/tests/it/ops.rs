//! Health, figures and the reference of the API.

use tower::ServiceExt;
use tradepost_http::{ApiState, Ops};
use tradepost_testkit::TestApp;

#[tokio::test]
async fn a_process_is_alive_without_any_database() {
    let app = TestApp::new().await;
    app.shop.store.close();
    let answer = app.get("/health/live").send().await.expect(200);
    assert_eq!(answer.json()["status"], "live");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_shop_whose_migrations_were_never_recorded_is_not_ready() {
    let app = TestApp::new().await;
    let answer = app.get("/health/ready").send().await.expect(503);
    assert_eq!(answer.code(), "not_ready");
    assert_eq!(answer.json()["checks"][0]["status"], "ok");
    assert_eq!(answer.json()["checks"][1]["name"], "schema");
    assert!(answer.json()["detail"].as_str().unwrap().contains("run `tradepost migrate`"));
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_shop_is_not_ready_when_its_database_is_away_and_asks_it_once_a_second() {
    let app = TestApp::new().await;
    let first = app.get("/health/ready").send().await;
    assert_eq!(first.json()["checks"][0]["status"], "ok");
    app.shop.store.close();
    let second = app.get("/health/ready").send().await;
    assert_eq!(second.json()["checks"][0]["status"], "ok", "the answer of the last second holds");
    assert_eq!(second.statements, 0);
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    let third = app.get("/health/ready").send().await.expect(503);
    assert_eq!(third.json()["checks"][0]["status"], "failed");
}

#[tokio::test]
async fn a_process_that_drains_is_not_ready() {
    let app = TestApp::new().await;
    let ops = Ops::default();
    let router = tradepost_http::router_with(ApiState::new(app.shop.clone()), ops.clone());
    ops.drain();
    let request = axum::http::Request::get("/health/ready").body(axum::body::Body::empty()).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 503);
}

#[tokio::test]
async fn pages_of_named_origins_may_call_the_api_and_no_others() {
    use axum::http::{Request, header};
    use tradepost_http::browsers::{Origins, for_browsers};
    let app = TestApp::new().await;
    let routed = || tradepost_http::router(ApiState::new(app.shop.clone()));
    let ask = async |origins: &[&str], origin: &str, method: &str| {
        let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        let router = for_browsers(routed(), &Origins::read(&origins).unwrap(), false);
        let request = Request::builder().method(method).uri("/api/categories").header(header::ORIGIN, origin);
        let request = request.header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET");
        let answer = router.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        let read = |name| {
            answer.headers().get(name).map(|value: &http::HeaderValue| value.to_str().unwrap().to_owned())
        };
        assert_eq!(read(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), None);
        assert_eq!(read(header::STRICT_TRANSPORT_SECURITY), None);
        (
            answer.status().as_u16(),
            read(header::ACCESS_CONTROL_ALLOW_ORIGIN),
            read(header::ACCESS_CONTROL_ALLOW_HEADERS),
        )
    };
    let shop = "https://shop.example.com";
    let (status, allowed, sent) = ask(&[shop, "http://localhost:3000"], shop, "OPTIONS").await;
    assert_eq!((status, allowed.as_deref()), (200, Some(shop)));
    assert!(sent.unwrap().contains("publishable-key"));
    assert_eq!(ask(&[shop], shop, "GET").await.1.as_deref(), Some(shop));
    for stranger in
        ["https://evil.example", "null", "https://shop.example.com.evil.example", "http://shop.example.com"]
    {
        assert_eq!(ask(&[shop], stranger, "OPTIONS").await.1, None, "{stranger}");
        assert_eq!(ask(&[shop], stranger, "GET").await.1, None, "{stranger}");
    }
    assert_eq!(ask(&[], shop, "GET").await.1, None);
    assert_eq!(ask(&["*"], "https://anybody.example", "GET").await.1.as_deref(), Some("*"));
}

#[tokio::test]
async fn a_shop_reached_by_https_says_so_to_browsers() {
    use tradepost_http::browsers::{Origins, for_browsers};
    let app = TestApp::new().await;
    let router = for_browsers(tradepost_http::router(ApiState::new(app.shop.clone())), &Origins::None, true);
    let request = axum::http::Request::get("/health/live").body(axum::body::Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
}

#[tokio::test]
async fn figures_tell_of_pools_backlog_runtime_and_process() {
    let app = TestApp::new().await;
    let answer = app.get("/metrics").send().await.expect(200);
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    for figure in [
        "db_pool_connections_max{pool=\"storefront\"} 4",
        "outbox_pending 0",
        "projection_pending 0",
        "cache_hits_total{room=\"pages\"} 0",
        "cache_listening ",
        "tokio_workers ",
        "process_resident_memory_bytes ",
        "process_open_fds ",
        "process_cpu_seconds_total ",
    ] {
        assert!(text.contains(figure), "{figure} is missing in {text}");
    }
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
}

#[tokio::test]
async fn what_waits_is_counted_up_to_a_limit_and_on_no_connection_of_shoppers() {
    let app = TestApp::new().await;
    let endpoint = serde_json::json!({"url": "https://a.example/", "event_types": ["product.imported"]});
    app.post("/api/admin/webhook-endpoints").admin().json(&endpoint).send().await.expect(201);
    let many = "insert into outbox (event_id, type, aggregate_id, version, bulk, created_at)
                select gen_random_uuid(), 'product.imported', gen_random_uuid(), 1, n % 2 = 0, '2026-11-01T11:59:50Z'
                  from generate_series(1, 10100) n";
    crate::admin::sql(&app, many).await;
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(app.shop.store.storefront().conn().await.unwrap());
    }
    let figures = String::from_utf8(app.get("/metrics").send().await.expect(200).bytes).unwrap();
    for line in ["outbox_pending 10100", "webhooks_due 10000", "webhooks_due_seconds 10"] {
        assert!(figures.lines().any(|figure| figure == line), "{line} is missing in {figures}");
    }
}

#[tokio::test]
async fn the_reference_is_served_from_this_server_alone() {
    let app = TestApp::new().await;
    let page = app.get("/docs").send().await.expect(200);
    let script = app.get("/docs/docs.js").send().await.expect(200);
    assert!(String::from_utf8(script.bytes).unwrap().contains("location.origin"));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    let html = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(html.contains("<span data-origin>"), "calls go to the address of the page");
    let html = html.replace("http://127.0.0.1:8080", "");
    assert!(!html.contains("http://") && !html.contains("https://"), "the page names another server");

    let packed =
        app.get("/docs/rapidoc-min.js").header("accept-encoding", "br, gzip").send().await.expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    let plain = app.get("/docs/rapidoc-min.js").send().await.expect(200);
    assert_eq!(plain.header("content-encoding"), "");
    assert!(plain.bytes.len() > packed.bytes.len() * 3);
    let known = app.get("/docs/rapidoc-min.js").header("if-none-match", plain.header("etag")).send().await;
    assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
    for missing in ["/docs/nothing.js", "/docs/..%2f..%2fCargo.toml"] {
        assert_eq!(app.get(missing).send().await.expect(404).code(), "route_not_found");
    }
    let _ = app.get("/docs/problems").send().await.expect(200);
}

#[tokio::test]
async fn the_document_describes_every_documented_call() {
    let app = TestApp::new().await;
    let document = app.get("/openapi.json").send().await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in ["/health/live", "/health/ready", "/metrics", "/openapi.json"] {
        assert!(document["paths"][path]["get"]["operationId"].is_string(), "{path}");
    }
}
