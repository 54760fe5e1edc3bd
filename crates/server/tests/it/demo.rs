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
    let mode = fs::metadata(data.join("demo.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (status, figures) = get(&file, "/metrics").unwrap();
    assert_eq!(status, 200);
    assert!(figures.contains("http_requests_total{route=\"/health/ready\",method=\"GET\",status=\"200\"}"));
    assert!(figures.contains("http_connections 1"), "{figures}");
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
fn a_demo_that_is_killed_while_it_begins_becomes_whole_the_next_time() {
    let folder = folder();
    let data = folder.path().join("demo");
    for milliseconds in [300, 900, 1_500, 2_200] {
        let mut broken_off = Demo::start(&data);
        std::thread::sleep(Duration::from_millis(milliseconds));
        broken_off.signal(Signal::KILL);
        broken_off.ended();
    }
    let mut whole = Demo::start(&data);
    let file = whole.ready();
    assert_eq!(get(&file, "/health/ready").unwrap().0, 200);
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
    for check in ["schema", "connections", "outbox", "ratings", "stock", "pictures", "fragments"] {
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
