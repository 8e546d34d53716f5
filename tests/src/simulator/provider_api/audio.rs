//! A recording that can be heard, and answers that carry it, whole or in part.

use std::f32::consts::TAU;
use std::io;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_RANGE, RANGE,
    SERVER,
};
use hyper::{Response, StatusCode};

use super::host::{Body, Seen};

/// As telephone lines have it.
const SAMPLES_A_SECOND: u32 = 8_000;
const BYTES_A_SAMPLE: u32 = 2;
const VALIDATOR: &str = "\"tone-440\"";

/// One second of the concert pitch, as WAV: 16 bits, one channel.
pub fn tone() -> Bytes {
    let length = SAMPLES_A_SECOND * BYTES_A_SAMPLE;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + length).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes()); // PCM
    wav.extend_from_slice(&1_u16.to_le_bytes()); // one channel
    wav.extend_from_slice(&SAMPLES_A_SECOND.to_le_bytes());
    wav.extend_from_slice(&length.to_le_bytes());
    wav.extend_from_slice(&2_u16.to_le_bytes()); // bytes of a frame
    wav.extend_from_slice(&16_u16.to_le_bytes()); // bits of a sample
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&length.to_le_bytes());
    for sample in 0..SAMPLES_A_SECOND {
        wav.extend_from_slice(&amplitude(sample).to_le_bytes());
    }
    wav.into()
}

#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a sound, not money"
)]
fn amplitude(sample: u32) -> i16 {
    let phase = TAU * 440.0 * (sample as f32) / (SAMPLES_A_SECOND as f32);
    (phase.sin() * 8_000.0) as i16
}

/// The audio, or the part of it that was asked for (RFC 9110, section 14).
pub(super) fn ranged(audio: &Bytes, seen: &Seen) -> Response<Body> {
    let validator = seen.header(&IF_RANGE);
    let is_same = validator.is_empty() || validator == VALIDATOR;
    let asked = seen.header(&RANGE).strip_prefix("bytes=").filter(|_| is_same);
    let Some((first, last)) = asked.and_then(|asked| asked.split_once('-')) else {
        return whole(audio);
    };
    let end = audio.len();
    let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, last.min(end - 1)),
        (Ok(first), Err(_)) => (first, end - 1),
        (Err(_), Ok(count)) => (end.saturating_sub(count), end - 1),
        (Err(_), Err(_)) => return whole(audio),
    };
    if first >= end || first > last {
        let mut response =
            message(StatusCode::RANGE_NOT_SATISFIABLE, "application/xml", "<Error/>");
        set(&mut response, CONTENT_RANGE, &format!("bytes */{end}"));
        return response;
    }
    let mut response = whole(&audio.slice(first..=last));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    set(&mut response, CONTENT_RANGE, &format!("bytes {first}-{last}/{end}"));
    response
}

/// All of it, with headers that are nobody's business besides.
pub(super) fn whole(audio: &Bytes) -> Response<Body> {
    with_body(Full::new(audio.clone()).map_err(|never| match never {}).boxed_unsync())
}

/// An answer of audio with that body.
pub(super) fn with_body(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    set(&mut response, CONTENT_TYPE, "audio/x-wav");
    set(&mut response, ACCEPT_RANGES, "bytes");
    set(&mut response, ETAG, VALIDATOR);
    set(&mut response, SERVER, "storage");
    set(&mut response, HeaderName::from_static("x-amz-request-id"), "1");
    set(&mut response, hyper::header::SET_COOKIE, "visitor=1");
    response
}

/// An answer without audio.
pub(super) fn message(status: StatusCode, content_type: &str, text: &str) -> Response<Body> {
    let body = Full::from(text.to_owned()).map_err(|never| -> io::Error { match never {} });
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, content_type);
    response
}

pub(super) fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("a header's value");
    response.headers_mut().insert(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &'static str) -> (u16, String) {
        let headers = [(RANGE, HeaderValue::from_static(range))].into_iter().collect();
        let response = ranged(&tone(), &Seen { uri: "/".parse().unwrap(), headers });
        let told = response.headers().get(CONTENT_RANGE).cloned();
        (
            response.status().as_u16(),
            told.map_or_else(String::new, |told| told.to_str().unwrap().to_owned()),
        )
    }

    #[test]
    fn a_second_of_sound_has_its_header_and_its_samples() {
        let tone = tone();
        assert_eq!(
            (tone.len(), &tone[..4], &tone[8..16]),
            (16_044, &b"RIFF"[..], &b"WAVEfmt "[..])
        );
        assert!(tone[44..].iter().any(|byte| *byte != 0));
    }

    #[test]
    fn parts_are_counted_from_either_end() {
        assert_eq!(part("bytes=0-1"), (206, "bytes 0-1/16044".to_owned()));
        assert_eq!(part("bytes=16000-99999"), (206, "bytes 16000-16043/16044".to_owned()));
        assert_eq!(part("bytes=-4"), (206, "bytes 16040-16043/16044".to_owned()));
        assert_eq!(part("bytes=16044-"), (416, "bytes */16044".to_owned()));
        assert_eq!(part("items=0-1"), (200, String::new()));
    }
}
