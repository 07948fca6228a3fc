//! A runtime for each core. A connection stays with the one it was given to, so that nothing is handed from core to core
//! and nobody is woken to look whether there is something to take over.

use std::io;
use std::num::NonZero;
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The runtimes, running. They end when dropped, with all that still runs on them.
#[derive(Debug)]
pub(crate) struct Cores {
    threads: Vec<(oneshot::Sender<()>, JoinHandle<()>)>,
    handles: Vec<Handle>,
}

impl Cores {
    pub(crate) fn start() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let (mut threads, mut handles) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            handles.push(runtime.handle().clone());
            let (end, ended) = oneshot::channel();
            let run = move || {
                // Whether it is told to end or forgotten.
                let _ = runtime.block_on(ended);
            };
            threads.push((end, thread::Builder::new().name(format!("serve-{number}")).spawn(run)?));
        }
        Ok(Self { threads, handles })
    }

    pub(crate) fn handles(&self) -> &[Handle] {
        &self.handles
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        for (end, thread) in self.threads.drain(..) {
            let _ = end.send(());
            if thread.join().is_err() {
                tracing::error!("a runtime ended by a panic");
            }
        }
    }
}
