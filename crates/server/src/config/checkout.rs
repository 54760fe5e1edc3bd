//! Configuration of the checkout: who collects payments, and how long things are held.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tradepost_adapters::{RatesService, StripeGateway, StripeSettings};
use tradepost_port::payment::CaptureMethod;

use super::{ConfigError, Layers};

/// How keys of Stripe begin that move real money.
const LIVE_KEYS: [&str; 2] = ["sk_live_", "rk_live_"];

/// How orders are taken and paid.
#[derive(Clone, Debug)]
pub struct CheckoutConfig {
    /// Whether real money alone is taken: the built-in test provider is refused.
    pub live_mode: bool,
    /// How to reach Stripe; `None` where no key is set.
    pub stripe: Option<StripeSettings>,
    /// When money that was set aside is taken.
    pub capture: CaptureMethod,
    /// How long stock is held for an order that is not paid yet.
    pub reservation_ttl: SignedDuration,
    /// How long a cart is kept after its last change.
    pub cart_ttl: SignedDuration,
    /// The tax service.
    pub tax: Option<Arc<RatesService>>,
    /// What says what carriers charge.
    pub shipping: Option<Arc<RatesService>>,
    /// How long the claim of a request on its idempotency key holds.
    pub key_lease: SignedDuration,
    /// Payments are read back when nobody has told of them for so long.
    pub read_back_after: SignedDuration,
}

/// The same as it stands in the file.
#[derive(Deserialize)]
pub(super) struct RawCheckout {
    live_mode: bool,
    stripe_secret_key: SecretString,
    stripe_webhook_secret: SecretString,
    stripe_api_base: String,
    payment_capture: String,
    reservation_ttl_seconds: i64,
    cart_ttl_seconds: i64,
    tax_service_url: String,
    tax_service_secret: SecretString,
    shipping_service_url: String,
    shipping_service_secret: SecretString,
    rates_timeout_milliseconds: u64,
    idempotency_lease_seconds: i64,
    payment_read_back_seconds: i64,
}

impl CheckoutConfig {
    /// Checks what is in force. What would let anybody sign, or send a key through the open, is refused here, not at
    /// the first payment.
    pub(super) fn read(layers: &Layers, raw: &RawCheckout) -> Result<Self, ConfigError> {
        let key = raw.stripe_secret_key.expose_secret();
        let live_mode = raw.live_mode || LIVE_KEYS.iter().any(|live| key.starts_with(live));
        let stripe = (!key.is_empty()).then(|| stripe(layers, raw)).transpose()?;
        if stripe.is_none() && !raw.stripe_webhook_secret.expose_secret().is_empty() {
            return Err(layers.invalid("stripe_webhook_secret", "is of no use without stripe_secret_key"));
        }
        if stripe.as_ref().is_some_and(|stripe| stripe.webhook_secrets.is_empty()) {
            let advice =
                "must hold the signing secret of the webhook endpoint where stripe_secret_key is set";
            return Err(layers.invalid("stripe_webhook_secret", advice));
        }
        if live_mode && stripe.is_none() {
            let advice = "needs a provider that takes real money: set stripe_secret_key";
            return Err(layers.invalid("live_mode", advice));
        }
        let limit = Duration::from_millis(raw.rates_timeout_milliseconds);
        Ok(Self {
            live_mode,
            stripe,
            capture: CaptureMethod::parse(&raw.payment_capture)
                .ok_or_else(|| layers.invalid("payment_capture", "must be automatic or manual"))?,
            reservation_ttl: SignedDuration::from_secs(raw.reservation_ttl_seconds),
            cart_ttl: SignedDuration::from_secs(raw.cart_ttl_seconds),
            tax: service(layers, ("tax_service_url", &raw.tax_service_url), &raw.tax_service_secret, limit)?,
            shipping: service(
                layers,
                ("shipping_service_url", &raw.shipping_service_url),
                &raw.shipping_service_secret,
                limit,
            )?,
            key_lease: SignedDuration::from_secs(raw.idempotency_lease_seconds),
            read_back_after: SignedDuration::from_secs(raw.payment_read_back_seconds),
        })
    }
}

