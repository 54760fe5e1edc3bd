//! Shipping: what the chosen method costs for what has to be sent.

use super::base::{Part, Pricer};
use super::explain::{Amount, Outcome, Phase, Reason, Rule, Target};
use super::{PricingError, sum};
use crate::shipping::Parcel;

/// Packs what has to be sent and asks the chosen method for its price.
pub(super) fn start(pricer: &mut Pricer<'_>) -> Result<(), PricingError> {
    let snapshot = pricer.snapshot;
    let mut sent = snapshot.lines.iter().filter(|line| line.requires_shipping).peekable();
    if sent.peek().is_none() {
        return Ok(());
    }
    let weight = sent.map(|line| u64::from(line.weight_grams).saturating_mul(u64::from(line.quantity.get())));
    let goods = pricer.lines.iter().filter(|work| work.line.requires_shipping);
    let parcel = Parcel {
        channel: snapshot.channel,
        destination: snapshot.destination.clone(),
        goods: sum(pricer.zero, goods.map(|work| work.part.left))?,
        weight_grams: weight.fold(0, u64::saturating_add),
    };
    if let Some(method) = &snapshot.shipping {
        let offer = method.offer(&parcel);
        let listed = offer.ok().map(|offer| offer.listed);
        let rule = Rule::ShippingMethod { id: method.id, name: method.name.clone(), listed };
        match offer {
            Ok(offer) => {
                let amounts = vec![Amount::exact(Target::Shipping, offer.price)];
                pricer.note(Phase::Shipping, rule, Outcome::Applied, amounts)?;
                pricer.shipping = Some((method, Part::new(Target::Shipping, offer.price)));
            }
            Err(why) => {
                let outcome = Outcome::NotApplied(Reason::NotOffered { why });
                pricer.note(Phase::Shipping, rule, outcome, Vec::new())?;
                pricer.shipping_obstacle = Some(why);
            }
        }
    }
    pricer.parcel = Some(parcel);
    Ok(())
}
