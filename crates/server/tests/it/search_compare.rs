//! `tradepost lab search-compare`: over a real OpenSearch where one was fetched, and what it says where something is missing.

use std::fs;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::process::{folder, tradepost};

/// Data that is small, and whose queries have an answer.
fn write_data(folder: &Path) {
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let kinds = ["laptop", "webcam", "keyboard"];
    let electronics = (0..60).zip(kinds.iter().cycle()).map(|(number, kind)| {
        format!("{{\"id\":\"e{number}\",\"title\":\"Philips {kind} {number}00\",\"brand\":\"Philips\",\"desc\":\"A {kind}\"}}\n")
    });
    write("search/icecat.jsonl", electronics.collect());
    let retail = (0..20).map(|number| {
        format!(
            "{{\"id\":\"r{number}\",\"title\":\"Rugged backpack {number}\",\"brand\":\"Lux\",\"description\":\"Strong\",\
             \"category\":[\"accessories\",\"backpack\"],\"colour\":\"red\",\"gender\":\"women\",\"variants\":[{{\"options\":\
             {{\"Colour\":\"red\",\"Size\":\"M\"}},\"price\":{number}.5,\"stock\":1}}]}}\n"
        )
    });
    write("demo/products.jsonl", retail.collect());
    write(
        "search/judgments-dev.csv",
        "query,docid,rating\nlaptop,e0,3\nlaptop,e1,0\nwebcam,e1,2\n".to_owned(),
    );
    let item = |id: &str, clean: &str, typo: &str| {
        format!(
            "qid\tkind\titem_id\tclean\ttypo\n0\tclean\t{id}\t{clean}\t{clean}\n1\tsub\t{id}\t{clean}\t{typo}\n"
        )
    };
    write("search/typo-queries-icecat-dev.tsv", item("e1", "philips webcam", "philips webcan"));
    write("search/typo-queries-retail-dev.tsv", item("r1", "rugged backpack", "rugged backpakc"));
    write(
        "search/query-understanding-dev.tsv",
        "query\tgold_filters\nbackpack under 5\t\"{\"\"price_max\"\": 5, \"\"style\"\": \"\"backpack\"\"}\"\n".to_owned(),
    );
}

/// The command over the data of a folder, with its temporary files in another one.
fn compare(data: &Path, temporary: &Path, more: &[&str]) -> std::process::Command {
    fs::create_dir_all(temporary).unwrap();
    let mut command = tradepost(&["lab", "search-compare", "--rounds", "2", "--data"]);
    command.arg(data).args(more).env("TMPDIR", temporary).stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether OpenSearch is not here, which is told.
fn is_not_here(output: &Output) -> bool {
    let is_not = said(output).contains("make opensearch");
    if is_not {
        println!("skipped: {}", said(output));
    }
    is_not
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn three_ways_to_search_are_compared_in_one_run_and_nothing_is_left_behind() {
    let folder = folder();
    let (temporary, json, html) =
        (folder.path().join("tmp"), folder.path().join("report.json"), folder.path().join("report.html"));
    write_data(folder.path());
    let reports = ["--changes", "2", "--json", json.to_str().unwrap(), "--html", html.to_str().unwrap()];
    let output = compare(folder.path(), &temporary, &reports).output().unwrap();
    if is_not_here(&output) {
        return;
    }
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for name in
        ["NDCG@10", "one error", "eight at once", "Filling", "made visible at once", "Memory", "Repeat with"]
    {
        assert!(table.contains(name), "{name} is not in\n{table}");
    }
    let report: Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let figures = report["figures"].as_array().unwrap();
    let values = |name: &str| {
        let figure = figures
            .iter()
            .find(|figure| figure["name"] == name)
            .unwrap_or_else(|| panic!("{name}: {figures:?}"));
        figure["values"].as_array().unwrap().iter().map(|value| value["value"].as_f64()).collect::<Vec<_>>()
    };
    // Everybody finds what is there; only who reads conditions out of words has understood any.
    assert_eq!(values("no error"), [Some(1.0); 3]);
    assert_eq!(values("conditions understood exactly"), [Some(1.0), Some(1.0), None]);
    let rates = values("answers a second, eight at once");
    assert!(rates.iter().all(|rate| rate.is_some_and(|rate| rate > 0.0)), "{rates:?}");
    // What the default of OpenSearch is: within a second, and not at once.
    let by_itself = values("p50 / p99, refreshed every second (its default)");
    assert!(by_itself[2].is_some_and(|ms| ms > 50.0 && ms < 20_000.0), "{by_itself:?}");
    let memory = values("process and Java together");
    assert!(memory[0] < memory[1], "{memory:?}");
    assert!(fs::read_to_string(&html).unwrap().contains("<svg"));
    assert!(is_empty(&temporary), "{:?}", fs::read_dir(&temporary).unwrap().collect::<Vec<_>>());
}

/// The process ids of the Javas that work in a folder.
fn javas(folder: &Path) -> Vec<i32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter(|id| {
        let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command);
        command.starts_with("java") && command.contains(folder.to_str().unwrap())
    })
    .collect()
}

