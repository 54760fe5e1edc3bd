//! One Rust file as tokens with line numbers: what the rules ask of source text.
//!
//! Tokens and not text, because a rule that greps finds itself in comments and strings, and misses `use std::{env}`.

use std::ops::RangeInclusive;
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// A file that rustc would not read either.
#[derive(Debug)]
pub struct NotRust {
    /// Where the reading stopped; lines count from 1 everywhere here.
    pub line: usize,
}

/// The tokens of one file.
#[derive(Debug)]
pub struct Source {
    /// Lines of text, of any kind.
    pub line_count: usize,
    /// Whether the very first line is documentation of the module.
    pub opens_with_doc: bool,
    tokens: Vec<TokenTree>,
    test_modules: Vec<RangeInclusive<usize>>,
}

/// A path such as `crate::cart::Cart`; those in the braces of a `use` are written out one by one.
#[derive(Debug, PartialEq, Eq)]
pub struct PathUse {
    /// The inline modules that it stands in, outermost first.
    pub inside: Vec<String>,
    /// Its parts, at least two, or one when it is all that a `use` names.
    pub segments: Vec<String>,
    /// The line of its first token.
    pub line: usize,
}

impl PathUse {
    /// Whether the path begins with `prefix`, written with `::`.
    pub fn starts_with(&self, prefix: &str) -> bool {
        let mut segments = self.segments.iter();
        prefix.split("::").all(|part| segments.next().is_some_and(|segment| segment == part))
    }
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// From the line of `fn` to that of the closing brace.
    pub lines: RangeInclusive<usize>,
}

impl Source {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, NotRust> {
        let stream =
            TokenStream::from_str(text).map_err(|error| NotRust { line: error.span().start().line })?;
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let test_modules = find_test_modules(&tokens);
        Ok(Self {
            line_count: text.lines().count(),
            opens_with_doc: text.starts_with("//!"),
            tokens,
            test_modules,
        })
    }

    /// Whether the line belongs to an inline `#[cfg(test)] mod`.
    pub fn is_test(&self, line: usize) -> bool {
        self.test_modules.iter().any(|lines| lines.contains(&line))
    }

    /// Lines outside of inline `#[cfg(test)] mod`s.
    pub fn lines_without_tests(&self) -> usize {
        let tests: usize = self.test_modules.iter().map(line_count).sum();
        self.line_count.saturating_sub(tests)
    }

    /// All paths, also those within macro calls.
    pub fn paths(&self) -> Vec<PathUse> {
        let mut found = Vec::new();
        collect_paths(&self.tokens, &[], &mut found);
        found
    }

    /// Line and content of all string literals; escapes are left as they are, documentation is no string.
    pub fn strings(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        visit(&self.tokens, &mut |tokens| {
            if let Some(TokenTree::Literal(literal)) = tokens.first() {
                let text = literal.to_string();
                let content = text.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"'));
                if let Some((content, _)) = content.filter(|_| !text.starts_with('\'')) {
                    found.push((literal.span().start().line, content.to_owned()));
                }
            }
        });
        found
    }

    /// Functions with a body, wherever they stand.
    pub fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        visit(&self.tokens, &mut |tokens| {
            if let [TokenTree::Ident(keyword), TokenTree::Ident(name), rest @ ..] = tokens
                && keyword == "fn"
                && let Some(body) = body_of(rest)
            {
                let lines = keyword.span().start().line..=body.span_close().end().line;
                found.push(Function { name: name.to_string(), lines });
            }
        });
        found
    }

    /// Line and name of macro calls such as `todo!()`.
    pub fn macro_calls(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        visit(&self.tokens, &mut |tokens| {
            if let [TokenTree::Ident(name), mark, TokenTree::Group(_), ..] = tokens
                && is_punct(mark, '!')
            {
                found.push((name.span().start().line, name.to_string()));
            }
        });
        found
    }

    /// Line and words of each attribute: `cfg_attr ci ignore` for `#[cfg_attr(ci, ignore)]`.
    pub fn attributes(&self) -> Vec<(usize, Vec<String>)> {
        let mut found = Vec::new();
        visit(&self.tokens, &mut |tokens| {
            if let Some(group) = attribute(tokens) {
                found.push((group.span_open().start().line, words(group)));
            }
        });
        found
    }

    /// Line and name of the types that derive `what`. Those that a macro names are not seen.
    pub fn types_deriving(&self, what: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        visit(&self.tokens, &mut |tokens| {
            if let Some(group) = attribute(tokens)
                && let [derive, derived @ ..] = words(group).as_slice()
                && derive == "derive"
                && derived.iter().any(|word| word == what)
                && let Some(name) = tokens.get(2..).and_then(type_name)
            {
                found.push((name.span().start().line, name.to_string()));
            }
        });
        found
    }

    /// Lines of an identifier or keyword.
    pub fn lines_of_word(&self, word: &str) -> Vec<usize> {
        let mut found = Vec::new();
        visit(&self.tokens, &mut |tokens| {
            if let Some(TokenTree::Ident(ident)) = tokens.first()
                && ident == word
            {
                found.push(ident.span().start().line);
            }
        });
        found
    }
}

