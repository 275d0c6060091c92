//! How much memory work takes at its highest.

use burn::tensor::Device;

const MIB: f64 = 1024.0 * 1024.0;

/// Begins a new high-water mark of the process's memory, and lets go of what the device keeps for reuse.
pub fn begin(device: &Device) {
    device.memory_cleanup();
    // Linux; where it cannot be reset, the mark is that of the whole process so far.
    crate::host::fs::write("/proc/self/clear_refs", "5").ok();
}

/// MiB of main memory that the process held at most since [`begin`]; `None` where the system does not say.
pub fn process_peak() -> Option<f64> {
    let status = crate::host::fs::read_to_string("/proc/self/status").ok()?;
    peak_of(&status)
}

fn peak_of(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// MiB of the device's memory that its pools hold: they grow to what was needed at most. `None` on the CPU backend.
pub fn device_pools(device: &Device) -> Option<f64> {
    let usage = device.clone().inner().memory_pool_usage()?;
    Some(usage.bytes_reserved as f64 / MIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_mebibytes() {
        let status = "Name:\tunfreeze\nVmPeak:\t 9999999 kB\nVmHWM:\t  204800 kB\nVmRSS:\t  1024 kB\n";
        assert_eq!(peak_of(status), Some(200.0));
        assert_eq!(peak_of("Name:\tunfreeze\n"), None);
    }
}
