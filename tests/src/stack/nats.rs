//! A private NATS server with JetStream in files.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::launch::Launch;
use super::packages::{self, NATS, Program};
use super::paths;
use super::server::{Options, Server, start_on_free_port};

const READY: &str = "Server is ready";

/// Starts one whose streams are kept in `folder`.
///
/// # Errors
/// The program cannot be had, or it does not start.
pub async fn start(folder: &Path, options: &Options) -> Result<Server> {
    fs::create_dir_all(folder)?;
    let program = packages::find(NATS).await?;
    start_on_free_port(options.port, |port| {
        let url = format!("nats://127.0.0.1:{port}");
        Server::start(launch(&program, folder, options, port), port, url, READY)
    })
    .await
}

fn launch(program: &Program, folder: &Path, options: &Options, port: u16) -> Launch {
    let mut launch = Launch::new("nats", program.clone(), folder.join("nats.log"));
    launch.lifetime = options.lifetime.clone();
    let port = port.to_string();
    launch
        .arguments(["-a", "127.0.0.1", "-p", &port, "-c"])
        .arguments([paths::workspace().join("deploy/nats/nats-server.conf")])
        .arguments(["-sd"])
        .arguments([folder.join("streams")])
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream;

    use super::*;
    use crate::stack::directory::TestDirectory;

    #[tokio::test]
    async fn messages_survive_a_killed_server_on_the_same_port() {
        let folder = TestDirectory::new("nats").unwrap();
        let server = start(folder.path(), &Options::for_test()).await.unwrap();
        let queue = jetstream::new(async_nats::connect(server.url()).await.unwrap());
        queue.create_stream(stream()).await.unwrap();
        queue.publish("kept", "one".into()).await.unwrap().await.unwrap();
        server.process().kill();
        server.restart().await.unwrap();
        let queue = jetstream::new(async_nats::connect(server.url()).await.unwrap());
        let mut kept = queue.get_stream("KEPT").await.unwrap();
        assert_eq!(kept.info().await.unwrap().state.messages, 1);
    }

    fn stream() -> jetstream::stream::Config {
        jetstream::stream::Config {
            name: "KEPT".to_owned(),
            subjects: vec!["kept".to_owned()],
            ..jetstream::stream::Config::default()
        }
    }
}
