//! Sockets that listen: one a core on the same port, and a clear word when the port is taken.

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections that the kernel keeps for a listener until it is accepted (bounded by `net.core.somaxconn`).
const BACKLOG: i32 = 4_096;
/// More accept loops than this bring nothing: accepting is a small part of the work.
const LISTENERS_MAX: usize = 16;

/// Why there is no listening.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error(
        "port {} is taken by another program ({address}); choose another with `--listen {}:PORT`, or stop that program",
        address.port(),
        written_ip(address)
    )]
    Taken {
        /// What was asked for.
        address: SocketAddr,
    },
    /// The port needs a right that this process does not have.
    #[error(
        "no right to listen on {address}: ports below 1024 are for root; choose another with `--listen {}:8080`",
        written_ip(address)
    )]
    Forbidden {
        /// What was asked for.
        address: SocketAddr,
    },
    /// Anything else, such as an address that is not of this machine.
    #[error("cannot listen on {address}: {source}; choose another address with `--listen ADDRESS:PORT`")]
    Other {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

fn written_ip(address: &SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// Sockets on one address, listening.
#[derive(Debug)]
pub struct Listeners {
    sockets: Vec<Socket>,
    address: SocketAddr,
}

impl Listeners {
    /// Listens; port 0 takes a free one. What connects from now on waits until it is served.
    pub fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::Taken { address },
            io::ErrorKind::PermissionDenied => BindError::Forbidden { address },
            _ => BindError::Other { address, source },
        };
        // With SO_REUSEPORT a second shop of the same user would share the port and answer half of the requests. The
        // first socket does without, so that it fails where somebody listens; it is closed before the others open.
        let probe = socket(address).map_err(failed)?;
        probe.bind(&address.into()).map_err(failed)?;
        probe.listen(1).map_err(failed)?;
        let bound = probe.local_addr().map_err(failed)?.as_socket().unwrap_or(address);
        drop(probe);
        let count = std::thread::available_parallelism().map_or(1, NonZero::get).min(LISTENERS_MAX);
        let sockets = (0..count).map(|_| shared_socket(bound)).collect::<io::Result<_>>().map_err(failed)?;
        Ok(Self { sockets, address: bound })
    }

    /// Where it listens, with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn into_tokio(self) -> io::Result<Vec<TcpListener>> {
        self.sockets.into_iter().map(|socket| TcpListener::from_std(socket.into())).collect()
    }
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of the process before that linger in TIME_WAIT do not keep the port.
    socket.set_reuse_address(true)?;
    Ok(socket)
}

fn shared_socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = socket(address)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    // Inherited by what is accepted: answers are written whole, waiting to fill a packet only delays them.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// Lets this process open as many files as the system allows it to: the usual soft limit of 1,024 is for programs that
/// use select(2). Answers the limit in force.
pub fn raise_file_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Where it is refused the old limit does for fewer connections.
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_the_flag_that_changes_it() {
        let first = Listeners::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = Listeners::bind(first.address()).unwrap_err().to_string();
        assert!(error.contains(&format!("port {} is taken", first.address().port())), "{error}");
        assert!(error.contains("--listen 127.0.0.1:PORT"), "{error}");
    }

    #[test]
    fn an_address_of_another_machine_is_refused_with_advice() {
        let error = Listeners::bind("192.0.2.1:8080".parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("192.0.2.1:8080") && error.contains("--listen"), "{error}");
    }
}
