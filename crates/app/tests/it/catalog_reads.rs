//! What shoppers read: listings, products, reviews, categories and channels, and how many statements each costs.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_app::catalog::channels::{FindChannelError, find_channel};
use tradepost_app::catalog::get_category::{CategoryAnswer, get_category};
use tradepost_app::catalog::get_product::{GetProduct, GetProductError, ProductAnswer, get_product};
use tradepost_app::catalog::list_categories::list_categories;
use tradepost_app::catalog::list_products::{ListProducts, ListProductsError, list_products};
use tradepost_app::catalog::list_reviews::{ListReviews, ListReviewsError, ReviewSort, list_reviews};
use tradepost_app::catalog::{Reference, Shopper};
use tradepost_app::count_statements;
use tradepost_domain::catalog::product_query::{Filter, Range, Sort};
use tradepost_domain::kernel::ids::{CategoryId, EntityId, ReviewId};
use tradepost_testkit::ShelfProduct;
use uuid::Uuid;

use crate::reading::{Reading, json_of};

fn category(number: u128) -> CategoryId {
    CategoryId::from_uuid(Uuid::from_u128(number))
}

fn handle<Id>(text: &str) -> Reference<Id> {
    Reference::Handle(text.to_owned())
}

/// An id where it reads as one, else a handle.
fn reference<Id: EntityId>(name: &str) -> Reference<Id> {
    name.parse().map_or_else(|_| handle(name), Reference::Id)
}

/// Three categories, one below the other two levels deep, and products in the lowest.
async fn shelf_with_categories(count: u128) -> Reading {
    let reading = Reading::new().await;
    reading.shelf.put_category(category(1), None, "clothing").await;
    reading.shelf.put_category(category(2), Some(category(1)), "hats").await;
    reading.shelf.put_category(category(3), None, "shoes").await;
    for number in 1..=count {
        let mut product = ShelfProduct::new(number).priced(100 * i64::try_from(number).unwrap());
        product.categories = vec![category(1), category(2)];
        reading.shelf.put(&product).await;
    }
    reading
}

#[tokio::test]
async fn a_cold_listing_costs_three_statements_and_a_warm_one_none() {
    let reading = shelf_with_categories(3).await;
    let command = ListProducts {
        category: Some(handle("hats")),
        sort: Sort::PriceDescending,
        limit: 2,
        ..ListProducts::default()
    };
    let ask = || list_products(&reading.catalog, &reading.shopper, command.clone());
    let (cold, statements) = count_statements(ask()).await;
    assert_eq!(statements, 3, "the category, the ids, the cards");
    let cold = cold.unwrap();
    let (warm, statements) = count_statements(ask()).await;
    assert_eq!((&warm.unwrap(), statements), (&cold, 0));

    let cards = [3, 2].map(|number| {
        let mut product = ShelfProduct::new(number).priced(100 * i64::try_from(number).unwrap());
        product.categories.clear();
        product.card().to_string()
    });
    let text = std::str::from_utf8(&cold.body).unwrap();
    let (data, page) = text.split_once(",\"page\":").unwrap();
    assert_eq!(data, format!("{{\"data\":[{}]", cards.join(",")));
    let page: Value = serde_json::from_str(page.strip_suffix('}').unwrap()).unwrap();
    assert_eq!((&page["has_more"], &page["limit"], page.get("total")), (&json!(true), &json!(2), None));
    let first = ShelfProduct::new(3).id;
    assert!(
        cold.surrogate_keys.starts_with(&format!("products {} {first} ", category(2))),
        "{}",
        cold.surrogate_keys
    );
}

