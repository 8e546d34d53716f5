/** The calls under way, as the page counts them down: without a browser, and with the clock in the test's hand. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Wire, held, settled, welcome } from "../../notifier/client/test/support/wire.js";
import "./pretend.js";

const { signIn, signOut } = await import("../../notifier/page/state/session.js");
const { toggleLive } = await import("../../notifier/page/state/live.js");
const { announcement } = await import("../../notifier/page/state/announcements.js");
const { now, running, secondsLeft } = await import("../../notifier/page/state/running.js");

const NOON = Date.UTC(2026, 2, 1, 12);

/** What the API says is under way, and how often it was asked. */
let calls;
let asked;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: NOON });
  [calls, asked] = [[], 0];
  mock.method(globalThis, "fetch", async (address) => {
    if (address.endsWith("/running")) asked += 1;
    const answers = {
      "/balance": { balance: "8.0000", currency: "USD", seq: 57 },
      "/running": { data: calls },
    };
    const name = Object.keys(answers).find((end) => address.endsWith(end));
    return { ok: true, json: async () => answers[name] ?? { data: [], nextCursor: null } };
  });
});

afterEach(async () => {
  signOut();
  await later(10_000);
  mock.timers.reset();
  mock.restoreAll();
});

async function later(milliseconds) {
  mock.timers.tick(milliseconds);
  await settled();
}

async function signedIn() {
  await signIn("token");
  await settled();
  Wire.last.onopen();
  Wire.last.says(welcome(57));
  await settled();
}

function call(id, maxSeconds) {
  const startedAt = new Date().toISOString();
  return { externalCallId: id, provider: "twilio", number: "+523312345678", startedAt, maxSeconds };
}

/** The calls under way are these, and the page hears that something has changed. */
async function nowThereAre(...these) {
  calls = these;
  Wire.last.says(held("1.0000", "7.0000"));
  await settled();
}

const left = () => running.value.map((one) => secondsLeft(one, now.value));
const ids = () => running.value.map((one) => one.externalCallId);

test("a call is there once its money is set aside, runs down to nothing, and goes when it ends", async () => {
  await signedIn();
  assert.deepEqual(running.value, []);
  await nowThereAre(call("CA1", 90));
  assert.deepEqual(left(), [90]);
  await later(1000);
  assert.deepEqual(left(), [89]);
  await later(88_000);
  assert.deepEqual(left(), [1]);
  await later(60_000);
  assert.deepEqual(left(), [0]);
  await nowThereAre();
  assert.deepEqual(running.value, []);
});

test("a call that is logged is over, before the next answer says so", async () => {
  await signedIn();
  await nowThereAre(call("CA1", 90), call("CA2", 90));
  const before = asked;
  const logData = { id: "1", provider: "twilio", externalCallId: "CA2", startTime: "2026-03-01T12:00:00Z" };
  Wire.last.says({ type: "new_call_log", seq: 58, data: { logData } });
  assert.deepEqual(ids(), ["CA1"]);
  await settled();
  assert.equal(asked, before + 1);
});

test("a pause holds the time still, and what follows it is right again", async () => {
  await signedIn();
  await nowThereAre(call("CA1", 90));
  toggleLive();
  await later(5000);
  await nowThereAre(call("CA2", 60), ...calls);
  assert.deepEqual([ids(), left()], [["CA1"], [90]]);
  toggleLive();
  assert.deepEqual([ids(), left()], [["CA2", "CA1"], [60, 85]]);
});

test("who listens is told of the begin and of the end, and of no second between", async () => {
  calls = [call("CA0", 900)];
  await signedIn();
  await later(2000);
  // What runs already is no news.
  assert.doesNotMatch(announcement.value, /announce/);
  await nowThereAre(call("CA1", 90), ...calls);
  await later(1000);
  assert.match(announcement.value, /announce\.begun\.one/);
  const said = announcement.value;
  await later(30_000);
  assert.equal(announcement.value, said);
  await nowThereAre();
  await later(1000);
  assert.match(announcement.value, /announce\.ended\.other/);
});

test("a clock that is wrong makes no more time than there was", async () => {
  await signedIn();
  await nowThereAre({ ...call("CA1", 90), startedAt: "2026-03-01T13:00:00Z" });
  assert.deepEqual(left(), [90]);
});

test("a connection that is back asks, as what it missed is not told again", async () => {
  await signedIn();
  const before = asked;
  Wire.last.ends(1006);
  await later(1000);
  calls = [call("CA1", 90)];
  Wire.last.onopen();
  Wire.last.says(welcome(57, true));
  await settled();
  assert.deepEqual([ids(), asked > before], [["CA1"], true]);
});
