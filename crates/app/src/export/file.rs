//! The files of exports: named after their run and its attempt, whole under their name and in the making beside it.

use std::path::{Path, PathBuf};

use tokio::fs::{self, File};
use tradepost_domain::kernel::ids::ExportId;
use tradepost_port::BlobError;
use tradepost_store::export_run;

use super::view::ExportView;
use crate::change::missing;
use crate::error::WriteError;
use crate::import::Format;
use crate::shop::Shop;

/// Ending of a file that is not complete.
const UNFINISHED: &str = "part";

/// A file that can be read.
#[derive(Debug)]
pub struct ExportFile {
    /// Its content.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// Its format.
    pub format: Format,
    /// A name for it where it goes, of letters, digits, hyphens and a dot.
    pub name: String,
}

/// Name of the file that an attempt makes.
pub(super) fn file_name(id: ExportId, attempt: i32, format: Format) -> String {
    format!("{id}-{attempt}.{}", ending(format))
}

fn ending(format: Format) -> &'static str {
    match format {
        Format::ShopifyCsv => "csv",
        Format::JsonLines => "jsonl",
    }
}

/// Path of a file in the folder of exports.
pub(super) fn path(shop: &Shop, name: &str) -> PathBuf {
    // A name alone, whatever the row says.
    shop.exports.join(Path::new(name).file_name().unwrap_or_default())
}

/// Path of a file that is not complete.
pub(super) fn unfinished_path(shop: &Shop, name: &str) -> PathBuf {
    path(shop, &format!("{name}.{UNFINISHED}"))
}

/// The run that a file in the folder belongs to.
pub(super) fn run_of(name: &str) -> Option<ExportId> {
    name.split_once('-').and_then(|(id, _)| id.parse().ok())
}

/// Names of the files in the folder.
pub(super) async fn list_files(shop: &Shop) -> Vec<String> {
    let mut names = Vec::new();
    let Ok(mut folder) = fs::read_dir(&shop.exports).await else { return names };
    while let Ok(Some(entry)) = folder.next_entry().await {
        names.extend(entry.file_name().into_string());
    }
    names
}

/// Removes what a run has in the folder, whole or not.
pub(super) async fn remove_files(shop: &Shop, id: ExportId) {
    for name in list_files(shop).await.iter().filter(|name| run_of(name) == Some(id)) {
        // What cannot be removed now is swept away later.
        let _ = fs::remove_file(path(shop, name)).await;
    }
}

/// Opens the file of an export.
pub async fn open_export(shop: &Shop, id: ExportId) -> Result<ExportFile, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let run = export_run::get(&conn, id).await?.ok_or_else(missing::<ExportView>)?;
    let (Some(name), Some(format)) = (run.file_name, Format::parse(&run.format)) else {
        let detail = format!("the export is {}: there is a file when it has succeeded", run.status);
        return Err(WriteError::conflict("export_not_finished", detail, Some("export")));
    };
    let file = match File::open(path(shop, &name)).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(WriteError::NotFound { kind: "export_file" });
        }
        Err(error) => return Err(BlobError::Io(error).into()),
    };
    let bytes = file.metadata().await.map_err(BlobError::Io)?.len();
    let name = format!("products-{}.{}", run.created_at.strftime("%Y%m%d-%H%M%S"), ending(format));
    Ok(ExportFile { file, bytes, format, name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_domain::kernel::ids::EntityId;
    use uuid::Uuid;

    #[test]
    fn a_file_says_whose_it_is() {
        let id = ExportId::from_uuid(Uuid::from_u128(7));
        let name = file_name(id, 2, Format::ShopifyCsv);
        assert!(name.ends_with("-2.csv"));
        assert_eq!(run_of(&name), Some(id));
        assert_eq!(run_of(&format!("{name}.{UNFINISHED}")), Some(id));
        assert_eq!(run_of("lost+found"), None);
    }
}
