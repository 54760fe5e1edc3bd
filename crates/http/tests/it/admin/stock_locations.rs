//! `/api/admin/stock-locations`.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::{check_kept, make, product, sql, text};

const PATH: &str = "/api/admin/stock-locations";

#[tokio::test]
async fn a_stock_location_is_kept() {
    let app = TestApp::new().await;
    let first = make(&app, PATH, &json!({"name": "Main"})).await;
    assert_eq!(first["is_default"], true, "the first is the default");
    check_kept(&app, PATH, &json!({"name": "Annex", "handle": "annex"}), &json!({"name": "Annex 2"})).await;
}

#[tokio::test]
async fn the_default_moves_and_is_never_lost() {
    let app = TestApp::new().await;
    let first = make(&app, PATH, &json!({"name": "Main"})).await;
    let second = make(&app, PATH, &json!({"name": "Annex", "is_default": true})).await;
    let shown = |location: &Value| {
        let path = format!("{PATH}/{}", text(location, "id"));
        let app = &app;
        async move { app.get(&path).admin().send().await.expect(200).json()["is_default"].clone() }
    };
    assert_eq!((shown(&first).await, shown(&second).await), (json!(false), json!(true)));
    let path = format!("{PATH}/{}", text(&second, "id"));
    assert_eq!(app.delete(&path).admin().send().await.expect(409).code(), "default_required");
    let patch = app.patch(&path).admin().if_match(1).json(&json!({"is_default": false}));
    assert_eq!(patch.send().await.expect(409).code(), "default_required");
}

#[tokio::test]
async fn a_location_where_stock_is_counted_is_not_deleted() {
    let app = TestApp::new().await;
    make(&app, PATH, &json!({"name": "Main"})).await;
    let annex = make(&app, PATH, &json!({"name": "Annex"})).await;
    product(&app, "hat").await;
    let stock = "insert into variant (id, product_id, position) select gen_random_uuid(), id, 0 from product;
                 insert into stock_level (id, variant_id, location_id, tracked, backorder, moved_kind, moved_by, moved_id,
                                          updated_at)
                 select gen_random_uuid(), v.id, l.id, true, false, 'received', 'test', gen_random_uuid(), now() from variant v, stock_location l where l.handle = 'annex'";
    sql(&app, stock).await;
    let path = format!("{PATH}/{}", text(&annex, "id"));
    assert_eq!(app.delete(&path).admin().send().await.expect(409).code(), "stock_location_in_use");
}