/// How many lines a range holds.
pub fn line_count(lines: &RangeInclusive<usize>) -> usize {
    lines.end().saturating_sub(*lines.start()).saturating_add(1)
}

/// Calls `look` with the rest of the tokens at every position, at all depths. What documentation says is skipped.
fn visit(tokens: &[TokenTree], look: &mut impl FnMut(&[TokenTree])) {
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        look(rest);
        if let TokenTree::Group(group) = first {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_doc =
                group.delimiter() == Delimiter::Bracket && inner.first().is_some_and(|t| is_word(t, "doc"));
            if !is_doc {
                visit(&inner, look);
            }
        }
        rest = after;
    }
}

/// The bracket group when the tokens begin with `#[..]` or `#![..]`.
fn attribute(tokens: &[TokenTree]) -> Option<&Group> {
    let group = match tokens {
        [hash, TokenTree::Group(group), ..] if is_punct(hash, '#') => group,
        [hash, mark, TokenTree::Group(group), ..] if is_punct(hash, '#') && is_punct(mark, '!') => group,
        _ => return None,
    };
    (group.delimiter() == Delimiter::Bracket).then_some(group)
}

fn words(group: &Group) -> Vec<String> {
    let mut found = Vec::new();
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    visit(&tokens, &mut |tokens| {
        if let Some(TokenTree::Ident(ident)) = tokens.first() {
            found.push(ident.to_string());
        }
    });
    found
}

/// The braces of a function, or none when a `;` comes first (a trait's method without a default).
fn body_of(tokens: &[TokenTree]) -> Option<&Group> {
    tokens.iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(Some(group)),
        token if is_punct(token, ';') => Some(None),
        _ => None,
    })?
}

/// `#[cfg(test)] mod name { .. }` at the top of the file. One in a file of its own counts there, not here.
fn find_test_modules(tokens: &[TokenTree]) -> Vec<RangeInclusive<usize>> {
    let mut found = Vec::new();
    let mut rest = tokens;
    while let Some((_, after)) = rest.split_first() {
        if let [hash, TokenTree::Group(group), following @ ..] = rest
            && is_punct(hash, '#')
            && words(group) == ["cfg", "test"]
            && let Some(body) = module_body(following)
        {
            found.push(hash.span().start().line..=body.span_close().end().line);
        }
        rest = after;
    }
    found
}

/// The braces of a `mod` after any further attributes and a visibility.
fn module_body(tokens: &[TokenTree]) -> Option<&Group> {
    match tokens {
        [TokenTree::Ident(keyword), TokenTree::Ident(_), TokenTree::Group(body), ..] if keyword == "mod" => {
            Some(body)
        }
        [hash, TokenTree::Group(_), rest @ ..] if is_punct(hash, '#') => module_body(rest),
        [TokenTree::Ident(keyword), TokenTree::Group(_), rest @ ..] if keyword == "pub" => module_body(rest),
        [TokenTree::Ident(keyword), rest @ ..] if keyword == "pub" => module_body(rest),
        _ => None,
    }
}

/// The name of a type after any further attributes and a visibility.
fn type_name(tokens: &[TokenTree]) -> Option<&Ident> {
    match tokens {
        [TokenTree::Ident(keyword), TokenTree::Ident(name), ..]
            if keyword == "struct" || keyword == "enum" =>
        {
            Some(name)
        }
        [hash, TokenTree::Group(_), rest @ ..] if is_punct(hash, '#') => type_name(rest),
        [TokenTree::Ident(keyword), TokenTree::Group(_), rest @ ..] if keyword == "pub" => type_name(rest),
        [TokenTree::Ident(keyword), rest @ ..] if keyword == "pub" => type_name(rest),
        _ => None,
    }
}

fn collect_paths(tokens: &[TokenTree], inside: &[String], found: &mut Vec<PathUse>) {
    let mut rest = tokens;
    let mut after_use = false;
    while let Some((first, after)) = rest.split_first() {
        let keep_single = std::mem::replace(&mut after_use, is_word(first, "use"));
        rest = match (first, after) {
            (TokenTree::Ident(keyword), [TokenTree::Ident(name), TokenTree::Group(body), following @ ..])
                if keyword == "mod" =>
            {
                let mut deeper = inside.to_vec();
                deeper.push(name.to_string());
                collect_paths(&body.stream().into_iter().collect::<Vec<_>>(), &deeper, found);
                following
            }
            (TokenTree::Ident(_), _) => Place { inside, keep_single }.read(&[], rest, found),
            (TokenTree::Group(group), _) => {
                collect_paths(&group.stream().into_iter().collect::<Vec<_>>(), inside, found);
                after
            }
            _ => after,
        };
    }
}

/// Where a path is read: the modules around it, and whether a path of one part counts.
struct Place<'a> {
    inside: &'a [String],
    keep_single: bool,
}

