//! Rates of others: what a tax service and carriers say, asked for while no transaction is open and read from the database
//! by those that price.
//!
//! Pricing that lacks an answer stops with [`WriteError::RatesWanted`] and has changed nothing; [`asking`] then asks, keeps
//! what came and prices again. A service that is slow or away costs its time limit once in [`REST`], not once a cart:
//! meanwhile its earlier answers count, or what staff said for that case. Never 0 % by mistake.

use std::future::Future;

use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tradepost_domain::kernel::ids::{EntityId, TaxRateId};
use tradepost_domain::kernel::place::Destination;
use tradepost_domain::shipping::{Parcel, ShippingMethod};
use tradepost_domain::tax::{RateSource, RatesFrom, TaxRate, TaxZone};
use tradepost_port::rates::{
    RatesError, ShippingAsk, ShippingRateAnswer, TaxAsk, TaxClassAsk, TaxRateAnswer,
};
use tradepost_store::pricing::rate_answer::{self, RateKey};
use tradepost_store::{Client, StoreError};

use super::TaxClasses;
use crate::error::WriteError;
use crate::shop::Shop;

/// How long a tax service's answer is not asked for again. Rates change at the turn of a month or a year.
const TAX_FRESH: SignedDuration = SignedDuration::from_hours(12);
/// How long a carrier's is not.
const SHIPPING_FRESH: SignedDuration = SignedDuration::from_mins(15);
/// How long an answer counts while no newer one comes.
const USABLE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a service that gave no answer is left alone.
const REST: SignedDuration = SignedDuration::from_secs(5);
/// Questions that one cart may have: its taxes, and its shipping.
const ASKS_MAX: usize = 2;

/// What has to be asked before a cart can be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RateAsk {
    /// The tax service.
    Tax(TaxAsk),
    /// The carriers.
    Shipping(ShippingAsk),
}

/// What is known of an answer.
enum Known<T> {
    Fresh(T),
    Earlier(T),
    Nothing,
}

impl RateAsk {
    fn key(&self) -> Result<RateKey, serde_json::Error> {
        let (kind, text) = match self {
            Self::Tax(ask) => ("tax", serde_json::to_vec(ask)?),
            Self::Shipping(ask) => ("shipping", serde_json::to_vec(ask)?),
        };
        Ok(RateKey { kind, ask: digest(&SHA256, &text).as_ref().to_vec() })
    }

    fn fresh_for(&self) -> SignedDuration {
        match self {
            Self::Tax(_) => TAX_FRESH,
            Self::Shipping(_) => SHIPPING_FRESH,
        }
    }
}

/// Runs a use case, and again once what it lacks was asked for.
pub async fn asking<T, F, Fut>(shop: &Shop, run: F) -> Result<T, WriteError>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, WriteError>>,
{
    for _ in 0..ASKS_MAX {
        match Box::pin(run()).await {
            Err(WriteError::RatesWanted(ask)) => ask_for(shop, &ask).await?,
            result => return result,
        }
    }
    Box::pin(run()).await
}

/// Asks, and keeps what came.
pub async fn ask_for(shop: &Shop, ask: &RateAsk) -> Result<(), WriteError> {
    let not_set = || RatesError("no such service is configured".to_owned());
    let answer = match ask {
        RateAsk::Tax(ask) => match &shop.checkout.tax {
            Some(service) => service.call().rates(ask).await.map(serde_json::to_value),
            None => Err(not_set()),
        },
        RateAsk::Shipping(ask) => match &shop.checkout.shipping {
            Some(service) => service.call().rates(ask).await.map(serde_json::to_value),
            None => Err(not_set()),
        },
    };
    let answer = match answer {
        Ok(answer) => Some(answer?),
        Err(error) => {
            tracing::warn!(%error, kind = ask.key()?.kind, "a service gave no rates");
            None
        }
    };
    let conn = shop.store.storefront().conn().await?;
    Ok(rate_answer::put(&conn, &ask.key()?, answer.as_ref(), shop.clock.now()).await?)
}

