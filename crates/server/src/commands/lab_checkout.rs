//! Carts and orders beside their limits: scripts of the least that must be written, and for a product that everybody wants
//! at once, the same shop with orders spread over many.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::ExposeSecret;
use tradepost_domain::kernel::ids::VariantId;
use tradepost_http::ApiState;
use tradepost_lab::checkout::{Script, cart_lines, orders, post, script_side, set_up, stock_up};
use tradepost_lab::limits::http_side;
use tradepost_lab::{Comparison, LabError, LoadPlan, Ratio, Requests};

use super::lab::{Bench, ask, blocking};
use crate::failure::Failure;
use crate::house::House;

/// Clients of a script, and as many shoppers beside it.
const CLIENTS: usize = 8;
/// Buyers of a product that everybody wants.
const CROWD: usize = 200;
/// Carts that lines are added to in turn, so that nobody waits for another one's cart.
const CARTS: usize = 256;

const ORDER_LIMIT: &str = "script: 2 stock updates, order, 2 lines, payment, outbox in 8 round trips";

impl Bench {
    /// Cart lines and orders beside scripts on the same PostgreSQL, and a crowd at one product beside a spread crowd.
    pub(super) async fn checkout(&self, house: &House) -> Result<Vec<Ratio>, Failure> {
        let variants = stock_up(&house.shop.store).await?;
        // A shop that serves hears of changes, and remembers for as long as it does.
        let _listener = self.follow(house).await?;
        set_up(&house.shop.store).await?;
        let ours = self.serve(tradepost_http::router(ApiState::new(house.shop.clone())))?;
        let url = house.database_url.expose_secret().to_owned();
        let (rounds, duration) = (self.rounds, self.plan.duration);
        eprintln!("measuring: carts and orders of {} products", variants.len());
        let run = house.shop.ids.next_uuid();
        let load = move |name: &str, variants: &[VariantId]| orders(variants, format!("{name}-{run}"));
        blocking(move || compare((ours, &url), &variants, &load, (rounds, duration))).await
    }
}

fn compare(
    (ours, url): (SocketAddr, &str),
    variants: &[VariantId],
    load: &dyn Fn(&str, &[VariantId]) -> Requests,
    (rounds, duration): (usize, Duration),
) -> Result<Vec<Ratio>, LabError> {
    let [first, second, ..] = variants else {
        return Err(LabError::Preparation("the shop has no goods to order".to_owned()));
    };
    let pair = [*first, *second];
    let few = LoadPlan { connections: CLIENTS, duration, bears_refusals: false };
    let crowd = LoadPlan { connections: CROWD, duration, bears_refusals: true };
    let carts: Result<Vec<(String, String)>, LabError> = (0..CARTS).map(|_| make_cart(ours, pair)).collect();
    let lines = Comparison {
        name: "cart line",
        limit_name: "script: the line and the cart in 4 round trips",
        unit: "requests",
        goal: Some(0.7),
        ours: http_side(ours, cart_lines(&carts?, pair), few),
        limit: script_side(url.to_owned(), Script::CartLine, few),
    };
    let spread = Comparison {
        name: "orders",
        limit_name: ORDER_LIMIT,
        unit: "orders",
        goal: Some(1.0),
        ours: http_side(ours, load("few", variants), few),
        limit: script_side(url.to_owned(), Script::Order, few),
    };
    let many = Comparison {
        name: "orders, 200 buyers",
        limit_name: ORDER_LIMIT,
        unit: "orders",
        goal: Some(1.0),
        ours: http_side(ours, load("many", variants), crowd),
        limit: script_side(url.to_owned(), Script::Order, few),
    };
    let hot = Comparison {
        name: "hot product, 200 buyers",
        limit_name: "the same shop and buyers, orders spread over 1,000 products",
        unit: "orders",
        goal: Some(0.5),
        ours: http_side(ours, load("hot", &pair), crowd),
        limit: http_side(ours, load("spread", variants), crowd),
    };
    [lines, spread, many, hot].into_iter().map(|comparison| comparison.run(rounds)).collect()
}

/// A guest's cart with two lines: its id and its token.
fn make_cart(address: SocketAddr, pair: [VariantId; 2]) -> Result<(String, String), LabError> {
    let [first, second] = pair;
    let body = format!(
        r#"{{"lines":[{{"variant_id":"{first}","quantity":1}},{{"variant_id":"{second}","quantity":1}}]}}"#
    );
    let made = ask(address, &post("/api/carts", "", &body))?;
    let made: serde_json::Value = serde_json::from_slice(&made).map_err(std::io::Error::from)?;
    let text = |name: &str| made.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let named = text("id").zip(text("token"));
    named.ok_or_else(|| LabError::Preparation("a cart has neither id nor token".to_owned()))
}
