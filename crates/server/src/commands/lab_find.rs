//! Searches of the shop beside a bare index of its products, how long a suggestion takes, and how soon a change is found.
#![expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "measurements are floats; no money is near"
)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tradepost_app::Shop;
use tradepost_app::api_key::{ApiKeyCreate, KeyGrant, create_api_key};
use tradepost_app::auth::Scope;
use tradepost_app::catalog::channels::find_channel;
use tradepost_app::catalog::list_products::{ListProducts, list_products};
use tradepost_app::catalog::{Projector, Shopper};
use tradepost_app::search::FacetChoice;
use tradepost_http::ApiState;
use tradepost_lab::bare_search::{BareIndex, Indexed, in_turns, two_words};
use tradepost_lab::checkout::post;
use tradepost_lab::compare::Side;
use tradepost_lab::limits::http_side;
use tradepost_lab::load::{LoadPlan, drive, get};
use tradepost_lab::report::Bound;
use tradepost_lab::{Comparison, LabError, Ratio, Requests};
use tradepost_port::search::FacetKey;

use super::lab::{Bench, ask, blocking, fetch};
use crate::failure::Failure;
use crate::house::House;

/// Titles that questions are made of.
const TITLES: usize = 20_000;
/// Letters of which suggestions are asked for.
const LETTERS_MAX: usize = 8;
/// Changes that are waited for, one after the other.
const CHANGES: u64 = 100;
/// How long a change may take to be found at all.
const PATIENCE: Duration = Duration::from_secs(10);
const LIMIT_NAME: &str = "a bare Tantivy index in this process, a thread a core";

impl Bench {
    /// Searches and suggestions.
    pub(super) async fn finds(
        &self,
        house: &House,
        folder: &Path,
    ) -> Result<(Vec<Ratio>, Vec<Bound>), Failure> {
        let _listener = self.follow(house).await?;
        let ours = self.serve(tradepost_http::router(ApiState::new(house.shop.clone())))?;
        let grant = KeyGrant::Secret(vec![Scope::ProductsWrite]);
        let key = create_api_key(&house.staff(), ApiKeyCreate { name: "Lab".to_owned(), grant }).await?.text;
        let projector = Projector::new(house.shop.clone());
        let projecting = tokio::spawn(async move { projector.run(std::future::pending()).await });
        let asking = Asking::new(house).await?;
        let (plan, rounds, folder) = (self.plan, self.rounds, folder.join("bare"));
        eprintln!("measuring: searches and suggestions");
        let told = blocking(move || {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder)?;
            let mut titles = Vec::new();
            let products = Pages { address: ours, next: Some(String::new()) }.flatten();
            let products = products.inspect(|product| {
                if titles.len() < TITLES {
                    titles.push(product.title.clone());
                }
            });
            let bare = BareIndex::create(&folder, products)?;
            let questions = two_words(&titles);
            let compare = |name, goal, facets: &Facets, ours| {
                let limit_name = LIMIT_NAME;
                let limit: Side<'_> = Box::new(|| bare.rate(&questions, facets.is_some(), plan.duration));
                Comparison { name, limit_name, unit: "requests", goal, ours, limit }.run(rounds)
            };
            let (none, two) = (None, Some("brand,category"));
            let asked = |facets: &Facets| asking.side(questions.clone(), *facets, plan.duration);
            let sent = |facets: &Facets| {
                http_side(ours, searches(questions.clone(), facets.unwrap_or("false")), plan)
            };
            let all = Some("true");
            let ratios = vec![
                compare("search in process, two words", Some(0.7), &none, asked(&none))?,
                compare("search in process, two facets", Some(0.5), &two, asked(&two))?,
                compare("search, two words", None, &none, sent(&none))?,
                compare("search, two facets", None, &two, sent(&two))?,
                compare("search, all facets", None, &all, sent(&all))?,
            ];
            Ok((ratios, vec![suggestion(ours, &titles, plan)?, freshness(ours, &key)?]))
        });
        let told = told.await;
        projecting.abort();
        told
    }
}

/// Facets that are counted, by their names.
type Facets = Option<&'static str>;

/// Searches that are asked in this process, as the limit is: read, corrected, found, counted, and a page of cards written as JSON;
/// what a socket takes is not in them.
struct Asking {
    shop: Arc<Shop>,
    shopper: Arc<Shopper>,
    runtime: Handle,
}

impl Asking {
    async fn new(house: &House) -> Result<Self, Failure> {
        let shop = house.shop.clone();
        let channel = find_channel(&shop.catalog, None).await.map_err(Failure::new)?;
        let shopper = Shopper::new(channel, None)
            .ok_or_else(|| LabError::Preparation("the shop speaks no language".to_owned()))?;
        Ok(Self { shop, shopper: Arc::new(shopper), runtime: Handle::current() })
    }

    /// Asks each question once: when all words were, pages of another size.
    fn side(&self, questions: Arc<[String]>, facets: Facets, time: Duration) -> Side<'_> {
        let asked = AtomicU64::new(0);
        let facets = facets
            .map_or(FacetChoice::None, |_| FacetChoice::Named(vec![FacetKey::Brand, FacetKey::Category]));
        Box::new(move || {
            in_turns(time, || {
                let number = usize::try_from(asked.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
                let (round, place) = (number / questions.len().max(1), number % questions.len().max(1));
                let command = ListProducts {
                    text: questions.get(place).cloned(),
                    limit: u32::try_from(20 + round % 80).unwrap_or(20),
                    facets: facets.clone(),
                    understand: true,
                    ..ListProducts::default()
                };
                let found = self.runtime.block_on(list_products(&self.shop.catalog, &self.shopper, command));
                found.map(drop).map_err(|error| LabError::Preparation(error.to_string()))
            })
        })
    }
}

