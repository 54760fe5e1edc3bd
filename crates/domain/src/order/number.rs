//! Order numbers: what people read out on the telephone. Drawn at random, so that they tell nobody how many orders a
//! shop has; without letters that are taken for others (Crockford's alphabet, less the vowels that could spell words).

use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 28] = b"0123456789BCDFGHJKMNPQRSTVWX";
/// Characters in a number, without the dash: 28^8 = 3.8 * 10^11 numbers.
const LEN: usize = 8;

/// The number of an order, such as `7K3M-92QX`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderNumber(String);

/// A text that is no order number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an order number such as 7K3M-92QX")]
pub struct OrderNumberError;

impl OrderNumber {
    /// The number that random bits stand for.
    pub fn from_random(bits: u64) -> Self {
        let mut rest = bits;
        let mut text = String::with_capacity(LEN + 1);
        for place in 0..LEN {
            if place == LEN / 2 {
                text.push('-');
            }
            let digit = usize::try_from(rest % 28).unwrap_or_default();
            text.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
            rest /= 28;
        }
        Self(text)
    }

    /// As printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrderNumber {
    type Err = OrderNumberError;

    /// Takes what people type: any case, with or without the dash, the letter O for zero, I and L for one.
    fn from_str(text: &str) -> Result<Self, OrderNumberError> {
        let read = |letter: char| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let digits: String = text.chars().filter(|letter| !matches!(letter, '-' | ' ')).map(read).collect();
        let known = digits.bytes().all(|byte| ALPHABET.contains(&byte));
        let (Some(head), Some(tail)) = (digits.get(..LEN / 2), digits.get(LEN / 2..)) else {
            return Err(OrderNumberError);
        };
        if known && digits.len() == LEN { Ok(Self(format!("{head}-{tail}"))) } else { Err(OrderNumberError) }
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_reads_back_however_it_is_typed(bits: u64) {
            let number = OrderNumber::from_random(bits);
            prop_assert_eq!(number.as_str().len(), 9);
            prop_assert_eq!(number.to_string(), number.as_str());
            prop_assert_eq!(number.as_str().parse::<OrderNumber>(), Ok(number.clone()));
            let typed = number.as_str().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(typed.parse::<OrderNumber>(), Ok(number));
        }
    }

    #[test]
    fn no_two_of_the_bits_that_a_number_has_room_for_share_one() {
        for unit in [1, 28_u64.pow(3), 28_u64.pow(6)] {
            let numbers: BTreeSet<_> = (0..784).map(|bits| OrderNumber::from_random(bits * unit)).collect();
            assert_eq!(numbers.len(), 784, "two digits from {unit} on");
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in [
            "",
            "7K3M-92Q",
            "7K3M-92QXX",
            "7K3M-92QA",
            "7K3M-92Q\u{e9}",
            "é7K3M92Q",
            "\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert_eq!(text.parse::<OrderNumber>(), Err(OrderNumberError), "{text}");
        }
    }
}
