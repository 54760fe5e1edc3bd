//! Skeletons of a new endpoint: the use case, the handler and a test that is red until the endpoint works.
//!
//! The layers have a fixed place for everything (docs/ARCHITECTURE.md, "One endpoint, end to end"); this saves typing it
//! and forgetting a step. What the files hold is in `xtask/templates`.

mod modules;
mod names;
mod template;

use std::path::Path;

use modules::Declared;
use names::Endpoint;

const USE_CASE: &str = include_str!("../../templates/use_case.rs.tmpl");
const HANDLER: &str = include_str!("../../templates/handler.rs.tmpl");
const TEST: &str = include_str!("../../templates/test.rs.tmpl");

const USAGE: &str =
    "usage: cargo xtask new-endpoint <store|admin|auth|hooks> <path/of/resource> <verb> [--context NAME]";

/// A file to be written: the root of its crate or test binary, the modules below it, and what it holds.
struct Skeleton {
    root: &'static str,
    modules: Vec<String>,
    content: String,
}

impl Skeleton {
    /// Relative to the root of the repository.
    fn path(&self) -> String {
        let folder = self.root.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{}.rs", self.modules.join("/"))
    }
}

/// Writes the skeletons and prints what is left to do.
pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let (surface, resource, verb, context) = match arguments {
        [surface, resource, verb] => (surface, resource, verb, None),
        [surface, resource, verb, "--context", context] => (surface, resource, verb, Some(*context)),
        _ => return Err(USAGE.to_owned()),
    };
    let endpoint = Endpoint::new(surface, resource, verb, context)?;
    print!("{}", write(root, &endpoint)?);
    Ok(())
}

/// Writes all files or none; answers the report for people.
fn write(root: &Path, endpoint: &Endpoint) -> Result<String, String> {
    let skeletons = skeletons(endpoint)?;
    if let Some(taken) = skeletons.iter().map(Skeleton::path).find(|path| root.join(path).exists()) {
        return Err(format!("{taken} exists: nothing was written; choose another verb, or change that file"));
    }
    let mut report = Vec::new();
    for skeleton in &skeletons {
        let path = root.join(skeleton.path());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        std::fs::write(&path, &skeleton.content).map_err(|error| format!("{}: {error}", path.display()))?;
        report.push(format!("wrote    {}", skeleton.path()));
        for declared in modules::declare(root, skeleton.root, &skeleton.modules, endpoint)? {
            report.push(match declared {
                Declared::Added { file, module } => format!("changed  {file}: mod {module}"),
                Declared::ByHand { file, module } => {
                    format!("by hand  {file} is not there yet: it needs `mod {module};`")
                }
            });
        }
    }
    Ok(report.join("\n") + "\n" + &check_list(endpoint))
}

fn skeletons(endpoint: &Endpoint) -> Result<[Skeleton; 3], String> {
    let mut of_url = vec![endpoint.surface.clone()];
    of_url.extend(endpoint.resource_modules());
    of_url.push(endpoint.verb.clone());
    Ok([
        Skeleton {
            root: "crates/app/src/lib.rs",
            modules: vec![endpoint.context.clone(), endpoint.use_case_file()],
            content: template::render(USE_CASE, endpoint)?,
        },
        Skeleton {
            root: "crates/http/src/lib.rs",
            modules: of_url.clone(),
            content: template::render(HANDLER, endpoint)?,
        },
        Skeleton {
            root: "crates/http/tests/it/main.rs",
            modules: of_url,
            content: template::render(TEST, endpoint)?,
        },
    ])
}

