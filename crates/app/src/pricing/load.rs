//! The rules that one cart is priced by: those of the shop, and what is read for this cart alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all, try_join4};
use ring::digest::{SHA256, digest};
use tradepost_domain::kernel::ids::{ChannelId, CustomerId, EntityId, PriceListId, VariantId};
use tradepost_domain::kernel::place::Destination;
use tradepost_domain::kernel::{Currency, EmailAddress, Quantity};
use tradepost_domain::pricing::{PriceList, PriceListPrice};
use tradepost_domain::promotion::{Coupon, CouponCode, Promotion, customer_key};
use tradepost_domain::shipping::ShippingMethod;
use tradepost_domain::tax::{TaxZone, choose_zone};
use tradepost_store::order::read::{self, Buyer};
use tradepost_store::pricing::price_list_price::PriceListPriceRow;
use tradepost_store::pricing::snapshot::{self, StoredPromotion};
use tradepost_store::{Client, StoreError};
use uuid::Uuid;

use super::known::{KnownRules, RuleBook, promotion};

/// What the rules are wanted for.
#[derive(Debug, Clone, Copy)]
pub struct RulesFor<'a> {
    /// Variants in the cart.
    pub variants: &'a [VariantId],
    /// Its currency.
    pub currency: Currency,
    /// Its channel.
    pub channel: ChannelId,
    /// Where it goes, once that is known.
    pub destination: Option<&'a Destination>,
    /// Codes that were entered.
    pub codes: &'a [CouponCode],
    /// What [`customer_keys`] says of who buys.
    pub customer_keys: &'a [String],
    /// Account and mailbox of who buys.
    pub buyer: (Option<CustomerId>, Option<&'a str>),
}

/// Rules of the shop that a cart is priced by.
#[derive(Debug, Clone, Default)]
pub struct LoadedRules {
    /// Price lists with a price for a variant of the cart.
    pub price_lists: Vec<PriceList>,
    /// Promotions that need no coupon, and those of the coupons entered.
    pub promotions: Vec<Promotion>,
    /// Coupons entered.
    pub coupons: Vec<Coupon>,
    /// The zone whose taxes apply.
    pub tax: Option<TaxZone>,
    /// Shipping methods with what carriers charge for this cart, where the shop has methods that go by them.
    pub carried: Option<Vec<ShippingMethod>>,
    /// Who buys, as far as a rule asks for it.
    pub buyer: Buyer,
    /// Shipping methods and tax classes.
    pub known: Arc<KnownRules>,
}

impl LoadedRules {
    /// Those of the shop alone, for a cart that nothing has to be read for ([`KnownRules::is_enough_for`]).
    pub fn of_shop(known: Arc<KnownRules>, destination: Option<&Destination>, channel: ChannelId) -> Self {
        Self {
            promotions: known.promotions.clone(),
            tax: choose_zone(&known.zones, destination, channel).cloned(),
            known,
            ..Self::default()
        }
    }
}

/// The names under which uses of promotions by a customer are counted: the account's, and the e-mail address's.
///
/// An account's limit holds for the address too, so that signing out does not give another use. Of the address a hash is
/// kept: it is compared and never read.
pub fn customer_keys(customer: Option<CustomerId>, email: Option<&EmailAddress>) -> Vec<String> {
    use std::fmt::Write as _;
    let hash = |email: &EmailAddress| {
        let mut text = String::from("email_");
        for byte in digest(&SHA256, customer_key(email).as_bytes()).as_ref() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    };
    customer.map(|id| id.to_string()).into_iter().chain(email.map(hash)).collect()
}

/// What is read for one cart alone.
struct OwnRules {
    prices: Vec<(Uuid, PriceListPriceRow)>,
    /// With their uses; `None` where no rule counts any.
    promotions: Option<Vec<StoredPromotion>>,
    coupons: Vec<Coupon>,
    buyer: Buyer,
}

