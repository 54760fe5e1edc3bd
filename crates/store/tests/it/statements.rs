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