async fn known<T: DeserializeOwned>(
    client: &Client,
    ask: RateAsk,
    now: Timestamp,
) -> Result<Known<T>, WriteError> {
    let stored = rate_answer::get(client, &ask.key()?).await?;
    let Some(stored) = stored else { return Err(WriteError::RatesWanted(Box::new(ask))) };
    let age = |at: Timestamp| now.duration_since(at);
    let answer = stored.answer.filter(|(_, at)| age(*at) < USABLE);
    if let Some((answer, _)) = answer.as_ref().filter(|(_, at)| age(*at) < ask.fresh_for()) {
        return Ok(Known::Fresh(read(answer)?));
    }
    if age(stored.asked_at) >= REST {
        return Err(WriteError::RatesWanted(Box::new(ask)));
    }
    answer.map_or(Ok(Known::Nothing), |(answer, _)| Ok(Known::Earlier(read(&answer)?)))
}

fn read<T: DeserializeOwned>(answer: &Value) -> Result<T, StoreError> {
    T::deserialize(answer).map_err(|error| StoreError::inconsistent("rate answer", error))
}

/// Puts the rates of the tax service into a zone that wants them. Answers whether the taxes there are unknown, so that
/// nothing may be sold.
pub async fn tell_taxes(
    client: &Client,
    zone: &mut TaxZone,
    (destination, classes): (&Destination, &TaxClasses),
    now: Timestamp,
) -> Result<bool, WriteError> {
    if zone.rates_from == RatesFrom::Table {
        return Ok(false);
    }
    let classes = classes.named().map(|(id, name)| TaxClassAsk { id, name: name.to_owned() }).collect();
    let ask = TaxAsk { destination: plain(destination), classes };
    let (rates, source) = match known::<Vec<TaxRateAnswer>>(client, RateAsk::Tax(ask), now).await? {
        Known::Fresh(rates) => (rates, RateSource::Service),
        Known::Earlier(rates) => (rates, RateSource::EarlierAnswer),
        Known::Nothing => return Ok(zone.rates_from == RatesFrom::Service),
    };
    zone.source = source;
    zone.rates = rates.into_iter().map(tax_rate).collect();
    Ok(false)
}

/// A rate that has no row, under an id that is made of what it says: the same rate has the same id on every order.
fn tax_rate(answer: TaxRateAnswer) -> TaxRate {
    let class = answer.tax_class_id.map(|id| id.to_string()).unwrap_or_default();
    let text = format!("{class}\n{}\n{}", answer.rate_ppm.get(), answer.name);
    let mut bytes = [0; 16];
    let hash = digest(&SHA256, text.as_bytes());
    bytes.iter_mut().zip(hash.as_ref()).for_each(|(place, byte)| *place = *byte);
    TaxRate {
        id: TaxRateId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid()),
        tax_class_id: answer.tax_class_id,
        name: answer.name,
        rate_ppm: answer.rate_ppm,
    }
}

/// Puts what carriers charge for a parcel into the methods that go by it.
pub async fn tell_shipping(
    client: &Client,
    methods: &mut [ShippingMethod],
    parcel: &Parcel,
    now: Timestamp,
) -> Result<(), WriteError> {
    let Some(destination) = &parcel.destination else { return Ok(()) };
    let ask = ShippingAsk {
        destination: plain(destination),
        weight_grams: parcel.weight_grams,
        goods: parcel.goods,
    };
    let (Known::Fresh(rates) | Known::Earlier(rates)) =
        known::<Vec<ShippingRateAnswer>>(client, RateAsk::Shipping(ask), now).await?
    else {
        return Ok(());
    };
    for method in methods {
        let Some(service) = method.rates.service() else { continue };
        let own = rates
            .iter()
            .find(|rate| rate.service == service && rate.price.currency() == parcel.goods.currency());
        method.rates.answer(own.map(|rate| rate.price));
    }
    Ok(())
}

/// A destination as everybody there writes it, so that one answer serves them all.
fn plain(destination: &Destination) -> Destination {
    let upper = |text: &Option<String>| text.as_ref().map(|text| text.trim().to_uppercase());
    Destination {
        country: destination.country,
        region: upper(&destination.region),
        postal_code: upper(&destination.postal_code)
            .map(|text| text.chars().filter(|letter| !letter.is_whitespace()).collect()),
    }
}

/// Forgets answers that nobody asked for any more.
pub async fn forget_answers(client: &Client, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
    rate_answer::forget(client, now.saturating_sub(USABLE).unwrap_or(now), limit).await
}
