//! Telnyx's links are signed for 10 minutes, so a fresh one is asked for each time.
//!
//! `GET /v2/recordings/{id}` and `GET /v2/recordings?filter[call_leg_id]=...`, both answered with `download_urls`
//! (developers.telnyx.com/api-reference/call-recordings).

use hyper::StatusCode;
use hyper::header::HeaderMap;
use reqwest::Response;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

use super::credentials::Credential;
use super::failure::Failure;
use super::fetch::{Fetcher, unreachable};
use crate::store::recordings::Recording;

/// A page of a list is far below it.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

/// As much of a recording as is needed. Everything is optional: it is Telnyx's to change.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    call_leg_id: Option<String>,
    status: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    created_at: Option<OffsetDateTime>,
    download_urls: Option<DownloadUrls>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DownloadUrls {
    mp3: Option<String>,
    wav: Option<String>,
}

/// One question.
enum Question {
    /// For the recording of that id.
    ById(String),
    /// For those of that leg.
    ByLeg(String),
}

/// A link that holds from now on. Each key is tried: which account the leg is of, Telnyx does not say.
///
/// # Errors
/// No account of ours has it, no key opens anything, or Telnyx cannot be asked.
pub(super) async fn fresh_link(
    fetcher: &Fetcher,
    api: &Url,
    keys: &[SecretString],
    recording: &Recording,
) -> Result<Url, Failure> {
    let questions = questions(recording);
    let mut is_opened = questions.is_empty();
    for key in keys {
        let credential = Credential::telnyx(api, key);
        for question in &questions {
            match ask(fetcher, api, &credential, question).await {
                Ok(Some(link)) => return Ok(link),
                Ok(None) => is_opened = true,
                Err(Failure::Unauthorized) => break,
                Err(failure) => return Err(failure),
            }
        }
    }
    Err(if is_opened { Failure::Gone } else { Failure::Unauthorized })
}

/// By its id where we know it; else by its leg, under each of the leg's names that looks like a `call_leg_id`.
fn questions(recording: &Recording) -> Vec<Question> {
    let by_id = recording.recording_id.iter().cloned().map(Question::ById);
    let names = std::iter::once(&recording.leg).chain(&recording.names);
    let mut legs: Vec<&String> = names.filter(|name| Uuid::try_parse(name).is_ok()).collect();
    legs.sort_unstable();
    legs.dedup();
    by_id.chain(legs.into_iter().cloned().map(Question::ByLeg)).collect()
}

async fn ask(
    fetcher: &Fetcher,
    api: &Url,
    credential: &Credential,
    question: &Question,
) -> Result<Option<Url>, Failure> {
    let link = question.link(api).ok_or(Failure::NoLink)?;
    let fetched = fetcher.get(link, &HeaderMap::new(), Some(credential.clone())).await?;
    match fetched.response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::UNPROCESSABLE_ENTITY => {
            return Ok(None);
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(Failure::Unauthorized),
        status => return Err(Failure::Status(status)),
    }
    let body = whole(fetched.response).await?;
    let link = match question {
        Question::ById(_) => read::<Answer<Entry>>(&body)?.data.link(),
        Question::ByLeg(leg) => newest(read::<Answer<Vec<Entry>>>(&body)?.data, leg),
    };
    link.map(|link| link.parse().map_err(|_| Failure::NoLink)).transpose()
}

impl Question {
    fn link(&self, api: &Url) -> Option<Url> {
        let mut link = api.clone();
        link.path_segments_mut().ok()?.pop_if_empty().extend(["v2", "recordings"]);
        match self {
            Self::ById(id) => {
                link.path_segments_mut().ok()?.push(id);
            }
            Self::ByLeg(leg) => {
                link.query_pairs_mut().append_pair("filter[call_leg_id]", leg);
            }
        }
        Some(link)
    }
}

impl Entry {
    fn link(self) -> Option<String> {
        let is_complete = self.status.is_none_or(|status| status == "completed");
        let urls = self.download_urls.filter(|_| is_complete)?;
        urls.mp3.or(urls.wav)
    }
}

/// The newest complete one of that leg. Should the filter ever be overlooked, others' recordings are not taken for it.
fn newest(mut entries: Vec<Entry>, leg: &str) -> Option<String> {
    entries.retain(|entry| {
        entry.call_leg_id.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(leg))
    });
    entries.sort_by_key(|entry| entry.created_at);
    entries.into_iter().rev().find_map(Entry::link)
}

async fn whole(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(Failure::Unreadable);
        }
    }
    Ok(body)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|_| Failure::Unreadable)
}

