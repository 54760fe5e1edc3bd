//! Finds the PostgreSQL binaries of this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::error::LocalServerError;

/// The oldest major version that the shop supports.
pub(super) const OLDEST_MAJOR: u32 = 15;

/// Folders under which distributions put one folder a version, and what follows the version.
/// A trailing `*` in the last part of the first stands for any ending.
const VERSIONED: &[(&str, &str)] = &[
    ("/usr/lib/postgresql/*", "bin"),                          // Debian, Ubuntu
    ("/usr/lib/postgresql*", "bin"),                           // SUSE
    ("/usr/libexec/postgresql*", ""),                          // Alpine
    ("/usr/pgsql-*", "bin"),                                   // PGDG on Red Hat and relatives
    ("/opt/homebrew/opt/postgresql*", "bin"),                  // Homebrew, Apple silicon
    ("/usr/local/opt/postgresql*", "bin"),                     // Homebrew, Intel
    ("/opt/local/lib/postgresql*", "bin"),                     // MacPorts
    ("/Applications/Postgres.app/Contents/Versions/*", "bin"), // Postgres.app
    ("/usr/local/pgsql*", "bin"),                              // built from source
];

/// The binaries of one PostgreSQL installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    dir: PathBuf,
    major: u32,
}

impl Binaries {
    /// The binaries to use: those of `needed_major` where a cluster exists already (`data` is named in the error),
    /// else those of `PG_BIN_DIR`, else the newest on the machine.
    pub(super) fn find(needed_major: Option<u32>, data: &Path) -> Result<Self, LocalServerError> {
        let preferred = match env::var_os("PG_BIN_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from) {
            None => None,
            Some(dir) => match Self::probe(&dir) {
                Some(found) if found.major >= OLDEST_MAJOR => Some(found),
                _ => return Err(LocalServerError::BinDirUnusable { dir }),
            },
        };
        let fits = |found: &Self| needed_major.is_none_or(|needed| needed == found.major);
        if let Some(found) = preferred.as_ref().filter(|found| fits(found)) {
            return Ok(found.clone());
        }
        let mut installed: Vec<Self> = candidates().iter().filter_map(|dir| Self::probe(dir)).collect();
        installed.extend(preferred);
        choose(installed, needed_major, data)
    }

    /// One of the programs, `postgres` or `initdb`.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn major(&self) -> u32 {
        self.major
    }

    /// The installation in `dir`, if there is one that runs.
    fn probe(dir: &Path) -> Option<Self> {
        if !dir.join("initdb").is_file() {
            return None;
        }
        let output =
            Command::new(dir.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
        let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { dir: dir.to_owned(), major })
    }
}

/// The major version in the output of `postgres --version`: "postgres (PostgreSQL) 15.18 (Debian ...)", "... 19beta1".
fn major_of(version_output: &str) -> Option<u32> {
    let version = version_output.strip_prefix("postgres (PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Folders that may hold an installation, each installation once.
fn candidates() -> Vec<PathBuf> {
    let versioned = VERSIONED.iter().flat_map(|(pattern, below)| expand(Path::new(pattern), below));
    let path = env::var_os("PATH").unwrap_or_default();
    let mut seen = Vec::new();
    let mut dirs = Vec::new();
    for dir in versioned.chain(env::split_paths(&path).filter(|dir| dir.is_absolute())) {
        // `/usr/bin/postgres` and Homebrew's folders are often links to an installation already listed.
        let Ok(real) = fs::canonicalize(dir.join("postgres")) else { continue };
        if !seen.contains(&real) {
            seen.push(real);
            dirs.push(dir);
        }
    }
    dirs
}

/// The folders that `pattern` stands for, each with `below` appended.
fn expand(pattern: &Path, below: &str) -> Vec<PathBuf> {
    let (Some(parent), Some(name)) = (pattern.parent(), pattern.file_name()) else { return Vec::new() };
    let name = name.to_string_lossy();
    let prefix = name.trim_end_matches('*');
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| if below.is_empty() { entry.path() } else { entry.path().join(below) })
        .collect()
}

fn choose(
    installed: Vec<Binaries>,
    needed_major: Option<u32>,
    data: &Path,
) -> Result<Binaries, LocalServerError> {
    let mut found_majors: Vec<u32> = installed.iter().map(|found| found.major).collect();
    found_majors.sort_unstable();
    found_majors.dedup();
    match needed_major {
        Some(needed) => installed
            .into_iter()
            .find(|found| found.major == needed)
            .ok_or_else(|| LocalServerError::MajorMissing { data: data.to_owned(), needed, found_majors }),
        None => installed
            .into_iter()
            .filter(|found| found.major >= OLDEST_MAJOR)
            .max_by_key(|found| found.major)
            .ok_or(LocalServerError::BinariesNotFound { found_majors }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(majors: &[u32]) -> Vec<Binaries> {
        majors.iter().map(|&major| Binaries { dir: format!("/pg/{major}").into(), major }).collect()
    }

    fn chosen(majors: &[u32], needed: Option<u32>) -> Result<u32, LocalServerError> {
        choose(installed(majors), needed, Path::new("/shop/data")).map(|found| found.major)
    }

    #[test]
    fn a_new_cluster_takes_the_newest_version() {
        assert_eq!(chosen(&[15, 17, 16], None).unwrap(), 17);
    }

    #[test]
    fn an_existing_cluster_takes_its_own_version() {
        assert_eq!(chosen(&[15, 17, 16], Some(16)).unwrap(), 16);
    }

    #[test]
    fn an_existing_cluster_is_not_given_to_another_version() {
        let error = chosen(&[15, 17], Some(16)).unwrap_err();
        assert!(matches!(error, LocalServerError::MajorMissing { needed: 16, .. }), "{error}");
    }

    #[test]
    fn versions_that_are_too_old_do_not_count() {
        let error = chosen(&[13, 14], None).unwrap_err();
        assert!(matches!(error, LocalServerError::BinariesNotFound { .. }), "{error}");
    }

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_of("something else"), None);
    }
}
