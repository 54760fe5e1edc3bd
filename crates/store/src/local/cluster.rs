//! Makes a new cluster, all or nothing.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::Stdio,
};

use super::{
    Durability, SUPERUSER,
    account::Account,
    binaries::Binaries,
    error::LocalServerError,
    folder::{Folder, FolderLocks},
    process::{self, Signal},
};

/// Sorts by code point, which is fast and the same everywhere, and knows the letters of all languages.
const UNICODE: &[&str] = &["--locale=C.UTF-8", "--lc-collate=C", "--lc-messages=C"];
/// For systems without that locale: letters beyond ASCII have no upper and lower case then.
const PLAIN: &[&str] = &["--no-locale"];

/// Makes the cluster under another name and gives it its own when it is complete: a cluster that is called `data` is
/// whole, whenever this process was killed.
pub(super) fn create(
    folder: &Folder,
    locks: &FolderLocks,
    binaries: &Binaries,
    account: &Account,
    durability: Durability,
) -> Result<(), LocalServerError> {
    let (new_data, data) = (folder.new_data(), folder.data());
    let init = |locale: &[&str]| -> Result<Result<(), String>, LocalServerError> {
        remove(&new_data)?;
        fs::create_dir(&new_data).map_err(LocalServerError::io("create", &new_data))?;
        account.own_privately(&new_data)?;
        let access = account.access(&new_data)?;
        let program = binaries.program("initdb");
        let mut command = account.command(&program);
        command.args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]).args(locale).arg("-D").arg(&access.path);
        command.arg(match durability {
            Durability::Durable => "--data-checksums",
            Durability::Disposable => "--no-sync",
        });
        let keep_open = access.handle.map(Into::into).into_iter().chain([locks.inherited()?]).collect();
        // Half a cluster is of no use to anyone: no need to end gently.
        process::tie_to_this_thread(&mut command, Signal::Kill, keep_open);
        let output = command.stdin(Stdio::null()).output().map_err(LocalServerError::io("run", program))?;
        let said = [output.stdout, output.stderr].concat();
        Ok(if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) })
    };
    let mut made = init(UNICODE)?;
    if made.as_ref().is_err_and(|output| output.contains("locale name")) {
        made = init(PLAIN)?;
    }
    if let Err(output) = made {
        remove(&new_data)?;
        return Err(LocalServerError::InitFailed { data, output });
    }
    fs::rename(&new_data, &data).map_err(LocalServerError::io("put in place", &data))?;
    let synced = File::open(folder.dir()).and_then(|dir| dir.sync_all());
    synced.map_err(LocalServerError::io("sync", folder.dir()))
}

fn remove(path: &Path) -> Result<(), LocalServerError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LocalServerError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
