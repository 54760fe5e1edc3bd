//! Random changes of a shop, each with the event that its use case writes. The seed tells the whole run.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use tradepost_domain::kernel::ids::{ChannelId, CustomerGroupId, EntityId};
use uuid::Uuid;

use super::shop::{Kind, TestShop, id, variant};

/// Numbers from a seed: SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
pub struct Dice(pub u64);

impl Dice {
    /// From zero up to, and without, `bound`.
    pub fn roll(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[usize::try_from(self.roll(u64::try_from(items.len()).unwrap())).unwrap()]
    }
}

/// Products of the shop that is changed.
pub const PRODUCTS: u64 = 12;
/// Kinds of change.
pub const CHANGES: u64 = 37;

/// A statement's text, the kind of the event that tells of it, and the thing that changed.
struct Change<'a> {
    sql: &'a str,
    params: Vec<&'a (dyn ToSql + Sync)>,
    kind: &'a str,
    aggregate: Uuid,
}

impl TestShop {
    async fn apply(&self, change: Change<'_>) {
        self.change(change.sql, &change.params, change.kind, change.aggregate).await;
    }

    /// Makes one change; answers its number.
    pub async fn shake(&self, dice: &mut Dice) -> u64 {
        let number = dice.roll(CHANGES);
        self.clock.advance(SignedDuration::from_secs(1));
        match number {
            0..=11 => Box::pin(self.shake_product(dice, number)).await,
            12..=19 => Box::pin(self.shake_parts(dice, number)).await,
            20..=24 => Box::pin(self.shake_names(dice, number)).await,
            25..=30 => Box::pin(self.shake_selection(dice, number)).await,
            31..=35 => Box::pin(self.shake_price_lists(dice, number)).await,
            _ => Box::pin(self.replace_product(dice)).await,
        }
        number
    }

    async fn shake_product(&self, dice: &mut Dice, number: u64) {
        let word = format!("Word{}", dice.roll(1_000));
        let count = i64::try_from(dice.roll(100)).unwrap();
        let product = id(Kind::Product, dice.roll(PRODUCTS) + 1);
        let brand = (dice.roll(4) > 0).then(|| id(Kind::Brand, dice.roll(3) + 1));
        let category = (dice.roll(4) > 0).then(|| id(Kind::Category, dice.roll(6) + 1));
        let tags = vec![word.clone(), "new".to_owned()];
        let attributes =
            json!({"material": dice.pick(&["wool", "steel", "cotton"]), &word: count, "deep": {"a": [word]}});
        let german: Value = json!({"de": {"title": format!("Titel {count}"), "seo_title": ""}, "en-US": {"description": word}});
        let hidden = [
            None,
            Some(vec![]),
            Some(vec![id(Kind::Channel, 1)]),
            Some(vec![id(Kind::Channel, 2), id(Kind::Channel, 3)]),
        ];
        let hidden = dice.pick(&hidden).clone();
        let (now, later) = (self.now(), self.now() + SignedDuration::from_secs(5));
        let (sql, value, kind): (&str, &(dyn ToSql + Sync), &str) = match number {
            0 => (
                "update product set title = $2, version = version + 1 where id = $1",
                &word,
                "product.updated",
            ),
            1 => (
                "update product set description = '<p>' || $2 || '</p>', seo_title = $2 where id = $1",
                &word,
                "product.updated",
            ),
            2 => (
                "update product set attributes = $2, metadata = $2 where id = $1",
                &attributes,
                "product.updated",
            ),
            3 => (
                "update product set tags = $2, seo_description = ($2::text[])[1] where id = $1",
                &tags,
                "product.updated",
            ),
            4 => ("update product set translations = $2 where id = $1", &german, "product.updated"),
            5 => ("update product set brand_id = $2 where id = $1", &brand, "product.updated"),
            6 => ("update product set category_id = $2 where id = $1", &category, "product.updated"),
            7 => ("update product set channel_ids = $2 where id = $1", &hidden, "product.updated"),
            8 => (
                "update product set status = 'archived', publish_at = null, updated_at = $2 where id = $1",
                &now,
                "product.archived",
            ),
            9 => (
                "update product set status = 'published', publish_at = null, published_at = coalesce(published_at, $2) where id = $1",
                &now,
                "product.published",
            ),
            10 => (
                "update product set status = 'draft', publish_at = $2 where id = $1",
                &later,
                "product.updated",
            ),
            _ => (
                "update product set popularity = $2, rating_sum = $2::int8 * 4, rating_count = $2 where id = $1",
                &count,
                "review.moderated",
            ),
        };
        self.apply(Change { sql, params: vec![&product, value], kind, aggregate: product }).await;
    }

