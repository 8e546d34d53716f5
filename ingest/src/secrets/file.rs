//! The file of secrets, as `deploy/provider-secrets.schema.json` describes it: for each provider, who may be signed for
//! with what.

use curbe_domain::providers::Provider;
use curbe_platform::config::secret;
use secrecy::SecretString;

use super::json::{Misfit, Node, parse};

/// The only format there has been.
const VERSION: u64 = 1;
/// What a Kubernetes secret may hold.
pub(super) const BYTES_MAX: u64 = 1024 * 1024;

/// A secret of the file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) provider: Provider,
    /// The accounts, projects or connections that it is for; none: those that no entry names.
    pub(super) accounts: Vec<String>,
    pub(super) secret: SecretString,
    /// Where it stands: a JSON pointer.
    pub(super) pointer: String,
}

/// Reads the file's content.
pub(super) fn entries(content: &[u8]) -> Result<Vec<Entry>, Misfit> {
    let document = parse(content)?;
    let root = Node::root(&document);
    // The name of the schema is for editors.
    let names = ["$schema", "version", "twilio", "signalwire", "telnyx"];
    let [schema, version, twilio, signalwire, telnyx] = root.fields(names)?;
    schema.map(|schema| schema.text()).transpose()?;
    match version {
        Some(version) if version.is(VERSION) => {}
        Some(version) => return Err(version.misfit(format!("is not {VERSION}"))),
        None => return Err(root.misfit("has no version")),
    }
    let mut entries = Vec::new();
    if let Some(twilio) = twilio {
        let [accounts] = twilio.fields(["accounts"])?;
        let otherwise = "has a name that is no account: AC and 32 lowercase hex digits";
        let owners = (is_twilio_account as fn(&str) -> bool, otherwise);
        entries.extend(of_owners(Provider::Twilio, accounts.as_ref(), owners)?);
    }
    if let Some(signalwire) = signalwire {
        let [projects] = signalwire.fields(["projects"])?;
        let otherwise = "has a name that is no project: a UUID in lowercase";
        let owners = (is_project as fn(&str) -> bool, otherwise);
        entries.extend(of_owners(Provider::SignalWire, projects.as_ref(), owners)?);
    }
    if let Some(telnyx) = telnyx {
        entries.extend(of_connections(&telnyx)?);
    }
    Ok(entries)
}

/// Lists of secrets by the name of who they belong to.
fn of_owners(
    provider: Provider,
    owners: Option<&Node<'_>>,
    (is_right, otherwise): (fn(&str) -> bool, &str),
) -> Result<Vec<Entry>, Misfit> {
    let mut entries = Vec::new();
    let Some(owners) = owners else {
        return Ok(entries);
    };
    for (owner, secrets) in owners.entries(is_right, otherwise)? {
        for node in secrets.items()? {
            let (secret, pointer) = (secret_of(&node)?, node.pointer);
            entries.push(Entry { provider, accounts: vec![owner.to_owned()], secret, pointer });
        }
    }
    Ok(entries)
}

/// Telnyx's events do not tell the account that signs them, so its keys may be bound to connections.
fn of_connections(telnyx: &Node<'_>) -> Result<Vec<Entry>, Misfit> {
    let mut entries = Vec::new();
    let [keys] = telnyx.fields(["publicKeys"])?;
    for key in keys.map(|keys| keys.items()).transpose()?.unwrap_or_default() {
        let [base64, connections] = key.fields(["key", "connections"])?;
        let base64 = base64.ok_or_else(|| key.misfit("has no key"))?;
        let mut accounts = Vec::new();
        for connection in connections.map(|list| list.items()).transpose()?.unwrap_or_default() {
            let id = connection.text()?;
            if !is_connection(id) {
                return Err(connection.misfit("is no connection id"));
            }
            accounts.push(id.to_owned());
        }
        let (secret, pointer) = (secret_of(&base64)?, base64.pointer);
        entries.push(Entry { provider: Provider::Telnyx, accounts, secret, pointer });
    }
    Ok(entries)
}

fn secret_of(node: &Node<'_>) -> Result<SecretString, Misfit> {
    secret(node.text()?).map_err(|reason| node.misfit(reason))
}

fn is_twilio_account(name: &str) -> bool {
    name.strip_prefix("AC").is_some_and(|digits| digits.len() == 32 && is_lowercase_hex(digits))
}

fn is_project(name: &str) -> bool {
    let lengths = name.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && name.split('-').all(is_lowercase_hex)
}

fn is_connection(id: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.' | b'-');
    id.len() <= 200 && id.bytes().all(allowed)
}

fn is_lowercase_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
