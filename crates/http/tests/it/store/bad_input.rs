//! Questions that cannot be answered: each is refused by its code and the parameter that is the cause.

use serde_json::json;
use tradepost_testkit::TestApp;

use super::{assert_refused, put};

async fn shelf() -> TestApp {
    let app = TestApp::new().await;
    put(&app, "Boot", 100, json!({})).await;
    app.project().await;
    app
}

#[tokio::test]
async fn a_listing_takes_what_it_knows_and_nothing_else() {
    let app = shelf().await;
    for (query, code, param) in [
        ("colour=red", "unknown_parameter", "colour"),
        ("page=2", "unknown_parameter", "page"),
        ("filter=red", "unknown_parameter", "filter"),
        ("limit=2&limit=3", "duplicate_parameter", "limit"),
        ("limit=0", "invalid_parameter", "limit"),
        ("limit=101", "invalid_parameter", "limit"),
        ("limit=ten", "invalid_parameter", "limit"),
        ("limit=", "invalid_parameter", "limit"),
        ("sort=cheap", "invalid_sort", "sort"),
        ("sort=-name", "invalid_sort", "sort"),
        ("count=all", "invalid_parameter", "count"),
        ("cursor=", "invalid_cursor", "cursor"),
        ("cursor=garbage", "invalid_cursor", "cursor"),
        ("cursor=AAAAAAAAAAAAAAAAAAAAAAAA", "invalid_cursor", "cursor"),
        ("fields=", "invalid_parameter", "fields"),
        ("fields=id,,title", "invalid_parameter", "fields"),
        ("fields=price_of_everything", "unknown_field", "fields"),
        ("fields=metadata", "unknown_field", "fields"),
        ("expand=reviews", "unknown_expansion", "expand"),
        ("expand=", "invalid_parameter", "expand"),
        ("locale=german", "invalid_parameter", "locale"),
        ("category=", "invalid_parameter", "category"),
        ("category=cat_zz", "invalid_id", "category"),
        ("collection=col_zz", "invalid_id", "collection"),
        ("facets=maybe", "invalid_parameter", "facets"),
        ("q=%ff", "invalid_encoding", "query"),
        ("q=a%00b", "invalid_encoding", "query"),
        ("q=%4", "invalid_encoding", "query"),
    ] {
        assert_refused(&app.get(&format!("/api/products?{query}")).send().await, 400, code, param, query);
    }
    let long = format!("q={}", "x".repeat(201));
    assert_refused(
        &app.get(&format!("/api/products?{long}")).send().await,
        400,
        "invalid_parameter",
        "q",
        &long,
    );
}

#[tokio::test]
async fn a_filter_that_is_not_understood_is_never_ignored() {
    let app = shelf().await;
    for (filter, value, code) in [
        ("filter[colour]", "red", "unknown_filter"),
        ("filter[price]", "1000", "unknown_filter"),
        ("filter[in_stock][gte]", "true", "unknown_filter"),
        ("filter[option.]", "red", "unknown_filter"),
        ("filter[brand][gte]", "a", "unknown_filter"),
        ("filter[price][near]", "1000", "invalid_filter"),
        ("filter[price][gte]", "10.50", "invalid_filter"),
        ("filter[price][gte]", "", "invalid_filter"),
        ("filter[price][gte]", "99999999999999999999", "invalid_filter"),
        ("filter[rating][gte]", "5.01", "invalid_filter"),
        ("filter[rating][gte]", "4.555", "invalid_filter"),
        ("filter[in_stock]", "yes", "invalid_filter"),
        ("filter[brand]", "", "invalid_filter"),
        ("filter[tag]", "a,,b", "invalid_filter"),
        ("filter[attribute.a..b]", "x", "invalid_filter"),
        ("filter[attribute.a][gte]", "tall", "invalid_filter"),
        ("filter[attribute.a][gte]", "NaN", "invalid_filter"),
        ("filter[]", "x", "invalid_filter"),
        ("filter[a][b][c]", "x", "invalid_filter"),
    ] {
        let refused = app.get(&format!("/api/products?{filter}={value}")).send().await;
        assert_refused(&refused, 400, code, filter, &format!("{filter}={value}"));
    }
    let many: Vec<String> = (0..21).map(|number| format!("filter[attribute.a{number:02}]=1")).collect();
    let refused = app.get(&format!("/api/products?{}", many.join("&"))).send().await;
    assert_refused(&refused, 400, "too_many_filters", "filter[attribute.a20]", "21 filters");
}

#[tokio::test]
async fn a_product_is_asked_for_by_a_sound_name_and_known_parameters() {
    let app = shelf().await;
    for (path, code, param) in [
        ("/api/products/prod_zz", "invalid_id", "product"),
        ("/api/products/%ff", "invalid_path", "path"),
        ("/api/products/boot?expand=variants", "unknown_parameter", "expand"),
        ("/api/products/boot?fields=cost", "unknown_field", "fields"),
        ("/api/products/boot?locale=", "invalid_parameter", "locale"),
    ] {
        assert_refused(&app.get(path).send().await, 400, code, param, path);
    }
    for unknown in ["hat", "Boot", "a%20b", "x%00y", "prod_00000000000000000000000001", "%27%20or%201=1"] {
        let missing = app.get(&format!("/api/products/{unknown}")).send().await.expect(404);
        assert_eq!(missing.code(), "product_not_found", "{unknown}");
    }
    for method in [http::Method::POST, http::Method::PUT, http::Method::DELETE] {
        let refused = app.request(method, "/api/products/boot").send().await.expect(405);
        assert_eq!(refused.code(), "method_not_allowed");
    }
}
