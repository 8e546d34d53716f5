//! What of the provider's answer is passed on: the audio, and the headers that playing and seeking need. Pure.

use hyper::header::{
    ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap,
    HeaderName, HeaderValue, IF_RANGE, LAST_MODIFIED, RANGE,
};
use url::Url;

/// Nothing else comes through: no cookies, no redirects, no policies of other hosts.
const PASSED: [HeaderName; 5] = [CONTENT_LENGTH, CONTENT_RANGE, ACCEPT_RANGES, ETAG, LAST_MODIFIED];

/// Which part is asked for. Several ranges in one request are left out, as RFC 9110 allows: their answer would be in a
/// format of its own.
pub(super) fn asked(request: &HeaderMap) -> HeaderMap {
    let mut asked = HeaderMap::new();
    if let Some(range) = request.get(RANGE).filter(|range| is_one_range(range)) {
        asked.insert(RANGE, range.clone());
        asked.extend(request.get(IF_RANGE).map(|validator| (IF_RANGE, validator.clone())));
    }
    asked
}

fn is_one_range(range: &HeaderValue) -> bool {
    let is_number = |text: &str| text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    let ends = range.to_str().ok().and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    ends.is_some_and(|(first, last)| {
        is_number(first) && is_number(last) && !(first.is_empty() && last.is_empty())
    })
}

/// The headers of the answer; `None` where it is no audio, or packed, which was not asked for.
pub(super) fn headers(provider: &HeaderMap, link: &Url) -> Option<HeaderMap> {
    if provider.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return None;
    }
    let content_type = content_type(provider.get(CONTENT_TYPE), link)?;
    let passed = |name: HeaderName| Some((name.clone(), provider.get(&name)?.clone()));
    let passed = PASSED.into_iter().filter_map(passed);
    Some(passed.chain([(CONTENT_TYPE, content_type)]).collect())
}

/// Audio keeps its name. Bytes of no declared kind, as storage hosts serve them, are named by the link's ending.
fn content_type(declared: Option<&HeaderValue>, link: &Url) -> Option<HeaderValue> {
    let text = declared.map_or(Ok(""), HeaderValue::to_str).ok()?.to_ascii_lowercase();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.starts_with("audio/") {
        return declared.cloned();
    }
    if !matches!(essence, "" | "application/octet-stream" | "binary/octet-stream") {
        return None;
    }
    let by_ending = match link.path().rsplit_once('.') {
        Some((_, "mp3")) => "audio/mpeg",
        Some((_, "wav")) => "audio/wav",
        Some(_) | None => "application/octet-stream",
    };
    Some(HeaderValue::from_static(by_ending))
}

#[cfg(test)]
mod tests {
    use hyper::header::{LOCATION, SET_COOKIE};

    use super::*;

    fn map(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn link(path: &str) -> Url {
        Url::parse("https://media.example.com").unwrap().join(path).unwrap()
    }

    #[test]
    fn one_range_is_asked_for_and_nothing_else() {
        for range in ["bytes=0-", "bytes=0-0", "bytes=-500", "bytes=100-199"] {
            let request = map(&[(RANGE, range), (IF_RANGE, "\"e\""), (SET_COOKIE, "a")]);
            assert_eq!(asked(&request), map(&[(RANGE, range), (IF_RANGE, "\"e\"")]), "{range}");
        }
        for range in [
            "bytes=-",
            "bytes=0-1,5-6",
            "bytes=a-b",
            "items=0-1",
            "bytes 0-1",
            "bytes=0-99999999999999999999",
            "bytes=--1",
        ] {
            let request = map(&[(RANGE, range), (IF_RANGE, "\"e\"")]);
            assert_eq!(asked(&request), HeaderMap::new(), "{range}");
        }
        assert_eq!(asked(&map(&[(IF_RANGE, "\"e\"")])), HeaderMap::new());
    }

    #[test]
    fn only_what_playing_needs_is_passed_on() {
        let needed = [
            (CONTENT_TYPE, "audio/mpeg"),
            (CONTENT_LENGTH, "2"),
            (CONTENT_RANGE, "bytes 0-1/9"),
            (ACCEPT_RANGES, "bytes"),
            (ETAG, "\"e\""),
            (LAST_MODIFIED, "Tue, 17 Nov 2026 10:00:00 GMT"),
        ];
        let mut provider = map(&needed);
        provider.extend(map(&[(SET_COOKIE, "a"), (LOCATION, "b")]));
        assert_eq!(headers(&provider, &link("/a")), Some(map(&needed)));
    }

    #[test]
    fn only_audio_is_passed_on() {
        for (declared, path, passed) in [
            (Some("audio/mpeg"), "/a", Some("audio/mpeg")),
            (Some("audio/x-wav"), "/a.mp3", Some("audio/x-wav")),
            (Some("Audio/Wav; codecs=1"), "/a", Some("Audio/Wav; codecs=1")),
            (Some("binary/octet-stream"), "/a.wav?x=.mp3", Some("audio/wav")),
            (Some("application/octet-stream"), "/a.mp3", Some("audio/mpeg")),
            (Some("application/octet-stream"), "/a", Some("application/octet-stream")),
            (None, "/a.mp3", Some("audio/mpeg")),
            (Some("text/html"), "/a.mp3", None),
            (Some("text/html; audio/mpeg"), "/a.mp3", None),
            (Some("image/svg+xml"), "/a.mp3", None),
            (Some("application/json"), "/a.mp3", None),
            (Some("multipart/byteranges; boundary=a"), "/a.mp3", None),
        ] {
            let provider = declared.map(|declared| map(&[(CONTENT_TYPE, declared)]));
            let headers = headers(&provider.unwrap_or_default(), &link(path));
            let content_type = headers.map(|headers| headers[CONTENT_TYPE].clone());
            let passed = passed.map(HeaderValue::from_static);
            assert_eq!(content_type, passed, "{declared:?} {path}");
        }
        let packed = map(&[(CONTENT_TYPE, "audio/mpeg"), (CONTENT_ENCODING, "gzip")]);
        assert_eq!(headers(&packed, &link("/a")), None);
    }
}
