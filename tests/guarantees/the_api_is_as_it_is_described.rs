//! `openapi.json` and `frames.schema.json` say what the notifier does: each answer and each frame is one that is described,
//! and every path that is described answers.

use curbe_tests::simulator::browser::Hello;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::browser::{Browser, Page};
use crate::fixture::description::{Description, committed, fits, messages};
use crate::fixture::office::Office;
use crate::fixture::recordings_port::{RecordingsPort, answer};
use crate::fixture::socket::{QUICK_HEARTBEAT, Socket};
use crate::fixture::tokens::{claims, claims_until};

const MEXICO: &str = "+523312345678";

#[tokio::test]
async fn to_everybody_who_asks() {
    let office = Office::open(&[]).await;
    let url = format!("{}/openapi.json", office.bank.stack.notifier_url());
    let served = reqwest::get(url).await.unwrap();
    assert_eq!(served.headers()["content-type"], "application/json");
    assert_eq!(served.text().await.unwrap(), committed("openapi.json"));
}

#[tokio::test]
async fn on_each_path() {
    let audio = [("content-type", "audio/x-wav")];
    let port = RecordingsPort::open(move |_| answer(200, &audio, b"RIFF")).await;
    let office = Office::open(&[("WORKER_URL", &port.url)]).await;
    let description = Description::committed();
    let (_, id) = office.call(&office.caller).await;
    let free = office.caller.calls("+44123456789", 0);
    office.bank.hang_up(&free).await;
    office.bank.settled(&free.sid).await;
    office.bank.call_begins(&office.caller, "CA1", "0.5000", 600).await;
    let one = format!("/api/logs/{id}");
    let recording = format!("{one}/recording");
    for user in [&office.caller, &office.colleague, &office.admin, &office.stranger] {
        let browser = office.bank.browser(user);
        for (described, path) in [
            ("/api/wallet/balance", "/api/wallet/balance"),
            ("/api/wallet/transactions", "/api/wallet/transactions"),
            ("/api/wallet/transactions", "/api/wallet/transactions?limit=1"),
            ("/api/wallet/transactions", "/api/wallet/transactions?limit=0"),
            ("/api/logs", "/api/logs"),
            ("/api/logs", "/api/logs?limit=1&direction=outbound"),
            ("/api/logs", "/api/logs?status=lost"),
            ("/api/logs/{id}", &one),
            ("/api/logs/{id}/recording", &recording),
            ("/api/calls/running", "/api/calls/running"),
            ("/api/calls/running", "/api/calls/running?limit=1"),
            ("/api/ws", "/api/ws"),
        ] {
            description.holds("get", described, &browser.get(path).await);
        }
        for body in [
            json!({ "to": MEXICO }),
            json!({ "to": "911" }),
            json!({ "to": "+99912345" }),
            json!(7),
        ] {
            let page = browser.post("/api/calls/check", &body).await;
            description.holds("post", "/api/calls/check", &page);
        }
    }
    office.bank.sql("update call_logs set recording_status = 'completed'").await;
    let browser = office.bank.browser(&office.caller);
    let heard = browser.request(Method::GET, &recording).send().await.unwrap();
    assert_eq!(heard.status(), 200);
    refusals(&office, &browser, &description).await;
}

async fn refusals(office: &Office, browser: &Browser, description: &Description) {
    let check = async |page: Page, status: u16| {
        assert_eq!(page.status, status, "{page:?}");
        description.holds("post", "/api/calls/check", &page);
    };
    let tag = browser.get("/api/wallet/balance").await;
    let tag = tag.header("etag").unwrap();
    let known = browser.request(Method::GET, "/api/wallet/balance").header("if-none-match", tag);
    let known = browser.send(known).await;
    assert_eq!(known.status, 304);
    description.holds("get", "/api/wallet/balance", &known);
    let post = || browser.request(Method::POST, "/api/calls/check");
    check(browser.send(post().body("{}")).await, 415).await;
    check(browser.send(post().header("content-type", "application/json").body("{")).await, 400)
        .await;
    check(browser.post("/api/calls/check", &json!("x".repeat(5_000))).await, 413).await;
    for (change, status) in [("balance = 0.5", 402), ("status = 'suspended'", 403)] {
        office.bank.sql(&format!("update wallets set {change}")).await;
        check(browser.post("/api/calls/check", &json!({ "to": MEXICO })).await, status).await;
    }
}

#[tokio::test]
async fn to_nobody_without_a_token() {
    let office = Office::open(&[]).await;
    let description = Description::committed();
    let nobody = office.bank.browser_with("nonsense".to_owned());
    let mut paths = 0;
    for (path, operations) in description.0["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let is_open = operation["security"] == json!([{}]);
            let real = path.replace("{id}", "00000000-0000-4000-8000-000000000000");
            let asked = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let page = nobody.send(nobody.request(asked, &real)).await;
            assert_eq!(page.status != 401, is_open, "{method} {path}: {page:?}");
            description.holds(method, path, &page);
            paths += 1;
        }
    }
    assert_eq!(paths, 9);
}

