//! The demo: one command, the same shop again, and nothing that breaks it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rustix::process::Signal;

use super::process::{Demo, folder, get, postgres_processes, run};

#[test]
fn a_demo_serves_a_shop_and_ends_properly_when_told() {
    let folder = folder();
    let data = folder.path().join("demo");
    let mut demo = Demo::start(&data);
    let file = demo.ready();
    for key in ["base_url", "publishable_key", "admin_api_key", "database_url"] {
        assert!(file[key].is_string(), "{key}: {file}");
    }
    assert!(file["publishable_key"].as_str().unwrap().starts_with("pk_"));
    assert!(file["admin_api_key"].as_str().unwrap().starts_with("sk_"));
    let url = file["database_url"].as_str().unwrap();
    assert!(url.starts_with("postgres://postgres@/postgres?host=/") && url.ends_with("&port=5432"), "{url}");
    let mode = fs::metadata(data.join("demo.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (status, figures) = get(&file, "/metrics").unwrap();
    assert_eq!(status, 200);
    assert!(figures.contains("http_requests_total{route=\"/health/ready\",method=\"GET\",status=\"200\"}"));
    // One or two: the connection of the question before may not be closed yet.
    assert!(figures.contains("\nhttp_connections "), "{figures}");
    assert!(!postgres_processes(&data).is_empty());
    demo.signal(Signal::TERM);
    let status = demo.ended();
    assert_eq!(status.code(), Some(0), "{}", demo.log());
    assert!(postgres_processes(&data).is_empty(), "no PostgreSQL stays behind");
    assert!(get(&file, "/health/live").is_none());
}

#[test]
fn a_demo_that_was_killed_goes_on_with_the_same_shop_and_keys() {
    let folder = folder();
    let data = folder.path().join("demo");
    let mut first = Demo::start(&data);
    let before = first.ready();
    first.signal(Signal::KILL);
    first.ended();
    let mut second = Demo::start(&data);
    let after = second.ready();
    for key in ["publishable_key", "admin_api_key", "database_url"] {
        assert_eq!(before[key], after[key], "{key}");
    }
}

#[test]
fn a_demo_that_is_killed_again_and_again_while_it_fills_becomes_whole() {
    let folder = folder();
    let data = folder.path().join("demo");
    let products = ["--products", "700"];
    for milliseconds in [300, 1_500, 2_200, 2_800, 1_200, 1_800] {
        let mut broken_off = Demo::start_with(&data, &products);
        std::thread::sleep(Duration::from_millis(milliseconds));
        broken_off.signal(Signal::KILL);
        broken_off.ended();
    }
    let mut whole = Demo::start_with(&data, &products);
    let file = whole.ready();
    assert_eq!(get(&file, "/health/ready").unwrap().0, 200);
    whole.signal(Signal::TERM);
    whole.ended();
    let data = data.to_str().unwrap();
    let output = run(&["doctor", "--data", data]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let rebuilt = run(&["rebuild", "--data", data]);
    let said = String::from_utf8_lossy(&rebuilt.stdout);
    assert!(said.contains("700 products rendered, 0 of them changed"), "{said}");
}

#[test]
fn ctrl_c_ends_a_filling_at_once_and_properly() {
    let folder = folder();
    let data = folder.path().join("demo");
    let mut demo = Demo::start_with(&data, &["--products", "100000"]);
    while !demo.log().contains(" of 100000") {
        assert!(demo.age() < Duration::from_secs(30), "{}", demo.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    demo.signal(Signal::INT);
    assert_eq!(demo.ended().code(), Some(130), "{}", demo.log());
    assert!(demo.log().contains("run the same command again"), "{}", demo.log());
    assert!(postgres_processes(&data).is_empty());
}

#[test]
fn another_number_of_products_is_answered_with_what_to_do_and_fresh_does_it() {
    let folder = folder();
    let data = folder.path().join("demo");
    let mut first = Demo::start(&data);
    first.ready();
    first.signal(Signal::TERM);
    first.ended();
    let mut second = Demo::start_with(&data, &["--products", "30"]);
    second.ready();
    assert!(second.log().contains("this shop has 20 made-up products (seed 1)"), "{}", second.log());
    second.signal(Signal::TERM);
    second.ended();
    let mut third = Demo::start_with(&data, &["--products", "30", "--fresh"]);
    third.ready();
    third.signal(Signal::TERM);
    third.ended();
    let output = run(&["rebuild", "--data", data.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("30 products rendered"));
}

#[test]
fn a_demo_is_filled_from_a_file_and_what_is_exported_can_be_imported() {
    let folder = folder();
    let data = folder.path().join("demo");
    let catalog = folder.path().join("catalog.jsonl");
    let lines = [
        r#"{"title":"Tea mug","price":12.5,"sku":"MUG-1","category":["Home","Mugs"]}"#,
        r#"{"title":"Coffee mug","price":"14.00","sku":"MUG-2"}"#,
        r#"{"title":"No price"}"#,
    ];
    fs::write(&catalog, lines.join("\n")).unwrap();
    let missing = run(&["demo", "--data", data.to_str().unwrap(), "--catalog", "/nowhere.csv"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("--catalog /nowhere.csv"));
    assert!(!data.exists(), "nothing is made for a file that is not there");
    let mut demo = Demo::start_with(&data, &["--catalog", catalog.to_str().unwrap()]);
    demo.ready();
    assert!(demo.log().contains("1 products of"), "{}", demo.log());
    demo.signal(Signal::TERM);
    demo.ended();

    let data = data.to_str().unwrap();
    let exported = folder.path().join("exported.jsonl");
    let exported = exported.to_str().unwrap();
    let output = run(&["export", "products", exported, "--data", data]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(exported).unwrap().lines().count(), 2);
    let again = run(&["import", "products", exported, "--data", data]);
    let said = String::from_utf8_lossy(&again.stdout);
    assert!(said.contains("0 created, 0 updated, 2 unchanged, 0 not taken"), "{said}");

    let dry = run(&["import", "products", catalog.to_str().unwrap(), "--dry-run", "--data", data]);
    assert_eq!(dry.status.code(), Some(1), "a row that would not be taken is a failure");
    let findings = String::from_utf8_lossy(&dry.stderr);
    assert!(findings.contains("line 3"), "{findings}");
    let missing = run(&["import", "products", "/nowhere.csv", "--data", data]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot read /nowhere.csv"));
}

#[test]
fn a_demo_is_there_again_in_two_seconds() {
    let folder = folder();
    let data = folder.path().join("demo");
    let mut first = Demo::start(&data);
    first.ready();
    first.signal(Signal::INT);
    assert_eq!(first.ended().code(), Some(0));
    let mut second = Demo::start(&data);
    second.ready();
    assert!(second.age() < Duration::from_secs(2), "{:?}", second.age());
}

#[test]
fn a_demo_that_lost_its_file_makes_new_keys_and_the_old_ones_are_dead() {
    let folder = folder();
    let data = folder.path().join("demo");
    let mut first = Demo::start(&data);
    let before = first.ready();
    first.signal(Signal::TERM);
    first.ended();
    fs::remove_file(data.join("demo.json")).unwrap();
    let mut second = Demo::start(&data);
    let after = second.ready();
    assert_ne!(before["admin_api_key"], after["admin_api_key"]);
    second.signal(Signal::TERM);
    second.ended();
    let output = run(&["doctor", "--data", data.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for check in ["schema", "connections", "outbox", "ratings", "rules", "pictures", "fragments"] {
        assert!(said.contains(check), "{check} is missing in {said}");
    }
}

#[test]
fn a_second_demo_in_the_same_folder_and_one_on_a_taken_port_say_what_to_do() {
    let folder = folder();
    let data = folder.path().join("demo");
    let mut first = Demo::start(&data);
    let file = first.ready();
    let port = file["base_url"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();

    let same = run(&["demo", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&same.stderr);
    assert_eq!(same.status.code(), Some(1));
    assert!(said.contains("runs the demo in") && said.contains("--data"), "{said}");

    let other = folder.path().join("other");
    let address = format!("127.0.0.1:{port}");
    let taken = run(&["demo", "--listen", &address, "--data", other.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&taken.stderr);
    assert_eq!(taken.status.code(), Some(1));
    assert!(said.contains(&format!("port {port} is taken")) && said.contains("--listen"), "{said}");
    assert!(!other.join("postgres").exists(), "nothing is started for a port that is taken");

    // A tool works beside the demo that holds the database.
    let key =
        run(&["keys", "create", "--kind", "secret", "--scopes", "all", "--data", data.to_str().unwrap()]);
    assert!(
        String::from_utf8_lossy(&key.stdout).starts_with("sk_"),
        "{}",
        String::from_utf8_lossy(&key.stderr)
    );
    assert_eq!(get(&file, "/health/ready").unwrap().0, 200, "and leaves it running");
}

#[test]
fn a_fresh_demo_throws_only_a_demo_away() {
    let folder = folder();
    let other = folder.path().join("photos");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("holiday.jpg"), "x").unwrap();
    let refused = run(&["demo", "--fresh", "--listen", "127.0.0.1:0", "--data", other.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(other.join("holiday.jpg").exists());
}
