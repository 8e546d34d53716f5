//! `curbe migrate`.

use std::process::ExitCode;

use curbe_platform::queue::STREAM;
use curbe_platform::queue::topology::CONSUMERS;
use curbe_worker::migrate;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::environment::{Migration, read};
use crate::output::{Output, record};

pub(crate) async fn run(output: &Output) -> anyhow::Result<ExitCode> {
    let settings = read::<Migration>()?;
    let pool = settings.database.patient_pool().await?;
    let version = migrate::schema(&pool).await?;
    let (bytes_max, replicas) = (settings.queue_max_bytes, settings.queue_replicas);
    migrate::queue(settings.nats_url.expose_secret(), bytes_max, replicas).await?;
    let consumers = CONSUMERS.map(|consumer| consumer.name);
    let result = json!({ "schemaVersion": version, "stream": STREAM, "consumers": consumers });
    output.result(&result, || {
        record([
            ("schema", format!("version {version}")),
            ("stream", STREAM.to_owned()),
            ("consumers", consumers.join(", ")),
        ])
    })
}
