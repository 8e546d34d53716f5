//! The webhooks that a command stands for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use curbe_tests::simulator::flow::{VOICE_EVENTS, VOICE_REQUEST};
use curbe_tests::simulator::sign::{Signer, TelnyxSigner, Webhook};
use curbe_tests::simulator::signalwire::{PROJECT, SignalWireCall};
use curbe_tests::simulator::telnyx::{CONNECTION, Cause, Event, TelnyxLeg};
use curbe_tests::simulator::twilio::{ACCOUNT, Fields, Silence, Status, TwilioCall};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::arguments::{Call, Command, Direction, Environment, Form, Provider};

/// What is sent, in order, each by its name, and the leg's id.
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) webhooks: Vec<(&'static str, Webhook)>,
}

/// Why nothing can be sent.
pub(crate) enum Problem {
    /// A variable is missing or wrong.
    Configuration(String),
    /// There is no such webhook.
    Usage(String),
}

/// Signs with the provider's first secret.
pub(crate) fn told(command: &Command, environment: &Environment) -> Result<Told, Problem> {
    let Environment { twilio_auth_tokens, signalwire_signing_keys, telnyx_private_key, .. } =
        environment;
    let public = &environment.public_base_url;
    match command.call().provider {
        Provider::Twilio => {
            let token = first(twilio_auth_tokens, "TWILIO_AUTH_TOKENS")?;
            let leg = twilio_leg(command.call());
            let fields = twilio(command, &leg)?;
            Ok(laml(command, leg.sid, &fields, &Signer::new(&token, public)))
        }
        Provider::Signalwire => {
            let key = first(signalwire_signing_keys, "SIGNALWIRE_SIGNING_KEYS")?;
            let leg = signalwire_leg(command.call());
            let fields = signalwire(command, &leg)?;
            Ok(laml(command, leg.sid, &fields, &Signer::signalwire(&key, public)))
        }
        Provider::Telnyx => {
            let variable = "TELNYX_PRIVATE_KEY";
            let key = first(telnyx_private_key, variable)?;
            if !STANDARD.decode(&key).is_ok_and(|seed| seed.len() == 32) {
                let words = format!("{variable} is not base64 of 32 bytes");
                return Err(Problem::Configuration(words));
            }
            telnyx(command, &TelnyxSigner::new(&key))
        }
    }
}

fn first(list: &Option<String>, variable: &'static str) -> Result<String, Problem> {
    let mut secrets = list.as_deref().unwrap_or_default().split(',').map(str::trim);
    let first = secrets.find(|secret| !secret.is_empty());
    first.map(str::to_owned).ok_or_else(|| {
        Problem::Configuration(format!("{variable} is not set; `. .local/env` sets it"))
    })
}

fn untold(what: &str) -> Problem {
    Problem::Usage(format!("there is no such webhook: {what}"))
}

fn laml(command: &Command, id: String, fields: &Fields, signer: &Signer) -> Told {
    let (name, path) = match command {
        Command::Hangup(_) => ("hangup", VOICE_EVENTS),
        Command::Answered(_) => ("answered", VOICE_EVENTS),
        Command::Cost(_) => ("cost", VOICE_EVENTS),
        Command::Recording(_) => ("recording", VOICE_EVENTS),
        Command::VoiceRequest(_) => ("voice-request", VOICE_REQUEST),
    };
    let is_json = command.call().json;
    let webhook = if is_json { signer.json(path, fields) } else { signer.form(path, fields) };
    Told { id, webhooks: vec![(name, webhook)] }
}

fn twilio(command: &Command, leg: &TwilioCall) -> Result<Fields, Problem> {
    Ok(match command {
        Command::Hangup(_) => leg.hangup(),
        Command::Answered(_) => leg.progress(Status::InProgress),
        Command::Cost(_) => return Err(untold("Twilio tells no cost")),
        Command::Recording(_) => leg.recording("completed"),
        Command::VoiceRequest(_) => leg.voice_request(),
    })
}

fn signalwire(command: &Command, leg: &SignalWireCall) -> Result<Fields, Problem> {
    Ok(match command {
        Command::Hangup(_) => leg.hangup(),
        Command::Answered(_) => leg.progress(Status::InProgress),
        Command::Cost(_) => return Err(untold("SignalWire tells no cost")),
        Command::Recording(_) => leg.recording("completed"),
        Command::VoiceRequest(_) => leg.voice_request(),
    })
}

fn telnyx(command: &Command, signer: &TelnyxSigner) -> Result<Told, Problem> {
    let call = command.call();
    let leg = telnyx_leg(call)?;
    let events = match call.form {
        Form::CallControl => call_control(command, &leg)?,
        Form::Texml => vec![texml(command, &leg)?],
    };
    let now = OffsetDateTime::now_utc();
    let sign = |(name, event): (_, Event)| (name, event.signed(signer, now));
    let webhooks = events.into_iter().map(sign).collect();
    Ok(Told { id: leg.leg_id.to_string(), webhooks })
}

fn call_control(command: &Command, leg: &TelnyxLeg) -> Result<Vec<(&'static str, Event)>, Problem> {
    let was_answered = leg.answered_at.is_some();
    let events = match command {
        Command::Hangup(call) if was_answered && !call.answer_untold => {
            vec![("call.answered", leg.answered()), ("call.hangup", leg.hangup())]
        }
        Command::Hangup(_) => vec![("call.hangup", leg.hangup())],
        Command::Answered(_) if was_answered => vec![("call.answered", leg.answered())],
        Command::Answered(_) => return Err(untold("such a call was not answered")),
        Command::Cost(call) => vec![("call.cost", leg.cost(call.seconds))],
        Command::Recording(_) => vec![("call.recording.saved", leg.recording_saved())],
        Command::VoiceRequest(_) => return Err(untold("Telnyx's is not played yet")),
    };
    Ok(events.into_iter().map(|(name, body)| (name, Event::Json(body))).collect())
}

