//! What we answer a call with is what the providers' own libraries write for the same verbs: Twilio's for TwiML, and for
//! TeXML, which has none; SignalWire's for cXML. Apart from the order of attributes, and how a character is written.

use std::path::PathBuf;
use std::process::Stdio;

use curbe_domain::preflight::{Answer, Dial, Language, Reason, Target};
use curbe_domain::providers::{Provider, signalwire, telnyx, twilio};
use curbe_tests::stack::{node, paths};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::fixture::SOON;

const AUDIO: &str = "https://a.example/no.mp3?a=1&b=<2>";
/// What must not become markup, and what is no ASCII.
const EVIL: &str = "a&<b>\"c'é ñ €";

#[tokio::test]
async fn for_every_answer_at_every_provider() {
    let cases: Vec<_> = cases()
        .into_iter()
        .flat_map(|case| Provider::ALL.map(|provider| (provider, case.clone())))
        .collect();
    let wanted = cases.iter().map(|(provider, (answer, audio))| wanted(*provider, answer, *audio));
    let official = official(&wanted.collect()).await;
    assert_eq!(official.len(), cases.len());
    for ((provider, (answer, audio)), official) in cases.iter().zip(official) {
        let written = match provider {
            Provider::Twilio => twilio::instructions(answer, *audio),
            Provider::Telnyx => telnyx::instructions(answer, *audio),
            Provider::SignalWire => signalwire::instructions(answer, *audio),
        };
        assert_eq!(read(&written), read(&official), "{provider}: {written} {official}");
    }
}

#[test]
fn and_documents_that_mean_something_else_are_told_apart() {
    let one = read("<?xml version=\"1.0\"?><A b=\"1\" c=\"&quot;\"><D>&amp;&#233;</D></A>");
    assert_eq!(one, read("<A c='\"' b='1'><D>&amp;é</D></A>"));
    for other in [
        "<A b=\"1\" c=\"&amp;quot;\"><D>&amp;é</D></A>",
        "<A b=\"1\" c=\"&quot;\"><D>&amp;e</D></A>",
        "<A b=\"1\"><D>&amp;é</D></A>",
        "<A b=\"1\" c=\"&quot;\"><D>&amp;é</D><E/></A>",
        "<A b=\"1\" c=\"&quot;\"/>",
    ] {
        assert_ne!(one, read(other), "{other}");
    }
}

fn cases() -> Vec<(Answer, Option<&'static str>)> {
    let mut cases = vec![(Answer::Reject, None), (Answer::Reject, Some(AUDIO))];
    for reason in Reason::ALL {
        for language in [Language::Spanish, Language::English] {
            cases.push((Answer::Refuse { reason, language }, None));
            cases.push((Answer::Refuse { reason, language }, Some(AUDIO)));
        }
    }
    let targets = [
        Target::Number("+525512345678".to_owned()),
        Target::Number(EVIL.to_owned()),
        Target::Client("alice".to_owned()),
        Target::Client(EVIL.to_owned()),
        Target::Sip("sip:a@pbx.example:5060;transport=tls".to_owned()),
        Target::Sip("sip:a@pbx.example?x-a=1&x-b=2".to_owned()),
    ];
    for target in targets {
        for caller_id in [None, Some("+15005550006"), Some(EVIL)] {
            for time_limit in [None, Some(57), Some(14_397)] {
                let (target, caller_id) = (target.clone(), caller_id.map(str::to_owned));
                cases.push((
                    Answer::Dial(Dial { target, caller_id, time_limit, timeout: 30 }),
                    None,
                ));
            }
        }
    }
    cases
}

/// The verbs of an answer, for the library of a provider. Who has no softphones of ours rejects what would ring one.
fn wanted(provider: Provider, answer: &Answer, audio: Option<&str>) -> Value {
    let library = if provider == Provider::SignalWire { "signalwire" } else { "twilio" };
    let verbs = match answer {
        Answer::Dial(Dial { target: Target::Client(_), .. }) if provider != Provider::Twilio => {
            json!([{ "verb": "reject" }])
        }
        Answer::Dial(dial) => json!([dial_verb(dial), { "verb": "hangup" }]),
        Answer::Refuse { .. } if audio.is_some() => {
            json!([{ "verb": "play", "text": audio }, { "verb": "hangup" }])
        }
        Answer::Refuse { reason, language } => {
            let attributes = match language {
                Language::Spanish => json!({ "voice": "Polly.Mia", "language": "es-MX" }),
                Language::English => json!({ "voice": "Polly.Joanna", "language": "en-US" }),
            };
            let text = reason.words(*language);
            json!([{ "verb": "say", "attributes": attributes, "text": text }, { "verb": "hangup" }])
        }
        Answer::Reject => json!([{ "verb": "reject" }]),
    };
    json!({ "library": library, "verbs": verbs })
}

fn dial_verb(dial: &Dial) -> Value {
    let mut attributes = json!({ "answerOnBridge": true, "timeout": dial.timeout });
    if let Some(caller_id) = &dial.caller_id {
        attributes["callerId"] = json!(caller_id);
    }
    if let Some(limit) = dial.time_limit {
        attributes["timeLimit"] = json!(limit);
    }
    let (name, text) = match &dial.target {
        Target::Number(number) => ("number", number),
        Target::Client(name) => ("client", name),
        Target::Sip(address) => ("sip", address),
    };
    json!({ "verb": "dial", "attributes": attributes, "noun": { "name": name, "text": text } })
}

/// The documents that the libraries write.
async fn official(wanted: &Vec<Value>) -> Vec<String> {
    node::packages(&folder()).await.unwrap();
    let mut command = Command::new(node::program().unwrap());
    command.arg("write.js").current_dir(folder()).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&serde_json::to_vec(wanted).unwrap()).await.unwrap();
    drop(stdin);
    let output = tokio::time::timeout(SOON, child.wait_with_output()).await.unwrap().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn folder() -> PathBuf {
    paths::workspace().join("tests/markup")
}

/// What a document means: its elements with their attributes by name, and their texts.
fn read(document: &str) -> Vec<String> {
    let mut reader = Reader::from_str(document);
    let mut parts: Vec<String> = Vec::new();
    let mut text = String::new();
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Text(more) => text.push_str(&more.xml10_content()),
            Event::GeneralRef(name) => match name.resolve_char_ref().unwrap() {
                Some(char) => text.push(char),
                None => text.push_str(resolve_predefined_entity(name).unwrap()),
            },
            Event::Decl(_) => {}
            Event::Start(element) | Event::Empty(element) => {
                parts.push(std::mem::take(&mut text));
                parts.push(opened(element));
            }
            Event::End(_) | Event::Eof => parts.push(std::mem::take(&mut text)),
            Event::CData(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {
                panic!("{event:?} in {document}")
            }
        }
        if matches!(event, Event::End(_) | Event::Empty(_)) {
            parts.push("/".to_owned());
        }
        if matches!(event, Event::Eof) {
            return parts;
        }
    }
}

fn opened(element: &BytesStart<'_>) -> String {
    let attributes = element.attributes().map(|attribute| {
        let attribute = attribute.unwrap();
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap();
        format!("{:?}={value:?}", attribute.key)
    });
    let mut attributes: Vec<String> = attributes.collect();
    attributes.sort();
    format!("{:?} {attributes:?}", element.name())
}
