//! What a sender is told, over real sockets, while there is no queue.

use std::net::SocketAddr;
use std::time::Duration;

use curbe_platform::config::{Environment, read};
use metrics_exporter_prometheus::PrometheusBuilder;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{Config, Sockets, serve};

const SOON: Duration = Duration::from_secs(30);
const PATH: &str = "/api/webhooks/voice-events";
const FORM: &str = "application/x-www-form-urlencoded";
const HANGUP: &str = "CallSid=CA00000000000000000000000000000001&CallStatus=completed&CallDuration=61\
                      &From=%2B14155550100&To=%2B14155550111";
const RINGING: &str = "CallSid=CA00000000000000000000000000000001&CallStatus=ringing";
const JSON_HANGUP: &str = r#"{"CallSid":"b3877c40-da60-4998-90ad-b792e98472af","CallStatus":"completed","CallDuration":61}"#;
// Made by openssl over https://hooks.example.com with the token `token`, SignalWire's with the key `PSK_key`.
const HANGUP_SIGNATURE: &str = "iFZT+LTmEND1fiFImG7miN+SsAc=";
const RINGING_SIGNATURE: &str = "vUEIT5IqlX+nKl2vHplABU5iFVE=";
const EMPTY_SIGNATURE: &str = "N0uNPuM70veXOECRwawUFztbbm8=";
const SIGNALWIRE_HANGUP_SIGNATURE: &str = "GtNTaBPabDOWvjhK4cAxMu1Nnic=";
const SIGNALWIRE_JSON_SIGNATURE: &str = "5584f772c62d5e5e72d520bc76ea5103f2067c2c";

struct Ingest {
    public: SocketAddr,
    admin: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
    spool: TempDir,
}

