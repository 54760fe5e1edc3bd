//! Listings against a second opinion: the same questions answered by a plain loop over the same products.

use serde_json::{Value, json};
use tradepost_domain::catalog::product_query::{AttributeTest, Filter, ProductQuery, Range, Sort};
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{CategoryId, CollectionId, EntityId, ProductId};
use tradepost_store::catalog::listing;
use tradepost_store::{Store, StoreSettings};
use tradepost_testkit::{Shelf, ShelfProduct, ShelfVariant, TestDatabase};
use uuid::Uuid;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn number(&mut self, sides: u64) -> i64 {
        i64::try_from(self.roll(sides)).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.roll(u64::try_from(from.len()).unwrap())).unwrap()]
    }
}

const COLORS: [&str; 3] = ["red", "blue", "green"];
const SIZES: [&str; 3] = ["s", "m", "l"];
const MATERIALS: [&str; 3] = ["wool", "cotton", "silk"];
const BRANDS: [&str; 2] = ["nordvik", "arlo"];

fn category() -> CategoryId {
    CategoryId::from_uuid(Uuid::from_u128(0xCA))
}

fn collection() -> CollectionId {
    CollectionId::from_uuid(Uuid::from_u128(0xC0))
}

fn random_product(number: u128, dice: &mut Dice) -> ShelfProduct {
    let variants = (0..=dice.roll(3)).map(|_| {
        let options = json!({"color": dice.pick(&COLORS), "size": dice.pick(&SIZES)});
        (options, dice.number(6) * 100, dice.roll(2) == 0)
    });
    let mut product = ShelfProduct::new(number).with_variants(&variants.collect::<Vec<_>>());
    product.title = format!("{} {}", dice.pick(&["Warm hat", "Cold hat", "Red scarf"]), number % 7);
    product.attributes = match dice.roll(4) {
        0 => json!({"material": dice.pick(&MATERIALS), "size_cm": dice.number(10), "care": {"wash": true}}),
        1 => {
            json!({"material": [dice.pick(&MATERIALS), dice.pick(&MATERIALS)], "size_cm": "5", "care": {"wash": false}})
        }
        2 => json!({"size_cm": [dice.number(10), "x", null]}),
        _ => json!({}),
    };
    product.tags =
        if dice.roll(2) == 0 { vec!["sale".to_owned()] } else { vec!["new".to_owned(), "eco".to_owned()] };
    dice.pick(&BRANDS).clone_into(&mut product.brand);
    product.rating = i32::try_from(dice.roll(501)).unwrap();
    product.popularity = dice.number(4);
    product.published_at = dice.number(5);
    product.categories = if dice.roll(2) == 0 { vec![category()] } else { Vec::new() };
    product.collections = if dice.roll(3) == 0 { vec![collection()] } else { Vec::new() };
    product
}

fn random_range(dice: &mut Dice, sides: u64) -> Range<i64> {
    let mut bound = || (dice.roll(3) == 0).then(|| dice.number(sides));
    Range { gte: bound(), gt: bound(), lte: bound(), lt: bound() }
}

fn random_values(dice: &mut Dice, from: &[&str]) -> Vec<String> {
    (0..=dice.roll(2)).map(|_| dice.pick(from).to_owned()).collect()
}

fn random_filter(dice: &mut Dice) -> Filter {
    let attribute = |path: &[&str], test| Filter::Attribute {
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        test,
    };
    match dice.roll(12) {
        0 | 1 => {
            let range = random_range(dice, 6);
            let hundred = |bound: Option<i64>| bound.map(|bound| bound * 100);
            Filter::Price(Range {
                gte: hundred(range.gte),
                gt: hundred(range.gt),
                lte: hundred(range.lte),
                lt: hundred(range.lt),
            })
        }
        2 | 3 => Filter::Option { name: "color".to_owned(), values: random_values(dice, &COLORS) },
        4 => Filter::Option { name: "size".to_owned(), values: random_values(dice, &SIZES) },
        5 => Filter::InStock(dice.roll(2) == 0),
        6 => Filter::Brand(random_values(dice, &BRANDS)),
        7 => Filter::Tag(random_values(dice, &["sale", "eco", "none"])),
        8 => {
            let range = random_range(dice, 501);
            Filter::Rating(range)
        }
        9 => attribute(&["care", "wash"], AttributeTest::AnyOf(vec![json!("true"), json!(true)])),
        10 => {
            let range = random_range(dice, 10);
            #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "small numbers in a test")]
            let float = |bound: Option<i64>| bound.map(|bound| bound as f64);
            let range = Range {
                gte: float(range.gte),
                gt: float(range.gt),
                lte: float(range.lte),
                lt: float(range.lt),
            };
            attribute(&["size_cm"], AttributeTest::Within(range))
        }
        _ => attribute(
            &["material"],
            AttributeTest::AnyOf(random_values(dice, &MATERIALS).into_iter().map(Value::from).collect()),
        ),
    }
}

