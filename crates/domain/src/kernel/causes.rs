//! An error as a line of a log or of a terminal tells it.

use std::error::Error;

/// An error with all that caused it, in one line; a cause that the text before it already tells is left out.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("disk full")]
    struct Inner;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot write: {0}")]
    struct Middle(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the import stopped")]
    struct Outer(#[source] Middle);

    #[test]
    fn each_cause_is_told_once() {
        assert_eq!(with_causes(&Outer(Middle(Inner))), "the import stopped: cannot write: disk full");
    }
}