async fn start() -> Ingest {
    let spool = tempfile::tempdir().unwrap();
    let pairs = [
        // Nothing listens on the discard port.
        ("NATS_URL", "nats://127.0.0.1:9"),
        ("REDIS_URL", "redis://127.0.0.1:9"),
        ("PUBLIC_BASE_URL", "https://hooks.example.com"),
        ("TWILIO_AUTH_TOKENS", "other,token"),
        ("SIGNALWIRE_SIGNING_KEYS", "PSK_other,PSK_key"),
        ("SHUTDOWN_DELAY", "0s"),
        ("SPOOL_DIRECTORY", spool.path().to_str().unwrap()),
        // Other tests keep the disk busy.
        ("INGEST_ANSWER_TIMEOUT", "10s"),
    ];
    let environment: Environment =
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect();
    let config: Config = read(&environment).unwrap();
    let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = (public.local_addr().unwrap(), admin.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let serving = serve(config, Sockets { public, admin }, metrics, shutdown.clone());
    let task = tokio::spawn(serving);
    Ingest { public: addresses.0, admin: addresses.1, shutdown, task, spool }
}

async fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    answer.to_ascii_lowercase()
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n{body}"
    )
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn refusals_come_in_their_order() {
    let ingest = start().await;
    let answer = send(ingest.admin, &request("GET", "/livez", &[], "")).await;
    assert_eq!(status(&answer), "200", "{answer}");
    std::fs::remove_dir_all(ingest.spool.path()).unwrap();
    let form = ("Content-Type", FORM);
    let signed = ("X-Twilio-Signature", HANGUP_SIGNATURE);
    let empty = ("X-Twilio-Signature", EMPTY_SIGNATURE);
    let gzip = ("Content-Encoding", "gzip");
    let large = "x".repeat(65_537);
    for (sent, expected) in [
        (request("GET", "/elsewhere", &[], &large), "404"),
        (request("PUT", PATH, &[], &large), "405"),
        (request("POST", PATH, &[form], &large), "413"),
        (request("POST", PATH, &[form], HANGUP), "403"),
        (request("POST", PATH, &[form, gzip], HANGUP), "403"),
        (request("POST", PATH, &[form, signed], RINGING), "403"),
        (request("POST", PATH, &[form, signed, signed], HANGUP), "403"),
        (request("POST", &format!("{PATH}?x=1"), &[form, signed], HANGUP), "403"),
        (request("POST", PATH, &[form, ("X-SignalWire-Signature", "a")], HANGUP), "403"),
        (request("POST", PATH, &[form, signed, gzip], HANGUP), "415"),
        (request("POST", PATH, &[("Content-Type", "text/plain"), empty], ""), "415"),
        (request("POST", PATH, &[form, signed], HANGUP), "503"),
    ] {
        let answer = send(ingest.public, &sent).await;
        assert_eq!(status(&answer), expected, "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
        let is_bare = answer.ends_with("\r\n\r\n") && answer.contains("content-length: 0");
        assert_eq!(is_bare, expected == "403", "{answer}");
        assert_eq!(answer.contains("allow: post"), expected == "405", "{answer}");
        assert_eq!(answer.contains("retry-after: "), expected == "503", "{answer}");
    }
}

#[tokio::test]
async fn whose_secret_it_is_tells_the_providers_apart() {
    let ingest = start().await;
    let (form, json) = (("Content-Type", FORM), ("Content-Type", "application/json"));
    let (own, alias) = ("X-SignalWire-Signature", "X-Twilio-Signature");
    // 204: believed, and kept in the spool.
    for (format, body, header, signature, expected) in [
        (form, HANGUP, own, SIGNALWIRE_HANGUP_SIGNATURE, "204"),
        (form, HANGUP, alias, SIGNALWIRE_HANGUP_SIGNATURE, "204"),
        (json, JSON_HANGUP, own, SIGNALWIRE_JSON_SIGNATURE, "204"),
        (json, JSON_HANGUP, alias, SIGNALWIRE_JSON_SIGNATURE, "204"),
        (form, HANGUP, alias, HANGUP_SIGNATURE, "204"),
        (form, HANGUP, own, HANGUP_SIGNATURE, "403"),
        (form, HANGUP, "Telnyx-Signature-Ed25519", HANGUP_SIGNATURE, "403"),
        (json, HANGUP, own, SIGNALWIRE_HANGUP_SIGNATURE, "403"),
        (form, JSON_HANGUP, own, SIGNALWIRE_JSON_SIGNATURE, "403"),
    ] {
        let sent = request("POST", PATH, &[format, (header, signature)], body);
        let answer = send(ingest.public, &sent).await;
        assert_eq!(status(&answer), expected, "{header} {format:?} {answer}");
    }
}

#[tokio::test]
async fn what_need_not_be_kept_needs_no_queue() {
    let ingest = start().await;
    let headers = [("Content-Type", FORM), ("X-Twilio-Signature", RINGING_SIGNATURE)];
    let answer = send(ingest.public, &request("POST", PATH, &headers, RINGING)).await;
    assert_eq!(status(&answer), "204", "{answer}");
}

#[tokio::test]
async fn without_a_queue_it_is_ready_for_as_long_as_the_spool_takes_events() {
    let ingest = start().await;
    let probe = async |path| send(ingest.admin, &request("GET", path, &[], "")).await;
    let says = async |words| {
        let said = async {
            while !probe("/readyz?verbose").await.ends_with(words) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(SOON, said).await.expect(words);
    };
    assert_eq!(status(&probe("/livez").await), "200");
    assert_eq!(status(&probe("/metrics").await), "200");
    assert_eq!(status(&probe("/readyz").await), "503");
    says("ready\nnats: down\n").await;
    std::fs::remove_dir_all(ingest.spool.path()).unwrap();
    let headers = [("Content-Type", FORM), ("X-Twilio-Signature", HANGUP_SIGNATURE)];
    let answer = send(ingest.public, &request("POST", PATH, &headers, HANGUP)).await;
    assert_eq!(status(&answer), "503", "{answer}");
    says("unavailable\nnats: down\n").await;
    std::fs::create_dir(ingest.spool.path()).unwrap();
    says("ready\nnats: down\n").await;
}

#[tokio::test]
async fn it_ends_when_it_is_told_to() {
    let ingest = start().await;
    let _idle = TcpStream::connect(ingest.public).await.unwrap();
    ingest.shutdown.cancel();
    timeout(SOON, ingest.task).await.expect("the end").unwrap().unwrap();
    assert!(TcpStream::connect(ingest.public).await.is_err());
    assert!(TcpStream::connect(ingest.admin).await.is_err());
}
