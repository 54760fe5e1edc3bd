//! The settings of the server, given on its command line so that they follow the program, not the age of the cluster.

use std::{ffi::OsString, fs, path::Path};

use super::{Durability, LocalServerConfig, socket::PORT};

const MIB: u64 = 1024 * 1024;
/// Assumed where the machine does not say how much memory it has.
const ASSUMED_MEMORY: u64 = 4096 * MIB;

/// What every server gets: reachable by its socket only, in UTC, for a machine with an SSD and short queries.
const COMMON: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("cluster_name", "tradepost"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("logging_collector", "off"),
    ("log_destination", "stderr"),
    ("jit", "off"),
    ("random_page_cost", "1.1"),
    // Would fail or take memory from the shop where huge pages are reserved for others.
    ("huge_pages", "off"),
];

/// Commits survive; the write-ahead log is bounded so that recovery after a crash takes seconds.
const DURABLE: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("max_wal_size", "2GB"),
    ("checkpoint_timeout", "5min"),
    ("checkpoint_completion_target", "0.9"),
];

/// Nothing is worth a wait: no flushes, the least log, no checkpoints while tests run.
const DISPOSABLE: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("max_wal_size", "2GB"),
    ("checkpoint_timeout", "1h"),
];

/// The arguments of `postgres`, all but the data folder.
pub(super) fn arguments(config: &LocalServerConfig, socket_dir: &Path) -> Vec<OsString> {
    let by_durability = match config.durability {
        Durability::Durable => DURABLE,
        Durability::Disposable => DISPOSABLE,
    };
    let fixed = COMMON.iter().chain(by_durability).map(|(name, value)| setting(name, value));
    let sized = for_memory(memory_bytes(), config.durability);
    let mut arguments: Vec<OsString> = vec!["-p".into(), PORT.to_string().into()];
    let mut directories = OsString::from("unix_socket_directories=");
    directories.push(socket_dir);
    let all = fixed
        .chain([directories, setting("max_connections", &config.max_connections.to_string())])
        .chain(sized.iter().map(|(name, value)| setting(name, value)))
        // The last one of a name wins.
        .chain(config.settings.iter().map(|(name, value)| setting(name, value)));
    for one in all {
        arguments.extend(["-c".into(), one]);
    }
    arguments
}

fn setting(name: &str, value: &str) -> OsString {
    format!("{name}={value}").into()
}

/// Settings that depend on how much memory there is, which the shop itself needs too.
fn for_memory(memory: u64, durability: Durability) -> Vec<(&'static str, String)> {
    let mebibytes = |bytes: u64| format!("{}MB", bytes / MIB);
    let largest_buffers = match durability {
        Durability::Durable => 512 * MIB,
        // Several may run at a time.
        Durability::Disposable => 128 * MIB,
    };
    vec![
        ("shared_buffers", mebibytes((memory / 8).clamp(128 * MIB, largest_buffers))),
        ("effective_cache_size", mebibytes((memory / 2).max(256 * MIB))),
        ("maintenance_work_mem", mebibytes((memory / 16).clamp(64 * MIB, 256 * MIB))),
        ("work_mem", mebibytes((memory / 512).clamp(4 * MIB, 16 * MIB))),
    ]
}

/// The memory of the machine or, if that is less, of the container.
fn memory_bytes() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_of(&text));
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .into_iter()
        // "max" where there is no limit.
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    limits.chain(machine).min().unwrap_or(ASSUMED_MEMORY)
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_grow_with_the_machine_within_bounds() {
        let buffers = |mebibytes: u64, durability| for_memory(mebibytes * MIB, durability).swap_remove(0).1;
        assert_eq!(buffers(256, Durability::Durable), "128MB");
        assert_eq!(buffers(2048, Durability::Durable), "256MB");
        assert_eq!(buffers(65_536, Durability::Durable), "512MB");
        assert_eq!(buffers(65_536, Durability::Disposable), "128MB");
    }

    #[test]
    fn the_memory_of_the_machine_is_read_in_bytes() {
        assert_eq!(total_of("MemTotal:       24683656 kB\nMemFree:  1 kB\n"), Some(24_683_656 * 1024));
        assert_eq!(total_of("nothing"), None);
    }

    #[test]
    fn settings_of_the_caller_come_last_and_so_win() {
        let mut config = LocalServerConfig::new("/shop", Durability::Durable);
        config.settings.push(("deadlock_timeout".to_owned(), "10ms".to_owned()));
        let arguments = arguments(&config, Path::new("/shop/run"));
        assert_eq!(arguments.last().unwrap(), "deadlock_timeout=10ms");
        assert!(arguments.contains(&"fsync=on".into()));
        assert!(arguments.contains(&"listen_addresses=".into()));
    }
}
