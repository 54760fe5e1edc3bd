//! Stripe's books: with no webhook at all, its lists tell everything that moved.

use std::collections::BTreeSet;

use tradepost_domain::payment::{PaymentFact, PaymentStatus};
use tradepost_port::PaymentGateway;
use tradepost_port::payment::{BalanceEntry, BalanceKind, CaptureMethod, EventMeaning, Since};

use super::{WITHIN, World, applied, done, eur, refund_of};

impl World {
    async fn all_lines(&self) -> Vec<BalanceEntry> {
        let mut since = Since { from: self.now(), until: None, after: None };
        let mut lines = Vec::new();
        loop {
            let page = self.gateway.balance(&since, WITHIN).await.unwrap();
            lines.extend(page.items);
            since.after = page.next;
            if since.after.is_none() {
                return lines;
            }
        }
    }
}

#[tokio::test]
async fn the_list_of_events_tells_what_webhooks_would_have_told() {
    let world = World::new().await;
    let intent = world.paid().await;
    done(world.gateway.refund(&refund_of(&intent, 1, eur(350)), WITHIN).await);
    let since = Since { from: world.now(), until: Some(world.now()), after: None };
    let page = world.gateway.events(&since, WITHIN).await.unwrap();
    let facts: Vec<PaymentFact> = page
        .items
        .into_iter()
        .map(|event| world.gateway.read_event(event.body.to_string().as_bytes()).unwrap())
        .flat_map(|event| if let EventMeaning::Facts(facts) = event.meaning { facts } else { Vec::new() })
        .collect();
    assert_eq!(applied(&facts).0.status(), PaymentStatus::PartiallyRefunded);
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn the_lines_of_the_books_sum_to_what_is_there() {
    let world = World::new().await;
    let intent = world.paid().await;
    let refund = done(world.gateway.refund(&refund_of(&intent, 1, eur(350)), WITHIN).await);
    assert!(world.stripe.fail_refund(&refund.id));
    let dispute = world.stripe.dispute(&intent.intent_id, 600).unwrap();
    let lines = world.all_lines().await;
    let kinds: Vec<_> = lines.iter().map(|line| line.kind).collect();
    assert_eq!(
        kinds,
        [BalanceKind::Dispute, BalanceKind::RefundFailure, BalanceKind::Refund, BalanceKind::Capture]
    );
    assert!(lines.iter().all(|line| line.intent_id.as_deref() == Some(&intent.intent_id)));
    assert_eq!(lines[0].source_id.as_deref(), Some(dispute.as_str()));
    let sum: i64 =
        lines.iter().filter_map(|line| line.amount).map(tradepost_domain::kernel::Money::amount).sum();
    assert_eq!(sum, world.charged().1);
}

#[tokio::test]
async fn a_book_of_several_pages_is_read_without_gaps_or_repetitions() {
    let world = World::new().await;
    for number in 1..=130 {
        let intent = world.created(number, eur(100), CaptureMethod::Automatic).await;
        done(world.confirm(&intent, 1, "pm_card_visa").await);
    }
    let lines = world.all_lines().await;
    let different: BTreeSet<_> = lines.iter().map(|line| &line.id).collect();
    assert_eq!((lines.len(), different.len()), (130, 130));
}
