//! The few calls to the operating system that std does not offer: the only `unsafe` code of the project.

use std::{
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::Command,
};

/// What the kernel sends to a spawned process when the thread that spawned it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// For a postmaster: fast shutdown, running statements are cut off, everything committed is kept.
    Interrupt,
    /// For a postmaster: end at once, recover at the next start.
    Quit,
    /// Ends any process.
    Kill,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Quit => libc::SIGQUIT,
            Self::Kill => libc::SIGKILL,
        }
    }
}

/// The user id that this process acts as.
#[expect(unsafe_code, reason = "std has no geteuid")]
pub(super) fn effective_uid() -> u32 {
    // SAFETY: geteuid takes nothing, touches no memory and cannot fail.
    unsafe { libc::geteuid() }
}

/// The group id that this process acts as.
#[expect(unsafe_code, reason = "std has no getegid")]
pub(super) fn effective_gid() -> u32 {
    // SAFETY: getegid takes nothing, touches no memory and cannot fail.
    unsafe { libc::getegid() }
}

/// Sends `signal` to the process `pid`; false when there is no such process or it is not ours to signal.
pub(super) fn send(pid: u32, signal: Signal) -> bool {
    // 0 and negative numbers would mean groups of processes.
    let Some(pid) = libc::pid_t::try_from(pid).ok().filter(|pid| *pid > 1) else { return false };
    #[expect(unsafe_code, reason = "std only kills its own children, and only with SIGKILL")]
    // SAFETY: kill takes two integers and touches no memory of ours.
    let result = unsafe { libc::kill(pid, signal.number()) };
    result == 0
}

/// Whether a process `pid` exists, ours or not.
pub(super) fn exists(pid: u32) -> bool {
    let Some(pid) = libc::pid_t::try_from(pid).ok().filter(|pid| *pid > 0) else { return false };
    #[expect(unsafe_code, reason = "std cannot ask whether a process exists")]
    // SAFETY: signal 0 sends nothing; kill takes two integers and touches no memory of ours.
    let result = unsafe { libc::kill(pid, 0) };
    result == 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// Ties what `command` will start to the calling thread: when that thread ends, however it ends, the kernel sends
/// `at_end` to the process. `keep_open` stay open in it.
///
/// The command must be spawned by the thread that shall be watched, and that thread must outlive the process.
#[expect(unsafe_code, reason = "between fork and exec: the only place to ask for the signal")]
pub(super) fn tie_to_this_thread(command: &mut Command, at_end: Signal, keep_open: Vec<OwnedFd>) {
    let launcher = std::process::id();
    #[cfg(target_os = "linux")]
    let signal = libc::c_ulong::from(at_end.number().unsigned_abs());
    #[cfg(not(target_os = "linux"))]
    let _ = at_end; // no such service: the next start ends what was left behind (`FolderLocks`)
    let prepare = move || {
        // std has already changed the ids here; the kernel would forget the wish if they changed after it.
        #[cfg(target_os = "linux")]
        ask_for_signal_at_parents_end(signal)?;
        // The launcher may have died before the wish was made: then nobody would ever end this process.
        if std::os::unix::process::parent_id() != launcher {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        restore_interrupt();
        keep_open.iter().try_for_each(leave_open_at_exec)
    };
    // SAFETY: the closure makes system calls only (prctl, getppid, signal, fcntl): it neither allocates nor locks,
    // so it is sound in the child of a process that had more threads.
    unsafe {
        command.pre_exec(prepare);
    }
}

#[cfg(target_os = "linux")]
fn ask_for_signal_at_parents_end(signal: libc::c_ulong) -> io::Result<()> {
    #[expect(unsafe_code, reason = "std has no prctl")]
    // SAFETY: PR_SET_PDEATHSIG takes one unsigned long and touches no memory.
    let result = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A shell that starts us in the background makes us ignore SIGINT, and a program inherits that: until PostgreSQL
/// has set up its own handling, the one signal that ends it would be lost.
#[expect(unsafe_code, reason = "std cannot set the handling of a signal")]
fn restore_interrupt() {
    // SAFETY: SIG_DFL installs no code of ours; this runs in the child, which has one thread.
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_DFL);
    }
}

fn leave_open_at_exec(descriptor: &OwnedFd) -> io::Result<()> {
    #[expect(unsafe_code, reason = "std opens everything close-on-exec and cannot undo it")]
    // SAFETY: the descriptor is open, being borrowed; F_SETFD takes an integer and touches no memory.
    let result = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFD, 0) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
