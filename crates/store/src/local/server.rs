//! The running server and the thread that answers for it.

use std::{
    ffi::OsString,
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::PathBuf,
    process::{Child, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use super::{
    account::{Access, Account},
    error::LocalServerError,
    folder::PidFile,
    log::ServerLog,
    process::{self, Signal},
};

/// Long enough to recover from a crash of the machine with a full write-ahead log.
const START_PATIENCE: Duration = Duration::from_mins(1);
/// Long enough to write all buffers to a slow disk.
const FAST_SHUTDOWN_PATIENCE: Duration = Duration::from_secs(30);
const IMMEDIATE_SHUTDOWN_PATIENCE: Duration = Duration::from_secs(5);
/// How often a running server is looked after: its log kept small, its end noticed.
const ROUND: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(3);
/// Pause before a server that ended is started again.
const START_PAUSE: Duration = Duration::from_millis(200);

/// All that is needed to start the postmaster.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) account: Account,
    /// The cluster as this process sees it.
    pub(super) data: PathBuf,
    /// The cluster as the account sees it.
    pub(super) data_access: Access,
    pub(super) arguments: Vec<OsString>,
    /// `server.lock`.
    pub(super) keep_open: OwnedFd,
    pub(super) log: ServerLog,
}

impl Launch {
    /// For one more start.
    fn again(&self) -> Result<Self, LocalServerError> {
        let copied = LocalServerError::io("share the lock of", &self.data);
        Ok(Self {
            program: self.program.clone(),
            account: self.account.clone(),
            data: self.data.clone(),
            data_access: self.account.access(&self.data)?,
            arguments: self.arguments.clone(),
            keep_open: self.keep_open.try_clone().map_err(copied)?,
            log: self.log.clone(),
        })
    }
}

/// Owns the thread that spawned the postmaster. The kernel ends the postmaster when that thread ends, so the thread
/// lives exactly as long as the server shall.
#[derive(Debug)]
pub(super) struct Warden {
    /// Of the server that runs, or ran last.
    pid: Arc<AtomicU32>,
    /// Dropping it tells the thread to stop the server.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<Result<(), LocalServerError>>>,
}

impl Warden {
    /// Starts the server and waits until it takes connections.
    pub(super) fn start(launch: Launch) -> Result<Self, LocalServerError> {
        let (running, stop) = mpsc::channel();
        let (report, reported) = mpsc::channel();
        let program = launch.program.clone();
        let pid = Arc::new(AtomicU32::new(0));
        let told = Arc::clone(&pid);
        let run = move || match start(&launch) {
            Ok(postmaster) => {
                told.store(postmaster.child.id(), Ordering::Relaxed);
                // Nobody listens when the caller has been unwound: then `stop` is closed as well.
                let _ = report.send(Ok(()));
                drop(report);
                keep_running(postmaster, (&launch, &told), &stop)
            }
            Err(error) => {
                let _ = report.send(Err(error));
                Ok(())
            }
        };
        let thread = thread::Builder::new()
            .name("postgres-warden".to_owned())
            .spawn(run)
            .map_err(LocalServerError::io("start a thread for", &program))?;
        reported.recv().unwrap_or_else(|_| {
            Err(LocalServerError::io("run", program)(io::Error::other(
                "the thread of the server ended early",
            )))
        })?;
        Ok(Self { pid, running: Some(running), thread: Some(thread) })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.load(Ordering::Relaxed)
    }

    /// Stops the server and waits for its end; the second time there is nothing to do.
    pub(super) fn stop(&mut self) -> Result<(), LocalServerError> {
        drop(self.running.take());
        // A thread that panicked has ended, and with it, by the kernel's hand, the server.
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or(Ok(())))
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        // `LocalServer::stop` is there for those who want to know.
        let _ = self.stop();
    }
}

fn start(launch: &Launch) -> Result<Postmaster, LocalServerError> {
    launch.again().and_then(Postmaster::spawn).and_then(Postmaster::wait_until_ready)
}

/// Looks after a server until it is told to stop; one that ends before is started again, as a shop that has no other
/// database needs it.
fn keep_running(
    mut postmaster: Postmaster,
    (launch, told): (&Launch, &AtomicU32),
    stop: &Receiver<()>,
) -> Result<(), LocalServerError> {
    loop {
        match postmaster.look_after(stop)? {
            Watched::Stopped => return Ok(()),
            Watched::Ended(error) => {
                tracing::error!(%error, "the private PostgreSQL ended; starting it again");
            }
        }
        let begun = Instant::now();
        postmaster = loop {
            // What the dead one left behind may be going still: its memory is in use for as long.
            if !matches!(stop.recv_timeout(START_PAUSE), Err(RecvTimeoutError::Timeout)) {
                return Ok(());
            }
            match start(launch) {
                Ok(postmaster) => break postmaster,
                Err(error) if begun.elapsed() > START_PATIENCE => {
                    tracing::error!(%error, "the private PostgreSQL does not start again: the shop has no database");
                    return Err(error);
                }
                Err(error) => tracing::warn!(%error, "the private PostgreSQL did not start; trying again"),
            }
        };
        told.store(postmaster.child.id(), Ordering::Relaxed);
        tracing::info!(pid = postmaster.child.id(), "the private PostgreSQL runs again");
    }
}