impl Place<'_> {
    /// Reads one path at the start of `tokens`, which begin with an identifier; answers what follows it.
    fn read<'t>(
        &self,
        prefix: &[String],
        tokens: &'t [TokenTree],
        found: &mut Vec<PathUse>,
    ) -> &'t [TokenTree] {
        let line = tokens.first().map_or(1, |token| token.span().start().line);
        let mut segments = prefix.to_vec();
        let mut rest = tokens;
        while let Some((TokenTree::Ident(ident), after)) = rest.split_first() {
            // `use a::{self, b}`: the entry `self` is `a`.
            if !(ident == "self" && segments.len() == prefix.len() && !prefix.is_empty()) {
                segments.push(ident.to_string());
            }
            rest = after;
            let [one, two, following @ ..] = after else { break };
            if !(is_punct(one, ':') && is_punct(two, ':')) {
                break;
            }
            rest = following;
            if let Some((TokenTree::Group(group), following)) = following.split_first()
                && group.delimiter() == Delimiter::Brace
            {
                self.read_braces(&segments, group, found);
                return following;
            }
        }
        if segments.len() > 1 || self.keep_single {
            found.push(PathUse { inside: self.inside.to_vec(), segments, line });
        }
        rest
    }

    fn read_braces(&self, prefix: &[String], group: &Group, found: &mut Vec<PathUse>) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        for entry in tokens.split(|token| is_punct(token, ',')) {
            match entry.first() {
                Some(TokenTree::Ident(_)) => {
                    self.read(prefix, entry, found);
                }
                Some(token) => {
                    let line = token.span().start().line;
                    found.push(PathUse { inside: self.inside.to_vec(), segments: prefix.to_vec(), line });
                }
                None => {}
            }
        }
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_word(token: &TokenTree, wanted: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse(text).unwrap()
    }

    fn written(text: &str) -> Vec<String> {
        source(text).paths().into_iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn the_braces_of_a_use_are_written_out() {
        assert_eq!(
            written("use std::{env, time::{self, SystemTime}, fmt::*};"),
            ["std::env", "std::time", "std::time::SystemTime", "std::fmt"]
        );
    }

    #[test]
    fn a_use_of_a_whole_crate_is_a_path_and_a_variable_is_none() {
        assert_eq!(written("use axum;\nfn f() { let http = 1; g(http); }"), ["axum"]);
    }

    #[test]
    fn paths_in_code_and_in_macros_are_found_with_their_lines() {
        let paths = source("fn f() {\n    g!(crate::cart::Cart::new());\n}").paths();
        assert_eq!(paths.len(), 1);
        assert_eq!(paths[0].segments, ["crate", "cart", "Cart", "new"]);
        assert_eq!(paths[0].line, 2);
        assert!(paths[0].starts_with("crate::cart"));
        assert!(!paths[0].starts_with("crate::car"));
    }

    #[test]
    fn a_path_knows_the_inline_modules_around_it() {
        let paths = source("mod inner { use super::cart::Cart; }").paths();
        assert_eq!(paths[0].inside, ["inner"]);
    }

    #[test]
    fn comments_and_documentation_are_neither_strings_nor_code() {
        let source =
            source("//! select a from b\n/// insert into t values (1)\n// todo!()\nconst A: &str = \"x\";");
        assert_eq!(source.strings(), [(4, "x".to_owned())]);
        assert!(source.macro_calls().is_empty());
    }

    #[test]
    fn raw_strings_give_their_content() {
        assert_eq!(source("const A: &str = r#\"say \"hi\"\"#;").strings(), [(1, "say \"hi\"".to_owned())]);
    }

    #[test]
    fn tests_in_the_file_do_not_count_as_its_lines() {
        let text =
            "//! One.\nfn f() {}\n\n#[cfg(test)]\n#[expect(clippy::x)]\nmod tests {\n    fn g() {}\n}\n";
        let source = source(text);
        assert_eq!(source.lines_without_tests(), 3);
        assert!(source.is_test(7));
        assert!(!source.is_test(2));
    }

    #[test]
    fn naming_a_test_module_early_does_not_hide_what_follows() {
        assert_eq!(source("#[cfg(test)]\nmod tests;\nfn f() {}\n").lines_without_tests(), 3);
    }

    #[test]
    fn a_function_reaches_from_its_keyword_to_its_brace() {
        let source = source("trait T { fn a(); }\nasync fn handler(\n    x: u8,\n) {\n    g();\n}\n");
        assert_eq!(source.functions(), [Function { name: "handler".to_owned(), lines: 2..=6 }]);
    }

    #[test]
    fn an_inequality_is_no_macro_call() {
        assert!(source("fn f() -> bool { todo != (1) }").macro_calls().is_empty());
    }

    #[test]
    fn what_is_not_rust_says_where() {
        assert_eq!(Source::parse("fn f() {\n  )\n}").unwrap_err().line, 2);
    }
}
