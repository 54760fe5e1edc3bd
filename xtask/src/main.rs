//! Developer automation, called as `cargo xtask <command>`: the house rules that a machine can check, the lock of the
//! OpenAPI document, and skeletons of new endpoints.
//!
//! Written in Rust instead of shell so that it runs wherever the project builds, and is itself tested.

mod new_endpoint;
mod openapi;
mod rules;
mod source;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  check                                    all house rules; one line a violation, exit 1 on any
  check --list                             the rules, each with its reason
  openapi [--check]                        write openapi/tradepost.json, or compare with it
  new-endpoint <surface> <resource> <verb> [--context NAME]
                                           skeletons, e.g. `new-endpoint store carts/lines add`;
                                           surfaces: store, admin, auth, hooks";

/// How a command ended when it did not fail on its own account.
enum Outcome {
    Done,
    /// The command worked and found something wrong; it has said what.
    Found,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = workspace_root();
    let outcome = match words.as_slice() {
        ["check"] => check(&root),
        ["check", "--list"] => {
            print!("{}", rules::list());
            Ok(Outcome::Done)
        }
        ["openapi"] => openapi::write(&root).map(|()| Outcome::Done),
        ["openapi", "--check"] => openapi::check(&root).map(|()| Outcome::Done),
        ["new-endpoint", rest @ ..] => new_endpoint::run(&root, rest).map(|()| Outcome::Done),
        [] | ["help" | "-h" | "--help"] => {
            println!("{USAGE}");
            Ok(Outcome::Done)
        }
        _ => {
            eprintln!("xtask: no command `{}`\n\n{USAGE}", words.join(" "));
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn check(root: &Path) -> Result<Outcome, String> {
    let tree = tree::Tree::load(root)?;
    let report = rules::check(&tree);
    print!("{}", report.text);
    Ok(if report.violations == 0 { Outcome::Done } else { Outcome::Found })
}

/// The folder above this package. Asked at run time first: several checkouts may share one target folder.
fn workspace_root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map(Path::to_path_buf).unwrap_or(package)
}
