//! A small torture of the binary as it is: the whole machinery, a few kills, and no broken promise.

use serde_json::Value;

use crate::process::{folder, tradepost};

#[test]
fn a_shop_that_is_raced_for_and_killed_keeps_its_promises() {
    let folder = folder();
    let json = folder.path().join("torture.json");
    let output = tradepost(&["lab", "torture", "--only", "kills", "--rounds", "4", "--seed", "1", "--json"])
        .arg(&json)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    let report: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert!(report["orders"]["paid"].as_u64().unwrap() > 0, "{said}");
    assert_eq!(report["ready_ms"].as_array().unwrap().len(), 4);
    assert!(said.contains("Redis                    not in use"), "{said}");
}
