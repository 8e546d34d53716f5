/** A client on a wire, with the clock in the test's hand. */

import { mock } from "node:test";

import { createClient } from "../../dist/index.js";
import { Wire, settled, tokenUntil, welcome } from "./wire.js";

/** Noon of a day long gone, so that nobody takes it for the real clock. */
const START = Date.UTC(2020, 0, 1, 12);

/** A client that has asked for its first socket, and everything that it told. */
export async function connecting(options = {}) {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: START });
  // The longest pauses that there are, so that tests know them.
  mock.method(Math, "random", () => 1);
  Wire.made = [];
  const tokens = [];
  const told = [];
  const getToken = () => {
    tokens.push(tokenUntil(Date.now() + 3_600_000, String(tokens.length)));
    return tokens.at(-1);
  };
  const client = createClient({
    url: "http://notifier.test",
    getToken,
    WebSocket: Wire,
    ...options,
  });
  for (const name of [
    "status",
    "welcome",
    "balance_updated",
    "new_call_log",
    "recording_ready",
    "held_updated",
    "resync",
  ]) {
    client.on(name, (event) => told.push([name, event]));
  }
  client.connect();
  await settled();
  return { client, told, tokens };
}

/** The same, past its welcome. */
export async function connected(options = {}) {
  const all = await connecting(options);
  Wire.last.onopen();
  Wire.last.says(welcome(57));
  return all;
}

/** Lets time pass, and all that follows from it. */
export async function later(milliseconds) {
  mock.timers.tick(milliseconds);
  await settled();
}

/** For after each test. */
export function tidy() {
  mock.timers.reset();
  mock.restoreAll();
}
