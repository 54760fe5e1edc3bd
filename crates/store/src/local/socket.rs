//! The folder of the Unix socket: private, short enough, and reachable for the server.
//!
//! The server listens nowhere else, and asks for no password: who may enter this folder is who may connect. It is
//! `run/` beside the cluster where that will do. A path that is too long for a socket address, that a connection
//! string cannot carry, or that the account of the server cannot enter, gets a folder elsewhere, named after a hash.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{account::Account, error::LocalServerError, folder::Folder, process};

/// Only a part of the socket's name here; no such port is opened.
pub(super) const PORT: u16 = 5432;
/// `sun_path` holds 108 bytes on Linux and 104 on the BSDs and macOS, the closing zero included.
const LONGEST_ADDRESS: usize = 103;

/// The folder of the socket; removed again when dropped, if the server has left it empty.
#[derive(Debug)]
pub(super) struct SocketDir {
    path: PathBuf,
}

impl SocketDir {
    /// Finds or makes the folder, and clears it of what a killed server left.
    pub(super) fn prepare(folder: &Folder, account: &Account) -> Result<Self, LocalServerError> {
        let usable = |dir: &Path| is_addressable(dir) && account.blocked_at(dir).is_none();
        let dir = if usable(&folder.run()) {
            make(&folder.run()).map_err(LocalServerError::io("create", folder.run()))?;
            folder.run()
        } else {
            let name = short_name(folder.dir());
            let places = private_places().into_iter().map(|place| place.join(&name));
            places.filter(|dir| usable(dir)).find(|dir| make(dir).is_ok()).ok_or_else(|| {
                let reason =
                    "its path is too long or out of reach, and there is no /run or /tmp to use instead";
                LocalServerError::SocketDir { dir: folder.run(), reason: reason.to_owned() }
            })?
        };
        verify(&dir, account)?;
        account.own_privately(&dir)?;
        sweep(&dir)?;
        Ok(Self { path: dir })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        // Only tidiness: it fails where a killed server left its socket, and the next start sweeps that.
        let _ = fs::remove_dir(&self.path);
    }
}

/// Whether a socket in `dir` has an address that the kernel, the server's settings and a connection string can hold.
fn is_addressable(dir: &Path) -> bool {
    let address = dir.join(format!(".s.PGSQL.{PORT}"));
    let separates = |c: char| c == ',' || c == '"' || c.is_control();
    address.to_str().is_some_and(|text| text.len() <= LONGEST_ADDRESS && !text.contains(separates))
}

/// Where folders of one user may lie that others cannot take away.
fn private_places() -> Vec<PathBuf> {
    let own = if process::effective_uid() == 0 {
        Some(PathBuf::from("/run"))
    } else {
        env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute())
    };
    own.into_iter().chain([PathBuf::from("/tmp")]).filter(|dir| dir.is_dir()).collect()
}

/// A name that is the same at every start of this user in this folder.
fn short_name(dir: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    dir.hash(&mut hasher);
    format!("tradepost-{}-{:016x}", process::effective_uid(), hasher.finish())
}

fn make(dir: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// In /tmp anyone could have made a folder of that name before us, to listen in on the shop.
fn verify(dir: &Path, account: &Account) -> Result<(), LocalServerError> {
    let metadata = fs::symlink_metadata(dir).map_err(LocalServerError::io("read", dir))?;
    let refuse = |reason: String| Err(LocalServerError::SocketDir { dir: dir.to_owned(), reason });
    if !metadata.is_dir() {
        return refuse("it is not a folder; remove it".to_owned());
    }
    if ![account.uid(), process::effective_uid()].contains(&metadata.uid()) {
        return refuse(format!("it belongs to user id {}; remove it", metadata.uid()));
    }
    Ok(())
}

/// Removes the socket and its lock file: like `postmaster.pid`, the lock file names a process, and after a crash of
/// the machine that may be any other.
fn sweep(dir: &Path) -> Result<(), LocalServerError> {
    for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(LocalServerError::io("remove", path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_must_fit_and_be_expressible() {
        assert!(is_addressable(Path::new("/home/me/my shop/run")));
        assert!(!is_addressable(&Path::new("/home").join("x".repeat(90))));
        assert!(!is_addressable(Path::new("/home/a,b/run")));
    }

    #[test]
    fn a_folder_has_one_short_name_of_its_own() {
        assert_eq!(short_name(Path::new("/a")), short_name(Path::new("/a")));
        assert_ne!(short_name(Path::new("/a")), short_name(Path::new("/b")));
        assert!(is_addressable(&Path::new("/run/user/1000").join(short_name(Path::new("/a")))));
    }

    #[test]
    fn a_link_laid_in_our_place_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let account = Account::for_cluster(&temp.path().join("data")).unwrap();
        let laid = temp.path().join("laid");
        std::os::unix::fs::symlink(temp.path(), &laid).unwrap();
        let error = verify(&laid, &account).unwrap_err();
        assert!(matches!(error, LocalServerError::SocketDir { .. }), "{error}");
    }
}