/// Waits until the server of a run works on something; nothing where there is none to wait for.
fn wait_for_work(child: &mut Child, log: &Path, temporary: &Path) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if child.try_wait().unwrap().is_some() {
            let said = fs::read_to_string(log).unwrap();
            assert!(said.contains("make opensearch"), "{said}");
            println!("skipped: {said}");
            return None;
        }
        if fs::read_to_string(log).unwrap().contains("learning and indexing") {
            return javas(temporary).first().copied();
        }
        assert!(begun.elapsed() < Duration::from_mins(3), "{}", fs::read_to_string(log).unwrap());
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(process: i32, signal: Signal) {
    kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
}

#[test]
fn a_server_that_dies_and_a_person_who_has_enough_end_it_with_nothing_left() {
    for dies in [true, false] {
        let folder = folder();
        let (temporary, log) = (folder.path().join("tmp"), folder.path().join("log"));
        write_data(folder.path());
        // It would take minutes: every change of the last side waits for a second.
        let mut command = compare(folder.path(), &temporary, &["--changes", "500"]);
        let mut child =
            command.stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
        let Some(java) = wait_for_work(&mut child, &log, &temporary) else { return };
        if dies {
            signal(java, Signal::KILL);
        } else {
            signal(i32::try_from(child.id()).unwrap(), Signal::INT);
        }
        let status = child.wait().unwrap();
        let said = fs::read_to_string(&log).unwrap();
        assert_eq!(status.code(), Some(if dies { 1 } else { 130 }), "{said}");
        if dies {
            assert!(said.contains("the OpenSearch that was started for this ended by itself"), "{said}");
        }
        assert!(is_empty(&temporary), "{said}");
        assert_eq!(javas(&temporary), [0; 0]);
    }
}

#[test]
fn what_is_missing_is_named_before_anything_is_started() {
    let folder = folder();
    let temporary = folder.path().join("tmp");
    let nowhere = folder.path().join("nowhere");
    let fails = |command: &mut std::process::Command, what: &str| {
        let output = command.output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(what), "{said}");
        assert!(is_empty(&temporary), "{said}");
    };
    fails(&mut compare(&nowhere, &temporary, &[]), "icecat.jsonl` cannot be read: No such file");
    write_data(folder.path());
    let away = ["--opensearch", "http://127.0.0.1:1"];
    fails(&mut compare(folder.path(), &temporary, &away), "OpenSearch does not answer");
    let secret = ["--opensearch", "http://anna:secretword@search.example:9200"];
    let mut command = compare(folder.path(), &temporary, &secret);
    let output = command.output().unwrap();
    assert!(
        said(&output).contains("a password goes over https") && !said(&output).contains("secretword"),
        "{}",
        said(&output)
    );
    fails(
        &mut compare(folder.path(), &temporary, &["--json", "/nowhere/report.json"]),
        "there is no folder `/nowhere`",
    );
    let mut not_fetched = compare(folder.path(), &temporary, &[]);
    fails(not_fetched.env("OPENSEARCH_CACHE", &nowhere), "run `make opensearch`");
    fs::write(folder.path().join("search/judgments-dev.csv"), "query,docid,rating\nlaptop,e0,many\n")
        .unwrap();
    fails(&mut compare(folder.path(), &temporary, &[]), "line 2 of");
}
