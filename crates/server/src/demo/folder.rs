//! The folder of a demo: recognised before anything in it is thrown away, and held by one process at a time.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tradepost_domain::kernel::with_causes;

use crate::failure::Failure;
use crate::house::private_folder;

/// Says that the folder is a demo's.
const MARKER: &str = ".tradepost-demo";
/// How long a PostgreSQL of a killed run may take to end before its files are thrown away.
const FORMER_SERVER_PATIENCE: Duration = Duration::from_secs(30);

/// How long a folder that another process holds is waited for: one that was just killed holds it until the kernel has
/// given back its memory.
const HOLDER_PATIENCE: Duration = Duration::from_secs(5);
/// After so long it is told what is waited for.
const HOLDER_SILENCE: Duration = Duration::from_secs(1);

/// A demo's folder, held by this process.
#[derive(Debug)]
pub struct DemoFolder {
    dir: PathBuf,
    /// Locked as long as it is open.
    _marker: File,
}

impl DemoFolder {
    /// Opens the folder, making it when absent; refuses one that holds something else.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let failed = |action: &str, error: std::io::Error| {
            Failure::new(format!(
                "cannot {action} {}: {}; name another folder with --data",
                dir.display(),
                with_causes(&error)
            ))
        };
        fs::create_dir_all(dir).map_err(|error| failed("make the folder", error))?;
        let marker = dir.join(MARKER);
        if !marker.exists() && fs::read_dir(dir).map_err(|error| failed("read", error))?.next().is_some() {
            return Err(Failure::new(format!(
                "{} is not empty and is no folder of a demo; name another one with --data",
                dir.display()
            )));
        }
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&marker)
            .map_err(|error| failed("write to", error))?;
        if !hold(&file).map_err(|error| failed("lock", error))? {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            return Err(Failure::new(format!(
                "another process ({}) runs the demo in {}; stop it first, or name another folder with --data",
                holder.trim(),
                dir.display()
            )));
        }
        let note = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        note(&mut file).map_err(|error| failed("write to", error))?;
        Ok(Self { dir: dir.to_owned(), _marker: file })
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Throws the shop away: its database, its pictures, its keys. Nothing else in the folder is touched.
    pub fn wipe(&self) -> Result<(), Failure> {
        let database = private_folder(&self.dir);
        wait_for_former_server(&database)?;
        let _ = fs::remove_file(self.path("demo.json"));
        for folder in [database, self.dir.join("media")] {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::new(format!("cannot remove {}: {error}", folder.display())));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Locks the marker; false when another process keeps it.
fn hold(marker: &File) -> std::io::Result<bool> {
    let (begun, mut told) = (Instant::now(), false);
    loop {
        match marker.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if begun.elapsed() > HOLDER_PATIENCE => return Ok(false),
            Err(TryLockError::WouldBlock) => {}
        }
        if !told && begun.elapsed() > HOLDER_SILENCE {
            told = true;
            let seconds = HOLDER_PATIENCE.as_secs();
            eprintln!("another process has the folder of the demo; waiting up to {seconds} s for its end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A PostgreSQL that is still shutting down holds this lock (`tradepost_store::local`).
fn wait_for_former_server(database: &Path) -> Result<(), Failure> {
    let Ok(lock) = File::options().read(true).write(true).open(database.join("server.lock")) else {
        return Ok(());
    };
    let begun = Instant::now();
    while let Err(TryLockError::WouldBlock) = lock.try_lock() {
        if begun.elapsed() > FORMER_SERVER_PATIENCE {
            return Err(Failure::new(format!(
                "the PostgreSQL of an earlier run in {} does not end; try again in a moment",
                database.display()
            )));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_else_in_it_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("holiday.jpg"), "x").unwrap();
        let error = DemoFolder::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is no folder of a demo") && error.contains("--data"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn wiping_takes_the_shop_and_nothing_else() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DemoFolder::open(&temporary.path().join("a/b")).unwrap();
        fs::create_dir_all(folder.path("postgres/data")).unwrap();
        fs::create_dir_all(folder.path("media/aa")).unwrap();
        fs::write(folder.path("demo.json"), "{}").unwrap();
        fs::write(folder.path("notes.txt"), "mine").unwrap();
        folder.wipe().unwrap();
        let mut left: Vec<String> = fs::read_dir(&folder.dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [".tradepost-demo", "notes.txt"]);
        folder.wipe().unwrap();
    }

    #[test]
    fn a_folder_is_held_by_one_process_at_a_time() {
        let temporary = tempfile::tempdir().unwrap();
        let first = DemoFolder::open(temporary.path()).unwrap();
        let error = DemoFolder::open(temporary.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("another process ({})", std::process::id())), "{error}");
        drop(first);
        DemoFolder::open(temporary.path()).unwrap();
    }

    #[test]
    fn a_folder_whose_holder_is_ending_is_waited_for() {
        let temporary = tempfile::tempdir().unwrap();
        let first = DemoFolder::open(temporary.path()).unwrap();
        let ending = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            drop(first);
        });
        DemoFolder::open(temporary.path()).unwrap();
        ending.join().unwrap();
    }
}
