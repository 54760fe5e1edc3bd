//! Writes a page with every drawing, to look at them: `cargo run -p tradepost-sample --example sheet > sheet.html`.
//! The first argument, if any, keeps only the types whose handle contains it and shows them in many colours.

use tradepost_sample::{PictureKey, SampleCatalog};

fn main() {
    let only = std::env::args().nth(1);
    println!(
        "<!doctype html><meta charset=\"utf-8\"><style>body{{margin:0;display:flex;flex-wrap:wrap}}svg{{width:190px;height:190px;margin:4px;border-radius:12px}}</style>"
    );
    let mut seen = std::collections::BTreeSet::new();
    for product in SampleCatalog::new(1, 4_000).iter() {
        let fresh: &dyn Fn(&PictureKey) -> bool = match &only {
            Some(part) => &|_| product.type_handle.contains(part.as_str()),
            None => &|_| true,
        };
        let key = only.as_ref().map_or_else(|| product.type_handle.clone(), |_| product.picture.name());
        if fresh(&product.picture) && seen.insert(key) {
            println!("{}", product.picture.svg());
        }
    }
}
