//! Sends one signed webhook to a running ingest and shows the answer.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use curbe_tests::simulator::flow::VOICE_EVENTS;
use curbe_tests::simulator::send::{Answer, Sender};
use curbe_tests::simulator::sign::Signer;
use curbe_tests::simulator::twilio::{ACCOUNT, Silence, Status, TwilioCall};

const VOICE_REQUEST: &str = "/api/webhooks/voice-request";

/// The exit status of all of Curbe's programs for a configuration that is wrong.
const CONFIGURATION: u8 = 78;

/// Headers that tell something of an answer.
const SHOWN_HEADERS: [&str; 4] = ["content-type", "retry-after", "x-request-id", "location"];

/// Plays a telephony provider: sends one signed webhook and shows the answer.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    environment: Environment,
}

/// Where to, signed for which address and with what.
#[derive(Args)]
struct Environment {
    /// The ingest to send to.
    #[arg(long, env, global = true, default_value = "http://127.0.0.1:8080")]
    ingest_url: String,
    /// The address that the webhook is signed for.
    #[arg(long, env, global = true, default_value = "http://127.0.0.1:8080")]
    public_base_url: String,
    /// Auth tokens, a comma between them; the first one signs.
    #[arg(long, env, global = true, hide_env_values = true)]
    twilio_auth_tokens: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// A leg is over.
    Hangup(Call),
    /// A call is about to start and asks for instructions.
    VoiceRequest(Call),
    /// A leg's recording is there.
    Recording(Call),
}

#[derive(Args)]
struct Call {
    /// Who sends it.
    #[arg(long, value_enum, default_value = "twilio")]
    provider: Provider,
    /// The caller: a number, `client:name` or `sip:name@host`.
    #[arg(long, allow_hyphen_values = true)]
    from: String,
    /// The called.
    #[arg(long)]
    to: String,
    /// From answer to end.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How it ended; only `completed` lasts.
    #[arg(long, default_value = "completed")]
    status: Status,
    /// The leg's id; a new one if left out.
    #[arg(long)]
    sid: Option<String>,
    /// The id of the leg that dialled it.
    #[arg(long)]
    parent: Option<String>,
    /// The provider's account.
    #[arg(long, default_value = ACCOUNT)]
    account: String,
    /// Twilio's word on the direction.
    #[arg(long, value_enum, default_value = "outbound-api")]
    direction: Direction,
}

#[derive(Clone, Copy, ValueEnum)]
enum Provider {
    Twilio,
}

#[derive(Clone, Copy, ValueEnum)]
enum Direction {
    Inbound,
    OutboundApi,
    OutboundDial,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { command, environment } = Arguments::parse();
    let tokens = environment.twilio_auth_tokens.as_deref().unwrap_or_default();
    let Some(token) = tokens.split(',').map(str::trim).find(|token| !token.is_empty()) else {
        complain("TWILIO_AUTH_TOKENS is not set; `. .local/env` sets it");
        return ExitCode::from(CONFIGURATION);
    };
    let signer = Signer::new(token, &environment.public_base_url);
    match send(&command, &environment.ingest_url, &signer).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether the provider would take the answer for a yes.
async fn send(command: &Command, ingest_url: &str, signer: &Signer) -> Result<bool> {
    let (Command::Hangup(call) | Command::VoiceRequest(call) | Command::Recording(call)) = command;
    let leg = leg(call);
    let (path, fields) = match command {
        Command::Hangup(_) => (VOICE_EVENTS, leg.hangup()),
        Command::VoiceRequest(_) => (VOICE_REQUEST, leg.voice_request()),
        Command::Recording(_) => (VOICE_EVENTS, leg.recording("completed")),
    };
    let webhook = signer.form(path, &fields);
    let answer = Sender::new(ingest_url)?.send(&webhook).await?;
    show(path, &leg.sid, &answer)?;
    Ok(answer.is_success())
}

fn leg(call: &Call) -> TwilioCall {
    match call.provider {
        Provider::Twilio => twilio_leg(call),
    }
}

fn twilio_leg(call: &Call) -> TwilioCall {
    let mut leg = TwilioCall::outbound(&call.from, &call.to);
    leg.account.clone_from(&call.account);
    leg.parent.clone_from(&call.parent);
    leg.direction = match call.direction {
        Direction::Inbound => "inbound",
        Direction::OutboundApi => "outbound-api",
        Direction::OutboundDial => "outbound-dial",
    };
    if let Some(sid) = &call.sid {
        leg.sid.clone_from(sid);
    }
    if call.status == Status::Completed {
        leg.completed(call.seconds)
    } else {
        leg.unanswered(call.status, Silence::Zero)
    }
}

fn show(path: &str, sid: &str, answer: &Answer) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let milliseconds = answer.latency.as_millis();
    writeln!(out, "POST {path} {sid} -> {} in {milliseconds} ms", answer.status)?;
    for name in SHOWN_HEADERS {
        if let Some(value) = answer.headers.get(name) {
            writeln!(out, "{name}: {}", value.to_str().unwrap_or("(not text)"))?;
        }
    }
    if !answer.body.is_empty() {
        writeln!(out, "\n{}", answer.body)?;
    }
    Ok(())
}

fn complain(words: &str) {
    // Where even this cannot be written, the exit status is all there is left to say.
    writeln!(std::io::stderr(), "curbe-simulate: {words}").ok();
}