/// Loads the rules for carts, each by its place in the list; all statements in one flight, and a second flight only after
/// rules have changed.
///
/// One statement for all of them, where their epoch is not known yet, and for each cart as many of four as its codes and the shop's rules ask for.
pub async fn load_rules(
    book: &RuleBook,
    client: &Client,
    wanted: &[RulesFor<'_>],
    mut seen: Option<i64>,
) -> Result<Vec<LoadedRules>, StoreError> {
    let mut known = book.known();
    if known.epoch == 0 {
        known = book.read(client).await?;
    }
    loop {
        let own = try_join_all(wanted.iter().map(|wanted| load_own(&known, client, wanted)));
        let present = async {
            match seen.take() {
                Some(epoch) => Ok(epoch),
                None => snapshot::epoch(client).await,
            }
        };
        // Read last, it says that nothing changed while the others were read.
        let (own, epoch) = try_join(own, present).await?;
        if epoch == known.epoch {
            let each = own.into_iter().zip(wanted);
            return each.map(|(own, wanted)| put_together(known.clone(), own, wanted)).collect();
        }
        known = book.read(client).await?;
    }
}

/// Reads what concerns one cart alone, as far as the rules of the shop ask for it.
async fn load_own(
    known: &KnownRules,
    client: &Client,
    wanted: &RulesFor<'_>,
) -> Result<OwnRules, StoreError> {
    let RulesFor { variants, currency, codes, customer_keys, buyer: (customer, mailbox), .. } = *wanted;
    let prices = async {
        if known.price_lists.is_empty() {
            return Ok(Vec::new());
        }
        snapshot::prices(client, variants, currency).await
    };
    let promotions = async {
        if codes.is_empty() && !known.counts_uses() {
            return Ok(None);
        }
        snapshot::promotions(client, codes, customer_keys).await.map(Some)
    };
    let coupons = async {
        if codes.is_empty() {
            return Ok(Vec::new());
        }
        snapshot::coupons(client, codes, customer_keys).await
    };
    let buyer = async {
        if codes.is_empty() && !known.asks_who_buys() {
            return Ok(Buyer::default());
        }
        read::buyer(client, customer, mailbox).await
    };
    // On the heap: carts are priced many at a time.
    let (prices, promotions, coupons, buyer) =
        Box::pin(try_join4(prices, promotions, coupons, buyer)).await?;
    Ok(OwnRules { prices, promotions, coupons, buyer })
}

/// The rules of the shop with what was read for one cart.
fn put_together(
    known: Arc<KnownRules>,
    own: OwnRules,
    wanted: &RulesFor<'_>,
) -> Result<LoadedRules, StoreError> {
    let promotions = match &own.promotions {
        Some(stored) => stored.iter().map(promotion).collect::<Result<_, _>>()?,
        None => known.promotions.clone(),
    };
    Ok(LoadedRules {
        price_lists: with_prices(
            &known.price_lists,
            own.prices.into_iter().map(|(list, row)| (PriceListId::from_uuid(list), row)),
        ),
        promotions,
        coupons: own.coupons,
        tax: choose_zone(&known.zones, wanted.destination, wanted.channel).cloned(),
        carried: None,
        buyer: own.buyer,
        known,
    })
}

/// Those of the price lists that have a price among these, with those prices.
pub(crate) fn with_prices<'a>(
    lists: impl IntoIterator<Item = &'a PriceList>,
    rows: impl IntoIterator<Item = (PriceListId, PriceListPriceRow)>,
) -> Vec<PriceList> {
    let mut prices: BTreeMap<PriceListId, Vec<PriceListPrice>> = BTreeMap::new();
    for (list, row) in rows {
        let units = u32::try_from(row.min_quantity).ok().and_then(|units| Quantity::new(units).ok());
        let of_list = prices.entry(list).or_default();
        of_list.extend(units.map(|min_quantity| PriceListPrice {
            variant_id: row.variant_id,
            min_quantity,
            amount: row.amount,
        }));
    }
    let filled = lists.into_iter().filter_map(|list| {
        let prices = prices.remove(&list.id)?;
        Some(PriceList { prices, ..list.clone() })
    });
    filled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_counted_by_account_and_by_mailbox() {
        let keys = |customer: Option<u128>, email: &str| {
            let id = customer.map(|number| CustomerId::from_uuid(Uuid::from_u128(number)));
            customer_keys(id, Some(&email.parse().unwrap()))
        };
        assert_eq!(keys(None, "A@x.com"), keys(None, "a+1@x.com"));
        assert_ne!(keys(None, "a@x.com"), keys(None, "b@x.com"));
        let both = keys(Some(1), "a@x.com");
        assert_eq!((both.len(), &both[1..]), (2, keys(None, "a@x.com").as_slice()));
        assert!(!both[1].contains("a@x.com"));
        assert!(customer_keys(None, None).is_empty());
    }
}
