//! As whom the server runs, and how it gets to its files.
//!
//! PostgreSQL refuses to run as root. Started by root, the launcher gives the cluster and the server to a system
//! account; started by anyone else, the server runs as the same user.

use std::{
    fs::{self, File, Metadata},
    io,
    os::{
        fd::AsRawFd,
        unix::{
            fs::{MetadataExt, PermissionsExt, lchown},
            process::CommandExt,
        },
    },
    path::{Path, PathBuf},
    process::Command,
};

use super::{error::LocalServerError, process};

/// Accounts that root gives the server to, the first that exists.
const SYSTEM_ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// The account that the server runs as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
    /// Whether this process is root and must step down to the account.
    steps_down: bool,
}

/// A path as the account can use it, with the open folder that it may depend on.
#[derive(Debug)]
pub(super) struct Access {
    /// What to pass to the program.
    pub(super) path: PathBuf,
    /// Must stay open in the program, where the path leads through it.
    pub(super) handle: Option<File>,
}

impl Account {
    /// The account for the cluster in `data`: its owner where it exists, else the account for a new one.
    pub(super) fn for_cluster(data: &Path) -> Result<Self, LocalServerError> {
        let own_uid = process::effective_uid();
        let owner = match fs::symlink_metadata(data) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(LocalServerError::io("read", data)(error)),
        };
        if own_uid != 0 {
            return match owner {
                Some(owner) if owner.uid() != own_uid => Err(LocalServerError::WrongOwner {
                    data: data.to_owned(),
                    owner_uid: owner.uid(),
                    own_uid,
                }),
                _ => Ok(Self {
                    name: format!("#{own_uid}"),
                    uid: own_uid,
                    gid: process::effective_gid(),
                    steps_down: false,
                }),
            };
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        match owner {
            Some(owner) if owner.uid() != 0 => Ok(Self::owner_of(&owner, &accounts)),
            _ => system_account(&accounts).ok_or(LocalServerError::NoAccount),
        }
    }

    /// An existing cluster stays with its owner: `postgres` may have been installed after `nobody` got it.
    fn owner_of(metadata: &Metadata, accounts: &str) -> Self {
        let (uid, gid) = (metadata.uid(), metadata.gid());
        let known = entries(accounts).find(|entry| entry.uid == uid);
        Self {
            name: known.map_or_else(|| format!("#{uid}"), |entry| entry.name.to_owned()),
            uid,
            gid,
            steps_down: true,
        }
    }

    /// Makes `path` a folder of the account that nobody else can look into. Its contents are given to the account
    /// as well where they are not yet (a folder copied by root).
    pub(super) fn own_privately(&self, path: &Path) -> Result<(), LocalServerError> {
        if self.steps_down
            && fs::symlink_metadata(path).map_err(LocalServerError::io("read", path))?.uid() != self.uid
        {
            self.give(path).map_err(LocalServerError::io("change the owner of", path))?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(LocalServerError::io("change the permissions of", path))
    }

    /// Gives `path` and everything below it to the account, without following links.
    fn give(&self, path: &Path) -> io::Result<()> {
        if fs::symlink_metadata(path)?.is_dir() {
            for entry in fs::read_dir(path)? {
                self.give(&entry?.path())?;
            }
        }
        // The folder last: what was interrupted is seen by the owner of the top and done again.
        lchown(path, Some(self.uid), Some(self.gid))
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// How the account can name the folder `path`.
    ///
    /// A checkout under `/root` (0700) cannot be reached by the account, whatever the folder itself allows. The
    /// launcher can open it, though, and an open folder is passed on and entered through `/proc/self/fd`, which
    /// asks nothing of the folders above. So the data stay where they were asked for.
    pub(super) fn access(&self, path: &Path) -> Result<Access, LocalServerError> {
        let Some(blocked) = self.blocked_at(path) else {
            return Ok(Access { path: path.to_owned(), handle: None });
        };
        if !cfg!(target_os = "linux") || !Path::new("/proc/self/fd").is_dir() {
            return Err(LocalServerError::Unreachable { account: self.name.clone(), blocked });
        }
        let handle = File::open(path).map_err(LocalServerError::io("open", path))?;
        Ok(Access { path: format!("/proc/self/fd/{}", handle.as_raw_fd()).into(), handle: Some(handle) })
    }

    /// The first folder above `path` that the account may not enter.
    pub(super) fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        if !self.steps_down {
            return None;
        }
        let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.reverse();
        above.into_iter().find(|folder| !self.may_enter(folder)).map(Path::to_owned)
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(metadata) = fs::metadata(folder) else { return false };
        // As the kernel does: only the first class that applies counts.
        let execute_bit = match (metadata.uid() == self.uid, metadata.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        metadata.mode() & execute_bit != 0
    }

    /// A command that runs as the account, in a neutral folder, with none of the caller's PostgreSQL variables.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            // PGDATA, PGPORT, PGOPTIONS and others would change what the server does.
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.current_dir("/").env("LC_ALL", "C");
        if self.steps_down {
            // As root, std drops the supplementary groups too.
            command.gid(self.gid).uid(self.uid);
        }
        command
    }
}

fn system_account(accounts: &str) -> Option<Account> {
    SYSTEM_ACCOUNTS.iter().find_map(|wanted| {
        let entry = entries(accounts).find(|entry| entry.name == *wanted)?;
        Some(Account { name: entry.name.to_owned(), uid: entry.uid, gid: entry.gid, steps_down: true })
    })
}

struct PasswdEntry<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
}

/// The accounts in the text of `/etc/passwd`.
fn entries(accounts: &str) -> impl Iterator<Item = PasswdEntry<'_>> {
    accounts.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _password, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        Some(PasswdEntry { name, uid: uid.parse().ok()?, gid: gid.parse().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: &str = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n";

    #[test]
    fn root_gives_the_server_to_postgres_before_nobody() {
        let accounts = format!("{ACCOUNTS}postgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n");
        let account = system_account(&accounts).unwrap();
        assert_eq!((account.name.as_str(), account.uid, account.gid), ("postgres", 101, 104));
    }

    #[test]
    fn root_gives_the_server_to_nobody_where_there_is_no_postgres() {
        assert_eq!(system_account(ACCOUNTS).unwrap().uid, 65534);
        assert_eq!(system_account("root:x:0:0::/root:/bin/sh\n"), None);
    }

    #[test]
    fn a_private_folder_of_someone_else_blocks_the_account() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("data");
        fs::create_dir(&data).unwrap();
        let stranger =
            Account { name: "stranger".to_owned(), uid: 4_000_000, gid: 4_000_000, steps_down: true };
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(stranger.blocked_at(&data).as_deref(), Some(parent.path()));
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(stranger.blocked_at(&data), None);
    }
}
