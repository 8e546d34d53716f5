/** A program with a client in it: does what it is told on its input, tells what happens on its output, line by line. */

import { createInterface } from "node:readline";

import WebSocket from "ws";

import { CurbeError, createClient } from "../../dist/index.js";

const EVENTS = [
  "status",
  "welcome",
  "balance_updated",
  "new_call_log",
  "recording_ready",
  "held_updated",
  "resync",
];

let client;
let token;

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function getToken() {
  tell({ told: "token_wanted" });
  return token;
}

async function ask({ method, args }) {
  try {
    tell({ answer: await plain(await client[method](...args)) });
  } catch (error) {
    if (!(error instanceof CurbeError)) throw error;
    const { message, status, code, retryable, requestId, problem } = error;
    tell({ error: { message, status, code, retryable, requestId, problem } });
  }
}

/** An answer as JSON can say it. */
async function plain(answer) {
  if (!(answer instanceof Response)) return answer;
  const { status, headers } = answer;
  return { status, headers: Object.fromEntries(headers), body: await answer.text() };
}

const ACTIONS = {
  create({ url, since }) {
    client = createClient({ url, since, getToken, WebSocket });
    for (const name of EVENTS) {
      client.on(name, (event) => tell({ told: name, event, seq: client.seq }));
    }
  },
  token: (action) => (token = action.token),
  connect: () => client.connect(),
  close: () => client.close(),
  ask,
};

for await (const line of createInterface({ input: process.stdin })) {
  const action = JSON.parse(line);
  await ACTIONS[action.do](action);
}
// Whoever told us what to do is gone.
process.exit();
