//! Lists, notes, metadata, cancellation.

use serde_json::{Value, json};
use tradepost_app::auth::Scope;
use tradepost_app::payment::Reconciler;
use tradepost_testkit::TestApp;

use super::super::{events, latest_audit, text};
use super::{paid, place, post, product, read, shop, states, stock};

const PATH: &str = "/api/admin/orders";

async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.get(&format!("{PATH}?{query}")).admin().send().await.expect(200).json();
    page["data"].as_array().unwrap().iter().map(|order| text(order, "number").to_owned()).collect()
}

#[tokio::test]
async fn orders_are_found_by_what_is_known_of_them_and_page_by_page() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 10).await;
    let first = place(&app, &[(&boot, 1)]).await;
    let one = app.get(PATH).admin().send().await.expect(200);
    let second = paid(&app, &[(&boot, 2)]).await;
    let third = place(&app, &[(&boot, 1)]).await;
    let all = app.get(PATH).admin().send().await.expect(200);
    assert_eq!(all.statements, one.statements, "a list costs the same, however long it is");
    let number = |placed: &super::Placed| text(&placed.order, "number").to_owned();
    let newest_first = [number(&third), number(&second), number(&first)];
    assert_eq!(found(&app, "").await, newest_first);
    assert_eq!(found(&app, "filter[payment_status]=paid").await, [number(&second)]);
    assert_eq!(found(&app, "filter[status]=confirmed").await, [number(&second)]);
    assert_eq!(found(&app, "filter[fulfillment_status]=unfulfilled").await, newest_first);
    assert_eq!(found(&app, "filter[fulfillment_status]=fulfilled").await, [""; 0]);
    assert_eq!(found(&app, "filter[email]=ada%40example.com").await, newest_first);
    assert_eq!(found(&app, "filter[email]=bob%40example.com").await, [""; 0]);
    let typed = number(&first).to_lowercase().replace('-', "");
    assert_eq!(found(&app, &format!("filter[number]={typed}")).await, [number(&first)]);
    assert_eq!(found(&app, &format!("filter[channel_id]={}", app.channel_id)).await, newest_first);
    assert_eq!(found(&app, "filter[customer_id]=cus_00000000000000000000000001").await, [""; 0]);
    assert_eq!(found(&app, "filter[placed_from]=2026-11-01T12:00:00Z").await, newest_first);
    assert_eq!(found(&app, "filter[placed_before]=2026-11-01T12:00:00Z").await, [""; 0]);
    assert_eq!(found(&app, "filter[placed_before]=-009999-01-02T01:59:59Z").await, [""; 0]);
    let page = app.get(&format!("{PATH}?limit=2&count=exact")).admin().send().await.expect(200).json();
    assert_eq!((page["page"]["total"].as_i64(), page["page"]["has_more"].as_bool()), (Some(3), Some(true)));
    let next = text(&page["page"], "next");
    assert_eq!(found(&app, &format!("limit=2&cursor={next}")).await, newest_first[2..]);
    let by_number = app.get(&format!("{PATH}/{typed}")).admin().send().await.expect(200);
    assert_eq!(by_number.json(), read(&app, &first).await);
    assert_eq!(
        (by_number.header("etag"), by_number.header("cache-control")),
        ("\"v1\"", "private, no-store")
    );
}

#[tokio::test]
async fn an_order_costs_the_same_however_many_lines_it_has() {
    let app = shop().await;
    let products = [product(&app, "A", 100, 9).await, product(&app, "B", 200, 9).await];
    let one = paid(&app, &[(&products[0], 1)]).await;
    let two = paid(&app, &[(&products[0], 2), (&products[1], 2)]).await;
    let count = async |path: String| app.get(&path).admin().send().await.expect(200).statements;
    for rest in ["", "/timeline", "/fulfillments", "/refunds"] {
        assert_eq!(count(one.path(rest)).await, count(two.path(rest)).await, "{rest}");
    }
    let made = [post(&app, &one.path("/fulfillments"), &json!({})).await.expect(201), {
        post(&app, &two.path("/fulfillments"), &json!({})).await.expect(201)
    }];
    assert_eq!(made[0].statements, made[1].statements);
    let ship = async |placed: &super::Placed, made: &Value| {
        let path = placed.path(&format!("/fulfillments/{}/shipments", text(made, "id")));
        post(&app, &path, &json!({})).await.expect(201).statements
    };
    assert_eq!(ship(&one, &made[0].json()).await, ship(&two, &made[1].json()).await);
    app.audit().await;
}

#[tokio::test]
async fn metadata_is_changed_to_the_version_that_was_read() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 10).await;
    let placed = place(&app, &[(&boot, 1)]).await;
    let body = json!({"metadata": {"erp": "A-7", "urgent": true}});
    let patch = |version: Option<i64>| {
        let request = app.patch(&placed.path("")).admin().json(&body);
        version.map_or(app.patch(&placed.path("")).admin().json(&body), |version| request.if_match(version))
    };
    assert_eq!(patch(None).send().await.expect(428).code(), "precondition_required");
    assert_eq!(patch(Some(7)).send().await.expect(412).json()["current"], 1);
    let changed = patch(Some(1)).send().await.expect(200);
    assert_eq!((changed.header("etag"), &changed.json()["metadata"]), ("\"v2\"", &body["metadata"]));
    let same = patch(Some(2)).send().await.expect(200);
    assert_eq!(same.header("etag"), "\"v2\"", "what changes nothing makes no version");
    let audit = latest_audit(&app, text(&placed.order, "id")).await;
    assert_eq!((text(&audit, "action"), &audit["after"]), ("order.update", &body));
    app.audit().await;
}

