//! Prints the first products of a catalogue: `cargo run -p tradepost-sample --example print -- 5 [seed] [--short]`.
//! With `--short` only what a reader of the shop sees, for proof-reading.

use tradepost_sample::{DEFAULT_PRODUCTS, SampleCatalog, SampleProduct};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let short = arguments.iter().any(|argument| argument == "--short");
    let mut numbers =
        arguments.iter().filter(|argument| *argument != "--short").map(|argument| argument.parse::<u64>());
    let (Ok(count), Ok(seed)) = (numbers.next().unwrap_or(Ok(5)), numbers.next().unwrap_or(Ok(1))) else {
        eprintln!("usage: print [number of products] [seed] [--short]");
        std::process::exit(2);
    };
    let catalog = SampleCatalog::new(seed, DEFAULT_PRODUCTS.max(count));
    for product in (0..count).map(|ordinal| catalog.product(ordinal)) {
        if short {
            print_short(&product);
        } else {
            println!("{product:#?}\n");
        }
    }
}

fn print_short(product: &SampleProduct) {
    let prices: Vec<i64> = product.variants.iter().map(|variant| variant.price_eur_cents).collect();
    println!("{} | {} | {prices:?} | sold {}", product.title, product.title_de, product.popularity);
    println!("  {}\n  {}", product.description_html, product.description_de_html);
    for (name, values) in &product.options {
        println!("  {name}: {}", values.join(", "));
    }
    for review in product.reviews.iter().take(6) {
        println!("  {} {}: {} / {}", review.rating, review.author, review.title, review.body);
    }
    println!();
}
