//! What the operating system says of this process, under the names that every Prometheus client uses.

use std::fs;

use prometheus::{Counter as Seconds, Gauge as Number, Opts};

use super::{Gauge, Metrics};

/// How many ticks of `/proc` a second has: fixed in Linux' interface, whatever the kernel's own clock does.
const TICKS: f64 = 100.0;

/// The instruments of the process.
struct Process {
    cpu: Seconds,
    resident: Gauge,
    virtual_memory: Gauge,
    threads: Gauge,
    open_fds: Gauge,
    max_fds: Gauge,
}

/// Watches this process. Where there is no `/proc`, the metrics stay at zero.
///
/// # Panics
/// The process is watched already.
pub fn process_watch(metrics: &Metrics) {
    let cpu = Seconds::with_opts(Opts::new("process_cpu_seconds_total", "CPU time used by the process, in seconds"));
    let began = Number::with_opts(Opts::new("process_start_time_seconds", "When the process started, since 1970"));
    let (cpu, began) = (cpu.expect("a name of the program"), began.expect("a name of the program"));
    metrics.register(cpu.clone());
    metrics.register(began.clone());
    began.set(start_time().unwrap_or_default());
    let process = Process {
        cpu,
        resident: metrics.gauge(("process_resident_memory_bytes", "Memory of the process that is in RAM")),
        virtual_memory: metrics.gauge(("process_virtual_memory_bytes", "Memory that the process has reserved")),
        threads: metrics.gauge(("process_threads", "Threads of the process")),
        open_fds: metrics.gauge(("process_open_fds", "Open files and connections of the process")),
        max_fds: metrics.gauge(("process_max_fds", "How many files and connections the process may open")),
    };
    metrics.on_read(move || process.look());
}

impl Process {
    fn look(&self) {
        if let Some(used) = cpu_seconds() {
            self.cpu.inc_by((used - self.cpu.get()).max(0.0));
        }
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        self.resident.set(number(&status, "VmRSS:").unwrap_or_default() * 1024);
        self.virtual_memory.set(number(&status, "VmSize:").unwrap_or_default() * 1024);
        self.threads.set(number(&status, "Threads:").unwrap_or_default());
        let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        self.open_fds.set(i64::try_from(open).unwrap_or(i64::MAX));
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        self.max_fds.set(number(&limits, "Max open files").unwrap_or_default());
    }
}

/// The first number behind a label.
fn number(text: &str, label: &str) -> Option<i64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The fields of `/proc/self/stat` behind the name of the program, which may hold anything.
fn stat() -> Option<Vec<u64>> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().skip(1).map(|field| field.parse().unwrap_or_default()).collect())
}

#[allow(clippy::cast_precision_loss, reason = "ticks of a process are far fewer than 2^52")]
fn cpu_seconds() -> Option<f64> {
    // utime and stime: fields 14 and 15 of the line, of which three are cut off.
    let stat = stat()?;
    Some((stat.get(10)? + stat.get(11)?) as f64 / TICKS)
}

#[allow(clippy::cast_precision_loss, reason = "seconds since 1970 are far fewer than 2^52")]
fn start_time() -> Option<f64> {
    let boot = number(&fs::read_to_string("/proc/stat").ok()?, "btime ")? as f64;
    Some(boot + *stat()?.get(18)? as f64 / TICKS)
}

#[cfg(test)]
mod tests {
    use super::{cpu_seconds, number, process_watch, start_time};
    use crate::metrics::Metrics;

    #[test]
    fn a_label_is_followed_by_its_number() {
        assert_eq!(number("Name:\tx\nVmRSS:\t   5120 kB\n", "VmRSS:"), Some(5120));
        assert_eq!(number("Max open files            1024                 4096", "Max open files"), Some(1024));
        assert_eq!(number("VmRSS: none", "VmRSS:"), None);
    }

    #[test]
    fn the_process_is_seen_as_it_is() {
        let metrics = Metrics::new();
        process_watch(&metrics);
        let text = metrics.text();
        let value = |name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().parse().unwrap()
        };
        assert!(value("process_resident_memory_bytes ") > 100_000.0);
        assert!(value("process_open_fds ") >= 3.0 && value("process_max_fds ") >= value("process_open_fds "));
        assert!(value("process_threads ") >= 1.0);
        // After 2020: the boot of the machine was added.
        assert!(start_time().unwrap() > 1_577_836_800.0);
        assert!(cpu_seconds().unwrap() >= 0.0);
    }
}
