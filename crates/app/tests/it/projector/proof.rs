//! The proof: whatever changes in whatever order, every fragment is what rendering now would give.

use tradepost_app::catalog::Verify;

use super::changes::{CHANGES, Dice, PRODUCTS};
use super::shop::{Kind, TestShop, id};

/// Changes of one run.
const ROUNDS: u64 = 240;

async fn shaken(seed: u64) -> u64 {
    let shop = TestShop::with_products(PRODUCTS).await;
    let mut dice = Dice(seed);
    let mut made = Vec::new();
    for round in 0..ROUNDS {
        made.push(shop.shake(&mut dice).await);
        if dice.roll(12) == 0 {
            shop.projector.publish_due().await.unwrap();
            shop.prove(&format!("seed {seed}, round {round}, changes {made:?}")).await;
            made.clear();
        } else if dice.roll(4) == 0 {
            shop.projector.drain().await.unwrap();
        }
    }
    shop.prove(&format!("seed {seed} at the end")).await;
    u64::try_from(shop.number("select count(distinct type) from outbox").await).unwrap()
}

#[tokio::test]
async fn fragments_stay_true_under_random_changes() {
    assert!(shaken(1).await >= 15, "a run of {ROUNDS} makes nearly every one of {CHANGES} kinds of change");
}

#[tokio::test]
async fn fragments_stay_true_under_other_random_changes() {
    assert!(shaken(20_261_122).await >= 15);
}

/// Every kind of change without its event is found out: the proof can fail.
#[tokio::test]
async fn a_change_that_nothing_tells_of_is_found() {
    let shop = TestShop::with_products(PRODUCTS).await;
    shop.prove("new").await;
    let (product, category, brand) = (id(Kind::Product, 3), id(Kind::Category, 4), id(Kind::Brand, 1));
    for (sql, thing, what) in [
        ("update product set title = 'Unheard' where id = $1", product, "title_sort"),
        ("update product set popularity = 99 where id = $1", product, "popularity"),
        ("update category set name = 'Unheard' where id = $1", category, "page"),
        ("update brand set handle = 'unheard' where id = $1", brand, "brand_handle"),
        ("update product set status = 'archived' where id = $1", product, "left over"),
    ] {
        shop.run(sql, &[&thing]).await;
        let found = shop.mismatches().await;
        assert!(found.iter().any(|mismatch| mismatch.what.contains(what)), "{sql}: {found:?}");
        shop.projector.rebuild(|_, _| {}).await.unwrap();
        assert_eq!(shop.projector.verify(Verify::All).await.unwrap(), [], "{sql}");
    }
}

#[tokio::test]
async fn several_projectors_dispatch_each_event_once_and_end_at_the_truth() {
    let shop = TestShop::with_products(PRODUCTS).await;
    let mut dice = Dice(7);
    let mut workers = Vec::new();
    for _ in 0..3 {
        let projector = shop.projector.clone();
        workers.push(tokio::spawn(async move {
            let mut events = 0;
            for _ in 0..15 {
                events += projector.drain().await.unwrap().events;
                tokio::task::yield_now().await;
            }
            events
        }));
    }
    for _ in 0..40 {
        shop.shake(&mut dice).await;
    }
    let mut dispatched = 0;
    for worker in workers {
        dispatched += worker.await.unwrap();
    }
    dispatched += shop.projector.drain().await.unwrap().events;
    assert_eq!(i64::try_from(dispatched).unwrap(), shop.number("select count(*) from outbox").await);
    shop.prove("several at once").await;
}