fn service(
    layers: &Layers,
    (key, url): (&'static str, &str),
    secret: &SecretString,
    limit: Duration,
) -> Result<Option<Arc<RatesService>>, ConfigError> {
    if url.is_empty() {
        return Ok(None);
    }
    let made = RatesService::new(url, secret, limit);
    made.map(|service| Some(Arc::new(service))).map_err(|error| layers.invalid(key, error.to_string()))
}

fn stripe(layers: &Layers, raw: &RawCheckout) -> Result<StripeSettings, ConfigError> {
    let secrets = raw.stripe_webhook_secret.expose_secret();
    let secrets = secrets.split(',').filter(|_| !secrets.is_empty());
    let secrets = secrets.map(|secret| SecretString::from(secret.trim())).collect();
    let settings = StripeSettings {
        api_base: raw.stripe_api_base.clone(),
        ..StripeSettings::new(raw.stripe_secret_key.clone(), secrets)
    };
    match StripeGateway::new(&settings) {
        Ok(_) => Ok(settings),
        // The words name what is wrong, never a secret.
        Err(error) => {
            Err(layers.invalid("stripe_api_base", format!("or a secret of Stripe cannot be used: {error}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Inputs};
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<CheckoutConfig, String> {
        let layers = Layers::read(&Inputs::of_variables(variables)).map_err(|error| error.to_string())?;
        Config::from_layers(&layers).map(|config| config.checkout).map_err(|error| error.to_string())
    }

    const KEY: (&str, &str) = ("TRADEPOST_STRIPE_SECRET_KEY", "sk_test_secretword");
    const HOOK: (&str, &str) = ("TRADEPOST_STRIPE_WEBHOOK_SECRET", "whsec_1");

    #[test]
    fn without_a_key_there_is_no_stripe_and_with_one_there_is() {
        let none = load(&[]).unwrap();
        assert!(none.stripe.is_none() && !none.live_mode);
        assert_eq!((none.reservation_ttl.as_secs(), none.cart_ttl.as_secs()), (900, 30 * 24 * 3600));
        let both = [
            KEY,
            ("TRADEPOST_STRIPE_WEBHOOK_SECRET", "whsec_1, whsec_2"),
            ("TRADEPOST_STRIPE_API_BASE", "http://127.0.0.1:12111"),
            ("TRADEPOST_RESERVATION_TTL_SECONDS", "60"),
            ("TRADEPOST_CART_TTL_SECONDS", "3600"),
        ];
        let config = load(&both).unwrap();
        let stripe = config.stripe.as_ref().unwrap();
        assert_eq!((stripe.webhook_secrets.len(), stripe.api_base.as_str()), (2, "http://127.0.0.1:12111"));
        assert_eq!((config.reservation_ttl.as_secs(), config.cart_ttl.as_secs()), (60, 3600));
        assert!(!format!("{config:?}").contains("secretword"));
    }

    #[test]
    fn money_is_taken_at_once_unless_staff_are_to_take_it() {
        let capture = |word| load(&[("TRADEPOST_PAYMENT_CAPTURE", word)]).map(|config| config.capture);
        assert_eq!(load(&[]).unwrap().capture, CaptureMethod::Automatic);
        assert_eq!(capture("automatic").unwrap(), CaptureMethod::Automatic);
        assert_eq!(capture("manual").unwrap(), CaptureMethod::Manual);
        for word in ["later", "Manual"] {
            let refused = capture(word).unwrap_err();
            assert!(
                refused.contains("payment_capture") && refused.contains("automatic or manual"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_live_key_means_live_mode_and_live_mode_means_a_key() {
        for key in ["sk_live_1", "rk_live_1"] {
            assert!(load(&[("TRADEPOST_STRIPE_SECRET_KEY", key), HOOK]).unwrap().live_mode, "{key}");
        }
        assert!(!load(&[KEY, HOOK]).unwrap().live_mode);
        assert!(load(&[KEY, HOOK, ("TRADEPOST_LIVE_MODE", "true")]).unwrap().live_mode);
        assert!(load(&[("TRADEPOST_LIVE_MODE", "true")]).unwrap_err().contains("set stripe_secret_key"));
    }

    #[test]
    fn secrets_with_nothing_in_them_and_open_roads_are_refused() {
        for (variables, expected) in [
            (&[("TRADEPOST_TAX_SERVICE_URL", "http://tax.example.com")][..], "tax_service_url"),
            (
                &[KEY, ("TRADEPOST_STRIPE_WEBHOOK_SECRET", "whsec_1,")][..],
                "webhook secret of Stripe is empty",
            ),
            (&[KEY], "`stripe_webhook_secret`"),
            (&[KEY, ("TRADEPOST_STRIPE_WEBHOOK_SECRET", "")], "must hold the signing secret"),
            (&[("TRADEPOST_STRIPE_SECRET_KEY", " ")], "secret key of Stripe is empty"),
            (&[("TRADEPOST_STRIPE_WEBHOOK_SECRET", "whsec_1")], "without stripe_secret_key"),
            (&[KEY, ("TRADEPOST_STRIPE_API_BASE", "http://api.stripe.com")], "must begin with https://"),
        ] {
            let refused = load(variables).unwrap_err();
            assert!(refused.contains(expected) && !refused.contains("secretword"), "{refused}");
        }
    }
}
