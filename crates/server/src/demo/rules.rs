//! Rules of the demo's shop: value-added tax in Europe, sales tax in a few states, three ways of shipping, two promotions.
//!
//! What is there already, by its handle, stays as it is: a filling that was broken off goes on here, too.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tradepost_app::WriteError;
use tradepost_app::catalog::Reference;
use tradepost_app::catalog::category::find_category;
use tradepost_app::channel::find_channel;
use tradepost_app::pricing::coupon::{CouponCreate, create_coupon};
use tradepost_app::pricing::customer_group::CustomerGroupCreate;
use tradepost_app::pricing::promotion::PromotionCreate;
use tradepost_app::pricing::rule::{RuleFields, create_rule, find_rule};
use tradepost_app::pricing::shipping_method::ShippingMethodCreate;
use tradepost_app::pricing::shipping_zone::ShippingZoneCreate;
use tradepost_app::pricing::tax_class::TaxClassCreate;
use tradepost_app::pricing::tax_rate::TaxRateCreate;
use tradepost_app::pricing::tax_zone::TaxZoneCreate;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{CategoryId, ChannelId};

use crate::failure::Failure;
use crate::house::House;

/// Countries with their standard and reduced rates of value-added tax in parts per million
/// (<https://europa.eu/youreurope/business/taxation/vat/vat-rules-rates/>, 2026; food where rates differ).
const VAT: [(&str, &str, u32, u32); 10] = [
    ("DE", "Germany", 190_000, 70_000),
    ("AT", "Austria", 200_000, 100_000),
    ("BE", "Belgium", 210_000, 60_000),
    ("DK", "Denmark", 250_000, 250_000),
    ("ES", "Spain", 210_000, 100_000),
    ("FR", "France", 200_000, 55_000),
    ("IT", "Italy", 220_000, 100_000),
    ("NL", "Netherlands", 210_000, 90_000),
    ("PL", "Poland", 230_000, 50_000),
    ("SE", "Sweden", 250_000, 120_000),
];
/// States with the state's own rate of sales tax in parts per million; elsewhere in the United States the demo has none.
const SALES_TAX: [(&str, &str, u32); 3] =
    [("CA", "California", 72_500), ("NY", "New York", 40_000), ("TX", "Texas", 62_500)];
/// Categories whose goods are taxed at the reduced rate.
const REDUCED: [&str; 3] = ["books", "pantry", "beans-leaves"];

/// Makes what is missing.
pub async fn make_rules(house: &House) -> Result<(), Failure> {
    let channels = [channel(house, "web").await?, channel(house, "us").await?];
    make_taxes(house, channels).await?;
    make_shipping(house).await?;
    make_promotions(house).await?;
    make::<CustomerGroupCreate>(house, json!({"name": "Wholesale", "handle": "wholesale"})).await?;
    Ok(())
}

async fn channel(house: &House, handle: &str) -> Result<Option<ChannelId>, Failure> {
    let handle: Handle = handle.parse().map_err(Failure::new)?;
    Ok(find_channel(&house.shop, None, Some(&handle)).await?.map(|channel| channel.id))
}

async fn make_taxes(house: &House, [web, us]: [Option<ChannelId>; 2]) -> Result<(), Failure> {
    let mut categories: Vec<CategoryId> = Vec::new();
    for handle in REDUCED {
        let handle: Handle = handle.parse().map_err(Failure::new)?;
        categories.extend(find_category(&house.shop, None, Some(&handle)).await?.map(|category| category.id));
    }
    let class = json!({"name": "Reduced rate", "handle": "reduced", "items": {"categories": categories}});
    let class = make::<TaxClassCreate>(house, class).await?;
    for (code, country, standard, reduced) in VAT {
        let channels: Vec<ChannelId> = web.filter(|_| code == "DE").into_iter().collect();
        let handle = code.to_lowercase();
        let zone = make::<TaxZoneCreate>(
            house,
            json!({"name": country, "handle": handle, "places": [{"country": code}], "prices_include_tax": true,
                "default_channel_ids": channels}),
        );
        let zone = zone.await?;
        for (kind, class, rate) in [("standard", None, standard), ("reduced", Some(&class), reduced)] {
            let handle = format!("{handle}-{kind}");
            let rate = json!({"name": format!("VAT {country}, {kind}"), "handle": handle, "tax_zone_id": zone,
                "tax_class_id": class, "rate_ppm": rate});
            make::<TaxRateCreate>(house, rate).await?;
        }
    }
    let america = json!({"name": "United States", "handle": "us", "places": [{"country": "US"}],
        "prices_include_tax": false, "default_channel_ids": Vec::from_iter(us)});
    make::<TaxZoneCreate>(house, america).await?;
    for (code, state, rate) in SALES_TAX {
        let handle = format!("us-{}", code.to_lowercase());
        let zone = json!({"name": state, "handle": handle, "places": [{"country": "US", "region": code}],
            "prices_include_tax": false, "rounding_level": "order"});
        let zone = make::<TaxZoneCreate>(house, zone).await?;
        let rate = json!({"name": format!("Sales tax {state}"), "handle": handle, "tax_zone_id": zone, "rate_ppm": rate});
        make::<TaxRateCreate>(house, rate).await?;
    }
    Ok(())
}

