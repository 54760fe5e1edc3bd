//! Handles, model numbers, barcodes: unique by construction, because each is a permutation of the ordinal and
//! not a draw checked against a growing set.

use crate::rng::permute;

/// Lower-case letters, digits and single hyphens.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            'a'..='z' | '0'..='9' => slug.push(character),
            'A'..='Z' => slug.push(character.to_ascii_lowercase()),
            'ä' | 'á' | 'à' | 'å' => slug.push('a'),
            'é' | 'è' | 'ê' => slug.push('e'),
            'ö' | 'ø' | 'ó' | 'Ö' | 'Ø' => slug.push('o'),
            'ü' => slug.push('u'),
            '\'' | '’' => {}
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The number in a model number: five digits for the first 90,000 products, six for the next 900,000, and so on.
/// Within its block it is shuffled by the seed, so that neighbours in a catalogue do not show it.
pub(crate) fn model_digits(seed: u64, ordinal: u64) -> u64 {
    let (mut low, mut left) = (10_000_u64, ordinal);
    while left >= low.saturating_mul(9) {
        left -= low.saturating_mul(9);
        low = low.saturating_mul(10);
    }
    low + permute(seed ^ 0x6d6f_6465, low.saturating_mul(9), left)
}

/// The EAN-13 of variant `index` (below 16) of a product: range 20-29 (GS1 General Specifications, restricted
/// circulation), the second digit from the seed, ten digits shuffled by it, the check digit.
pub(crate) fn barcode(seed: u64, ordinal: u64, index: u64) -> String {
    let body = permute(seed ^ 0x6261_7263, 10_000_000_000, ordinal * 16 + index);
    let digits = format!("2{}{body:010}", seed % 10);
    let sum: u32 = digits
        .chars()
        .filter_map(|digit| digit.to_digit(10))
        .zip([1, 3].iter().cycle())
        .map(|(d, w)| d * w)
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_have_letters_digits_and_single_hyphens() {
        assert_eq!(slug("Nordvik Ridge 2  – Men's Boot (Øre)"), "nordvik-ridge-2-mens-boot-ore");
        assert_eq!(slug("Hölle & Söhne"), "holle-sohne");
    }

    #[test]
    fn model_digits_grow_by_a_digit_when_a_block_is_full() {
        assert!((10_000..100_000).contains(&model_digits(1, 0)));
        assert!((10_000..100_000).contains(&model_digits(1, 89_999)));
        assert!((100_000..1_000_000).contains(&model_digits(1, 90_000)));
        assert!((1_000_000..10_000_000).contains(&model_digits(1, 990_000)));
    }
}
