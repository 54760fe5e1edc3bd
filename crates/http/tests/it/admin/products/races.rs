//! Requests at the same moment.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Barrier;
use tradepost_testkit::{TestApp, TestResponse};

use super::{boot, count, create, read};

/// Sends what `request` makes of each number, all at once.
pub(crate) async fn all_at_once<F, Fut>(app: &TestApp, number: usize, request: F) -> Vec<TestResponse>
where
    F: Fn(TestApp, usize) -> Fut,
    Fut: Future<Output = TestResponse> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(number));
    let tasks: Vec<_> = (0..number)
        .map(|index| {
            let (barrier, response) = (barrier.clone(), request(app.clone(), index));
            tokio::spawn(async move {
                barrier.wait().await;
                response.await
            })
        })
        .collect();
    let mut responses = Vec::new();
    for task in tasks {
        responses.push(task.await.unwrap());
    }
    responses
}

pub(crate) fn statuses(responses: &[TestResponse]) -> Vec<u16> {
    let mut statuses: Vec<u16> = responses.iter().map(|response| response.status.as_u16()).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_changes_of_the_same_version_one_wins() {
    let app = TestApp::new().await;
    let product = create(&app, &boot("Boot")).await;
    let responses = all_at_once(&app, 8, |app, index| async move {
        let body = json!({"title": format!("Title {index}"), "stock": index});
        app.patch("/api/admin/products/boot").admin().if_match(1).json(&body).send().await
    })
    .await;
    assert_eq!(statuses(&responses), [200, 412, 412, 412, 412, 412, 412, 412]);
    let winner = responses.iter().find(|response| response.status == 200).unwrap().json();
    assert_eq!(read(&app, &product).await, winner);
    assert_eq!(count(&app, "audit_log").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_requests_with_one_key_make_one_product() {
    let app = TestApp::new().await;
    let post = |app: TestApp, _| async move {
        app.post("/api/admin/products")
            .admin()
            .header("idempotency-key", "k")
            .json(&boot("Boot"))
            .send()
            .await
    };
    let responses = all_at_once(&app, 10, post).await;
    assert!(responses.iter().all(|response| [201, 409].contains(&response.status.as_u16())), "{responses:?}");
    assert!(responses.iter().any(|response| response.status == 201));
    assert_eq!(count(&app, "product").await, 1);
    let replay = post(app.clone(), 0).await.expect(201);
    assert_eq!(replay.header("idempotent-replayed"), "true");
    let ids: std::collections::BTreeSet<String> = responses
        .iter()
        .chain([&replay])
        .filter(|response| response.status == 201)
        .map(|response| response.json()["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn products_of_one_title_and_brand_made_at_once_all_get_a_handle() {
    let app = TestApp::new().await;
    let responses = all_at_once(&app, 8, |app, index| async move {
        let mut body = boot("Boot");
        body["brand"] = json!("Acme");
        body["sku"] = json!(format!("S-{index}"));
        app.post("/api/admin/products").admin().json(&body).send().await
    })
    .await;
    assert_eq!(statuses(&responses), [201; 8]);
    let handles: std::collections::BTreeSet<String> =
        responses.iter().map(|response| response.json()["handle"].as_str().unwrap().to_owned()).collect();
    assert_eq!(handles.len(), 8);
    assert_eq!((count(&app, "brand").await, count(&app, "stock_location").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sku_given_to_many_at_once_goes_to_one() {
    let app = TestApp::new().await;
    let responses = all_at_once(&app, 6, |app, index| async move {
        let price = json!({"amount": 1, "currency": "EUR"});
        // The SKUs in either order, as two writers that wait for each other would have them.
        let mut skus = ["S-1", "S-2"];
        if index % 2 == 1 {
            skus.reverse();
        }
        let variants: Vec<Value> =
            skus.iter().map(|sku| json!({"sku": sku, "options": {"No": sku}, "price": price})).collect();
        let body = json!({"title": format!("Boot {index}"), "variants": variants});
        app.post("/api/admin/products").admin().json(&body).send().await
    })
    .await;
    assert_eq!(statuses(&responses), [201, 409, 409, 409, 409, 409]);
    let loser = responses.iter().find(|response| response.status == 409).unwrap();
    assert_eq!(loser.code(), "sku_taken");
    assert_eq!(count(&app, "product").await, 1);
}