/// An amount in each of the demo's currencies.
fn amounts(euro: i64, dollar: i64) -> Value {
    json!([{"amount": euro, "currency": "EUR"}, {"amount": dollar, "currency": "USD"}])
}

async fn make_shipping(house: &House) -> Result<(), Failure> {
    let countries: Vec<Value> = VAT.iter().map(|(code, ..)| json!({"country": code})).collect();
    let europe = json!({"name": "Europe", "handle": "europe", "places": countries});
    let europe = make::<ShippingZoneCreate>(house, europe).await?;
    let america = json!({"name": "United States", "handle": "us", "places": [{"country": "US"}]});
    let america = make::<ShippingZoneCreate>(house, america).await?;
    let near = [europe, america];
    for method in [
        json!({"name": "Standard", "handle": "standard", "shipping_zone_ids": near,
            "rates": {"flat": {"prices": amounts(490, 590)}}, "free_from": amounts(5_000, 6_000)}),
        json!({"name": "Express", "handle": "express", "shipping_zone_ids": near,
            "rates": {"by_weight": {"max_grams": 30_000, "steps": [
                {"from_grams": 0, "prices": amounts(1_290, 1_490)},
                {"from_grams": 10_000, "prices": amounts(1_990, 2_290)}]}}}),
        json!({"name": "Worldwide", "handle": "worldwide", "rates": {"flat": {"prices": amounts(2_490, 2_790)}}}),
    ] {
        make::<ShippingMethodCreate>(house, method).await?;
    }
    Ok(())
}

async fn make_promotions(house: &House) -> Result<(), Failure> {
    let large = json!({"name": "5 % off large orders", "handle": "large-orders",
        "condition": {"subtotal_at_least": amounts(20_000, 20_000)},
        "effect": {"percentage": {"level": "order", "bps": 500}}});
    make::<PromotionCreate>(house, large).await?;
    let welcome = json!({"name": "10 % off your first order", "handle": "welcome", "priority": 10,
        "requires_coupon": true, "limit_per_customer": 1, "combines": "none",
        "effect": {"percentage": {"level": "order", "bps": 1_000}}});
    let promotion = make::<PromotionCreate>(house, welcome).await?.parse().map_err(Failure::new)?;
    let coupon: CouponCreate = read(json!({"code": "WELCOME10"}))?;
    match create_coupon(&house.staff(), &Reference::Id(promotion), coupon).await {
        Err(WriteError::Conflict { code: "code_taken", .. }) => Ok(()),
        made => made.map(drop).map_err(Failure::from),
    }
}

/// Makes a rule unless one has its handle; answers its id.
async fn make<F: RuleFields>(house: &House, fields: Value) -> Result<String, Failure> {
    let mut fields: F = read(fields)?;
    let handle = fields.handle_mut().clone();
    if let Some(found) = find_rule::<F>(&house.shop, None, handle.as_ref()).await? {
        return Ok(found.id.to_string());
    }
    let answer = create_rule(&house.staff(), fields).await?;
    let view: Value = serde_json::from_slice(&answer.body).map_err(Failure::new)?;
    Ok(view.get("id").and_then(Value::as_str).unwrap_or_default().to_owned())
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(Failure::new)
}
