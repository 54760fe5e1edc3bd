//! A shop that is asked for more than it can do at once.

use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{CartId, EntityId as _};
use tradepost_testkit::{TestApp, TestResponse};

use super::together::one_of;
use super::{filled_cart, order_cart, order_items, stocked};
use crate::admin::{Intruder, text};

/// Changes the lines of a cart.
fn spawn_line(
    app: &TestApp,
    (cart, token): &(Value, String),
    variant: &str,
) -> tokio::task::JoinHandle<TestResponse> {
    let (app, token) = (app.clone(), token.clone());
    let path = format!("/api/carts/{}/lines", text(cart, "id"));
    let line = json!({"variant_id": variant, "quantity": 1});
    tokio::spawn(async move { app.post(&path).header("cart-token", &token).json(&line).send().await })
}

#[tokio::test]
async fn who_finds_no_room_for_his_cart_is_refused_while_orders_webhooks_and_readers_pass() {
    let app = TestApp::new().await.with_room(1);
    let (_, boot) = stocked(&app, "Boot", 5400, 50).await;
    app.project().await;
    let [first, second, third, fourth] = [
        filled_cart(&app, &[(&boot, 1)]).await,
        filled_cart(&app, &[(&boot, 1)]).await,
        filled_cart(&app, &[(&boot, 1)]).await,
        filled_cart(&app, &[(&boot, 1)]).await,
    ];
    let uuid = |cart: &Value| text(cart, "id").parse::<CartId>().unwrap().as_uuid();
    let both = format!("'{}', '{}'", uuid(&first.0), uuid(&second.0));
    let intruder =
        Intruder::begin(&app, &format!("select 1 from cart where id in ({both}) for update")).await;
    // A pool of one connection has room for two carts.
    let worked_at = [&first, &second].map(|cart| spawn_line(&app, cart, &boot));
    intruder.wait_until_waited_for_by(2).await;
    // What is ordered, paid and told by a provider has room of its own, and so has who looks around.
    let items = one_of(&boot);
    let webhook = json!({});
    let (refused, of_cart, of_items, told, listed) = tokio::join!(
        spawn_line(&app, &third, &boot),
        order_cart(&app, &fourth.0, &fourth.1, "fourth"),
        order_items(&app, items, "items"),
        app.post("/api/payments/webhook").json(&webhook).send(),
        app.get("/api/products?sort=-price").send(),
    );
    let refused = refused.unwrap().expect(503);
    assert_eq!(
        (refused.code().as_str(), refused.header("retry-after"), refused.statements),
        ("overloaded", "1", 0)
    );
    let _ = (of_cart.expect(201), of_items.expect(201), listed.expect(200));
    assert_ne!(told.status, 503);
    intruder.finish("select 1").await;
    // In time, or too late on a slow machine: it is over.
    let _ = futures_util::future::join_all(worked_at).await;
    let served = spawn_line(&app, &third, &boot).await.unwrap().expect(201);
    assert_eq!(served.json()["lines"][0]["quantity"], 2, "the refused one left nothing behind");
}
