//! Instructions in the markup that Twilio calls TwiML, Telnyx TeXML and SignalWire cXML: the same verbs, and few of them.

use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::preflight::{Answer, Dial, Language, Reason, Target};

/// In what the markup of a provider differs from that of the others.
#[derive(Clone, Copy, Debug)]
pub(in crate::providers) struct Markup {
    /// Whether `<Client>` is one of its nouns.
    pub(in crate::providers) has_clients: bool,
    /// The longest that it lets a call ring, in seconds.
    pub(in crate::providers) timeout_max: u32,
}

/// The answer as a document. `audio` is the address of what is played instead of the words of a refusal.
pub(in crate::providers) fn write(markup: Markup, answer: &Answer, audio: Option<&str>) -> String {
    let mut writer = Writer::new(Vec::new());
    let written = writer.create_element("Response").write_inner_content(|writer| match answer {
        Answer::Dial(dial) if markup.can_reach(&dial.target) => markup.dial(writer, dial),
        Answer::Dial(_) | Answer::Reject => writer.create_element("Reject").write_empty().map(drop),
        Answer::Refuse { reason, language } => refuse(writer, *reason, *language, audio),
    });
    // Writing into memory does not fail.
    drop(written);
    let document = String::from_utf8_lossy(writer.get_ref());
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{document}")
}

impl Markup {
    fn can_reach(self, target: &Target) -> bool {
        self.has_clients || !matches!(target, Target::Client(_))
    }

    /// With `answerOnBridge` the caller's leg is answered when the other one is, so both last equally long.
    fn dial(self, writer: &mut Writer<Vec<u8>>, dial: &Dial) -> std::io::Result<()> {
        let timeout = dial.timeout.min(self.timeout_max).to_string();
        let limit = dial.time_limit.map(|seconds| seconds.to_string());
        let mut verb = writer
            .create_element("Dial")
            .with_attribute(("answerOnBridge", "true"))
            .with_attribute(("timeout", timeout.as_str()));
        if let Some(limit) = &limit {
            verb = verb.with_attribute(("timeLimit", limit.as_str()));
        }
        if let Some(caller_id) = &dial.caller_id {
            verb = verb.with_attribute(("callerId", caller_id.as_str()));
        }
        verb.write_inner_content(|writer| {
            let (noun, whom) = match &dial.target {
                Target::Number(number) => ("Number", number),
                Target::Client(name) => ("Client", name),
                Target::Sip(address) => ("Sip", address),
            };
            writer.create_element(noun).write_text_content(BytesText::new(whom)).map(drop)
        })?;
        writer.create_element("Hangup").write_empty().map(drop)
    }
}

fn refuse(
    writer: &mut Writer<Vec<u8>>,
    reason: Reason,
    language: Language,
    audio: Option<&str>,
) -> std::io::Result<()> {
    match audio {
        Some(url) => {
            writer.create_element("Play").write_text_content(BytesText::new(url))?;
        }
        None => {
            let (code, voice) = match language {
                Language::Spanish => ("es-MX", "Polly.Mia"),
                Language::English => ("en-US", "Polly.Joanna"),
            };
            writer
                .create_element("Say")
                .with_attribute(("language", code))
                .with_attribute(("voice", voice))
                .write_text_content(BytesText::new(reason.words(language)))?;
        }
    }
    writer.create_element("Hangup").write_empty().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Markup = Markup { has_clients: true, timeout_max: 600 };

    fn dial(target: Target) -> Answer {
        let caller_id = Some("+1500\"<&'>".to_owned());
        Answer::Dial(Dial { target, caller_id, time_limit: Some(57), timeout: 30 })
    }

    #[test]
    fn what_stands_in_numbers_and_texts_never_becomes_markup() {
        let evil = "</Number><Dial>+1900&\"'</Dial>";
        let document = write(ALL, &dial(Target::Number(evil.to_owned())), None);
        assert_eq!(document.matches("<Dial").count(), 1, "{document}");
        assert!(document.contains("&lt;/Number&gt;&lt;Dial&gt;+1900&amp;"), "{document}");
        assert!(!document.contains("callerId=\"+1500\"<"), "{document}");
        let played = Answer::Refuse { reason: Reason::NoRate, language: Language::Spanish };
        let document = write(ALL, &played, Some("https://a.example/x?a=1&b=<2>"));
        assert!(
            document.contains("<Play>https://a.example/x?a=1&amp;b=&lt;2&gt;</Play>"),
            "{document}"
        );
    }

    #[test]
    fn who_cannot_be_reached_is_not_tried() {
        let client = dial(Target::Client("alice".to_owned()));
        assert!(write(ALL, &client, None).contains("<Client>alice</Client>"));
        let other = Markup { has_clients: false, timeout_max: 120 };
        assert!(write(other, &client, None).ends_with("<Response><Reject/></Response>"));
    }

    #[test]
    fn it_rings_no_longer_than_the_provider_lets_it() {
        let mut answer = dial(Target::Sip("sip:a@b".to_owned()));
        if let Answer::Dial(dial) = &mut answer {
            (dial.timeout, dial.time_limit, dial.caller_id) = (300, None, None);
        }
        let other = Markup { has_clients: false, timeout_max: 120 };
        assert!(write(other, &answer, None).contains(
            "<Dial answerOnBridge=\"true\" timeout=\"120\"><Sip>sip:a@b</Sip></Dial><Hangup/>"
        ));
    }
}
