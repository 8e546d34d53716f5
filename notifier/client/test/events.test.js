import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { CurbeError, createClient } from "../dist/index.js";
import { connected, connecting, tidy } from "./support/connected.js";
import { Wire, balance, held, settled, welcome } from "./support/wire.js";

afterEach(tidy);

/** Reads to the end of a loop, and tells what it found and how it ended. */
async function read(events, until = () => false) {
  const types = [];
  try {
    for await (const frame of events) {
      types.push(frame.seq ?? frame.type);
      if (until(frame)) break;
    }
  } catch (error) {
    return { types, error };
  }
  return { types };
}

test("a loop finds all kinds of frames, and ends with close", async () => {
  const { client } = await connecting({ since: 3 });
  const loop = read(client.events());
  Wire.last.onopen();
  Wire.last.says(welcome(57));
  Wire.last.says(balance(58));
  client.close();
  assert.deepEqual(await loop, { types: [57, "resync", 58] });
});

test("what is set aside is told without a number, and leaves the numbers as they are", async () => {
  const { client, told } = await connected();
  const loop = read(client.events());
  Wire.last.says(balance(58));
  Wire.last.says(held("1.0000", "8.0000"));
  assert.equal(client.seq, 58);
  Wire.last.says(balance(59));
  // The same once more is news all the same: there is nothing to know it by.
  Wire.last.says(held("1.0000", "8.0000"));
  client.close();
  assert.deepEqual(await loop, { types: [58, "held_updated", 59, "held_updated"] });
  const heard = told.filter(([name]) => name === "held_updated").map(([, event]) => event.data);
  assert.deepEqual(heard[0], { held: "1.0000", available: "8.0000", currency: "USD" });
  assert.equal(heard.length, 2);
});

test("each loop has frames of its own, from its begin on", async () => {
  const { client } = await connected();
  const first = read(client.events(), (frame) => frame.seq === 59);
  Wire.last.says(balance(58));
  const second = read(client.events(), (frame) => frame.seq === 59);
  Wire.last.says(balance(59));
  assert.deepEqual([await first, await second], [{ types: [58, 59] }, { types: [59] }]);
  client.close();
});

test("an aborted loop ends quietly, before or while it waits", async () => {
  const { client } = await connected();
  const controller = new AbortController();
  const loop = read(client.events({ signal: controller.signal }));
  Wire.last.says(balance(58));
  await settled();
  controller.abort();
  Wire.last.says(balance(59));
  assert.deepEqual(await loop, { types: [58] });
  assert.deepEqual(await read(client.events({ signal: controller.signal })), { types: [] });
  assert.equal(client.status, "online");
  client.close();
});

test("a loop goes on over a loss, and throws after a final refusal", async () => {
  const { client } = await connected();
  const loop = read(client.events());
  Wire.last.says(balance(58));
  Wire.last.ends(1006);
  client.close();
  client.connect();
  assert.deepEqual(await loop, { types: [58] });
  await settled();
  const refused = read(client.events());
  Wire.last.ends(4501);
  const { error } = await refused;
  assert.ok(error instanceof CurbeError);
  assert.deepEqual([error.code, error.status, error.retryable], ["unauthorized", 0, false]);
});

test("what cannot work is said at once", () => {
  const getToken = () => "t";
  assert.throws(() => createClient({ url: "notifier", getToken }), TypeError);
  assert.throws(() => createClient({ url: "ftp://notifier", getToken }), /http/);
});

test(
  "without a WebSocket only the connection is missing",
  { skip: "WebSocket" in globalThis },
  () => {
    const client = createClient({ url: "http://notifier", getToken: () => "t" });
    assert.throws(() => client.connect(), /WebSocket/);
    assert.equal(client.status, "idle");
  },
);

test("the socket's address follows the notifier's", async () => {
  for (const [url, expected] of [
    ["https://a.example", "wss://a.example/api/ws"],
    ["http://127.0.0.1:8081/", "ws://127.0.0.1:8081/api/ws"],
    ["https://a.example/curbe", "wss://a.example/curbe/api/ws"],
  ]) {
    const { client } = await connecting({ url });
    assert.equal(Wire.last.url, expected);
    client.close();
    tidy();
  }
});