/// How it was that a server was no longer looked after.
enum Watched {
    /// It was told to stop, and did.
    Stopped,
    /// It ended by itself, or by somebody else's hand.
    Ended(LocalServerError),
}

/// The postmaster, on the thread that spawned it.
struct Postmaster {
    child: Child,
    data: PathBuf,
    log: ServerLog,
    /// Where in the log this run begins.
    log_begin: u64,
}

impl Postmaster {
    fn spawn(launch: Launch) -> Result<Self, LocalServerError> {
        let Launch { program, account, data, data_access, arguments, keep_open, log } = launch;
        let (output, log_begin) = log.open()?;
        let errors = output.try_clone().map_err(LocalServerError::io("share", log.path()))?;
        let mut command = account.command(&program);
        command.arg("-D").arg(&data_access.path).args(arguments);
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        // Ctrl-C in the terminal is for the shop, which then drains and stops the server itself.
        command.process_group(0);
        let keep_open = data_access.handle.map(Into::into).into_iter().chain([keep_open]).collect();
        process::tie_to_this_thread(&mut command, Signal::Interrupt, keep_open);
        let child = command.spawn().map_err(LocalServerError::io("run", program))?;
        Ok(Self { child, data, log, log_begin })
    }

    fn wait_until_ready(mut self) -> Result<Self, LocalServerError> {
        let begun = Instant::now();
        loop {
            // A file of an earlier run may still say that it is ready: the process must be ours.
            let ours = |file: &PidFile| file.pid == self.child.id();
            if PidFile::read(&self.data).filter(ours).is_some_and(|file| file.ready) {
                return Ok(self);
            }
            if let Some(status) = self.ended()? {
                return Err(LocalServerError::EndedAtStart {
                    status,
                    log: self.log.path().to_owned(),
                    tail: self.log.tail(self.log_begin),
                });
            }
            if begun.elapsed() > START_PATIENCE {
                let tail = self.log.tail(self.log_begin);
                let log = self.log.path().to_owned();
                // What went wrong at the start says more than what went wrong at the end.
                let _ = self.stop();
                return Err(LocalServerError::NotReady {
                    waited_seconds: START_PATIENCE.as_secs(),
                    log,
                    tail,
                });
            }
            sleep(POLL);
        }
    }

    /// Stays with the server until it is told to stop, or the server ends.
    fn look_after(mut self, stop: &Receiver<()>) -> Result<Watched, LocalServerError> {
        while let Err(RecvTimeoutError::Timeout) = stop.recv_timeout(ROUND) {
            self.log.bound();
            if let Some(status) = self.ended()? {
                return Ok(Watched::Ended(self.ended_badly(status)));
            }
        }
        match self.ended()? {
            Some(status) => Err(self.ended_badly(status)),
            None => self.stop().map(|()| Watched::Stopped),
        }
    }

    fn stop(mut self) -> Result<(), LocalServerError> {
        let pid = self.child.id();
        process::send(pid, Signal::Interrupt);
        if let Some(status) = self.ended_within(FAST_SHUTDOWN_PATIENCE)? {
            return if status.success() { Ok(()) } else { Err(self.ended_badly(status)) };
        }
        process::send(pid, Signal::Quit);
        if self.ended_within(IMMEDIATE_SHUTDOWN_PATIENCE)?.is_none() {
            process::send(pid, Signal::Kill);
            self.child.wait().map_err(LocalServerError::io("wait for", "postgres"))?;
        }
        Err(LocalServerError::KilledAtStop { pid })
    }

    fn ended_within(&mut self, patience: Duration) -> Result<Option<ExitStatus>, LocalServerError> {
        let begun = Instant::now();
        loop {
            let ended = self.ended()?;
            if ended.is_some() || begun.elapsed() > patience {
                return Ok(ended);
            }
            sleep(POLL);
        }
    }

    fn ended_badly(&self, status: ExitStatus) -> LocalServerError {
        LocalServerError::EndedBadly { pid: self.child.id(), status, log: self.log.path().to_owned() }
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>, LocalServerError> {
        self.child.try_wait().map_err(LocalServerError::io("wait for", "postgres"))
    }
}
