//! The machine that figures were taken on: what it is, and what else it had to do.

use std::fs;

use serde::Serialize;

/// A machine.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Name of its processor.
    pub processor: String,
    /// Cores.
    pub cores: usize,
    /// Memory in MB.
    pub memory_mb: u64,
    /// Processes that wanted to run in the minute before the run, on average.
    pub load_before: f64,
    /// The same at the end of the run, which is a part of it.
    pub load_after: f64,
}

impl Machine {
    /// This one; at the end of the run it is told the load anew.
    pub fn here() -> Self {
        let load = load();
        Self {
            processor: value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mb: kilobytes(&read("/proc/meminfo"), "MemTotal").unwrap_or_default() / 1_024,
            load_before: load,
            load_after: load,
        }
    }

    /// In a line.
    pub fn line(&self) -> String {
        format!(
            "{}, {} cores, {} GB; load {:.1} before, {:.1} at the end",
            self.processor,
            self.cores,
            self.memory_mb.div_ceil(1_024),
            self.load_before,
            self.load_after
        )
    }
}

/// The load of the last minute.
pub fn load() -> f64 {
    read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default()
}

/// Memory of a process that is resident, in bytes, and the most that ever was.
pub fn resident(process: u32) -> Option<(u64, u64)> {
    let status = read(&format!("/proc/{process}/status"));
    let bytes = |key: &str| Some(kilobytes(&status, key)? * 1_024);
    Some((bytes("VmRSS")?, bytes("VmHWM")?))
}

/// What a process is called.
pub fn name(process: u32) -> String {
    read(&format!("/proc/{process}/comm")).trim().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The value of a line `key : value`.
fn value(text: &str, key: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim().to_owned())
    })
}

fn kilobytes(text: &str, key: &str) -> Option<u64> {
    value(text, key)?.strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_from_lines_of_the_kernel() {
        let text =
            "Name:\ttradepost\nVmHWM:\t   13772 kB\nVmRSS:\t    9000 kB\nmodel name\t: Some CPU @ 2.1 GHz\n";
        assert_eq!((kilobytes(text, "VmRSS"), kilobytes(text, "VmHWM")), (Some(9_000), Some(13_772)));
        assert_eq!(value(text, "model name").as_deref(), Some("Some CPU @ 2.1 GHz"));
        assert_eq!((kilobytes(text, "Vm"), value(text, "cpu")), (None, None));
        assert!(resident(std::process::id()).is_some_and(|(now, most)| now > 0 && most >= now));
        assert_eq!(resident(0), None);
    }
}
