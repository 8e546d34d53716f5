//! A private Redis server that keeps nothing.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::launch::Launch;
use super::packages::{self, Program, REDIS};
use super::paths;
use super::server::{Options, Server, start_on_free_port};

const READY: &str = "Ready to accept connections";

/// Starts one whose log is in `folder`.
///
/// # Errors
/// The program cannot be had, or it does not start.
pub async fn start(folder: &Path, options: &Options) -> Result<Server> {
    fs::create_dir_all(folder)?;
    let program = packages::find(REDIS).await?;
    start_on_free_port(options.port, |port| {
        let url = format!("redis://127.0.0.1:{port}");
        Server::start(launch(&program, folder, options, port), port, url, READY)
    })
    .await
}

fn launch(program: &Program, folder: &Path, options: &Options, port: u16) -> Launch {
    let mut launch = Launch::new("redis", program.clone(), folder.join("redis.log"));
    launch.lifetime = options.lifetime.clone();
    let port = port.to_string();
    launch
        .arguments([paths::workspace().join("deploy/redis/redis.conf")])
        .arguments(["--port", &port, "--bind", "127.0.0.1", "--dir"])
        .arguments([folder])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::directory::TestDirectory;

    #[tokio::test]
    async fn comes_back_empty_on_the_same_port() {
        let folder = TestDirectory::new("redis").unwrap();
        let server = start(folder.path(), &Options::for_test()).await.unwrap();
        assert_eq!(set_and_count(server.url(), "one").await, 1);
        server.process().kill();
        server.restart().await.unwrap();
        assert_eq!(set_and_count(server.url(), "two").await, 1);
    }

    #[tokio::test]
    async fn takes_another_port_when_its_own_is_taken() {
        let folder = TestDirectory::new("redis").unwrap();
        let first = start(&folder.path().join("1"), &Options::for_test()).await.unwrap();
        let options = Options { port: Some(first.port()), ..Options::for_test() };
        let second = start(&folder.path().join("2"), &options).await.unwrap();
        assert_ne!(first.port(), second.port());
    }

    async fn set_and_count(url: &str, key: &str) -> u64 {
        let client = ::redis::Client::open(url).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let () = ::redis::cmd("SET").arg(key).arg(1).query_async(&mut connection).await.unwrap();
        ::redis::cmd("DBSIZE").query_async(&mut connection).await.unwrap()
    }
}
