//! A form body as the signature sees it: pairs of decoded bytes, and the text that they are signed as.
//!
//! Bytes, not text: a replacement character for bytes that are no UTF-8 would let different bodies sign alike.

use std::borrow::Cow;

/// A decoded name and its value.
pub type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// A decoded `application/x-www-form-urlencoded` body, in the order of submission.
#[derive(Clone, Debug)]
pub struct Form<'a>(Vec<Pair<'a>>);

/// A part of the body is not `name=value`. The signed text has no separators, so a name without `=` could pass for
/// the value of the one before it; the providers always write the `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of the form is not name=value")]
pub struct NotAPair;

/// In which order the values of a repeated name are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueOrder {
    /// Each value once, sorted: Twilio.
    SortedOnce,
    /// As they were submitted, repeats included: SignalWire.
    Submitted,
}

impl<'a> Form<'a> {
    /// Decodes a body. Empty parts, as in `a=1&&b=2`, count for nothing.
    ///
    /// # Errors
    /// [`NotAPair`] when a part has no `=`.
    pub fn decode(body: &'a [u8]) -> Result<Self, NotAPair> {
        let parts = body.split(|&byte| byte == b'&').filter(|part| !part.is_empty());
        parts.map(pair).collect::<Result<_, _>>().map(Self)
    }

    /// The decoded names and values.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The same, given away.
    pub fn into_pairs(self) -> impl Iterator<Item = Pair<'a>> {
        self.0.into_iter()
    }

    /// What is signed after the URL: the names sorted by their bytes, each followed by its value, no separators.
    #[must_use]
    pub fn signed_text(&self, order: ValueOrder) -> Vec<u8> {
        let mut pairs: Vec<_> = self.pairs().collect();
        match order {
            ValueOrder::SortedOnce => {
                pairs.sort_unstable();
                pairs.dedup();
            }
            ValueOrder::Submitted => pairs.sort_by_key(|(name, _)| *name),
        }
        pairs.into_iter().flat_map(|(name, value)| [name, value]).flatten().copied().collect()
    }
}

fn pair(part: &[u8]) -> Result<Pair<'_>, NotAPair> {
    let equals = part.iter().position(|&byte| byte == b'=').ok_or(NotAPair)?;
    Ok((decoded(&part[..equals]), decoded(&part[equals + 1..])))
}

fn decoded(encoded: &[u8]) -> Cow<'_, [u8]> {
    if !encoded.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(encoded);
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => match escaped(tail) {
                Some(byte) => {
                    rest = &tail[2..];
                    byte
                }
                None => b'%',
            },
            other => *other,
        });
    }
    Cow::Owned(bytes)
}

fn escaped(digits: &[u8]) -> Option<u8> {
    let digit = |index: usize| char::from(*digits.get(index)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(body: &str, order: ValueOrder) -> String {
        let form = Form::decode(body.as_bytes()).unwrap();
        String::from_utf8(form.signed_text(order)).unwrap()
    }

    #[test]
    fn names_are_sorted_and_repeats_follow_the_provider() {
        let body = "To=b&Digits=2&From=&To=a&To=b&a=%2B1+x";
        assert_eq!(text(body, ValueOrder::SortedOnce), "Digits2FromToaToba+1 x");
        assert_eq!(text(body, ValueOrder::Submitted), "Digits2FromTobToaToba+1 x");
        assert_eq!(text("", ValueOrder::SortedOnce), "");
        assert_eq!(text("&&b=1&", ValueOrder::SortedOnce), "b1");
    }

    #[test]
    fn a_part_without_equals_is_refused() {
        for body in ["a", "a=1&b", "b&a=1"] {
            assert_eq!(Form::decode(body.as_bytes()).map(|_| ()), Err(NotAPair), "{body}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay_apart() {
        let text =
            |body: &'static [u8]| Form::decode(body).unwrap().signed_text(ValueOrder::SortedOnce);
        assert_ne!(text(b"a=%80"), text(b"a=%81"));
        assert_eq!(text(b"a=%8g%"), b"a%8g%");
    }

    proptest! {
        #[test]
        fn decoding_agrees_with_the_url_standard(body in "([a-z%+=&0-9A-F\u{e9}]{0,3}=?){0,20}") {
            let standard: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
            if let Ok(form) = Form::decode(body.as_bytes()) {
                let ours: Vec<_> = form
                    .pairs()
                    .map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
                    .collect();
                prop_assert_eq!(ours, standard);
            }
        }

        #[test]
        fn decoding_never_panics(body: Vec<u8>) {
            if let Ok(form) = Form::decode(&body) {
                prop_assert!(form.signed_text(ValueOrder::Submitted).len() <= body.len());
            }
        }
    }
}