    async fn shake_parts(&self, dice: &mut Dice, number: u64) {
        let of = dice.roll(PRODUCTS) + 1;
        let product = id(Kind::Product, of);
        let one = variant(of, dice.roll(2));
        let amount = i64::try_from(dice.roll(6_000)).unwrap();
        let currency = *dice.pick(&["EUR", "USD", "JPY"]);
        let category = id(Kind::Category, dice.roll(6) + 1);
        let on_hand = i64::try_from(dice.roll(9)).unwrap();
        let switches = (dice.roll(2) == 0, dice.roll(2) == 0);
        let place = dice.roll(1_000_000) + 1_000;
        let (sql, params, kind): (&str, Vec<&(dyn ToSql + Sync)>, &str) = match number {
            12 => ("insert into price (variant_id, currency, amount, compare_at_amount) select id, $2::text, $3::int8, 3000 from variant where id = $1
                        on conflict (variant_id, currency) do update set amount = excluded.amount", vec![&one, &currency, &amount], "price.updated"),
            13 => ("delete from price where variant_id = $1 and currency = $2::text", vec![&one, &currency], "variant.updated"),
            14 => ("update stock_level set on_hand = $2, reserved = least(1::int8, $2), moved_kind = 'adjusted', moved_id = gen_random_uuid() where variant_id = $1", vec![&one, &on_hand], "stock.updated"),
            15 => ("update variant set tracked = $2, backorder = $3, barcode = '4006381333931' where id = $1", vec![&one, &switches.0, &switches.1], "variant.updated"),
            16 => ("delete from variant where id = $1 and position = 1 and not exists (select from stock_level where variant_id = $1 and reserved > 0)", vec![&one], "variant.deleted"),
            17 => ("insert into product_category (product_id, category_id) select id, $2 from product where id = $1 on conflict do nothing", vec![&product, &category], "product.updated"),
            18 => ("delete from product_category where product_id = $1", vec![&product], "product.updated"),
            _ => {
                let media = id(Kind::Media, place);
                let sql = "insert into product_media (id, product_id, position, source_url, alt) select $2, id, 0, 'https://x.example/y', 'A view' from product where id = $1";
                self.apply(Change { sql, params: vec![&product, &media], kind: "media.created", aggregate: product }).await;
                ("update variant set media_id = (select id from product_media where product_id = variant.product_id order by id limit 1) where id = $1", vec![&one], "variant.updated")
            }
        };
        self.apply(Change { sql, params, kind, aggregate: product }).await;
    }

    async fn shake_names(&self, dice: &mut Dice, number: u64) {
        let word = format!("word-{}", dice.roll(1_000));
        let handle = format!("{word}-{}", dice.roll(1_000_000));
        let names = json!({"de": {"name": word}, "fr": {"description": "rien"}});
        let (brand, kind_of) = (id(Kind::Brand, dice.roll(3) + 1), id(Kind::Type, dice.roll(3) + 1));
        // 5 and 6 are leaves and 1 to 4 are none, so that no move makes a circle.
        let (leaf, parent) = (id(Kind::Category, 5 + dice.roll(2)), id(Kind::Category, dice.roll(4) + 1));
        let category = id(Kind::Category, dice.roll(6) + 1);
        let (sql, params, kind, aggregate): (&str, Vec<&(dyn ToSql + Sync)>, &str, Uuid) = match number {
            20 => (
                "update category set name = $2, translations = $3 where id = $1",
                vec![&category, &word, &names],
                "category.updated",
                category,
            ),
            21 => (
                "update category set parent_id = $2 where id = $1",
                vec![&leaf, &parent],
                "category.moved",
                leaf,
            ),
            22 => (
                "update category set handle = $2 where id = $1",
                vec![&category, &handle],
                "category.updated",
                category,
            ),
            23 => (
                "update brand set name = $2, handle = $3 where id = $1",
                vec![&brand, &word, &handle],
                "brand.updated",
                brand,
            ),
            _ => (
                "update product_type set name = $2, handle = $3 where id = $1",
                vec![&kind_of, &word, &handle],
                "product_type.updated",
                kind_of,
            ),
        };
        self.apply(Change { sql, params, kind, aggregate }).await;
    }

    async fn shake_selection(&self, dice: &mut Dice, number: u64) {
        let (rules, manual) = (id(Kind::Collection, 2), id(Kind::Collection, 1));
        let (product, channel) =
            (id(Kind::Product, dice.roll(PRODUCTS) + 1), id(Kind::Channel, dice.roll(3) + 1));
        let rule = random_rule(dice);
        let locales = [vec!["en", "de"], vec!["de", "en", "de-AT"], vec!["fr"], vec!["en-US", "es"]];
        let (locales, currency) = (dice.pick(&locales).clone(), *dice.pick(&["EUR", "USD", "JPY"]));
        let (sql, params, kind, aggregate): (&str, Vec<&(dyn ToSql + Sync)>, &str, Uuid) = match number {
            25 => (
                "update collection set rule = $2 where id = $1",
                vec![&rules, &rule],
                "collection.updated",
                rules,
            ),
            26 => (
                "insert into collection_product (product_id, collection_id)
                 select id, $2 from product where id = $1 on conflict do nothing",
                vec![&product, &manual],
                "collection.updated",
                manual,
            ),
            27 => (
                "delete from collection_product where product_id = $1 and collection_id = $2",
                vec![&product, &manual],
                "collection.updated",
                manual,
            ),
            28 => (
                "update channel set locales = $2, default_locale = ($2::text[])[1] where id = $1",
                vec![&channel, &locales],
                "channel.updated",
                channel,
            ),
            29 => (
                "update channel set currency = $2::text where id = $1",
                vec![&channel, &currency],
                "channel.updated",
                channel,
            ),
            _ => (
                "update channel set active = not active where id = $1",
                vec![&channel],
                "channel.updated",
                channel,
            ),
        };
        self.apply(Change { sql, params, kind, aggregate }).await;
    }

    /// Changes a price list, its prices, or the time, which tells nobody that it passes.
    async fn shake_price_lists(&self, dice: &mut Dice, number: u64) {
        let list = id(Kind::PriceList, dice.roll(3) + 1);
        let (of, place) = (dice.roll(PRODUCTS) + 1, dice.roll(2));
        let (product, one) = (id(Kind::Product, of), variant(of, place));
        let amount = i64::try_from(dice.roll(6_000)).unwrap();
        let (currency, units) = (*dice.pick(&["EUR", "USD"]), *dice.pick(&[1, 1, 1, 5]));
        let fields = random_list(dice, self.now());
        let reached = json!({"product_ids": [product.to_string()]});
        match number {
            31 => {
                let sql = "insert into price_list (id, handle, name, definition, created_at, updated_at)
                           values ($1, cast($1 as uuid)::text, 'Sale', $2, $3, $3)
                               on conflict (id) do update set definition = excluded.definition, version = price_list.version + 1";
                self.change(sql, &[&list, &fields, &self.now()], "price_list.updated", list).await;
            }
            32 => {
                let sql = "insert into price_list_price (price_list_id, variant_id, currency, min_quantity, amount)
                           select l.id, v.id, $3::text, $4, $5 from price_list l, variant v where l.id = $1 and v.id = $2
                               on conflict (price_list_id, variant_id, currency, min_quantity) do update set amount = excluded.amount";
                self.run(sql, &[&list, &one, &currency, &units, &amount]).await;
                self.event("price_list.updated", list, reached).await;
            }
            33 => {
                let sql = "delete from price_list_price where price_list_id = $1 and variant_id = $2";
                self.run(sql, &[&list, &one]).await;
                self.event("price_list.updated", list, reached).await;
            }
            34 if dice.roll(3) == 0 => {
                let sql = "insert into price_list_leaving (price_list_id, product_id)
                           select distinct p.price_list_id, v.product_id
                             from price_list_price p join variant v on v.id = p.variant_id
                            where p.price_list_id = $1
                               on conflict do nothing";
                self.run(sql, &[&list]).await;
                self.run("delete from price_list where id = $1", &[&list]).await;
                self.event("price_list.deleted", list, json!({"product_ids": []})).await;
            }
            _ => {
                let seconds = i64::try_from(dice.roll(900)).unwrap();
                self.clock.advance(SignedDuration::from_secs(seconds));
            }
        }
    }

    /// Deletes a product and makes another with its number, or swaps the handles of two.
    async fn replace_product(&self, dice: &mut Dice) {
        let number = dice.roll(PRODUCTS) + 1;
        let product = id(Kind::Product, number);
        if dice.roll(2) == 0 {
            let promised = "update stock_level l
                               set reserved = 0, moved_kind = 'released', moved_id = gen_random_uuid()
                              from variant v
                             where v.id = l.variant_id and v.product_id = $1";
            self.run(promised, &[&product]).await;
            let sql = "delete from product where id = $1";
            self.apply(Change { sql, params: vec![&product], kind: "product.deleted", aggregate: product })
                .await;
            self.add_product(number).await;
        } else {
            let other = id(Kind::Product, dice.roll(PRODUCTS) + 1);
            let swap = "with old as (select id, handle from product where id in ($1, $2))
                        update product p set handle = p.handle || '-x' from old where p.id = old.id and old.id = $1";
            self.run(swap, &[&product, &other]).await;
            self.event("product.updated", product, json!({"product_ids": [other.to_string()]})).await;
        }
    }
}

fn random_list(dice: &mut Dice, now: Timestamp) -> Value {
    let mut at = |share: u64| {
        let seconds = i64::try_from(dice.roll(1_200)).unwrap() - 400;
        (dice.roll(share) > 0).then(|| now + SignedDuration::from_secs(seconds))
    };
    let (starts_at, ends_at) = (at(2), at(3));
    let channel = ChannelId::from_uuid(id(Kind::Channel, dice.roll(3) + 1));
    let channels = if dice.roll(3) == 0 { vec![channel] } else { vec![] };
    let groups =
        if dice.roll(5) == 0 { vec![CustomerGroupId::from_uuid(Uuid::from_u128(1))] } else { vec![] };
    json!({"name": "Sale", "active": dice.roll(6) > 0, "priority": dice.roll(3), "channel_ids": channels,
        "customer_group_ids": groups, "starts_at": starts_at, "ends_at": ends_at})
}

fn random_rule(dice: &mut Dice) -> Value {
    let field = *dice.pick(&["price", "in_stock", "brand", "category", "tag", "title", "attribute.material"]);
    let value = match field {
        "price" => json!(dice.roll(6_000)),
        "in_stock" => json!(true),
        "brand" => json!("brand-1"),
        "category" => json!("category-1"),
        "tag" => json!("new"),
        _ => json!("wool"),
    };
    let operator = if field == "price" { "gte" } else { "ne" };
    json!({"match": "any", "conditions": [{"field": field, "operator": operator, "value": value}]})
}
