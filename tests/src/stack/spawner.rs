//! One thread that starts every child process and never ends.
//!
//! Linux ends a child "with its parent" when the *thread* that started it ends, and a test's
//! thread ends long before the test process does.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};

type Reply = Sender<io::Result<Child>>;
type Order = (Command, Reply);

static ORDERS: OnceLock<Sender<Order>> = OnceLock::new();

/// Starts `command` from the never-ending thread.
///
/// # Errors
/// The program could not be started.
pub(super) fn spawn(command: Command) -> io::Result<Child> {
    let orders = ORDERS.get_or_init(begin);
    let (reply, answer) = channel();
    orders.send((command, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

fn begin() -> Sender<Order> {
    let (orders, received): (Sender<Order>, Receiver<Order>) = channel();
    // The sender lives in a static, so this loop ends with the process only.
    std::thread::spawn(move || {
        for (mut command, reply) in received {
            // Whoever asked may have been cancelled; then the child ends here.
            if let Err(unclaimed) = reply.send(command.spawn())
                && let Ok(mut child) = unclaimed.0
            {
                drop(child.kill());
                drop(child.wait());
            }
        }
    });
    orders
}

fn gone() -> io::Error {
    io::Error::other("the spawning thread has ended")
}
