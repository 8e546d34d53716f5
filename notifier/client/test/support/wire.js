/** A WebSocket without a network: the test is the other side. */

export class Wire {
  /** All that were made, the latest last. */
  static made = [];
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  /** What was said over it. */
  sent = [];
  isClosed = false;

  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    Wire.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.isClosed = true;
  }

  /** The notifier says something. */
  says(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The notifier closes it, or the network does. */
  ends(code) {
    this.onclose?.({ code });
  }

  static get last() {
    return Wire.made.at(-1);
  }
}

/** Lets everything that waits for a promise go on. */
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A token as far as the client reads it, ending at this time in milliseconds. */
export function tokenUntil(expiresAt, name = "") {
  const payload = Buffer.from(JSON.stringify({ exp: expiresAt / 1000, name })).toString(
    "base64url",
  );
  return `e30.${payload}.c2ln`;
}

/** The first frame of a connection. */
export function welcome(seq, resumed = false) {
  const money = { balance: "10.0000", held: "0.0000", available: "10.0000", currency: "USD" };
  const data = { ...money, status: "active" };
  return { type: "welcome", seq, resumed, heartbeatSeconds: 15, data };
}

/** A numbered frame. */
export function balance(seq) {
  const data = { newBalance: "9.0000", lastCallCost: "1.0000", currency: "USD" };
  return { type: "balance_updated", seq, data };
}

/** So much is set aside, of ten. */
export function held(amount, available) {
  return { type: "held_updated", data: { held: amount, available, currency: "USD" } };
}
