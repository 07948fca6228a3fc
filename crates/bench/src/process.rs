//! What is started to be measured, and what the system says of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

/// What `/proc` counts processor time in.
const TICKS_PER_S: u64 = 100;

/// A process, ended when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

/// A server, with where it listens.
#[derive(Debug)]
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a command whose first line says `http://ADDRESS`.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let said = format!("{command:?}");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| said.clone())?;
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let process = Process { child };
        let first = lines.next().with_context(|| format!("{said} said nothing"))??;
        // What else it says is not looked at, but must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        let address = first.split_whitespace().find_map(|word| word.trim_end_matches('/').strip_prefix("http://"));
        let address = address.with_context(|| format!("{said} said: {first}"))?.parse()?;
        Ok(Self { process, address })
    }
}

impl Process {
    pub fn new(child: Child) -> Self {
        Self { child }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processor time it has had, of all its threads.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // The name may hold spaces, but ends with the last parenthesis.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("/proc/PID/stat has no times")?;
        Ok(Duration::from_millis((user + system) * 1_000 / TICKS_PER_S))
    }

    /// Resident memory now, in KiB.
    pub fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Asks it to end and waits for that.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.id().to_string()]).status()?;
        if !asked.success() || !self.child.wait()?.success() {
            bail!("process {} did not end in good order", self.id());
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What this machine is, in a line.
pub fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (cpus, memory, system) = (read("/proc/cpuinfo"), read("/proc/meminfo"), read("/etc/os-release"));
    let value = |text: &str, name: &str, mark: char| {
        let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned).unwrap_or_default();
        line.split_once(mark).map(|(_, value)| value.trim().trim_matches('"').to_owned()).unwrap_or_default()
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kib: u64 = value(&memory, "MemTotal", ':').trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{cores} x {}, {} GiB, {}", value(&cpus, "model name", ':'), kib >> 20, value(&system, "PRETTY_NAME", '='))
}

/// An empty folder that is removed afterwards.
pub fn folder(parent: &Path) -> anyhow::Result<tempfile::TempDir> {
    fs::create_dir_all(parent)?;
    Ok(tempfile::tempdir_in(parent)?)
}
