//! A first walk over a JSON body: duplicate keys and too much depth are refused before anything reads it.
//!
//! Two parsers that disagree about a repeated key are an old way past a check (CWE-436), so there is none to disagree on.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use tradepost_domain::kernel::limits::JSON_DEPTH_MAX;

use crate::problem::Problem;

/// Why a body was refused by the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    Duplicate(String),
    TooDeep(String),
    Nul(String),
}

/// Checks the body; answers the problem that it has.
pub fn check(body: &[u8]) -> Result<(), Box<Problem>> {
    let refusal = RefCell::new(None);
    let walk = Walk { depth: 0, path: "$".to_owned(), refusal: &refusal };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let outcome = walk.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (refusal.into_inner(), outcome) {
        (Some(Refusal::Duplicate(path)), _) => {
            Err(Box::new(Problem::malformed("duplicate_key", &path, "the key is there twice")))
        }
        (Some(Refusal::TooDeep(path)), _) => {
            let detail = format!("JSON may be at most {JSON_DEPTH_MAX} levels deep");
            Err(Box::new(Problem::malformed("json_too_deep", &path, detail)))
        }
        (Some(Refusal::Nul(path)), _) => Err(Box::new(Problem::malformed(
            "invalid_character",
            &path,
            "the character U+0000 cannot be stored",
        ))),
        (None, Err(error)) => {
            let detail = format!("the body is not valid JSON: {error}");
            Err(Box::new(Problem::malformed("malformed_json", "$", detail)))
        }
        (None, Ok(())) => Ok(()),
    }
}

struct Walk<'a> {
    depth: usize,
    path: String,
    refusal: &'a RefCell<Option<Refusal>>,
}

impl Walk<'_> {
    fn refuse<E: serde::de::Error>(&self, refusal: Refusal) -> E {
        self.refusal.borrow_mut().get_or_insert(refusal);
        E::custom("refused")
    }

    fn child<E: serde::de::Error>(&self, step: fmt::Arguments<'_>) -> Result<Self, E> {
        if self.depth >= JSON_DEPTH_MAX {
            return Err(self.refuse(Refusal::TooDeep(self.path.clone())));
        }
        Ok(Self { depth: self.depth + 1, path: format!("{}{step}", self.path), refusal: self.refusal })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(self.refuse(Refusal::Nul(self.path.clone()))) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0_usize;
        while items.next_element_seed(self.child(format_args!("[{index}]"))?)?.is_some() {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            let child = self.child(format_args!(".{key}"))?;
            if key.contains('\0') {
                return Err(self.refuse(Refusal::Nul(self.path.clone())));
            }
            if !keys.insert(key) {
                return Err(self.refuse(Refusal::Duplicate(child.path)));
            }
            entries.next_value_seed(child)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> (String, Option<String>) {
        let problem = check(body.as_bytes()).expect_err("refused");
        (problem.code, problem.param)
    }

    #[test]
    fn repeated_keys_depth_nul_and_trailing_text_are_refused_with_their_path() {
        assert_eq!(code(r#"{"a":{"b":1,"b":2}}"#), ("duplicate_key".to_owned(), Some("$.a.b".to_owned())));
        assert_eq!(code(&format!("{}1{}", "[".repeat(40), "]".repeat(40))).0, "json_too_deep");
        assert_eq!(code(r#"{"a":["x\u0000"]}"#), ("invalid_character".to_owned(), Some("$.a[0]".to_owned())));
        assert_eq!(code("{} x").0, "malformed_json");
        assert_eq!(code("").0, "malformed_json");
        assert_eq!(code(&"[".repeat(100_000)).0, "json_too_deep");
    }

    #[test]
    fn ordinary_json_passes() {
        assert!(check(br#"{"a":[1,-2,3.5,true,null,"x"],"b":{"a":{}}}"#).is_ok());
    }
}
