//! What is wrong with a product, collected with the names and lines that the file knows.

use std::borrow::Cow;

use tradepost_domain::catalog::Issue;

use super::record::{Labels, RowError};

/// The errors of one product while it is checked.
pub(super) struct Findings<'a> {
    pub(super) labels: &'a dyn Labels,
    pub(super) line: u64,
    /// Whether the file lists variants; else their fields are the product's.
    pub(super) listed: bool,
    pub(super) errors: Vec<RowError>,
}

impl Findings<'_> {
    pub(super) fn push(&mut self, field: &str, code: &'static str, message: impl Into<Cow<'static, str>>) {
        let label = self.labels.label(field, None);
        self.errors.push(RowError::new(self.line, Some(label), code, message));
    }

    pub(super) fn push_variant(
        &mut self,
        (index, line): (usize, u64),
        field: &str,
        (code, message): (&'static str, impl Into<Cow<'static, str>>),
    ) {
        let label = variant_label(self.labels, field, self.listed.then_some(index));
        self.errors.push(RowError::new(line, Some(label), code, message));
    }
}

/// What the file calls a field of a variant; without an index the field stands at the product.
pub(super) fn variant_label(labels: &dyn Labels, field: &str, index: Option<usize>) -> String {
    match index {
        Some(_) => labels.label(&format!("variants.{field}"), index),
        None => labels.label(field, None),
    }
}

/// Turns what the domain found into errors of rows.
pub(super) fn row_errors(
    issues: Vec<Issue>,
    (line, variant_lines, listed): (u64, &[u64], bool),
    labels: &dyn Labels,
) -> Vec<RowError> {
    let to_error = |issue: Issue| {
        let path = issue.path.strip_prefix("$.").unwrap_or(&issue.path);
        let variant = path.strip_prefix("variants[").and_then(|rest| rest.split_once(']'));
        let Some((index, field)) = variant else {
            let field = path.split(['[', '.']).next().unwrap_or(path);
            let whole = if matches!(field, "seo" | "attributes" | "metadata") { path } else { field };
            return RowError::new(line, Some(labels.label(whole, None)), issue.code, issue.message);
        };
        let index: usize = index.parse().unwrap_or_default();
        let path = field.trim_start_matches('.');
        let field = match path.split(['[', '.']).next().unwrap_or_default() {
            "prices" if path.contains("compare_at") => "compare_at",
            "prices" => "price",
            field => field,
        };
        let line = variant_lines.get(index).copied().unwrap_or(line);
        RowError::new(
            line,
            Some(variant_label(labels, field, listed.then_some(index))),
            issue.code,
            issue.message,
        )
    };
    issues.into_iter().map(to_error).collect()
}
