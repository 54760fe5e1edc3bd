//! Files that are whole or not there, and that nobody else may read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Replaces a file in one step, readable by its owner only (0600). A crash leaves the old file or the new one.
pub fn write_privately(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let written = File::options().write(true).create(true).truncate(true).mode(0o600).open(&temporary);
    let finished = written.and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(folder)?.sync_all()
    });
    if finished.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    finished
}

/// Reads a file that only its owner may read, which is made of `content` where there is none. Of several processes that make it
/// at once one does, and all read the same.
pub fn read_or_write_privately(path: &Path, content: impl FnOnce() -> String) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let content = content();
    // Whole before it has its name: a name can be given once.
    let mut whole = path.as_os_str().to_owned();
    whole.push(format!(".{}.{}", std::process::id(), thread_number()));
    write_privately(Path::new(&whole), content.as_bytes())?;
    let named = fs::hard_link(&whole, path);
    let _ = fs::remove_file(&whole);
    match named {
        Ok(()) => Ok(content),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read_to_string(path),
        Err(error) => Err(error),
    }
}

/// Tells threads apart in the names of files that are not there for long.
fn thread_number() -> String {
    format!("{:?}", std::thread::current().id()).chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_replaced_whole_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_privately(&path, b"one").unwrap();
        write_privately(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays behind");
    }

    #[test]
    fn of_several_that_make_a_file_at_once_all_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("key");
        let read = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|number| {
                    scope.spawn({
                        let path = &path;
                        move || read_or_write_privately(path, || number.to_string()).unwrap()
                    })
                })
                .collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(read.iter().all(|one| *one == fs::read_to_string(&path).unwrap()), "{read:?}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