#[cfg(test)]
mod tests {
    use curbe_domain::providers::Provider;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};

    use super::*;

    const LEG: &str = "428c31b6-7af4-4bcb-b7f5-5013ef9657c1";
    const OTHER: &str = "528c31b6-7af4-4bcb-b7f5-5013ef9657c1";

    fn links(recording_id: Option<&str>, leg: &str, names: &[&str]) -> Vec<String> {
        let recording = Recording {
            provider: Provider::Telnyx,
            leg: leg.to_owned(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            account: None,
            is_complete: true,
            url: None,
            recording_id: recording_id.map(str::to_owned),
        };
        let api = "https://api.telnyx.com".parse().unwrap();
        let asked = questions(&recording);
        asked.iter().map(|question| question.link(&api).unwrap().to_string()).collect()
    }

    fn entry(leg: &str, day: u8, status: &str, urls: &Value) -> Value {
        let created_at = format!("2026-11-{day:02}T10:00:00.5Z");
        json!({ "call_leg_id": leg, "status": status, "created_at": created_at, "download_urls": urls, "new": [1] })
    }

    fn chosen(entries: &[Value]) -> Option<String> {
        let body = json!({ "data": entries, "meta": {} }).to_string();
        newest(read::<Answer<Vec<Entry>>>(body.as_bytes()).unwrap().data, LEG)
    }

    #[test]
    fn the_id_is_asked_for_first_then_the_leg() {
        let by_leg = format!("https://api.telnyx.com/v2/recordings?filter%5Bcall_leg_id%5D={LEG}");
        assert_eq!(
            links(Some("a/../b"), LEG, &["v3:name", LEG]),
            ["https://api.telnyx.com/v2/recordings/a%2F..%2Fb", &by_leg]
        );
        assert_eq!(links(None, "v3:name", &[LEG]), [by_leg]);
        assert!(links(None, "v3:name", &[]).is_empty());
    }

    #[test]
    fn the_newest_complete_one_of_the_leg_is_taken() {
        let (mp3, wav) = (json!({ "mp3": "m", "wav": "w" }), json!({ "wav": "w" }));
        let old = entry(LEG, 1, "completed", &mp3);
        assert_eq!(chosen(std::slice::from_ref(&old)).as_deref(), Some("m"));
        assert_eq!(chosen(&[entry(LEG, 2, "completed", &wav), old.clone()]).as_deref(), Some("w"));
        assert_eq!(chosen(&[entry(LEG, 2, "processing", &wav), old]).as_deref(), Some("m"));
        assert_eq!(
            chosen(&[entry(LEG, 1, "deleted", &mp3), entry(LEG, 1, "completed", &json!({}))]),
            None
        );
    }

    #[test]
    fn another_legs_recording_is_never_taken() {
        let urls = json!({ "mp3": "m" });
        let mut unnamed = entry(LEG, 1, "completed", &urls);
        unnamed["call_leg_id"] = Value::Null;
        assert_eq!(chosen(&[entry(OTHER, 1, "completed", &urls), unnamed]), None);
    }

    fn near_entries() -> impl Strategy<Value = Value> {
        let leg = select(vec![
            json!(LEG),
            json!(LEG.to_uppercase()),
            json!(OTHER),
            json!(null),
            json!(7),
        ]);
        let status = select(vec![json!("completed"), json!("processing"), json!(null), json!([])]);
        let at = prop_oneof![
            any::<String>().prop_map(Value::from),
            (1_u8..29).prop_map(|day| json!(format!("2026-11-{day:02}T10:00:00Z"))),
            select(vec![json!(null), json!(1_800_000_000)]),
        ];
        let urls = prop_oneof![
            any::<Option<String>>().prop_map(|url| json!({ "mp3": url, "wav": null })),
            select(vec![json!({}), json!(null), json!("m"), json!({ "wav": "w" })]),
        ];
        let entry = (leg, status, at, urls).prop_map(|(leg, status, at, urls)| {
            json!({ "call_leg_id": leg, "status": status, "created_at": at, "download_urls": urls })
        });
        proptest::collection::vec(entry, 0..4).prop_map(Value::from)
    }

    proptest! {
        #[test]
        fn whatever_is_answered_is_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..200), near in near_entries(), at: Index,
        ) {
            read::<Answer<Entry>>(&bytes).ok();
            read::<Answer<Vec<Entry>>>(&bytes).ok();
            let body = json!({ "data": near }).to_string().into_bytes();
            prop_assert!(read::<Answer<Vec<Entry>>>(&body[..at.index(body.len())]).is_err());
            let Ok(answer) = read::<Answer<Vec<Entry>>>(&body) else { return Ok(()) };
            // A link that is taken stands with a completed recording of this leg.
            if let Some(link) = newest(answer.data, LEG) {
                let stands = |entry: &Value| {
                    let urls = &entry["download_urls"];
                    let of_leg = entry["call_leg_id"].as_str().map(str::to_lowercase);
                    (urls["mp3"] == link.as_str() || urls["wav"] == link.as_str())
                        && of_leg.as_deref() == Some(LEG)
                        && (entry["status"] == "completed" || entry["status"].is_null())
                };
                prop_assert!(near.as_array().unwrap().iter().any(stands), "{link}");
            }
        }
    }
}
