//! A small torture of the binary as it is: the whole machinery and a few kills. How quick the shop is back is left to
//! `make torture`: a machine that runs other tests beside this one says nothing about that.

use serde_json::Value;

use crate::process::{folder, tradepost};

#[test]
fn a_shop_that_is_killed_keeps_what_it_promised() {
    let folder = folder();
    let json = folder.path().join("torture.json");
    let output = tradepost(&["lab", "torture", "--only", "kills", "--rounds", "3", "--seed", "1", "--json"])
        .arg(&json)
        .output()
        .unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let report = std::fs::read(&json).unwrap_or_else(|_| panic!("no report: {said}\n{errors}"));
    let report: Value = serde_json::from_slice(&report).unwrap();
    let promises = report["promises"].as_array().unwrap();
    let timed = |promise: &&Value| promise["promise"].as_str().unwrap().starts_with("After a crash");
    let broken = promises.iter().filter(|promise| !timed(promise) && promise["broken"] != 0);
    assert_eq!(broken.count(), 0, "{said}\n{errors}");
    assert!(promises.len() >= 8, "{said}");
    assert!(report["orders"]["placed"].as_u64().unwrap() > 0, "{said}");
    assert_eq!(report["ready_ms"].as_array().unwrap().len(), 3);
    assert!(said.contains("Redis                    not in use"), "{said}");
}