#[tokio::test]
async fn with_examples_that_are_true() {
    let description = Description::committed();
    let mut examples = 0;
    for operations in description.0["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let problem = &response["content"]["application/problem+json"];
                for (code, example) in problem["examples"].as_object().into_iter().flatten() {
                    let value = &example["value"];
                    assert_eq!(
                        (&value["code"], value["status"].to_string()),
                        (&json!(code), status.clone())
                    );
                    let mut schema = description.0.clone();
                    schema["$ref"] = problem["schema"]["$ref"].clone();
                    fits(&schema, value);
                    examples += 1;
                }
            }
        }
    }
    assert!(examples > 30, "{examples}");
}

#[tokio::test]
async fn in_the_words_of_the_database() {
    let office = Office::open(&[]).await;
    let schemas = &Description::committed().0["components"]["schemas"];
    for (words, described) in [
        ("wallet_transaction_type", &schemas["Transaction"]["properties"]["type"]),
        ("recording_status", &schemas["RecordingStatus"]),
        ("call_direction", &schemas["Direction"]),
    ] {
        let all = sqlx::AssertSqlSafe(format!("select unnest(enum_range(null::{words}))::text"));
        let mut all: Vec<String> =
            sqlx::query_scalar(all).fetch_all(office.bank.stack.pool()).await.unwrap();
        let mut told: Vec<String> = serde_json::from_value(described["enum"].clone()).unwrap();
        all.sort();
        told.sort();
        assert_eq!(told, all, "{words}");
    }
}

#[tokio::test]
async fn frame_by_frame() {
    let office = Office::open(&[QUICK_HEARTBEAT]).await;
    let Office { bank, caller, colleague, .. } = &office;
    let token = bank.sign(&claims_until(caller.id, 55));
    let mut own = bank.try_socket(&Hello::new(&token)).await.unwrap();
    let mut colleagues = bank.socket(colleague).await;
    let (call, _) = office.call(caller).await;
    bank.tell(&call.recording("completed")).await;
    bank.refill(caller, "1.0000", "more").await;
    own.until(|frame| frame["seq"] == 5).await;
    colleagues.until(|frame| frame["seq"] == 5).await;
    bank.call_begins(caller, "CA1", "0.5000", 600).await;
    for socket in [&mut own, &mut colleagues] {
        socket.until(|frame| frame["type"] == "held_updated").await;
    }
    own.refresh(&bank.sign(&claims(caller.id))).await;
    own.until(|frame| frame["type"] == "refreshed").await;
    own.until(|frame| frame["type"] == "heartbeat").await;
    let described = messages(&["ToBrowser", "Frame", "HeldNotice"]);
    for frame in own.frames.iter().chain(&colleagues.frames) {
        let errors: Vec<_> = described.iter_errors(frame).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{frame:#}");
    }
    let kinds: Vec<_> = own.frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    for kind in [
        "welcome",
        "balance_updated",
        "new_call_log",
        "recording_ready",
        "held_updated",
        "heartbeat",
        "token_expiring",
        "refreshed",
    ] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    refuses_what_is_none(&own);
}

/// A description that everything fits says nothing.
fn refuses_what_is_none(socket: &Socket) {
    let described = messages(&["ToBrowser", "Frame", "HeldNotice"]);
    for frame in &socket.frames {
        let mut less = frame.clone();
        less.as_object_mut().unwrap().retain(|name, _| name == "data" || name == "seq");
        let mut more = frame.clone();
        more["providerCost"] = json!("0.0001");
        let mut within = frame.clone();
        within["data"]["providerCost"] = json!("0.0001");
        for wrong in [less, more, within] {
            assert!(!described.is_valid(&wrong), "{wrong:#}");
        }
    }
}

#[tokio::test]
async fn and_what_a_browser_says() {
    let described = messages(&["FromBrowser"]);
    for message in [
        json!({ "type": "hello", "token": "t" }),
        json!({ "type": "hello", "token": "t", "since": 57 }),
        json!({ "type": "refresh", "token": "t" }),
    ] {
        assert!(described.is_valid(&message), "{message}");
    }
    for message in [
        json!({ "type": "hello" }),
        json!({ "type": "hello", "token": "t", "since": "57" }),
        json!({ "type": "refresh", "token": null }),
        json!({ "type": "unknown" }),
        Value::Null,
    ] {
        assert!(!described.is_valid(&message), "{message}");
    }
}