/// The seven steps of docs/ARCHITECTURE.md, with the names of this endpoint.
fn check_list(endpoint: &Endpoint) -> String {
    let context = &endpoint.context;
    let use_case = endpoint.use_case();
    let file = endpoint.use_case_file();
    let route =
        format!("{}::{}::{}", endpoint.surface, endpoint.resource_modules().join("::"), endpoint.verb);
    let url_folders = route.replace("::", "/");
    format!(
        "\nLeft to do for {method} {url}:\n\
         1. crates/domain/src/{context}/: the rule, pure and total, with a property test beside it\n\
         2. crates/store/src/{context}: the statements; the owner is a parameter of every finder\n\
         3. crates/app/src/{context}/{file}.rs: load, decide, save, outbox, commit; name the errors instead of NotWritten\n\
         4. crates/http/src/{url_folders}.rs: the right scope, `IfMatch` where the thing has a version, one problem for each error\n\
         5. add `routes!({route}::handler)` to the router of `{surface}`\n\
         6. `cargo xtask openapi`, read the difference, commit it\n\
         7. crates/http/tests/it/{url_folders}.rs: make it green, add bad input and the wrong owner; CHANGELOG.md\n\
         The use case is `{use_case}`; run `cargo fmt` now; `cargo xtask check` refuses what is left of the skeleton.\n",
        method = endpoint.method(),
        url = endpoint.url(),
        surface = endpoint.surface,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint::new("store", "carts/lines", "add", None).unwrap()
    }

    fn read(root: &Path, path: &str) -> String {
        std::fs::read_to_string(root.join(path)).unwrap()
    }

    #[test]
    fn the_files_stand_where_the_architecture_says() {
        let folder = tempfile::tempdir().unwrap();
        let report = write(folder.path(), &endpoint()).unwrap();
        for path in [
            "crates/app/src/cart/add_line.rs",
            "crates/http/src/store/carts/lines/add.rs",
            "crates/http/tests/it/store/carts/lines/add.rs",
        ] {
            assert!(report.contains(&format!("wrote    {path}\n")), "{report}");
            let source = crate::source::Source::parse(&read(folder.path(), path)).unwrap();
            assert!(source.opens_with_doc, "{path}");
        }
        assert!(report.contains("7. crates/http/tests/it/store/carts/lines/add.rs"), "{report}");
        assert!(
            report.contains("by hand  crates/app/src/lib.rs is not there yet: it needs `mod cart;`"),
            "{report}"
        );
    }

    #[test]
    fn modules_are_declared_down_to_the_new_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("crates/http/src/store")).unwrap();
        std::fs::write(root.join("crates/http/src/lib.rs"), "//! HTTP.\n\npub mod admin;\n").unwrap();
        std::fs::write(root.join("crates/http/src/store/mod.rs"), "//! Storefront.\n\nmod products;\n")
            .unwrap();

        write(root, &endpoint()).unwrap();

        assert_eq!(read(root, "crates/http/src/lib.rs"), "//! HTTP.\n\npub mod admin;\npub mod store;\n");
        assert_eq!(
            read(root, "crates/http/src/store/mod.rs"),
            "//! Storefront.\n\npub mod carts;\nmod products;\n"
        );
        assert!(read(root, "crates/http/src/store/carts/mod.rs").ends_with("\n\npub mod lines;\n"));
        assert!(read(root, "crates/http/src/store/carts/lines/mod.rs").ends_with("\n\npub mod add;\n"));
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_written_in_part() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let taken = "crates/http/tests/it/store/carts/lines/add.rs";
        std::fs::create_dir_all(root.join(taken).parent().unwrap()).unwrap();
        std::fs::write(root.join(taken), "//! Mine.\n").unwrap();

        let error = write(root, &endpoint()).unwrap_err();

        assert!(error.contains(taken), "{error}");
        assert_eq!(read(root, taken), "//! Mine.\n");
        assert!(!root.join("crates/app").exists());
    }

    /// One of each shape: a change with and without a body and a read, by staff and by shoppers; what anybody may do.
    fn every_shape() -> [Endpoint; 8] {
        [
            ("admin", "brands", "create"),
            ("admin", "products/variants", "delete"),
            ("admin", "brands", "get"),
            ("store", "carts", "create"),
            ("store", "carts/coupons", "remove"),
            ("store", "orders", "get"),
            ("store", "products", "list"),
            ("auth", "password", "forgot"),
        ]
        .map(|(surface, resource, verb)| Endpoint::new(surface, resource, verb, None).unwrap())
    }

    /// Whether a path ends at a file of this repository that has the word; none when it is not ours.
    fn is_there(root: &Path, crate_: &str, segments: &[String]) -> Option<bool> {
        let (first, rest) = segments.split_first()?;
        let name = if first == "crate" { crate_ } else { first.strip_prefix("tradepost_")? };
        let mut folder = root.join("crates").join(name).join("src");
        let mut file = folder.join("lib.rs");
        for segment in rest {
            let inner = [folder.join(format!("{segment}.rs")), folder.join(segment).join("mod.rs")];
            let Some(found) = inner.into_iter().find(|file| file.exists()) else {
                let text = std::fs::read_to_string(&file).ok()?;
                return Some(!crate::source::Source::parse(&text).ok()?.lines_of_word(segment).is_empty());
            };
            (file, folder) = (found, folder.join(segment));
        }
        Some(true)
    }

    #[test]
    fn what_a_skeleton_uses_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut checked = 0;
        for endpoint in every_shape() {
            for skeleton in skeletons(&endpoint).unwrap() {
                let crate_ = skeleton.root.split('/').nth(1).unwrap();
                for used in crate::source::Source::parse(&skeleton.content).unwrap().paths() {
                    let own = used.segments.contains(&endpoint.use_case_file());
                    if let (false, Some(is_there)) = (own, is_there(root, crate_, &used.segments)) {
                        assert!(is_there, "{}: {}", skeleton.path(), used.segments.join("::"));
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 40, "only {checked} paths were found");
    }

    #[test]
    fn a_skeleton_is_written_as_the_handlers_of_the_tree_are() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let tree = crate::tree::Tree::load(root).unwrap();
        for line in [
            "staff: Staff<ProductsWrite>,",
            "staff: Staff<ProductsRead>,",
            "State(state): State<ApiState>,",
            "(_, request): (NoParams, WriteRequest),",
            "_: NoParams,",
            ") -> Result<Response, Problem> {",
            "staff.write(request, body.hash, run).await",
            "staff.write(request, Vec::new(), run).await",
            "security((\"secret_key\" = []))",
            "buyer: Buyer,",
            "security((), (\"access_token\" = []))",
        ] {
            assert!(HANDLER.contains(line), "{line}");
            let users = tree.texts("crates/http/src", "rs").filter(|(_, text)| text.contains(line)).count();
            assert!(users >= 2, "{line}: {users} files have it");
        }
    }

    #[test]
    fn an_unfilled_skeleton_breaks_the_house_rules() {
        let files = every_shape().map(|endpoint| skeletons(&endpoint).unwrap());
        for files in &files {
            check_leftovers(files);
        }
    }

    fn check_leftovers(files: &[Skeleton]) {
        let texts: Vec<(String, &str)> =
            files.iter().map(|file| (file.path(), file.content.as_str())).collect();
        let files: Vec<(&str, &str)> = texts.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let report = crate::rules::check(&crate::tree::Tree::of(&files));
        let kinds: Vec<&str> =
            report.text.lines().filter(|line| !line.contains(": leftovers: the skeleton")).collect();
        assert_eq!(kinds.len(), 1, "only the marker may be wrong with it: {}", report.text);
        assert!(report.violations > 0);
    }

    #[test]
    fn a_wrong_call_is_told_how() {
        let error = run(Path::new("/nowhere"), &["store", "carts"]).unwrap_err();
        assert!(error.contains("usage: cargo xtask new-endpoint"), "{error}");
    }
}