fn texml(command: &Command, leg: &TelnyxLeg) -> Result<(&'static str, Event), Problem> {
    let (name, fields) = match command {
        Command::Hangup(call) if call.answer_untold => ("hangup", leg.texml_ended()),
        Command::Hangup(_) => ("hangup", leg.texml_completed()),
        Command::Answered(_) => ("answered", leg.texml_progress(Status::InProgress)),
        Command::Cost(_) => return Err(untold("TeXML tells no cost")),
        Command::Recording(_) => ("recording", leg.texml_recording("completed")),
        Command::VoiceRequest(_) => return Err(untold("Telnyx's is not played yet")),
    };
    Ok((name, Event::Form(fields)))
}

fn twilio_leg(call: &Call) -> TwilioCall {
    let mut leg = TwilioCall::outbound(&call.from, &call.to);
    leg.account = call.account.clone().unwrap_or_else(|| ACCOUNT.to_owned());
    leg.parent.clone_from(&call.parent);
    leg.direction = call.direction.as_str();
    if let Some(sid) = &call.sid {
        leg.sid.clone_from(sid);
    }
    if call.status == Status::Completed {
        leg.completed(call.seconds)
    } else {
        leg.unanswered(call.status, Silence::Zero)
    }
}

fn signalwire_leg(call: &Call) -> SignalWireCall {
    let seconds = if call.status == Status::Completed { call.seconds } else { 0 };
    let leg = SignalWireCall::outbound(&call.from, &call.to, seconds);
    SignalWireCall {
        sid: call.sid.clone().unwrap_or(leg.sid),
        parent: call.parent.clone(),
        project: call.account.clone().unwrap_or_else(|| PROJECT.to_owned()),
        direction: call.direction.as_str(),
        status: call.status,
        ..leg
    }
}

/// Its other ids are made of `call_leg_id`, so that later commands tell of the same leg.
fn telnyx_leg(call: &Call) -> Result<TelnyxLeg, Problem> {
    let id = match &call.sid {
        Some(sid) => Uuid::try_parse(sid)
            .map_err(|_| Problem::Usage(format!("--sid {sid}: Telnyx's call_leg_id is a UUID")))?,
        None => Uuid::new_v4(),
    };
    let leg = TelnyxLeg::outbound(&call.from, &call.to, call.seconds).named(id);
    let leg = if call.status == Status::Completed {
        leg.completed(Duration::seconds(call.seconds.into()))
    } else {
        leg.unanswered(Cause::of(call.status))
    };
    Ok(TelnyxLeg {
        connection: call.account.clone().unwrap_or_else(|| CONNECTION.to_owned()),
        parent: call.parent.clone(),
        outgoing: call.direction != Direction::Inbound,
        ..leg
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::Arguments;

    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

    fn of(words: &str, key: &str) -> Result<Told, Problem> {
        let call = ["--from", "+14155550100", "--to", "+525512345678"];
        let secrets = ["--twilio-auth-tokens", "t", "--telnyx-private-key", key];
        let words =
            ["curbe-simulate"].into_iter().chain(words.split(' ')).chain(call).chain(secrets);
        let Arguments { command, environment } = Arguments::parse_from(words);
        told(&command, &environment)
    }

    #[test]
    fn a_command_stands_for_these_webhooks() {
        for (words, expected) in [
            ("hangup", &["hangup"][..]),
            ("hangup --provider telnyx", &["call.answered", "call.hangup"]),
            ("hangup --provider telnyx --answer-untold", &["call.hangup"]),
            ("hangup --provider telnyx --status busy", &["call.hangup"]),
            ("hangup --provider telnyx --form texml", &["hangup"]),
            ("answered --provider telnyx", &["call.answered"]),
            ("cost --provider telnyx", &["call.cost"]),
            ("recording --provider telnyx", &["call.recording.saved"]),
            ("recording --provider telnyx --form texml", &["recording"]),
        ] {
            let Ok(told) = of(words, SEED) else { panic!("{words}: nothing is sent") };
            let names: Vec<&str> = told.webhooks.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, expected, "{words}");
        }
    }

    #[test]
    fn what_nobody_sends_is_refused() {
        for words in [
            "cost",
            "cost --provider telnyx --form texml",
            "answered --provider telnyx --status busy",
            "hangup --provider telnyx --sid CA1",
            "voice-request --provider telnyx",
        ] {
            assert!(matches!(of(words, SEED), Err(Problem::Usage(_))), "{words}");
        }
        for key in ["", "no key", "c2hvcnQ="] {
            let refused = of("hangup --provider telnyx", key);
            assert!(matches!(refused, Err(Problem::Configuration(_))), "{key}");
        }
    }

    #[test]
    fn later_commands_tell_of_the_same_leg() {
        let sid = "--provider telnyx --sid 428c31b6-7af4-4bcb-b7f5-5013ef9657c1";
        let body = |command: &str| {
            let Ok(told) = of(&format!("{command} {sid}"), SEED) else { panic!("{command}") };
            serde_json::from_slice::<serde_json::Value>(&told.webhooks[0].1.body).unwrap()
        };
        let (answered, cost) = (body("answered"), body("cost"));
        for name in ["call_leg_id", "call_control_id", "call_session_id"] {
            assert_eq!(answered["data"]["payload"][name], cost["data"]["payload"][name]);
        }
    }
}
