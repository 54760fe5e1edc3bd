//! How much memory caches may take where nobody says it: a part of what there is.

use std::fs;

/// Part of the available memory that the caches may take.
const SHARE: u64 = 16;
/// The least and the most of it.
const BOUNDS: (u64, u64) = (64 << 20, 1 << 30);
/// Where the system does not say what is available.
const UNKNOWN: u64 = 256 << 20;

/// What the caches may take: what was asked for, or a part of what is available.
pub fn cache_bytes(asked: u64) -> u64 {
    if asked > 0 {
        return asked;
    }
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    // Version 2 of control groups, as the container sees it; "max" is no number and no limit.
    let container = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let container = container.and_then(|text| text.trim().parse().ok());
    part_of(machine.into_iter().chain(container).min())
}

fn part_of(available: Option<u64>) -> u64 {
    available.map_or(UNKNOWN, |bytes| (bytes / SHARE).clamp(BOUNDS.0, BOUNDS.1))
}

/// `MemAvailable` of proc_meminfo(5), in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caches_take_a_part_of_what_is_available_within_bounds() {
        let meminfo = "MemTotal:       24683520 kB\nMemAvailable:    8388608 kB\n";
        assert_eq!(available(meminfo), Some(8 << 30));
        assert_eq!(available("MemTotal: 5 kB"), None);
        assert_eq!(part_of(Some(8 << 30)), 512 << 20);
        assert_eq!(part_of(Some(512 << 20)), 64 << 20);
        assert_eq!(part_of(Some(1 << 40)), 1 << 30);
        assert_eq!(part_of(None), UNKNOWN);
        assert_eq!(cache_bytes(7), 7);
        assert!((BOUNDS.0..=BOUNDS.1).contains(&cache_bytes(0)));
    }
}
