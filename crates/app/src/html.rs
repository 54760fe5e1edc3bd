//! Descriptions: HTML of any origin, cleaned so that it can stand in a page of the shop.

/// Tags that need no cleaning when they have no attributes and are closed in order.
const PLAIN_TAGS: &[&[u8]] =
    &[b"p", b"ul", b"ol", b"li", b"strong", b"em", b"b", b"i", b"u", b"h2", b"h3", b"h4", b"h5", b"h6"];

/// Cleans HTML.
pub struct Sanitizer {
    rules: ammonia::Builder<'static>,
}

impl std::fmt::Debug for Sanitizer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sanitizer")
    }
}

impl Default for Sanitizer {
    fn default() -> Self {
        let mut rules = ammonia::Builder::default();
        rules
            .link_rel(Some("nofollow noopener"))
            .url_schemes(["http", "https", "mailto", "tel"].into())
            .strip_comments(true);
        Self { rules }
    }
}

impl Sanitizer {
    /// The same content without scripts, styles, frames, event handlers and addresses that run code.
    ///
    /// A text without `<` holds no markup, whatever its entities say, and plain formatting cannot do harm: both stay
    /// as they are, which spares most descriptions the parser.
    pub fn clean(&self, html: &str) -> String {
        if is_harmless(html) { html.to_owned() } else { self.rules.clean(html).to_string() }
    }
}

/// Whether nothing but plain tags, each closed in order, stands in a text.
fn is_harmless(html: &str) -> bool {
    let mut open: Vec<&[u8]> = Vec::new();
    let mut rest = html.as_bytes();
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        let (_, tag) = rest.split_at(start.saturating_add(1));
        let Some(end) = tag.iter().take(8).position(|byte| *byte == b'>') else { return false };
        let (name, after) = tag.split_at(end);
        rest = after;
        if name == b"br" {
            continue;
        }
        if let Some(name) = name.strip_prefix(b"/") {
            if open.pop() != Some(name) {
                return false;
            }
        } else if (open.is_empty() || name != b"p") && PLAIN_TAGS.contains(&name) {
            open.push(name);
        } else {
            return false;
        }
    }
    open.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_runs_is_removed_and_what_formats_stays() {
        let sanitizer = Sanitizer::default();
        for (html, clean) in [
            ("Salt & <b>pepper</b>", "Salt & <b>pepper</b>"),
            ("<p>One</p><p>Two<br></p>", "<p>One</p><p>Two<br></p>"),
            ("a<script>alert(1)</script>b", "ab"),
            ("<style>p{}</style><p onclick=\"x()\">t</p>", "<p>t</p>"),
            ("<iframe src=\"https://x\"></iframe>t", "t"),
            ("<a href=\"javascript:x()\">t</a>", "<a rel=\"nofollow noopener\">t</a>"),
            (
                "<a href=\"https://x.example\">t</a>",
                "<a href=\"https://x.example\" rel=\"nofollow noopener\">t</a>",
            ),
            ("<p>open", "<p>open</p>"),
            ("1 < 2", "1 &lt; 2"),
        ] {
            assert_eq!(sanitizer.clean(html), clean);
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(
            parts in prop::collection::vec(prop::sample::select(vec![
                "<p>", "</p>", "<b>", "</b>", "<br>", "a & b", "&amp;", "<", ">", "<a href='x'>", "</a>", "<img src=x onerror=y>",
                "<script>", "</script>", "<!-- c -->", "<ul><li>", "</li></ul>", "text", "<svg>", "<table><tr><td>",
            ]), 0..12),
        ) {
            let sanitizer = Sanitizer::default();
            let once = sanitizer.clean(&parts.concat());
            prop_assert!(!once.contains("<script") && !once.contains("onerror=") && !once.contains("<svg"));
            prop_assert_eq!(sanitizer.clean(&once), once);
        }
    }
}
