//! Prints the first products of a catalogue: `cargo run -p tradepost-sample --example print -- 5 [seed]`.

use tradepost_sample::{DEFAULT_PRODUCTS, SampleCatalog};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Ok(count), Ok(seed)) = (arguments.next().unwrap_or(Ok(5)), arguments.next().unwrap_or(Ok(1))) else {
        eprintln!("usage: print [number of products] [seed]");
        std::process::exit(2);
    };
    for product in
        SampleCatalog::new(seed, DEFAULT_PRODUCTS.max(count)).iter().take(usize::try_from(count).unwrap_or(5))
    {
        println!("{product:#?}\n");
    }
}