/// The pages of everything that the shop shows.
struct Pages {
    address: SocketAddr,
    next: Option<String>,
}

impl Iterator for Pages {
    type Item = Vec<Indexed>;

    fn next(&mut self) -> Option<Self::Item> {
        let cursor = self.next.take()?;
        let cursor = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
        let fields = "fields=title,brand,category,description&expand=description";
        let path = format!("/api/products?limit=100&sort=newest&{fields}{cursor}");
        let page: Value = serde_json::from_slice(&fetch(self.address, &path).ok()?).ok()?;
        self.next = page.pointer("/page/next").and_then(Value::as_str).map(str::to_owned);
        let text = |item: &Value, place: &str| {
            item.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let product = |item: &Value| Indexed {
            title: text(item, "/title"),
            brand: text(item, "/brand"),
            category: text(item, "/category/name"),
            description: text(item, "/description"),
        };
        Some(page.get("data")?.as_array()?.iter().map(product).collect())
    }
}

/// Searches of which each is asked for once: when all words were, pages of another size.
fn searches(questions: Arc<[String]>, facets: &'static str) -> Requests {
    let asked = AtomicU64::new(0);
    Arc::new(move |_| {
        let number = usize::try_from(asked.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
        let (round, place) = (number / questions.len().max(1), number % questions.len().max(1));
        let words = questions.get(place).map(|words| words.replace(' ', "+")).unwrap_or_default();
        get(&format!("/api/search?q={words}&limit={}&facets={facets}", 20 + round % 80))
    })
}

/// What suggestions take one at a time, after one to eight letters.
fn suggestion(address: SocketAddr, titles: &[String], plan: LoadPlan) -> Result<Bound, LabError> {
    let starts = titles.iter().enumerate().map(|(number, title)| {
        let letters = title.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == ' ');
        letters.take(1 + number % LETTERS_MAX).collect::<String>().trim().replace(' ', "+")
    });
    let starts: Vec<String> = starts.filter(|start| !start.is_empty()).collect();
    let requests: Requests = Arc::new(move |number| {
        let place = usize::try_from(number).unwrap_or_default() % starts.len().max(1);
        get(&format!("/api/search/suggest?q={}", starts.get(place).map_or("a", String::as_str)))
    });
    let load = drive(address, &requests, LoadPlan { connections: 1, ..plan })?;
    let value = load.latency_us.value_at_quantile(0.99) as f64 / 1_000.0;
    Ok(Bound { name: "p99 of a suggestion, one at a time", value, goal: Some(2.0), unit: "ms" })
}

/// How long after its answer a change of a title is found by searching for it.
fn freshness(address: SocketAddr, key: &str) -> Result<Bound, LabError> {
    let first: Value = serde_json::from_slice(&fetch(address, "/api/products?limit=1&fields=id")?)
        .map_err(std::io::Error::from)?;
    let id = first.pointer("/data/0/id").and_then(Value::as_str).unwrap_or_default();
    let mut waited = Vec::new();
    for word in (0..CHANGES).map(strange_word) {
        let body = json!({"title": format!("Lamp {word}")}).to_string();
        let head = format!("Authorization: Bearer {key}\r\nIf-Match: *\r\n");
        ask(address, &post(&format!("/api/admin/products/{id}"), &head, &body).replacen("POST", "PATCH", 1))?;
        let (changed, path) = (Instant::now(), format!("/api/search?q={word}&fields=id"));
        while !fetch(address, &path)?.windows(id.len()).any(|part| part == id.as_bytes()) {
            if changed.elapsed() > PATIENCE {
                return Err(LabError::Preparation("a changed title is not found".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        waited.push(changed.elapsed().as_secs_f64() * 1_000.0);
    }
    waited.sort_by(f64::total_cmp);
    let value = waited.iter().rev().nth(1).copied().unwrap_or_default();
    Ok(Bound { name: "p99 until a changed title is found", value, goal: Some(100.0), unit: "ms" })
}

/// A word that no shop has, and that no correction takes for another one: three letters differ at least.
fn strange_word(number: u64) -> String {
    let letter = |digit: u64| {
        ["b", "c", "d", "f", "g", "h", "j", "k", "l", "m"].get(usize::try_from(digit % 10).unwrap_or(0))
    };
    let digits =
        [number / 100, number / 10, number].map(|digit| letter(digit).copied().unwrap_or("n").repeat(3));
    format!("zq{}", digits.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_words_are_not_like_each_other() {
        assert_eq!(strange_word(7), "zqbbbbbbkkk");
        assert_eq!((0..CHANGES).map(strange_word).collect::<std::collections::BTreeSet<_>>().len(), 100);
    }

    #[test]
    fn no_search_comes_twice_in_a_row_of_rounds() {
        let requests = searches(["red boot".to_owned(), "blue hat".to_owned()].into(), "true");
        let asked: std::collections::BTreeSet<String> = (0..100).map(|number| requests(number)).collect();
        assert_eq!(asked.len(), 100);
        assert!(asked.iter().any(|request| request.contains("q=red+boot&limit=20&facets=true")));
    }
}