#[tokio::test]
async fn a_listing_is_read_page_by_page_to_its_end_with_its_count() {
    let reading = shelf_with_categories(7).await;
    let mut command =
        ListProducts { sort: Sort::PriceAscending, limit: 3, count: true, ..ListProducts::default() };
    let mut titles = Vec::new();
    loop {
        let answer = list_products(&reading.catalog, &reading.shopper, command.clone()).await.unwrap();
        let page = json_of(&answer);
        assert_eq!(page["page"]["total"], json!(7));
        titles.extend(
            page["data"].as_array().unwrap().iter().map(|card| card["title"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["page"]["next"].as_str() else { break };
        command.cursor = Some(next.to_owned());
    }
    assert_eq!(titles, (1..=7).map(|number| format!("Product {number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let reading = shelf_with_categories(5).await;
    let ask = |command: ListProducts| list_products(&reading.catalog, &reading.shopper, command);
    let first = ListProducts { limit: 2, sort: Sort::PriceAscending, ..ListProducts::default() };
    let page = json_of(&ask(first.clone()).await.unwrap());
    let cursor = page["page"]["next"].as_str().unwrap().to_owned();
    let next = ListProducts { cursor: Some(cursor.clone()), ..first };
    assert!(ask(next.clone()).await.is_ok());
    assert!(
        ask(ListProducts { limit: 4, fields: Some(vec!["id".to_owned()]), ..next.clone() }).await.is_ok(),
        "another shape of the same list"
    );
    let cheap = Filter::Price(Range { lt: Some(400), ..Range::default() });
    for other in [
        ListProducts { sort: Sort::PriceDescending, ..next.clone() },
        ListProducts { filters: vec![cheap], ..next.clone() },
        ListProducts { text: Some("product".to_owned()), ..next.clone() },
        ListProducts { category: Some(handle("hats")), ..next.clone() },
        ListProducts { cursor: Some(format!("{cursor}A")), ..next.clone() },
        ListProducts { cursor: Some("garbage".to_owned()), ..next.clone() },
    ] {
        let answer = ask(other.clone()).await;
        assert!(matches!(answer, Err(ListProductsError::InvalidCursor)), "{other:?}: {answer:?}");
    }
    let german = list_products(&reading.catalog, &reading.in_german(), next).await;
    assert!(matches!(german, Err(ListProductsError::InvalidCursor)));
}

#[tokio::test]
async fn the_same_question_in_other_words_is_answered_from_memory() {
    let reading = shelf_with_categories(2).await;
    let tags = |tags: &[&str]| Filter::Tag(tags.iter().map(|tag| (*tag).to_owned()).collect());
    let ask = |filters, sort| {
        let command = ListProducts { filters, sort, ..ListProducts::default() };
        count_statements(list_products(&reading.catalog, &reading.shopper, command))
    };
    let (_, cold) = ask(vec![tags(&["a", "b"]), Filter::InStock(true)], Sort::BestSelling).await;
    let (_, warm) = ask(vec![Filter::InStock(true), tags(&["b", "a", "b"])], Sort::Relevance).await;
    assert_eq!((cold, warm), (1, 0), "nothing was found, so there were no cards to read");
}

#[tokio::test]
async fn cards_are_narrowed_and_widened_as_asked() {
    let reading = shelf_with_categories(2).await;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let ask = |fields: Option<&[&str]>, expand: &[&str]| {
        let command = ListProducts {
            fields: fields.map(names),
            expand: names(expand),
            sort: Sort::Name,
            ..ListProducts::default()
        };
        count_statements(list_products(&reading.catalog, &reading.shopper, command))
    };
    let (narrow, _) = ask(Some(&["title", "id"]), &[]).await;
    let narrow = json_of(&narrow.unwrap());
    assert_eq!(narrow["data"][0], json!({"id": ShelfProduct::new(1).id, "title": "Product 1"}));

    let (wide, statements) = ask(None, &["variants", "attributes"]).await;
    assert_eq!(statements, 2, "ids, then cards and pages together");
    let wide = json_of(&wide.unwrap());
    let card = ShelfProduct::new(1).priced(100).card();
    assert_eq!(wide["data"][0].as_object().unwrap().len(), card.as_object().unwrap().len() + 2);
    assert_eq!(wide["data"][0]["variants"], json!([{"options": {}}]));

    let (both, _) = ask(Some(&["id", "variants"]), &["variants", "media"]).await;
    assert_eq!(
        json_of(&both.unwrap())["data"][1].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["id", "variants"]
    );
    let (chosen, _) = ask(Some(&["id", "variants"]), &[]).await;
    assert_eq!(
        json_of(&chosen.unwrap())["data"][1].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["id", "variants"],
        "a field of the page that is asked for by name is expanded"
    );
    let (unknown, statements) = ask(Some(&["id", "secrets"]), &[]).await;
    assert!(matches!(unknown, Err(ListProductsError::UnknownField { name }) if name == "secrets"));
    assert_eq!(statements, 0);
    let (unknown, _) = ask(None, &["secrets"]).await;
    assert!(matches!(unknown, Err(ListProductsError::UnknownExpansion { name }) if name == "secrets"));
}

#[tokio::test]
async fn listings_know_categories_and_collections_by_id_and_by_former_handle() {
    let reading = shelf_with_categories(2).await;
    reading.shelf.put_moved("category", "old-hats", category(2).as_uuid()).await;
    let ask = |category| {
        let command = ListProducts { category: Some(category), ..ListProducts::default() };
        list_products(&reading.catalog, &reading.shopper, command)
    };
    for reference in [handle("old-hats"), Reference::Id(category(2))] {
        assert_eq!(json_of(&ask(reference).await.unwrap())["data"].as_array().unwrap().len(), 2);
    }
    assert_eq!(json_of(&ask(handle("shoes")).await.unwrap())["data"], json!([]));
    for reference in [handle("nowhere"), Reference::Id(category(9))] {
        assert!(matches!(ask(reference).await, Err(ListProductsError::CategoryNotFound)));
    }
    let command = ListProducts { collection: Some(handle("nowhere")), ..ListProducts::default() };
    let answer = list_products(&reading.catalog, &reading.shopper, command).await;
    assert!(matches!(answer, Err(ListProductsError::CollectionNotFound)));
}

#[tokio::test]
async fn a_product_is_found_by_id_and_handle_and_followed_where_it_moved() {
    let reading = shelf_with_categories(2).await;
    let product = ShelfProduct::new(1).priced(100);
    reading.shelf.put_moved("product", "first-product", product.id.as_uuid()).await;
    let ask = |name: &str| {
        let command = GetProduct { product: reference(name), fields: None };
        count_statements(get_product(&reading.catalog, &reading.shopper, command))
    };
    let (by_handle, cold) = ask("product-1").await;
    let Ok(ProductAnswer::Found(page)) = by_handle else { panic!("{by_handle:?}") };
    assert_eq!(page.body, product.page().to_string());
    let (_, warm) = ask("product-1").await;
    let (by_id, also_warm) = ask(&product.id.to_string()).await;
    assert_eq!((cold, warm, also_warm), (1, 0, 0));
    assert_eq!(by_id.unwrap(), ProductAnswer::Found(page));

    let (moved, statements) = ask("first-product").await;
    assert_eq!((moved.unwrap(), statements), (ProductAnswer::Moved { handle: "product-1".to_owned() }, 2));
    let (missing, statements) = ask("no-such-product").await;
    assert_eq!((missing.unwrap(), statements), (ProductAnswer::NotFound, 2));
    let (missing, statements) = ask(&ShelfProduct::new(99).id.to_string()).await;
    assert_eq!((missing.unwrap(), statements), (ProductAnswer::NotFound, 1));

    let narrow = GetProduct {
        product: Reference::Id(product.id),
        fields: Some(vec!["attributes".to_owned(), "title".to_owned()]),
    };
    let answer = get_product(&reading.catalog, &reading.shopper, narrow).await.unwrap();
    let ProductAnswer::Found(page) = answer else { panic!("{answer:?}") };
    assert_eq!(
        serde_json::from_slice::<Value>(&page.body).unwrap(),
        json!({"title": "Product 1", "attributes": {}})
    );
    let unknown = GetProduct { product: Reference::Id(product.id), fields: Some(vec!["cost".to_owned()]) };
    let answer = get_product(&reading.catalog, &reading.shopper, unknown).await;
    assert!(matches!(answer, Err(GetProductError::UnknownField { name }) if name == "cost"));
    let german = GetProduct { product: Reference::Id(product.id), fields: None };
    let answer = get_product(&reading.catalog, &reading.in_german(), german).await.unwrap();
    assert_eq!(answer, ProductAnswer::NotFound, "it is on the English shelf alone");
}

#[tokio::test]
async fn only_approved_reviews_are_read_in_either_order_page_by_page() {
    let reading = shelf_with_categories(1).await;
    let product = ShelfProduct::new(1).id;
    let review = |number: u128| ReviewId::from_uuid(Uuid::from_u128(number));
    for (number, rating, status, second) in [
        (1, 5, "approved", 10),
        (2, 3, "approved", 30),
        (3, 5, "approved", 20),
        (4, 1, "pending", 40),
        (5, 1, "rejected", 50),
        (6, 4, "approved", 30),
    ] {
        reading.shelf.put_review(review(number), product, rating, (status, second)).await;
    }
    for (sort, expected) in [(ReviewSort::Newest, [6, 2, 3, 1]), (ReviewSort::Rating, [3, 1, 6, 2])] {
        let mut command =
            ListReviews { sort, limit: 1, ..ListReviews::of(Reference::Handle("product-1".to_owned())) };
        let mut ids = Vec::new();
        loop {
            let page = list_reviews(&reading.catalog, &reading.shopper, &command).await.unwrap();
            ids.extend(page.data.iter().map(|review| review.id));
            command.cursor = page.page.next;
            if command.cursor.is_none() {
                break;
            }
        }
        assert_eq!(ids, expected.map(review), "{sort:?}");
    }
    let command = ListReviews { limit: 1, ..ListReviews::of(Reference::Id(product)) };
    let (page, statements) =
        count_statements(list_reviews(&reading.catalog, &reading.shopper, &command)).await;
    assert_eq!(statements, 1, "the product is known");
    let other_sort = ListReviews { sort: ReviewSort::Rating, cursor: page.unwrap().page.next, ..command };
    let answer = list_reviews(&reading.catalog, &reading.shopper, &other_sort).await;
    assert!(matches!(answer, Err(ListReviewsError::InvalidCursor)));
    let missing = ListReviews::of(Reference::Handle("nothing".to_owned()));
    let answer = list_reviews(&reading.catalog, &reading.shopper, &missing).await;
    assert!(matches!(answer, Err(ListReviewsError::ProductNotFound)));
}

#[tokio::test]
async fn categories_are_read_as_a_tree_with_one_statement() {
    let reading = shelf_with_categories(0).await;
    let (tree, cold) = count_statements(list_categories(&reading.catalog, &reading.shopper)).await;
    let (_, warm) = count_statements(list_categories(&reading.catalog, &reading.shopper)).await;
    assert_eq!((cold, warm), (1, 0));
    let tree = json_of(&tree.unwrap());
    let hats = json!({"id": category(2), "handle": "hats", "name": "Hats", "description": "About hats", "children": []});
    assert_eq!(tree["data"][0]["children"], json!([hats]));
    assert_eq!(tree["data"][1]["handle"], json!("shoes"));
    assert_eq!(tree["page"], json!({"next": null, "has_more": false, "limit": 2}));
    let (german, statements) =
        count_statements(list_categories(&reading.catalog, &reading.in_german())).await;
    assert_eq!(json_of(&german.unwrap())["data"][0]["children"][0]["name"], json!("hats (de)"));
    assert_eq!(statements, 0, "the rows hold the texts of all locales");
}

#[tokio::test]
async fn a_category_is_read_with_its_path_and_followed_where_it_moved() {
    let reading = shelf_with_categories(0).await;
    reading.shelf.put_moved("category", "headwear", category(2).as_uuid()).await;
    let ask = |name: &str| {
        let reference = reference(name);
        let (catalog, shopper) = (reading.catalog.clone(), reading.shopper.clone());
        count_statements(async move { get_category(&catalog, &shopper, &reference).await.unwrap() })
    };
    let (answer, statements) = ask("hats").await;
    let CategoryAnswer::Found(document) = answer else { panic!("{answer:?}") };
    let view = json_of(&document);
    let handles: Vec<&str> =
        view["path"].as_array().unwrap().iter().map(|step| step["handle"].as_str().unwrap()).collect();
    assert_eq!((handles, &view["children"], statements), (vec!["clothing", "hats"], &json!([]), 1));
    let (by_id, statements) = ask(&category(1).to_string()).await;
    let CategoryAnswer::Found(document) = by_id else { panic!("{by_id:?}") };
    assert_eq!((&json_of(&document)["children"][0]["handle"], statements), (&json!("hats"), 0));
    let (moved, statements) = ask("headwear").await;
    assert_eq!((moved, statements), (CategoryAnswer::Moved { handle: "hats".to_owned() }, 1));
    assert_eq!(ask("nothing").await.0, CategoryAnswer::NotFound);
    assert_eq!(ask(&category(9).to_string()).await.0, CategoryAnswer::NotFound);
}

#[tokio::test]
async fn a_publishable_key_names_its_channel_until_it_is_taken_back() {
    let reading = Reading::new().await;
    let digest = ring::digest::digest(&ring::digest::SHA256, b"pk_shop");
    let insert = "insert into api_key (id, kind, name, hash, hint, channel_id, created_at) values ($1, 'publishable', 'Web', $2, 'pk_', $3, now())";
    let (id, channel) = (Uuid::from_u128(1), reading.shelf.channel_id.as_uuid());
    reading.shelf.client.execute(insert, &[&id, &digest.as_ref(), &channel]).await.unwrap();
    let ask = |key: &'static str| count_statements(find_channel(&reading.catalog, Some(key)));
    let (found, cold) = ask("pk_shop").await;
    let (_, warm) = ask("pk_shop").await;
    assert_eq!((found.unwrap().id, cold, warm), (reading.shelf.channel_id, 1, 0));
    for key in ["pk_other", "sk_shop", "", "shop"] {
        assert!(matches!(ask(key).await.0, Err(FindChannelError::UnknownKey)), "{key}");
    }
    reading.shelf.client.execute("update api_key set revoked_at = now()", &[]).await.unwrap();
    reading.clock.advance(SignedDuration::from_secs(11));
    assert!(
        matches!(ask("pk_shop").await.0, Err(FindChannelError::UnknownKey)),
        "ten seconds later it is forgotten"
    );
}

#[tokio::test]
async fn a_locale_is_served_by_its_language_or_not_at_all() {
    let reading = Reading::new().await;
    let serve = |tag: &str| Shopper::new(reading.shopper.channel.clone(), Some(&tag.parse().unwrap()));
    assert_eq!(serve("de-AT").unwrap().locale.as_str(), "de");
    assert_eq!(serve("fr"), None);
}
