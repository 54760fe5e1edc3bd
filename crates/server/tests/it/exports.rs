//! A whole made-up shop goes out and comes in again.

use std::path::Path;

use rustix::process::Signal;

use super::process::{Demo, folder, run};

/// Runs a command on a shop; answers what it says.
fn said(arguments: &[&str], file: &Path, data: &Path) -> String {
    let (file, data) = (file.to_str().unwrap(), data.to_str().unwrap());
    let output = run(&[arguments, &[file, "--data", data]].concat());
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn a_made_up_shop_comes_back_from_its_exports() {
    let folder = folder();
    let data = folder.path().join("demo");
    let mut demo = Demo::start_with(&data, &["--products", "150"]);
    demo.ready();
    demo.signal(Signal::TERM);
    demo.ended();
    for name in ["shop.csv", "shop.jsonl"] {
        let first = folder.path().join(name);
        let exported = said(&["export", "products"], &first, &data);
        assert!(exported.contains("150 products exported"), "{exported}");
        let unchanged = "0 created, 0 updated, 150 unchanged, 0 not taken";
        let again = said(&["import", "products"], &first, &data);
        assert!(again.contains(unchanged), "{name}: {again}");

        // Without the pictures, of which the empty shop keeps the names.
        let empty = folder.path().join(format!("of-{name}"));
        let imported = said(&["import", "products"], &first, &empty);
        assert!(imported.contains("150 created, 0 updated, 0 unchanged, 0 not taken"), "{name}: {imported}");
        let second = folder.path().join(format!("second-{name}"));
        said(&["export", "products"], &second, &empty);
        let (first, second) =
            (std::fs::read_to_string(first).unwrap(), std::fs::read_to_string(&second).unwrap());
        for (first, second) in first.lines().zip(second.lines()) {
            assert_eq!(first, second);
        }
        assert!(first == second, "{name}");
    }
}
