//! What the database refuses although every check let it pass is singled out; and databases that allow less.

use std::sync::Arc;

use tradepost_app::import::{Format, ImportContext, ImportError, ImportOptions, run_import};
use tradepost_domain::kernel::Currency;
use tradepost_port::fake::FakeClock;
use tradepost_store::{Store, StoreSettings, import_run};

use super::{DIRTY_CSV, LINES, Shop, counts, source};

fn lines(products: std::ops::RangeInclusive<u32>, price: u32) -> String {
    let line = |number: u32| {
        format!(
            "{{\"handle\": \"p-{number}\", \"title\": \"P {number}\", \"brand\": \"B {}\", \"price\": {price}, \
             \"barcode\": \"{}\", \"stock\": 1}}\n",
            number % 5,
            if number == 31 { 30 } else { number },
        )
    };
    products.map(line).collect()
}

#[tokio::test]
async fn a_product_that_the_database_refuses_gets_a_row_error_and_all_others_are_imported() {
    let shop = Shop::new().await;
    shop.import("old.jsonl", &lines(1..=20, 1)).await;
    // Stand-ins for what validation does not know: a check, and a key (two products have barcode 30).
    shop.client()
        .await
        .batch_execute(
            "alter table product add constraint odd check (title not in ('P 7', 'P 40') or version < 2 and title <> 'P 40');
             create unique index odd_key on variant (barcode)",
        )
        .await
        .unwrap();
    let report = shop.import("new.jsonl", &lines(1..=50, 2)).await;
    assert_eq!(counts(&report), [28, 19, 0, 3]);
    let told: Vec<String> = report
        .errors
        .iter()
        .map(|error| format!("{} {} {}", error.line, error.code, error.message))
        .collect();
    assert_eq!(
        told,
        [
            "7 not_storable a value breaks a rule of the shop",
            "31 not_storable something that may be there once is there twice",
            "40 not_storable a value breaks a rule of the shop",
        ]
    );
    assert_eq!(shop.texts("select count(*)::text from product").await, ["48"]);
    assert_eq!(shop.texts("select count(*)::text from price where amount = 200").await, ["47"]);
    assert_eq!(
        shop.texts(
            "select concat_ws(' ', status, record_offset) from import_run order by created_at desc limit 1"
        )
        .await,
        ["succeeded 50"]
    );
    let events = "select count(*)::text from outbox where aggregate_id in (select id from product)";
    assert_eq!(shop.texts(events).await, ["67"], "no event of a part that was rolled back");
    let again = shop.import("new.jsonl", &lines(1..=50, 2)).await;
    assert_eq!(counts(&again), [0, 0, 47, 3]);
}

