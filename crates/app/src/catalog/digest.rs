//! Digests of what answers are put together from, so that an answer of many parts is not read again to be told from others.

use bytes::Bytes;

/// The card of a product, with a digest by which answers are told apart that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) body: Bytes,
    pub(super) digest: [u8; 16],
}

impl Card {
    pub(super) fn new(body: Bytes) -> Self {
        let digest = short_digest([&body[..]]);
        Self { body, digest }
    }
}

/// The first 128 bits of the SHA-256 of some parts.
pub(super) fn short_digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 16] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    parts.into_iter().for_each(|part| context.update(part));
    let mut short = [0; 16];
    short.iter_mut().zip(context.finish().as_ref()).for_each(|(place, byte)| *place = *byte);
    short
}

/// Tells a listing from others: by its cards, and what stands behind them.
pub(super) fn of_listing(cards: &[Card], rest: [&str; 2]) -> [u8; 16] {
    let count = cards.len().to_be_bytes();
    let behind = rest.map(|part| short_digest([part.as_bytes()]));
    let cards = cards.iter().map(|card| card.digest.as_slice());
    short_digest([count.as_slice()].into_iter().chain(cards).chain(behind.iter().map(<[u8; 16]>::as_slice)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_another_one_as_soon_as_one_of_its_parts_is() {
        let card = |text: &'static str| Card::new(Bytes::from_static(text.as_bytes()));
        let first = of_listing(&[card("a"), card("b")], ["page", ""]);
        assert_eq!(first, of_listing(&[card("a"), card("b")], ["page", ""]));
        for other in [
            of_listing(&[card("b"), card("a")], ["page", ""]),
            of_listing(&[card("a")], ["page", ""]),
            of_listing(&[card("a"), card("c")], ["page", ""]),
            of_listing(&[card("a"), card("b")], ["pag", "e"]),
            of_listing(&[card("a"), card("b")], ["", "page"]),
        ] {
            assert_ne!(first, other);
        }
    }
}
