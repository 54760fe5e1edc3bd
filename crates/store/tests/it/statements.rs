//! Every statement against the migrated schema.

use tradepost_store::statements;
use tradepost_testkit::TestDatabase;

#[tokio::test]
async fn every_statement_fits_the_migrated_schema() {
    let database = TestDatabase::new().await;
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    // Temporary tables belong to a session, this one too.
    client.batch_execute(tradepost_store::catalog::staging::create_stage_sql()).await.unwrap();
    let mut prepared = 0;
    for sql in statements() {
        if let Err(error) = client.prepare(sql.text).await {
            panic!("{}: {error:?}\n{}", sql.name, sql.text);
        }
        prepared += 1;
    }
    assert!(prepared > 20, "the list of statements is nearly empty: {prepared}");
}

#[test]
fn every_statement_has_a_name_of_its_own() {
    let mut names: Vec<&str> = statements().map(|sql| sql.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// The plan of a statement with these arguments.
async fn plan_of(client: &tokio_postgres::Client, name: &str, arguments: &str) -> String {
    let sql = statements().find(|sql| sql.name == name).unwrap();
    client.batch_execute(&format!("prepare asked as {}", sql.text)).await.unwrap();
    let rows = client.simple_query(&format!("explain execute asked ({arguments})")).await.unwrap();
    client.batch_execute("deallocate asked").await.unwrap();
    let line = |message: &tokio_postgres::SimpleQueryMessage| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    rows.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_beginning_is_looked_for_in_indexes() {
    let database = TestDatabase::new().await;
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    // The tables are empty: whether an index could serve shows where reading all rows is out of the question.
    client.batch_execute("set enable_seqscan = off; set plan_cache_mode = force_custom_plan").await.unwrap();
    let page = "tradepost_store::catalog::product::page";
    for (name, arguments) in [
        ("NEWEST", "null, 'bo', null, null, null, null, null, 'Bo', null, 21"),
        ("TITLE", "null, 'bo', null, null, null, null, null, 'Bo', null, 21, null"),
        ("COUNT", "null, 'bo', null, null, null, null, null, 'Bo'"),
    ] {
        let plan = plan_of(&client, &format!("{page}::{name}"), arguments).await;
        for index in ["product_title_idx", "product_handle_key", "variant_sku_key", "product_pkey"] {
            assert!(plan.contains(index), "{name}: no {index} in\n{plan}");
        }
        assert!(!plan.contains("Seq Scan"), "{name}:\n{plan}");
        for bound in ["~>=~", "handle >= 'bo'", "sku >= 'BO'"] {
            assert!(plan.contains(bound), "{name}: no {bound} in\n{plan}");
        }
    }
}

#[tokio::test]
async fn deliveries_are_found_by_state_and_taken_by_turn_in_indexes() {
    let database = TestDatabase::new().await;
    let (client, connection) = tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let id = "'00000000-0000-7000-8000-000000000001'";
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let settings =
            format!("set enable_seqscan = off; set enable_sort = off; set plan_cache_mode = {mode}");
        client.batch_execute(&settings).await.unwrap();
        let list = "tradepost_store::webhook::delivery::LIST_UNDELIVERED";
        let plan = plan_of(&client, list, &format!("{id}, 'dead', null, null, null, 21")).await;
        assert!(
            plan.contains("webhook_delivery_undelivered_idx") && !plan.contains("Sort"),
            "{mode}:\n{plan}"
        );
        let bound = plan.lines().find(|line| line.contains("Index Cond")).unwrap_or_default();
        assert!(bound.contains("endpoint_id") && bound.contains("state"), "{mode}:\n{plan}");

        let sending = "tradepost_store::webhook::sending";
        for (name, arguments) in
            [("ENDPOINTS_DUE", "now()".to_owned()), ("TAKE", format!("{id}, now(), now(), 5"))]
        {
            let plan = plan_of(&client, &format!("{sending}::{name}"), &arguments).await;
            let bound = plan.lines().find(|line| line.contains("Index Cond") && line.contains("next_at"));
            let bound = bound.unwrap_or_default();
            assert!(bound.contains("endpoint_id") && bound.contains("bulk"), "{mode} {name}:\n{plan}");
        }
    }
}
