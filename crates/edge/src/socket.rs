//! Listening sockets: one a core, all on one address.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that wait in the kernel for an accept, a socket.
const BACKLOG: i32 = 4_096;

/// Binds `count` sockets to `address`, between which the kernel spreads connections.
///
/// Port 0 becomes one free port for all of them. An address that another process listens on is
/// refused: SO_REUSEPORT would otherwise share it in silence. Where one of the gateway's `own` addresses
/// covers it or is covered by it, that cannot be told apart from another process, and is shared: a reload may
/// go from all addresses of the machine to one, and back.
pub(crate) fn bind(
    address: SocketAddr,
    count: usize,
    mut own: impl Iterator<Item = SocketAddr>,
) -> io::Result<Vec<TcpListener>> {
    if !own.any(|own| overlap(own, address)) {
        drop(socket(address, Sharing::Exclusive)?);
    }
    let first = socket(address, Sharing::BetweenCores)?;
    let address = first.local_addr()?;
    let mut sockets = vec![first];
    while sockets.len() < count {
        sockets.push(socket(address, Sharing::BetweenCores)?);
    }
    Ok(sockets)
}

/// Whether they are the same, or one of them stands for all addresses of the machine with the same port.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let all = one.ip().is_unspecified() || other.ip().is_unspecified();
    one == other || (one.port() == other.port() && all)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Exclusive,
    BetweenCores,
}

fn socket(address: SocketAddr, sharing: Sharing) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    if sharing == Sharing::BetweenCores {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
