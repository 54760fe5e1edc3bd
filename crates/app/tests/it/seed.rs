//! Filling a shop from values: broken off anywhere, it goes on and ends whole.

use std::collections::BTreeMap;

use serde_json::json;
use tradepost_app::catalog::{Projector, Verify};
use tradepost_app::seed::{
    SeedCategory, SeedProduct, SeedReview, SeedShop, SeedState, SeedType, SeedVariant, Seeder, begin_seed,
    seed_state,
};
use tradepost_app::system::{FirstChannel, Verdict, examine, set_up_shop};
use tradepost_domain::catalog::{AttributeSchema, JsonMap};
use tradepost_domain::kernel::{Currency, Locale, Money};
use tradepost_testkit::TestApp;

fn values() -> SeedShop {
    SeedShop {
        categories: vec![
            SeedCategory {
                handle: "home".to_owned(),
                name: "Home".to_owned(),
                parent: None,
                translations: JsonMap::new(),
            },
            SeedCategory {
                handle: "mugs".to_owned(),
                name: "Mugs".to_owned(),
                parent: Some("home".to_owned()),
                translations: JsonMap::new(),
            },
        ],
        brands: vec![("acme".to_owned(), "Acme".to_owned())],
        types: vec![SeedType {
            handle: "mug".to_owned(),
            name: "Mug".to_owned(),
            attributes: AttributeSchema::default(),
        }],
        ..SeedShop::default()
    }
}

fn product(number: usize) -> SeedProduct {
    let review = |rating, approved| SeedReview {
        author: "Ada L.".to_owned(),
        rating,
        title: "Good".to_owned(),
        body: "Holds tea.".to_owned(),
        created_at: "2026-10-01T12:00:00Z".parse().unwrap(),
        approved,
    };
    SeedProduct {
        handle: format!("mug-{number}"),
        title: format!("Mug {number}"),
        description: "<p>A mug.</p>".to_owned(),
        published_at: "2026-09-01T12:00:00Z".parse().unwrap(),
        brand: "acme".to_owned(),
        product_type: "mug".to_owned(),
        category: "mugs".to_owned(),
        tags: vec!["new".to_owned()],
        attributes: JsonMap::new(),
        options: Vec::new(),
        seo: (String::new(), String::new()),
        popularity: 3,
        translations: JsonMap::new(),
        pictures: Vec::new(),
        variants: vec![SeedVariant {
            sku: format!("MUG-{number}"),
            barcode: String::new(),
            options: BTreeMap::new(),
            prices: vec![(Money::new(1_200, Currency::EUR).unwrap(), None)],
            on_hand: 5,
            weight_grams: 300,
            picture: String::new(),
        }],
        reviews: vec![review(5, true), review(2, true), review(1, false)],
        collections: Vec::new(),
    }
}

async fn set_up(app: &TestApp) {
    let first = FirstChannel {
        handle: "web".parse().unwrap(),
        name: "Web".to_owned(),
        currency: Currency::EUR,
        locales: vec![Locale::english()],
    };
    set_up_shop(&app.shop, first.clone()).await.unwrap();
    let again = set_up_shop(&app.shop, first).await.unwrap();
    assert_eq!(again.unwrap().id, app.channel_id, "a shop that has a channel gets no other");
}

#[tokio::test]
async fn a_filling_that_is_broken_off_goes_on_behind_its_last_batch() {
    let app = TestApp::new().await;
    set_up(&app).await;
    let plan = json!({"products": 4});
    assert_eq!(seed_state(&app.shop).await.unwrap(), SeedState::Empty);
    begin_seed(&app.shop, &plan, &values()).await.unwrap();
    assert_eq!(seed_state(&app.shop).await.unwrap(), SeedState::Begun { plan: plan.clone(), products: 0 });

    let mut seeder = Seeder::new(app.shop.clone(), plan.clone(), 0).await.unwrap();
    seeder.write(&[product(0), product(1)]).await.unwrap();
    let doubled = seeder.write(&[product(2), product(0)]).await;
    assert!(doubled.is_err(), "a batch is written whole or not at all");
    drop(seeder);
    let begun = SeedState::Begun { plan: plan.clone(), products: 2 };
    assert_eq!(seed_state(&app.shop).await.unwrap(), begun);

    let mut seeder = Seeder::new(app.shop.clone(), plan.clone(), 2).await.unwrap();
    seeder.write(&[product(2), product(3)]).await.unwrap();
    let projector = Projector::new(app.shop.clone());
    let rendered = projector.rebuild(|_, _| {}).await.unwrap();
    assert_eq!((rendered.products, rendered.broken), (4, 0));
    seeder.finish().await.unwrap();
    assert_eq!(seed_state(&app.shop).await.unwrap(), SeedState::Done { plan });
    app.audit().await;
    assert_eq!(projector.verify(Verify::All).await.unwrap(), []);
}

#[tokio::test]
async fn the_doctor_stops_at_a_schema_that_nobody_recorded() {
    let app = TestApp::new().await;
    let findings = examine(&app.shop, std::iter::empty()).await.unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].check, findings[0].verdict), ("schema", Verdict::Broken));
    assert!(findings[0].detail.contains("run `tradepost migrate`"));
}
