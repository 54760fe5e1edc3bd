//! What the operating system says of this process.

use std::time::Duration;

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Figures of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessFigures {
    /// Memory that is really held, in bytes.
    pub resident_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open files and connections.
    pub open_files: usize,
    /// How many may be open.
    pub open_files_max: Option<u64>,
}

/// Reads `/proc`; `None` where there is none.
pub(super) fn read() -> Option<ProcessFigures> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let (resident_bytes, threads) = parse_status(&status)?;
    // The folder that is being read is open itself.
    let open_files = std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some(ProcessFigures {
        resident_bytes,
        threads,
        open_files,
        open_files_max: getrlimit(Resource::Nofile).current,
    })
}

/// Resident memory in bytes and the number of threads (proc_pid_status(5)).
fn parse_status(status: &str) -> Option<(u64, u64)> {
    let value = |key: &str| {
        let rest = status.lines().find_map(|line| line.strip_prefix(key))?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((value("VmRSS:")?.checked_mul(1024)?, value("Threads:")?))
}

/// Processor time that all threads used, those that ended included.
pub(super) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), nanoseconds)
}

/// Seconds with three decimals.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_process_is_read_in_bytes() {
        let status = "Name:\ttradepost\nVmRSS:\t   12345 kB\nThreads:\t7\n";
        assert_eq!(parse_status(status), Some((12_345 * 1024, 7)));
        assert_eq!(parse_status("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_has_memory_threads_and_files() {
        let figures = read().unwrap();
        assert!(figures.resident_bytes > 1_000_000 && figures.threads >= 1 && figures.open_files >= 3);
        assert_eq!(seconds(Duration::from_millis(1_005)), "1.005");
    }
}
