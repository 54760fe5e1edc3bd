//! Headers by which browsers and shared caches keep what guests read, and the memory in front of the API.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::{change, put};
use crate::admin::make;

const PUBLIC: [&str; 4] =
    ["/api/products?sort=name&limit=1", "/api/products/boot", "/api/categories", "/api/categories/shoes"];

async fn shelf() -> TestApp {
    let app = TestApp::new().await;
    make(&app, "/api/admin/categories", &json!({"name": "Shoes"})).await;
    put(&app, "Boot", 100, json!({"category": "shoes"})).await;
    put(&app, "Scarf", 100, json!({})).await;
    app.project().await;
    app
}

#[tokio::test]
async fn what_guests_read_may_be_kept_by_shared_caches_and_purged_by_name() {
    let app = shelf().await;
    for path in PUBLIC {
        // Twice: made anew, and from memory.
        for _ in 0..2 {
            let answer = app.get(path).send().await.expect(200);
            let kept = "public, max-age=0, s-maxage=60, stale-while-revalidate=300";
            assert_eq!(answer.header("cache-control"), kept, "{path}");
            assert_eq!(answer.header("vary"), "publishable-key, accept-encoding", "{path}");
            assert_eq!(answer.header("content-type"), "application/json", "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert!(!answer.header("surrogate-key").is_empty(), "{path}");
            assert!(answer.header("x-request-id").len() >= 8, "{path}");
        }
    }
    let id = app.get("/api/products/boot").send().await.json()["id"].as_str().unwrap().to_owned();
    for path in ["/api/products/boot", "/api/products?sort=name"] {
        let answer = app.get(path).send().await;
        assert!(answer.header("surrogate-key").split(' ').any(|key| key == id), "{path}");
    }
}

#[tokio::test]
async fn whoever_has_the_version_gets_no_body_until_it_changes() {
    let app = shelf().await;
    for path in PUBLIC {
        let etag = app.get(path).send().await.expect(200).header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
        for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            let unchanged = app.get(path).header("if-none-match", &known).send().await.expect(304);
            assert!(unchanged.bytes.is_empty(), "{path} {known}");
            assert_eq!(
                (unchanged.header("etag"), unchanged.header("content-type")),
                (etag.as_str(), ""),
                "{path}"
            );
            assert!(unchanged.header("cache-control").starts_with("public"), "{path}");
        }
        let _ = app.get(path).header("if-none-match", "\"e0\"").send().await.expect(200);
    }
    let etag = app.get("/api/products/boot").send().await.header("etag").to_owned();
    change(&app, "/api/admin/products/boot", &json!({"title": "Trail boot"})).await;
    app.project().await;
    let changed = app.get("/api/products/boot").header("if-none-match", &etag).send().await.expect(200);
    assert_ne!(changed.header("etag"), etag);
    assert_eq!(changed.json()["title"], "Trail boot");
}

#[tokio::test]
async fn a_remembered_answer_is_forgotten_with_the_change_that_ends_it() {
    let app = shelf().await;
    let paths = ["/api/products?sort=name", "/api/products/boot", "/api/categories"];
    for path in paths {
        let first = app.get(path).send().await.expect(200);
        let again = app.get(path).send().await.expect(200);
        assert_eq!((again.bytes, again.statements), (first.bytes, 0), "{path}");
        assert_eq!(again.headers["etag"], first.headers["etag"]);
        assert_ne!(again.headers["x-request-id"], first.headers["x-request-id"], "every request has its own");
    }
    change(
        &app,
        "/api/admin/products/boot",
        &json!({"title": "Trail boot", "price": {"amount": 250, "currency": "EUR"}}),
    )
    .await;
    make(&app, "/api/admin/categories", &json!({"name": "Hats"})).await;
    app.project().await;
    let list = app.get(paths[0]).send().await.expect(200).json();
    assert_eq!(list["data"][1]["title"], "Trail boot");
    assert_eq!(list["data"][1]["price"]["amount"], 250);
    assert_eq!(app.get(paths[1]).send().await.json()["title"], "Trail boot");
    assert_eq!(app.get(paths[2]).send().await.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn another_key_another_query_and_a_version_are_other_answers() {
    let app = shelf().await;
    let plain = app.get("/api/products?sort=name&limit=1").send().await.expect(200).json();
    let more = app.get("/api/products?sort=name&limit=2").send().await.expect(200).json();
    assert_ne!(plain, more);
    let _ =
        app.get("/api/products?sort=name&limit=1").header("publishable-key", "pk_x").send().await.expect(401);
    let _ = app
        .get("/api/products?sort=name&limit=1")
        .header("api-version", "2020-01-01")
        .send()
        .await
        .expect(400);
    let known = app.get("/api/products?sort=name&limit=1").header("api-version", "2026-11-01").send().await;
    assert_eq!(known.expect(200).json(), plain);
}
