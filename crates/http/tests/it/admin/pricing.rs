//! Price lists, promotions, coupons, taxes, shipping and groups of customers, which are all kept alike.

use serde_json::{Value, json};
use tradepost_app::count_statements;
use tradepost_app::pricing::{RulesFor, load_rules};
use tradepost_domain::kernel::place::Destination;
use tradepost_domain::kernel::{Currency, ids};
use tradepost_testkit::TestApp;

use super::{check_kept, latest_audit, make, sql, sql_value, text};

const PROMOTIONS: &str = "/api/admin/promotions";
const LISTS: &str = "/api/admin/price-lists";

fn flat(amount: i64) -> Value {
    json!({"flat": {"prices": [{"amount": amount, "currency": "EUR"}]}})
}

fn promotion(handle: &str) -> Value {
    json!({"name": handle, "handle": handle, "effect": {"percentage": {"level": "order", "bps": 1000}}})
}

async fn refused(app: &TestApp, path: &str, body: &Value, status: u16) -> (String, String) {
    let answer = app.post(path).admin().json(body).send().await.expect(status);
    (answer.code(), answer.json()["param"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn rules_of_every_kind_are_kept() {
    let app = TestApp::new().await;
    let zone =
        make(&app, "/api/admin/tax-zones", &json!({"name": "Elsewhere", "prices_include_tax": true})).await;
    let place = json!({"country": "US", "region": "CA", "postal_prefix": "9"});
    for (path, body, patch) in [
        ("customer-groups", json!({}), json!({"name": "Friends"})),
        (
            "price-lists",
            json!({"priority": 3}),
            json!({"active": false, "starts_at": "2026-01-01T00:00:00Z"}),
        ),
        (
            "promotions",
            json!({"effect": {"free_shipping": {}}, "condition": {"all": [{"country": ["DE"]}]}}),
            json!({"usage_limit": 5, "combines": {"groups": ["a"]}, "effect": {"percentage": {"level": "line", "bps": 5, "items": {}}}}),
        ),
        ("tax-classes", json!({}), json!({"items": {"tags": ["book"]}})),
        (
            "tax-zones",
            json!({"prices_include_tax": true}),
            json!({"rounding_level": "order", "places": [place]}),
        ),
        ("tax-rates", json!({"tax_zone_id": zone["id"], "rate_ppm": 190_000}), json!({"rate_ppm": 88_750})),
        ("shipping-zones", json!({"places": [{"country": "DE"}]}), json!({"places": [place]})),
        ("shipping-methods", json!({"rates": flat(490)}), json!({"rates": flat(590), "active": false})),
    ] {
        let mut body = body;
        body["name"] = json!("Sample");
        body["handle"] = json!("sample");
        check_kept(&app, &format!("/api/admin/{path}"), &body, &patch).await;
    }
}

#[tokio::test]
async fn what_is_left_out_of_a_change_stays_and_null_clears() {
    let app = TestApp::new().await;
    let mut body = promotion("spring");
    body["usage_limit"] = json!(9);
    body["group"] = json!("season");
    let made = make(&app, PROMOTIONS, &body).await;
    assert_eq!((&made["used"], &made["active"], &made["combines"]), (&json!(0), &json!(true), &json!("all")));
    let path = format!("{PROMOTIONS}/{}", text(&made, "id"));
    let change = json!({"usage_limit": null, "priority": 217.0});
    let changed = app.patch(&path).admin().if_match(1).json(&change).send().await.expect(200).json();
    let told = [&changed["usage_limit"], &changed["group"], &changed["priority"], &changed["effect"]];
    assert_eq!(told, [&Value::Null, &json!("season"), &json!(217), &made["effect"]]);
    for (change, status, param) in [
        (json!({"name": null}), 400, "$.name"),
        (json!({"effect": {"script": "x"}}), 400, "$.effect"),
        (json!({"used": 7}), 400, "$.used"),
        (
            json!({"condition": {"not": {"all": [{"any": [{"not": {"not": {"not": {"first_order": true}}}}]}]}}}),
            422,
            "$.condition",
        ),
        (json!({"priority": 1.5}), 400, "$.priority"),
    ] {
        let answer = app.patch(&path).admin().if_match(2).json(&change).send().await.expect(status);
        assert_eq!(answer.json()["param"], param, "{change}: {}", answer.json());
    }
    assert_eq!(app.get(&path).admin().send().await.expect(200).json(), changed);
}

#[tokio::test]
async fn rules_without_sense_are_refused_and_nothing_is_stored() {
    let app = TestApp::new().await;
    let (no_zone, no_group, no_channel) = (
        json!("tzone_00000000000000000000000001"),
        json!(["cgrp_00000000000000000000000001"]),
        json!(["chan_00000000000000000000000001"]),
    );
    for (path, change, status, param) in [
        ("price-lists", json!({"customer_group_ids": no_group}), 422, "$.customer_group_ids"),
        ("price-lists", json!({"channel_ids": no_channel}), 422, "$.channel_ids"),
        ("price-lists", json!({"starts_at": "1969-01-01T00:00:00Z"}), 422, "$.starts_at"),
        (
            "price-lists",
            json!({"starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-02T00:00:00Z"}),
            422,
            "$.ends_at",
        ),
        ("price-lists", json!({"name": ""}), 422, "$.name"),
        ("price-lists", json!({"name": "a\nb"}), 422, "$.name"),
        ("promotions", json!({"effect": {"percentage": {"level": "order", "bps": 10_001}}}), 400, "$.effect"),
        ("promotions", json!({"effect": {"free_shipping": {}}, "usage_limit": 0}), 422, "$.usage_limit"),
        (
            "tax-zones",
            json!({"prices_include_tax": true, "places": [{"country": "XX"}]}),
            400,
            "$.places[0].country",
        ),
        (
            "tax-zones",
            json!({"prices_include_tax": true, "places": [{"country": "US", "region": "a\nb"}]}),
            422,
            "$.places[0].region",
        ),
        ("tax-rates", json!({"tax_zone_id": no_zone, "rate_ppm": 1}), 422, "$.tax_zone_id"),
        ("tax-rates", json!({"tax_zone_id": no_zone, "rate_ppm": 1_000_001}), 400, "$.rate_ppm"),
        ("tax-classes", json!({"items": {"tags": ["a\nb"]}}), 422, "$.items"),
        ("shipping-zones", json!({"places": []}), 422, "$.places"),
        ("shipping-methods", json!({"rates": {"by_weight": {"steps": []}}}), 422, "$.rates"),
        ("shipping-methods", json!({"rates": flat(-1)}), 422, "$.rates"),
    ] {
        let mut body = json!({"name": "x"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let path = format!("/api/admin/{path}");
        let (_, found) = refused(&app, &path, &body, status).await;
        assert!(found.starts_with(param), "{path} {body}: {found}");
        assert_eq!(app.get(&path).admin().send().await.expect(200).json()["data"], json!([]));
    }
}

#[tokio::test]
async fn a_selection_of_items_is_as_long_as_the_document_says() {
    let app = TestApp::new().await;
    let document = serde_json::to_value(tradepost_http::openapi()).unwrap();
    let longest = &document["components"]["schemas"]["ItemsShape"]["properties"]["variants"]["maxItems"];
    let longest = longest.as_u64().unwrap();
    let promotion = |length: u64| {
        let ids: Vec<String> = (0..length).map(|number| format!("var_{number:026}")).collect();
        let effect = json!({"percentage": {"level": "line", "bps": 500, "items": {"variants": ids}}});
        json!({"name": "Many", "handle": "many", "effect": effect})
    };
    refused(&app, PROMOTIONS, &promotion(longest + 1), 422).await;
    let made = app.post(PROMOTIONS).admin().json(&promotion(longest)).send().await.expect(201).json();
    let shown = made["effect"]["percentage"]["items"]["variants"].as_array().unwrap().len();
    assert_eq!(u64::try_from(shown).unwrap(), longest);
}

#[tokio::test]
async fn a_rule_that_another_one_names_is_not_deleted() {
    let app = TestApp::new().await;
    let group = make(&app, "/api/admin/customer-groups", &json!({"name": "Wholesale"})).await;
    let path = format!("/api/admin/customer-groups/{}", text(&group, "id"));
    let mut body = promotion("deep");
    body["condition"] = json!({"any": [{"not": {"customer_group": [group["id"]]}}]});
    let naming = make(&app, PROMOTIONS, &body).await;
    assert_eq!(app.delete(&path).admin().send().await.expect(409).code(), "in_use");
    let _ = app.delete(&format!("{PROMOTIONS}/{}", text(&naming, "id"))).admin().send().await.expect(204);
    let _ = app.delete(&path).admin().send().await.expect(204);
}

#[tokio::test]
async fn prices_of_a_list_are_set_listed_and_taken_out() {
    let app = TestApp::new().await;
    let price = json!({"amount": 1000, "currency": "EUR"});
    let body = json!({"title": "Hat", "status": "published", "variants": [{"sku": "H", "price": price}]});
    let product = app.post("/api/admin/products").admin().json(&body).send().await.expect(201).json();
    let variant = &product["variants"][0]["id"];
    let list = make(&app, LISTS, &json!({"name": "Wholesale"})).await;
    let path = format!("{LISTS}/{}/prices", text(&list, "id"));
    let set = |prices: Value| app.post(&path).admin().json(&json!({"prices": prices})).send();
    let of = |quantity: u32, amount: i64| json!({"variant_id": variant, "min_quantity": quantity, "amount": amount, "currency": "EUR"});
    let answer = set(json!([of(10, 700), of(1, 900)])).await.expect(200);
    assert_eq!((answer.header("etag"), &answer.json()["version"]), ("\"v2\"", &json!(2)));
    let by_handle = format!("{LISTS}/wholesale/prices");
    let body = json!({"prices": [of(10, 650)]});
    let _ = app.post(&by_handle).admin().json(&body).send().await.expect(200);
    let first = app.get(&format!("{path}?limit=1&count=exact")).admin().send().await.expect(200).json();
    assert_eq!((&first["data"], &first["page"]["total"]), (&json!([of(1, 900)]), &json!(2)));
    let next = format!("{by_handle}?cursor={}", text(&first["page"], "next"));
    let second = app.get(&next).admin().send().await.expect(200).json();
    assert_eq!((&second["data"], &second["page"]["has_more"]), (&json!([of(10, 650)]), &json!(false)));

    let missing = json!({"variant_id": "var_00000000000000000000000001", "amount": 1, "currency": "EUR"});
    for (prices, param) in [
        (json!([of(1, 1), missing]), "$.prices[1].variant_id"),
        (json!([of(1, 1), of(1, 2)]), "$.prices[1]"),
        (json!([of(1, -1)]), "$.prices[0].amount"),
        (json!([]), "$.prices"),
    ] {
        let answer = set(prices).await.expect(422);
        assert_eq!(answer.json()["param"], param);
    }
    let one = format!("{path}/{}", variant.as_str().unwrap());
    let _ =
        app.delete(&format!("{by_handle}/{}", variant.as_str().unwrap())).admin().send().await.expect(200);
    assert_eq!(app.delete(&one).admin().send().await.expect(404).code(), "price_not_found");
    let audit = latest_audit(&app, text(&list, "id")).await;
    assert_eq!(
        (&audit["action"], &audit["after"]),
        (&json!("price_list.update"), &json!({"prices_removed_of": variant}))
    );
    let gone = format!("{LISTS}/plist_00000000000000000000000001/prices");
    let _ = app.get(&gone).admin().send().await.expect(404);
    let unknown = app.get(&format!("{LISTS}/retail/prices")).admin().send().await.expect(404);
    assert_eq!(unknown.code(), "price_list_not_found");
}

/// A coupon is shown by itself, and changed by those who know its version.
async fn change_coupon(app: &TestApp, path: &str, (promotion, one): (&Value, &Value)) {
    let coupon = format!("{path}/{}", text(one, "id"));
    let shown = app.get(&coupon).admin().send().await.expect(200);
    assert_eq!((shown.header("etag"), shown.statements, shown.json()), ("\"v1\"", 2, one.clone()));
    let change = |body: Value| app.patch(&coupon).admin().json(&body);
    assert_eq!(change(json!({"usage_limit": 7})).send().await.expect(428).code(), "precondition_required");
    let stale = change(json!({"usage_limit": 7})).if_match(2).send().await.expect(412).json();
    assert_eq!(stale["current"], 1);
    let changed = change(json!({"usage_limit": 7, "ends_at": "2027-01-01T00:00:00Z"})).if_match(1);
    let changed = changed.send().await.expect(200);
    assert_eq!((changed.header("etag"), &changed.json()["usage_limit"]), ("\"v2\"", &json!(7)));
    let same = change(json!({"usage_limit": 7})).if_match(2).send().await.expect(200);
    assert_eq!(same.header("etag"), "\"v2\"", "nothing has changed");
    let audit = latest_audit(app, text(one, "id")).await;
    assert_eq!((text(&audit, "action"), &audit["after"]["usage_limit"]), ("coupon.update", &json!(7)));
    let open = change(json!({"usage_limit": null, "ends_at": null})).if_match(2).send().await.expect(200);
    assert_eq!((&open.json()["usage_limit"], &open.json()["ends_at"]), (&Value::Null, &Value::Null));
    for (body, status, param) in [
        (json!({"usage_limit": 0}), 422, "$.usage_limit"),
        (json!({"starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}), 422, "$.ends_at"),
        (json!({"code": "OTHER"}), 400, "$.code"),
    ] {
        let refused = change(body.clone()).if_match(3).send().await.expect(status).json();
        assert_eq!(text(&refused, "param"), param, "{body}");
    }
    sql(app, &format!("update coupon set used = 3 where code = '{}'", text(one, "code"))).await;
    let low = change(json!({"usage_limit": 2})).if_match(3).send().await.expect(409);
    assert_eq!((low.code(), &low.json()["used"]), ("limit_below_uses".to_owned(), &json!(3)));
    sql(app, "update coupon set used = 0").await;
    let elsewhere = coupon.replace(text(promotion, "id"), "promo_00000000000000000000000001");
    assert_eq!(app.get(&elsewhere).admin().send().await.expect(404).code(), "coupon_not_found");
}

/// A path takes the handle of the promotion in the place of its id.
async fn coupons_by_handle(app: &TestApp, one: &Value) {
    let path = format!("{PROMOTIONS}/welcome/coupons");
    let body = json!({"code": "welcome20"});
    let made = app.post(&path).admin().json(&body).send().await.expect(201).json();
    assert_eq!(made["promotion_id"], one["promotion_id"]);
    let made = format!("{path}/{}", text(&made, "id"));
    let body = json!({"usage_limit": 9});
    let _ = app.patch(&made).admin().if_match(1).json(&body).send().await.expect(200);
    assert_eq!(app.get(&made).admin().send().await.expect(200).json()["usage_limit"], 9);
    let listed = app.get(&format!("{path}?count=exact")).admin().send().await.expect(200).json();
    assert_eq!(listed["page"]["total"], 202);
    let _ = app.delete(&made).admin().send().await.expect(204);
    let unknown = format!("{PROMOTIONS}/unknown/coupons");
    let body = json!({"code": "welcome30"});
    assert_eq!(refused(app, &unknown, &body, 404).await.0, "promotion_not_found");
    assert_eq!(
        refused(app, &format!("{unknown}/bulk"), &json!({"count": 1}), 404).await.0,
        "promotion_not_found"
    );
    let gone = format!("{unknown}/{}", text(one, "id"));
    assert_eq!(app.get(&gone).admin().send().await.expect(404).code(), "promotion_not_found");
}

#[tokio::test]
async fn coupons_are_made_one_by_one_and_many_at_once() {
    let app = TestApp::new().await;
    app.leave_broken("it writes by hand how often a coupon was used");
    let promotion = make(&app, PROMOTIONS, &promotion("welcome")).await;
    let path = format!("{PROMOTIONS}/{}/coupons", text(&promotion, "id"));
    let body = json!({"code": "welcome10", "limit_per_customer": 1});
    let one = app.post(&path).admin().json(&body).send().await.expect(201).json();
    assert_eq!(
        (&one["code"], &one["used"], &one["usage_limit"]),
        (&json!("WELCOME10"), &json!(0), &Value::Null)
    );
    assert_eq!(refused(&app, &path, &json!({"code": "Welcome10"}), 409).await.0, "code_taken");
    assert_eq!(refused(&app, &path, &json!({"code": "a b"}), 400).await.1, "$.code");
    assert_eq!(refused(&app, &path, &json!({"code": "abc", "usage_limit": 0}), 422).await.1, "$.usage_limit");

    let bulk = format!("{path}/bulk");
    let many =
        app.post(&bulk).admin().json(&json!({"count": 200, "prefix": "may-"})).send().await.expect(201);
    let many = many.json();
    let codes: std::collections::BTreeSet<&str> =
        many["coupons"].as_array().unwrap().iter().map(|coupon| text(coupon, "code")).collect();
    assert!(codes.len() == 200 && codes.iter().all(|code| code.starts_with("MAY-") && code.len() == 14));
    assert_eq!(many["coupons"][7]["usage_limit"], 1);
    assert_eq!(refused(&app, &bulk, &json!({"count": 0}), 422).await.1, "$.count");
    assert_eq!(refused(&app, &bulk, &json!({"count": 1001}), 422).await.1, "$.count");

    let page = app.get(&format!("{path}?count=exact&limit=2")).admin().send().await.expect(200).json();
    assert_eq!((&page["page"]["total"], page["data"].as_array().unwrap().len()), (&json!(201), 2));
    change_coupon(&app, &path, (&promotion, &one)).await;
    coupons_by_handle(&app, &one).await;
    let used = format!("{path}/{}", text(&page["data"][0], "id"));
    sql(
        &app,
        "insert into redemption (id, order_id, promotion_id, coupon_id, customer_keys, amount, currency, created_at)
         select gen_random_uuid(), gen_random_uuid(), promotion_id, id, '{}', 1, 'EUR', now()
           from coupon order by id desc limit 1;
         update promotion set used = 1",
    )
    .await;
    assert_eq!(app.delete(&used).admin().send().await.expect(409).code(), "coupon_was_used");
    let unused = format!("{path}/{}", text(&one, "id"));
    let _ = app.delete(&unused).admin().send().await.expect(204);
    let _ = app.delete(&unused).admin().send().await.expect(404);

    let path = format!("{PROMOTIONS}/{}", text(&promotion, "id"));
    assert_eq!(app.delete(&path).admin().send().await.expect(409).code(), "promotion_was_used");
    sql(&app, "update promotion set used = 3").await;
    let low = app.patch(&path).admin().if_match(1).json(&json!({"usage_limit": 2})).send().await.expect(409);
    assert_eq!((low.code(), &low.json()["used"]), ("limit_below_uses".to_owned(), &json!(3)));
    let _ = app.patch(&path).admin().if_match(1).json(&json!({"usage_limit": 3})).send().await.expect(200);
}

/// A hat of wool, with rules of all kinds of which some concern it; answers its product and its tax class.
async fn hat_with_rules(app: &TestApp) -> (Value, Value) {
    let price = json!({"amount": 1000, "currency": "EUR"});
    let body = json!({"title": "Hat", "tags": ["wool"], "variants": [{"sku": "H", "price": price}]});
    let product = app.post("/api/admin/products").admin().json(&body).send().await.expect(201).json();
    let variant = &product["variants"][0]["id"];
    let list = make(app, LISTS, &json!({"name": "All", "priority": 4})).await;
    let _ = make(app, LISTS, &json!({"name": "Of nothing"})).await;
    let prices =
        json!({"prices": [{"variant_id": variant, "min_quantity": 3, "amount": 800, "currency": "EUR"}]});
    let _ = app
        .post(&format!("{LISTS}/{}/prices", text(&list, "id")))
        .admin()
        .json(&prices)
        .send()
        .await
        .expect(200);
    let _ = make(app, PROMOTIONS, &promotion("open")).await;
    for (handle, code) in [("entered", "ENTERED"), ("other", "OTHER")] {
        let mut body = promotion(handle);
        body["requires_coupon"] = json!(true);
        let made = make(app, PROMOTIONS, &body).await;
        let path = format!("{PROMOTIONS}/{}/coupons", text(&made, "id"));
        let _ =
            app.post(&path).admin().json(&json!({"code": code, "usage_limit": 5})).send().await.expect(201);
    }
    sql(app, "insert into customer_usage select id, 'me', 2 from promotion where handle = 'entered'").await;
    let class =
        make(app, "/api/admin/tax-classes", &json!({"name": "Wool", "items": {"tags": ["wool"]}})).await;
    let zone = json!({"name": "Germany", "places": [{"country": "DE"}], "prices_include_tax": true,
        "default_channel_ids": [app.channel_id]});
    let zone = make(app, "/api/admin/tax-zones", &zone).await;
    for (name, class, rate) in [("Normal", &Value::Null, 190_000), ("Wool", &class["id"], 70_000)] {
        let body = json!({"name": name, "tax_zone_id": zone["id"], "tax_class_id": class, "rate_ppm": rate});
        let _ = make(app, "/api/admin/tax-rates", &body).await;
    }
    let near =
        make(app, "/api/admin/shipping-zones", &json!({"name": "Near", "places": [{"country": "DE"}]})).await;
    let method = json!({"name": "Post", "shipping_zone_ids": [near["id"]], "rates": flat(490)});
    let _ = make(app, "/api/admin/shipping-methods", &method).await;
    let off = json!({"name": "Off", "active": false, "rates": flat(1)});
    let _ = make(app, "/api/admin/shipping-methods", &off).await;
    (product, class["id"].clone())
}

#[tokio::test]
async fn a_cart_gets_the_rules_that_concern_it_in_five_statements_and_one_more_after_a_change() {
    let app = TestApp::new().await;
    app.leave_broken("it writes by hand how often a customer has used a promotion");
    let (product, class) = hat_with_rules(&app).await;
    let variant: ids::VariantId = text(&product["variants"][0], "id").parse().unwrap();
    let conn = app.shop.store.storefront().conn().await.unwrap();
    let wanted = RulesFor {
        variants: &[variant],
        currency: Currency::EUR,
        channel: app.channel_id,
        destination: None,
        codes: &["entered".parse().unwrap(), "unknown".parse().unwrap()],
        customer_keys: &["me".to_owned(), "guest".to_owned()],
        buyer: (None, None),
    };
    let book = &app.shop.rules;
    let (first, statements) = count_statements(load_rules(book, &conn, &[wanted], None)).await;
    assert_eq!((first.unwrap().len(), statements), (1, 6));
    let (rules, statements) = count_statements(load_rules(book, &conn, &[wanted], None)).await;
    let rules = rules.unwrap().pop().unwrap();
    assert_eq!(statements, 5);
    let lists: Vec<_> = rules.price_lists.iter().map(|list| (list.priority, list.prices.len())).collect();
    assert_eq!(lists, [(4, 1)]);
    let promotions: Vec<_> =
        rules.promotions.iter().map(|found| (found.name.as_str(), found.usage.used_by_customer)).collect();
    assert_eq!(promotions, [("open", 0), ("entered", 2)]);
    assert_eq!(rules.coupons.iter().map(|coupon| coupon.code.as_str()).collect::<Vec<_>>(), ["ENTERED"]);
    assert_eq!(rules.tax.as_ref().unwrap().rates.len(), 2);
    assert_eq!(rules.known.methods.iter().map(|method| method.places.len()).collect::<Vec<_>>(), [1]);
    let item = tradepost_domain::promotion::ItemFacts {
        product_id: text(&product, "id").parse().unwrap(),
        variant_id: variant,
        category_ids: vec![],
        collection_ids: vec![],
        brand_id: None,
        product_type_id: None,
        tags: vec!["wool".to_owned()],
    };
    assert_eq!(rules.known.classes.of(&item).map(|id| id.to_string()), class.as_str().map(str::to_owned));
    let plain = tradepost_domain::promotion::ItemFacts { tags: vec![], ..item };
    assert_eq!(rules.known.classes.of(&plain), None);

    let abroad = Destination { country: "US".parse().unwrap(), region: None, postal_code: None };
    let abroad = RulesFor { destination: Some(&abroad), ..wanted };
    let rules = load_rules(book, &conn, &[abroad, wanted], None).await.unwrap();
    assert_eq!(rules.iter().map(|rules| rules.tax.is_some()).collect::<Vec<_>>(), [false, true]);
    let _ =
        sql(&app, "update tax_zone set definition = definition || '{\"places\": [{\"country\": \"US\"}]}'")
            .await;
    let (rules, statements) = count_statements(load_rules(book, &conn, &[abroad], None)).await;
    assert_eq!((rules.unwrap()[0].tax.as_ref().map(|zone| zone.places.len()), statements), (Some(1), 11));
    assert_eq!(sql_value(&app, "select count(*) from audit_log where entity_kind = 'tax_rate'").await, "2");
}
