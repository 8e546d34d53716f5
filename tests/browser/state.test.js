/** What the page knows, without a browser: its own modules and the real client, whose network is the test. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Wire, balance, held, settled, welcome } from "../../notifier/client/test/support/wire.js";
import "./pretend.js";

const { session, signIn, signOut } = await import("../../notifier/page/state/session.js");
const { wallet } = await import("../../notifier/page/state/wallet.js");

/** What the API answers with, and how often it was asked for the balance. */
let seq;
let asked;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  [seq, asked] = [57, 0];
  mock.method(globalThis, "fetch", async (address) => {
    const isBalance = address.endsWith("/balance");
    if (isBalance) asked += 1;
    // Who asks without a pause would never let the test go on.
    if (asked > 50) throw new Error("asked without end");
    const answer = isBalance ? { balance: "8.0000", currency: "USD", seq } : { data: [], nextCursor: null };
    return { ok: true, json: async () => answer };
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

/** Signs in and is welcomed; what that asked for is not counted. */
async function signedIn() {
  await signIn("token");
  await settled();
  Wire.last.onopen();
  Wire.last.says(welcome(57));
  await settled();
  assert.equal(session.value.phase, "in");
  asked = 0;
}

test("an answer that stays behind the frames is asked for again after pauses, then shown", async () => {
  await signedIn();
  Wire.last.says(balance(58));
  await settled();
  const counts = [asked];
  for (const pause of [249, 1, 499, 1, 999, 1]) {
    assert.equal(wallet.value.balance, "9.0000");
    await later(pause);
    counts.push(asked);
  }
  assert.deepEqual(counts, [1, 1, 2, 2, 3, 3, 4]);
  assert.equal(wallet.value.balance, "8.0000");
  await later(100_000);
  assert.equal(asked, 4);
});

test("one that has caught up is shown at once, and asked for no more", async () => {
  await signedIn();
  Wire.last.says(balance(58));
  await settled();
  seq = 58;
  await later(250);
  assert.equal(wallet.value.balance, "8.0000");
  await later(100_000);
  assert.equal(asked, 2);
});

test("a welcome says at once what there is, what is set aside, and what is left", async () => {
  await signIn("token");
  await settled();
  Wire.last.onopen();
  Wire.last.says(welcome(57));
  const { balance: all, held: aside, available } = wallet.value;
  assert.deepEqual([all, aside, available], ["10.0000", "0.0000", "10.0000"]);
});

test("what is set aside is shown at once, and an older answer on its way does not stay", async () => {
  await signedIn();
  Wire.last.says(held("1.5000", "8.5000"));
  const { balance: all, held: aside, available } = wallet.value;
  assert.deepEqual([all, aside, available, asked], ["8.0000", "1.5000", "8.5000", 0]);
  seq = 58;
  Wire.last.says(balance(58));
  Wire.last.says(held("0.0000", "9.0000"));
  await settled();
  assert.equal(asked, 2);
});

test("who has left is not asked for again", async () => {
  await signedIn();
  Wire.last.says(balance(58));
  await settled();
  signOut();
  await later(100_000);
  assert.deepEqual([asked, wallet.value], [1, undefined]);
});

test("a final end of the connection leads to the way in, and says why", async () => {
  const problems = { 4501: "session_ended", 4503: "forbidden", 4999: "unknown" };
  for (const [code, problem] of Object.entries(problems)) {
    await signedIn();
    Wire.last.ends(Number(code));
    assert.deepEqual(session.value, { phase: "out", problem });
    assert.equal(wallet.value, undefined);
  }
});

test("no other end does: a page of another version asks for a reload, a lost connection comes back", async () => {
  for (const code of [4505, 4002, 4012, 1006]) {
    await signedIn();
    Wire.last.ends(code);
    assert.equal(session.value.phase, "in", `${code}`);
    signOut();
  }
});