#[tokio::test]
async fn notes_stand_in_the_timeline_and_change_nothing_else() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 10).await;
    let placed = paid(&app, &[(&boot, 1)]).await;
    let before = read(&app, &placed).await;
    let note = post(&app, &placed.path("/notes"), &json!({"text": " rang twice "})).await.expect(201).json();
    assert_eq!((text(&note, "kind"), &note["data"]), ("note", &json!({"text": "rang twice"})));
    assert_eq!(read(&app, &placed).await, before);
    let timeline = app.get(&placed.path("/timeline")).admin().send().await.expect(200).json();
    let kinds: Vec<&str> =
        timeline["data"].as_array().unwrap().iter().map(|event| text(event, "kind")).collect();
    assert_eq!(kinds, ["placed", "paid", "note"]);
    let first = app.get(&placed.path("/timeline?limit=2")).admin().send().await.expect(200).json();
    let rest = format!("/timeline?cursor={}", text(&first["page"], "next"));
    let rest = app.get(&placed.path(&rest)).admin().send().await.expect(200).json();
    assert_eq!(rest["data"][0], note);
    let weak = app.key_with(&[Scope::OrdersRead]).await;
    let denied = app.post(&placed.path("/notes")).bearer(&weak).json(&json!({"text": "x"})).send().await;
    assert_eq!(denied.expect(403).json()["required_scope"], "orders:write");
}

#[tokio::test]
async fn an_unpaid_order_that_is_canceled_gives_back_what_it_held() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 10).await;
    let placed = place(&app, &[(&boot, 3)]).await;
    let path = placed.path("/cancel");
    let body = json!({"reason": "out of business"});
    let cancel = || app.post(&path).admin().json(&body);
    assert_eq!(cancel().send().await.expect(428).code(), "precondition_required");
    assert_eq!(cancel().if_match(9).send().await.expect(412).json()["current"], 1);
    let keyed = || cancel().if_match(1).header("idempotency-key", "c").send();
    let canceled = keyed().await.expect(200);
    let order = canceled.json();
    assert_eq!(states(&order).0, "canceled");
    assert_eq!((text(&order, "cancel_reason"), canceled.header("etag")), ("out of business", "\"v2\""));
    let again = keyed().await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", order));
    let twice = cancel().if_match(2).send().await.expect(409);
    assert_eq!((twice.code(), twice.json()["current"].clone()), ("order_canceled".into(), json!("canceled")));
    assert_eq!(stock(&app, &boot).await, (10, 0));
    let audit = latest_audit(&app, text(&placed.order, "id")).await;
    assert_eq!(
        (text(&audit, "action"), text(&audit["after"], "reason")),
        ("order.cancel", "out of business")
    );
    let refused = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(409);
    assert_eq!(refused.code(), "order_canceled");
    app.audit().await;
}

#[tokio::test]
async fn a_paid_order_that_is_canceled_is_refunded_and_its_fulfillments_are_given_up() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_400, 10).await;
    let placed = paid(&app, &[(&boot, 3)]).await;
    assert_eq!(stock(&app, &boot).await, (10, 3));
    let made = post(&app, &placed.path("/fulfillments"), &json!({})).await.expect(201).json();
    let cancel = app.post(&placed.path("/cancel")).admin().header("if-match", "*");
    assert_eq!(states(&cancel.send().await.expect(200).json()).0, "canceled");
    assert_eq!(stock(&app, &boot).await, (10, 0));
    let done = Reconciler::new(app.shop.clone()).refund().await.unwrap();
    assert_eq!((done.refunds, done.failed), (1, 0));
    let order = read(&app, &placed).await;
    assert_eq!(states(&order), ("canceled", "refunded", "unfulfilled"));
    assert_eq!(order["refunded"], order["totals"]["total"]);
    let ship = placed.path(&format!("/fulfillments/{}/shipments", text(&made, "id")));
    let refused = post(&app, &ship, &json!({})).await.expect(409);
    assert_eq!(
        (refused.code(), refused.json()["current"].clone()),
        ("fulfillment_state".into(), json!("canceled"))
    );
    let told: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    for kind in ["order.placed", "order.paid", "order.canceled", "order.refunded"] {
        assert!(told.iter().any(|told| told == kind), "{kind} of {told:?}");
    }
    app.audit().await;
}

#[tokio::test]
async fn staff_are_told_why_an_order_came_to_what_it_did_and_nobody_else_is() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    let order = read(&app, &placed).await;
    assert!(order["pricing"].get("explanation").is_none(), "{order}");
    let by_id = app.get(&placed.path("/explain")).admin().send().await.expect(200).json();
    assert_eq!(by_id["order_id"], order["id"]);
    let steps = by_id["explanation"]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["total"], json!({"amount": 10_000, "currency": "EUR"}), "{by_id}");
    let by_number = format!("/api/admin/orders/{}/explain", order["number"].as_str().unwrap());
    assert_eq!(app.get(&by_number).admin().send().await.expect(200).json(), by_id);
    let none = "/api/admin/orders/ord_00000000000000000000000001/explain";
    assert_eq!(app.get(none).admin().send().await.expect(404).code(), "order_not_found");
}
