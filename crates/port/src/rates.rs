//! Rates of others: taxes by a tax service, shipping by carriers.
//!
//! Both are asked for what holds at a place, never for the tax or the price of one order: pricing stays one pure function,
//! and an answer can be kept and used again for everybody who asks the same.

use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::TaxClassId;
use tradepost_domain::kernel::place::Destination;
use tradepost_domain::tax::RatePpm;

use crate::BoxFuture;

/// What a tax service is asked: the rates of these classes at a place. Nothing says who lives there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TaxAsk {
    /// Where the goods go.
    pub destination: Destination,
    /// Classes of goods, with their names.
    pub classes: Vec<TaxClassAsk>,
}

/// A class of goods.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TaxClassAsk {
    /// Id.
    pub id: TaxClassId,
    /// Name, as staff wrote it.
    pub name: String,
}

/// One rate; several of one class add up.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRateAnswer {
    /// The class; without one, goods that have no class, and classes without a rate of their own.
    #[serde(default)]
    pub tax_class_id: Option<TaxClassId>,
    /// Name on receipts.
    pub name: String,
    /// Parts per million.
    pub rate_ppm: RatePpm,
}

/// What carriers are asked: what it costs to send so much to a place.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ShippingAsk {
    /// Where the goods go.
    pub destination: Destination,
    /// Weight of what is sent.
    pub weight_grams: u64,
    /// Price of the goods after discounts, for insurance; the answer is in its currency.
    pub goods: Money,
}

/// The price of one service.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingRateAnswer {
    /// The service, as a shipping method names it.
    pub service: String,
    /// What it costs.
    pub price: Money,
}

/// No rates came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no rates: {0}")]
pub struct RatesError(pub String);

/// Knows taxes.
pub trait TaxProvider: Send + Sync + 'static {
    /// The rates at a place. An empty answer means that no tax is levied there.
    fn rates<'a>(&'a self, ask: &'a TaxAsk) -> BoxFuture<'a, Result<Vec<TaxRateAnswer>, RatesError>>;
}

/// Knows what carriers charge.
pub trait ShippingRates: Send + Sync + 'static {
    /// The services that deliver there, with their prices.
    fn rates<'a>(
        &'a self,
        ask: &'a ShippingAsk,
    ) -> BoxFuture<'a, Result<Vec<ShippingRateAnswer>, RatesError>>;
}