#[tokio::test]
async fn a_role_that_may_not_leave_out_checks_imports_the_same() {
    let (mut shop, mut plain) = (Shop::new().await, Shop::new().await);
    let clock = Arc::new(FakeClock::at(jiff::Timestamp::UNIX_EPOCH));
    (shop.context.clock, plain.context.clock) = (clock.clone(), clock);
    let role = format!("{}_plain", plain.database.schema);
    let schema = &plain.database.schema;
    plain
        .client()
        .await
        .batch_execute(&format!(
            "create role {role} login nosuperuser nocreatedb nocreaterole;
             grant usage on schema {schema} to {role};
             grant select, insert, update, delete on all tables in schema {schema} to {role};
             grant usage, select on all sequences in schema {schema} to {role}"
        ))
        .await
        .unwrap();
    let may = format!("select has_parameter_privilege('{role}', 'session_replication_role', 'set')::text");
    assert_eq!(plain.texts(&may).await, ["false"]);
    let url = format!("{} user={role}", plain.database.url);
    let context =
        ImportContext { store: Store::new(&StoreSettings::new(url)).unwrap(), ..plain.context.clone() };
    for (name, content) in [
        ("dirty.csv", DIRTY_CSV.to_owned()),
        ("lines.jsonl", LINES.to_owned()),
        ("dirty.csv", DIRTY_CSV.replace("20.5,30", "19,30")),
    ] {
        let options = ImportOptions::default();
        let theirs = run_import(&context, source(name, &content), &options, &|_| {}).await.unwrap();
        let ours = shop.import(name, &content).await;
        assert_eq!((theirs.counts, theirs.errors), (ours.counts, ours.errors), "{name}");
    }
    // Where checks are left out the import writes movements itself, elsewhere the trigger does: they are the same.
    let movements = "select concat_ws(' ', v.sku, m.location_id = l.location_id, m.variant_id = l.variant_id, m.kind,
                            m.cause_kind, m.cause_id = o.event_id, m.note, m.d_on_hand, m.d_reserved, m.d_allocated,
                            m.created_at)
                       from stock_movement m
                       join variant v on v.id = m.variant_id
                       join stock_level l on l.id = m.stock_level_id
                       left join outbox o on o.event_id = m.cause_id
                      order by 1";
    let ours = shop.texts(movements).await;
    assert!(ours.iter().any(|movement| movement.contains(" t t received import t ")), "{ours:?}");
    assert_eq!(plain.texts(movements).await, ours);
    for format in [Format::ShopifyCsv, Format::JsonLines] {
        assert_eq!(plain.export(format).await, shop.export(format).await);
    }
    plain.client().await.batch_execute(&format!("drop owned by {role}; drop role {role}")).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_as_one_and_the_same_file_goes_on_when_there_is_room() {
    let shop = Shop::new().await;
    let full = "create function fill_up() returns trigger language plpgsql as $$ begin
                    raise exception 'could not extend file' using errcode = '53100';
                end $$;
                create trigger fill_up before insert on product for each row execute function fill_up();
                alter table product enable always trigger fill_up";
    shop.client().await.batch_execute(full).await.unwrap();
    let options = ImportOptions::default();
    let error = shop.try_import(source("new.jsonl", &lines(1..=20, 2)), &options).await.unwrap_err();
    assert!(error.is_passing(), "{error:?}");
    let told = error.for_people();
    assert!(told.contains("the disk of the database is full") && told.contains("free space"), "{told}");
    shop.client().await.batch_execute("drop trigger fill_up on product").await.unwrap();
    assert_eq!(counts(&shop.import("new.jsonl", &lines(1..=20, 2)).await), [20, 0, 0, 0]);
}

#[tokio::test]
async fn a_command_continues_its_own_run_of_the_same_meaning_alone() {
    let shop = Shop::new().await;
    let content = "{\"title\": \"A\", \"price\": 1}\n";
    let conn = shop.database.store.worker().conn().await.unwrap();
    let hash = tradepost_app::import::open::hash_source(source("a.jsonl", content).as_ref()).unwrap();
    let begun = import_run::NewImportRun {
        id: shop.context.ids.next(),
        format: "jsonl",
        file_hash: &hash,
        file_name: "a.jsonl",
        file_blob: None,
        file_bytes: None,
        dry_run: false,
        currency: Some("USD"),
        location_id: None,
    };
    let now = shop.context.clock.now();
    assert!(import_run::insert(&conn, &begun, now).await.unwrap());
    let second = import_run::NewImportRun { id: shop.context.ids.next(), ..begun.clone() };
    assert!(!import_run::insert(&conn, &second, now).await.unwrap(), "one unfinished run of a meaning");
    let uploaded = import_run::NewImportRun {
        id: shop.context.ids.next(),
        file_blob: Some("x.jsonl"),
        currency: None,
        ..begun.clone()
    };
    assert!(import_run::insert(&conn, &uploaded, now).await.unwrap());

    // Euro is the channel's: neither the dollars' run nor that of the API is the one.
    let euro = shop.import("a.jsonl", content).await;
    assert!(euro.id.is_some_and(|id| id != begun.id && id != uploaded.id));
    let dollars = ImportOptions { currency: Some(Currency::USD), ..ImportOptions::default() };
    let claim = import_run::try_claim(shop.database.store.worker(), begun.id).await.unwrap().unwrap();
    let refused = shop.try_import(source("a.jsonl", content), &dollars).await.unwrap_err();
    assert!(matches!(refused, ImportError::AlreadyRunning(id) if id == begun.id), "{refused}");
    assert_eq!(
        shop.texts("select status from import_run where currency = 'USD'").await,
        ["pending"],
        "who may not work on a run does not touch it"
    );
    drop(claim);
    let continued = shop.try_import(source("a.jsonl", content), &dollars).await.unwrap();
    assert_eq!((continued.id, continued.counts.updated), (Some(begun.id), 1));
    assert_eq!(
        shop.texts("select status from import_run order by coalesce(currency, '-')").await,
        ["pending", "succeeded", "succeeded"]
    );
}
