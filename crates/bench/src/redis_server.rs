//! A Redis of our own, with a file it appends to.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;

use crate::load::now;
use crate::process::{Process, folder};

/// When a change is on stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    EverySecond,
    Always,
}

impl Fsync {
    pub fn scenario(self) -> &'static str {
        match self {
            Self::EverySecond => "redis_lua_everysec",
            Self::Always => "redis_lua_always",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::EverySecond => "everysec",
            Self::Always => "always",
        }
    }
}

/// A running Redis.
#[derive(Debug)]
pub struct Redis {
    pub process: Process,
    /// Where it listens.
    pub url: String,
    _folder: tempfile::TempDir,
}

/// How long it may take to start.
const START_MAX: Duration = Duration::from_secs(10);

impl Redis {
    /// With more arguments, if any.
    pub fn start(parent: &Path, fsync: Fsync, with: &[&str]) -> anyhow::Result<Self> {
        let folder = folder(&std::path::absolute(parent)?)?;
        let socket = folder.path().join("s");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", fsync.name()]);
        command.args(with).arg("--unixsocket").arg(&socket).arg("--dir").arg(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let process = Process::new(child.context("redis-server does not start; Debian: apt-get install redis-server")?);
        let url = format!("redis+unix://{}", socket.display());
        let until = now() + START_MAX;
        while let Err(error) = std::os::unix::net::UnixStream::connect(&socket) {
            if now() > until {
                return Err(error).with_context(|| format!("redis-server does not listen at {}", socket.display()));
            }
            std::thread::yield_now();
        }
        Ok(Self { process, url, _folder: folder })
    }
}