fn within<T: PartialOrd>(range: &Range<T>, value: &T) -> bool {
    range.gte.as_ref().is_none_or(|bound| value >= bound)
        && range.gt.as_ref().is_none_or(|bound| value > bound)
        && range.lte.as_ref().is_none_or(|bound| value <= bound)
        && range.lt.as_ref().is_none_or(|bound| value < bound)
}

/// Whether the variant meets every condition on option and price.
fn variant_meets(variant: &ShelfVariant, filters: &[Filter]) -> bool {
    filters.iter().all(|filter| match filter {
        Filter::Price(range) => within(range, &variant.price),
        Filter::Option { name, values } => variant
            .options
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|own| values.iter().any(|value| value == own)),
        _ => true,
    })
}

fn attribute_meets(attributes: &Value, path: &[String], test: &AttributeTest) -> bool {
    let Some(found) = path.iter().try_fold(attributes, |inner, key| inner.get(key)) else { return false };
    let is = |wanted: &dyn Fn(&Value) -> bool| {
        wanted(found) || found.as_array().is_some_and(|items| items.iter().any(wanted))
    };
    match test {
        AttributeTest::AnyOf(values) => is(&|value| values.contains(value)),
        AttributeTest::Within(range) => {
            is(&|value| value.as_f64().is_some_and(|number| within(range, &number)))
        }
    }
}

fn meets(product: &ShelfProduct, query: &ProductQuery) -> bool {
    let word = query.text.as_deref().is_none_or(|text| product.title.to_lowercase().contains(text));
    let category = query.category_id.is_none_or(|id| product.categories.contains(&id));
    let collection = query.collection_id.is_none_or(|id| product.collections.contains(&id));
    let matching: Vec<_> =
        product.variants.iter().filter(|variant| variant_meets(variant, &query.filters)).collect();
    let orderable = matching.iter().any(|variant| variant.orderable);
    let filters = query.filters.iter().all(|filter| match filter {
        Filter::InStock(wanted) => orderable == *wanted,
        Filter::Brand(handles) => handles.contains(&product.brand),
        Filter::ProductType(handles) => handles.contains(&product.product_type),
        Filter::Tag(tags) => tags.iter().any(|tag| product.tags.contains(tag)),
        Filter::Rating(range) => within(range, &i64::from(product.rating)),
        Filter::Attribute { path, test } => attribute_meets(&product.attributes, path, test),
        Filter::Price(_) | Filter::Option { .. } => true,
    });
    word && category && collection && filters && !matching.is_empty()
}

fn sorted(products: &[ShelfProduct], query: &ProductQuery) -> Vec<ProductId> {
    let mut found: Vec<&ShelfProduct> = products.iter().filter(|product| meets(product, query)).collect();
    let price = |product: &ShelfProduct| product.variants.iter().map(|variant| variant.price).min().unwrap();
    found.sort_by(|a, b| match query.sort {
        Sort::Newest => (b.published_at, b.id).cmp(&(a.published_at, a.id)),
        Sort::PriceAscending => (price(a), a.id).cmp(&(price(b), b.id)),
        Sort::PriceDescending => (price(b), b.id).cmp(&(price(a), a.id)),
        Sort::Name => (a.title.to_lowercase(), a.id).cmp(&(b.title.to_lowercase(), b.id)),
        Sort::Relevance | Sort::BestSelling => (b.popularity, b.id).cmp(&(a.popularity, a.id)),
        Sort::Rating => (b.rating, b.id).cmp(&(a.rating, a.id)),
    });
    found.into_iter().map(|product| product.id).collect()
}

