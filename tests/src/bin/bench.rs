//! `make bench`.

use anyhow::Result;
use curbe_tests::bench;

#[tokio::main]
async fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some(bench::bare::ARGUMENT) => bench::bare::serve().await,
        _ => bench::run().await,
    }
}
