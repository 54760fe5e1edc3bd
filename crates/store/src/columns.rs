//! Rows as columns: arrays that travel to a statement and are taken apart there.

use tokio_postgres::types::ToSql;

/// Values of a column, one for each row.
pub type Column<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// Where the parts of each stand among the parts of all, the first and the last, counted from 1; where there are none, the last
/// is before the first.
pub fn ranges(counts: impl Iterator<Item = usize>) -> Vec<(i32, i32)> {
    let mut end = 0_i32;
    let range = |count| {
        let first = end.saturating_add(1);
        end = end.saturating_add(i32::try_from(count).unwrap_or(i32::MAX));
        (first, end)
    };
    counts.map(range).collect()
}

/// One column of rows.
pub fn column<'a, T, V>(rows: impl IntoIterator<Item = T>, of: impl Fn(T) -> V) -> Column<'a>
where
    V: ToSql + Sync + Send + 'a,
{
    Box::new(rows.into_iter().map(of).collect::<Vec<V>>())
}

/// Columns as the parameters of a statement.
pub fn values<'a>(columns: &'a [Column<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    columns.iter().map(|column| -> &(dyn ToSql + Sync) { column.as_ref() }).collect()
}