fn question(shelf: &Shelf) -> ProductQuery {
    ProductQuery {
        channel_id: shelf.channel_id,
        locale: Locale::english(),
        text: None,
        category_id: None,
        collection_id: None,
        filters: Vec::new(),
        sort: Sort::Relevance,
        after: None,
        limit: 7,
        count: true,
    }
}

/// All pages of a query, one after the other.
async fn read_through(
    client: &tradepost_store::Client,
    mut query: ProductQuery,
    expected: usize,
) -> Vec<ProductId> {
    let mut ids = Vec::new();
    loop {
        let hits =
            listing::search(client, &query).await.unwrap_or_else(|error| panic!("{query:?}: {error:?}"));
        assert_eq!(hits.total, Some(u64::try_from(expected).unwrap()), "{query:?}");
        ids.extend(hits.ids);
        match hits.next {
            Some(next) => query.after = Some(next),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn every_listing_shows_what_a_plain_loop_would_in_the_same_order_page_by_page() {
    let database = TestDatabase::new().await;
    let shelf = Shelf::new(&database).await;
    let mut dice = Dice(7);
    let products: Vec<ShelfProduct> = (1..=120).map(|number| random_product(number, &mut dice)).collect();
    for product in &products {
        shelf.put(product).await;
    }
    let conn = database.store.storefront().conn().await.unwrap();
    let sorts = [
        Sort::Relevance,
        Sort::Newest,
        Sort::PriceAscending,
        Sort::PriceDescending,
        Sort::Name,
        Sort::BestSelling,
        Sort::Rating,
    ];
    let mut with_hits = 0;
    for round in 0..400 {
        let mut query = question(&shelf);
        query.sort = sorts[round % sorts.len()];
        query.filters = (0..dice.roll(4)).map(|_| random_filter(&mut dice)).collect();
        query.category_id = (dice.roll(4) == 0).then(category);
        query.collection_id = (dice.roll(6) == 0).then(collection);
        if query.sort != Sort::Relevance && dice.roll(5) == 0 {
            query.text = Some("hat".to_owned());
        }
        let expected = sorted(&products, &query);
        with_hits += usize::from(!expected.is_empty());
        assert_eq!(read_through(&conn, query.clone(), expected.len()).await, expected, "{query:?}");
    }
    assert!(with_hits > 150, "most random questions found nothing: {with_hits}");
}

#[tokio::test]
async fn ranked_pages_are_complete_without_overlap_and_the_better_match_comes_first() {
    let database = TestDatabase::new().await;
    let shelf = Shelf::new(&database).await;
    for number in 1..=60 {
        let mut product = ShelfProduct::new(number);
        product.title =
            if number % 9 == 0 { "hat of hats and a hat".to_owned() } else { "a plain hat".to_owned() };
        product.popularity = i64::try_from(number % 5).unwrap();
        shelf.put(&product).await;
    }
    let conn = database.store.storefront().conn().await.unwrap();
    let query = ProductQuery { text: Some("hats".to_owned()), ..question(&shelf) };
    let ids = read_through(&conn, query.clone(), 60).await;
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((ids.len(), once.len()), (60, 60));
    let first = ids[0].as_uuid().as_u128();
    assert_eq!((first % 9, first % 5), (0, 4), "many mentions and many sales first: {first}");
    for text in ["\"", "a & ! | (", "the", "ünïcödé hat -hat", "' or true --"] {
        let odd = ProductQuery { text: Some(text.to_owned()), ..query.clone() };
        assert_eq!(listing::search(&conn, &odd).await.unwrap().ids, [], "{text}");
    }
}

#[tokio::test]
async fn a_product_put_on_the_shelf_between_two_pages_moves_nothing() {
    let database = TestDatabase::new().await;
    let shelf = Shelf::new(&database).await;
    for number in 10..20 {
        shelf.put(&ShelfProduct::new(number).priced(500)).await;
    }
    let conn = database.store.storefront().conn().await.unwrap();
    let mut query = ProductQuery { sort: Sort::PriceAscending, limit: 5, count: false, ..question(&shelf) };
    let first = listing::search(&conn, &query).await.unwrap();
    shelf.put(&ShelfProduct::new(1).priced(100)).await;
    query.after = first.next;
    let second = listing::search(&conn, &query).await.unwrap();
    let numbers: Vec<u128> = first.ids.iter().chain(&second.ids).map(|id| id.as_uuid().as_u128()).collect();
    assert_eq!(numbers, (10..20).collect::<Vec<_>>());
    assert_eq!((second.next, second.total), (None, None));
}

#[tokio::test]
async fn too_many_combinations_of_options_are_still_met_by_one_variant() {
    let database = TestDatabase::new().await;
    let shelf = Shelf::new(&database).await;
    let variants = [
        (json!({"color": "c1", "size": "s1"}), 100, true),
        (json!({"color": "c2", "size": "s2"}), 200, false),
    ];
    shelf.put(&ShelfProduct::new(1).with_variants(&variants)).await;
    let conn = database.store.storefront().conn().await.unwrap();
    let many = |name: &str, letter: &str, first: &str| Filter::Option {
        name: name.to_owned(),
        values: std::iter::once(first.to_owned())
            .chain((10..20).map(|number| format!("{letter}{number}")))
            .collect(),
    };
    for (color, size, in_stock, expected) in [
        ("c1", "s1", true, 1),
        ("c1", "s2", true, 0),
        ("c2", "s2", true, 0),
        ("c2", "s2", false, 1),
        ("c1", "s1", false, 0),
    ] {
        let filters = vec![many("color", "c", color), many("size", "s", size), Filter::InStock(in_stock)];
        let query = ProductQuery { filters, ..question(&shelf) };
        let hits = listing::search(&conn, &query).await.unwrap();
        assert_eq!(hits.ids.len(), expected, "{color} {size} {in_stock}");
    }
}

#[tokio::test]
async fn pages_are_read_from_an_index_in_their_order_and_never_by_sorting_the_shelf() {
    let database = TestDatabase::new().await;
    let shelf = Shelf::new(&database).await;
    for number in 1..=30 {
        shelf.put(&ShelfProduct::new(number)).await;
    }
    // A shelf this small would be read whole and sorted; the question is whether there is another way.
    let url = database.url.replace("options='", "options='-c enable_seqscan=off -c enable_sort=off ");
    let store = Store::new(&StoreSettings::new(url)).unwrap();
    let conn = store.storefront().conn().await.unwrap();
    let sorts = [Sort::Newest, Sort::PriceAscending, Sort::PriceDescending, Sort::Name, Sort::BestSelling];
    for sort in sorts {
        let mut query = ProductQuery { sort, limit: 5, count: false, ..question(&shelf) };
        let first = listing::search(&conn, &query).await.unwrap();
        for after in [None, first.next] {
            query.after = after;
            let plan = listing::explain(&conn, &query).await.unwrap().join("\n");
            assert!(plan.contains("Index") && !plan.contains("Sort"), "{sort:?} {:?}\n{plan}", query.after);
            assert!(
                query.after.is_none() || plan.contains("ROW("),
                "the index is entered at the place: {plan}"
            );
        }
    }
}

#[tokio::test]
async fn options_attributes_and_tags_are_looked_up_in_their_indexes() {
    let database = TestDatabase::new().await;
    let shelf = Shelf::new(&database).await;
    // On an empty shelf any way is as good as another: only those in question are left.
    let others = "drop index product_view_handle_key, product_view_popularity_idx, product_view_newest_idx,
                             product_view_price_idx, product_view_name_idx, product_view_brand_idx;
                  alter table product_view drop constraint product_view_pkey";
    shelf.client.batch_execute(others).await.unwrap();
    let url = database.url.replace("options='", "options='-c enable_seqscan=off ");
    let store = Store::new(&StoreSettings::new(url)).unwrap();
    let conn = store.storefront().conn().await.unwrap();
    let color =
        Filter::Option { name: "color".to_owned(), values: vec!["red".to_owned(), "blue".to_owned()] };
    let material = AttributeTest::AnyOf(vec![json!("wool")]);
    let material = Filter::Attribute { path: vec!["material".to_owned()], test: material };
    for (filter, index) in [
        (color, "product_view_variants_idx"),
        (material, "product_view_attributes_idx"),
        (Filter::Tag(vec!["sale".to_owned()]), "product_view_tags_idx"),
    ] {
        let query = ProductQuery { filters: vec![filter], ..question(&shelf) };
        let plan = listing::explain(&conn, &query).await.unwrap().join("\n");
        assert!(plan.contains(index), "{plan}");
    }
}
