import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { connected, connecting, later, tidy } from "./support/connected.js";
import { Wire, balance, settled, tokenUntil, welcome } from "./support/wire.js";

afterEach(tidy);

const names = (told) => told.map(([name, event]) => (name === "status" ? event.status : name));
const numbers = (told) =>
  told.flatMap(([name, event]) => (name === "balance_updated" ? [event.seq] : []));

test("it says hello with a token and the subprotocol, and is online with the welcome", async () => {
  const { client, told, tokens } = await connecting();
  assert.equal(client.status, "connecting");
  assert.deepEqual(
    [Wire.last.url, Wire.last.protocols],
    ["ws://notifier.test/api/ws", ["curbe.v1.json"]],
  );
  assert.deepEqual(Wire.last.sent, []);
  Wire.last.onopen();
  assert.deepEqual(Wire.last.sent, [{ type: "hello", token: tokens[0] }]);
  Wire.last.says(welcome(57));
  assert.equal(client.status, "online");
  assert.equal(client.seq, 57);
  assert.deepEqual(names(told), ["connecting", "online", "welcome"]);
});

test("each number is told once, and a heartbeat moves the number on", async () => {
  const { client, told } = await connected();
  for (const seq of [57, 58, 58, 60, 59, 60, 61]) Wire.last.says(balance(seq));
  assert.deepEqual(numbers(told), [58, 60, 61]);
  Wire.last.says({ type: "heartbeat", seq: 70 });
  Wire.last.says({ type: "heartbeat", seq: 65 });
  assert.equal(client.seq, 70);
  Wire.last.says(balance(70));
  assert.deepEqual(numbers(told), [58, 60, 61]);
});

test("after a loss it comes back and goes on where it was", async () => {
  const { client, told, tokens } = await connected();
  Wire.last.says(balance(58));
  Wire.last.ends(1006);
  const reason = { code: 1006, terminal: false, name: "connection_lost" };
  assert.deepEqual(told.at(-1), ["status", { status: "reconnecting", reason, retryInMs: 500 }]);
  await later(499);
  assert.equal(Wire.made.length, 1);
  await later(1);
  Wire.last.onopen();
  assert.deepEqual(Wire.last.sent, [{ type: "hello", token: tokens[1], since: 58 }]);
  Wire.last.says(welcome(61, true));
  assert.equal(client.seq, 58);
  for (const seq of [58, 59, 60, 61, 62]) Wire.last.says(balance(seq));
  assert.deepEqual(numbers(told), [58, 59, 60, 61, 62]);
  assert.ok(!names(told).includes("resync"));
});

test("what cannot be sent again is asked anew, also when the numbers went back", async () => {
  for (const seq of [9000, 3]) {
    const { client, told } = await connected();
    Wire.last.ends(1012);
    await later(500);
    Wire.last.onopen();
    Wire.last.says(welcome(seq));
    assert.deepEqual(names(told).slice(-3), ["online", "welcome", "resync"]);
    assert.equal(client.seq, seq);
    Wire.last.says({ type: "resync" });
    assert.deepEqual(told.at(-1), ["resync", { type: "resync" }]);
    tidy();
  }
});

test("the first connection of all goes on from `since`", async () => {
  const { told } = await connecting({ since: 0 });
  Wire.last.onopen();
  assert.equal(Wire.last.sent[0].since, 0);
  Wire.last.says(welcome(57, false));
  assert.equal(names(told).at(-1), "resync");
});

test("no earlier client is none, however that is said", async () => {
  for (const since of [undefined, null]) {
    const { told } = await connected({ since });
    assert.deepEqual(Object.keys(Wire.last.sent[0]), ["type", "token"]);
    assert.equal(names(told).at(-1), "welcome");
    tidy();
  }
});

test("pauses grow until a connection has lasted ten seconds", async () => {
  const { told } = await connected();
  const pauses = () => told.flatMap(([, event]) => event.retryInMs ?? []);
  Wire.last.ends(1006);
  await later(500);
  Wire.last.ends(1006);
  await later(1000);
  Wire.last.onopen();
  Wire.last.says(welcome(57, true));
  await later(9_999);
  Wire.last.ends(4012);
  assert.deepEqual(pauses(), [500, 1000, 2000]);
  await later(2000);
  Wire.last.onopen();
  Wire.last.says(welcome(57, true));
  await later(10_000);
  Wire.last.ends(4012);
  assert.deepEqual(pauses(), [500, 1000, 2000, 500]);
});

test("a final code ends it, and a new start is a new start", async () => {
  const { client, told } = await connected();
  Wire.last.ends(4501);
  const reason = { code: 4501, terminal: true, name: "unauthorized" };
  assert.deepEqual(told.at(-1), ["status", { status: "closed", reason }]);
  await later(100_000);
  assert.equal(Wire.made.length, 1);
  client.connect();
  await settled();
  Wire.last.onopen();
  assert.equal(Wire.last.sent[0].since, 57);
});

test("a new start begins with short pauses, and without what was planned", async () => {
  let asked = 0;
  const getToken = () => tokenUntil(Date.now() + 60_000, String((asked += 1)));
  const { client, told } = await connected({ getToken });
  Wire.last.ends(1006);
  client.close();
  await later(1_000_000);
  assert.equal(asked, 1);
  client.connect();
  await settled();
  Wire.last.ends(1006);
  assert.equal(told.at(-1)[1].retryInMs, 500);
  client.close();
});

test("closed means closed, at every moment", async () => {
  const moments = [
    async (client) => client.close(),
    async (client) => (Wire.last.onopen(), client.close()),
    async (client) => (Wire.last.ends(1006), client.close()),
    async (client) => (Wire.last.ends(1006), mock.timers.tick(500), client.close()),
  ];
  for (const moment of moments) {
    const { client, told } = await connecting();
    const wire = Wire.last;
    await moment(client);
    client.close();
    await settled();
    const before = Wire.made.length;
    await later(1_000_000);
    assert.equal(Wire.made.length, before);
    assert.ok(wire.isClosed);
    wire.says(welcome(1));
    wire.ends(1006);
    const { reason } = told.at(-1)[1];
    assert.deepEqual(
      [names(told).at(-1), reason],
      ["closed", { code: 0, terminal: true, name: "closed" }],
    );
    assert.equal(names(told).filter((name) => name === "closed").length, 1);
    tidy();
  }
});

test("a listener may close it in the middle of anything", async () => {
  for (const name of ["connecting", "online", "welcome", "reconnecting"]) {
    const { client, told } = await connecting({ since: 1 });
    client.close();
    client.on("status", ({ status }) => status === name && client.close());
    client.on("welcome", () => name === "welcome" && client.close());
    told.length = 0;
    const before = Wire.made.length;
    client.connect();
    await settled();
    if (Wire.made.length > before) {
      Wire.last.onopen();
      Wire.last.says(welcome(57));
      Wire.last.ends(1006);
    }
    await later(1_000_000);
    assert.equal(names(told).at(-1), "closed", name);
    assert.equal(client.status, "closed");
    tidy();
  }
});

test("a listener that throws does not end the socket", async () => {
  const { client, told } = await connected();
  const reported = mock.method(console, "error", () => {});
  client.on("balance_updated", () => {
    throw new Error("mine");
  });
  Wire.last.says(balance(58));
  Wire.last.says(balance(59));
  assert.equal(reported.mock.callCount(), 2);
  assert.equal(client.status, "online");
  assert.deepEqual(numbers(told), [58, 59]);
});

test("silence of more than two heartbeats and five seconds is a loss", async () => {
  const { told } = await connected();
  await later(30_000);
  Wire.last.says({ type: "heartbeat", seq: 57 });
  await later(34_999);
  assert.equal(names(told).at(-1), "welcome");
  await later(1);
  assert.deepEqual(told.at(-1)[1].reason, { code: 0, terminal: false, name: "silent" });
  assert.ok(Wire.made[0].isClosed);
  await later(500);
  assert.equal(Wire.made.length, 2);
});

test("no welcome in thirty seconds is one too", async () => {
  const { told } = await connecting();
  Wire.last.onopen();
  await later(30_000);
  assert.deepEqual(told.at(-1)[1].reason, { code: 0, terminal: false, name: "timeout" });
});

test("without a token it asks again after the pause", async () => {
  for (const fail of [
    () => Promise.reject(new Error()),
    () => {
      throw new Error();
    },
  ]) {
    let asked = 0;
    const getToken = () => (++asked > 1 ? "t" : fail());
    const { told } = await connecting({ getToken });
    assert.deepEqual(told.at(-1)[1].reason, { code: 0, terminal: false, name: "no_token" });
    await later(500);
    Wire.last.onopen();
    assert.equal(Wire.last.sent[0].token, "t");
    tidy();
  }
});

test("a token is replaced on the open socket, long before its end", async () => {
  let count = 0;
  const getToken = async () => tokenUntil(Date.now() + 60_000, String((count += 1)));
  const { client } = await connected({ getToken });
  await later(29_999);
  assert.equal(Wire.last.sent.length, 1);
  await later(1);
  const token = tokenUntil(Date.now() + 60_000, "2");
  assert.deepEqual(Wire.last.sent.slice(1), [{ type: "refresh", token }]);
  Wire.last.says({ type: "refreshed", expiresAt: "2020-01-01T12:01:30Z" });
  await later(30_000);
  assert.equal(Wire.last.sent.length, 3);
  assert.deepEqual([Wire.made.length, client.status], [1, "online"]);
});

test("one long-lived token is asked for once a day, and never sent again", async () => {
  const day = 24 * 60 * 60 * 1000;
  const token = tokenUntil(Date.UTC(2020, 0, 11, 12));
  let asked = 0;
  const { client } = await connecting({ getToken: () => ((asked += 1), token) });
  Wire.last.onopen();
  // So that days may pass in silence.
  Wire.last.says({ ...welcome(57), heartbeatSeconds: 500_000 });
  for (let days = 1; days <= 3; days += 1) {
    for (let part = 0; part < 24; part += 1) await later(day / 24);
    assert.equal(asked, 1 + days);
  }
  assert.deepEqual([Wire.last.sent.length, Wire.made.length, client.status], [1, 1, "online"]);
});

test("a token that comes too late is not sent on another socket", async () => {
  const answers = [];
  const getToken = () => new Promise((resolve) => answers.push(resolve));
  const { client } = await connecting({ getToken });
  answers[0](tokenUntil(Date.now() + 60_000));
  await settled();
  Wire.last.onopen();
  Wire.last.says(welcome(57));
  await later(30_000);
  assert.equal(answers.length, 2);
  Wire.last.ends(1006);
  await later(500);
  answers[2]("current");
  await settled();
  Wire.last.onopen();
  Wire.last.says(welcome(57, true));
  answers[1]("late");
  await settled();
  assert.deepEqual(Wire.last.sent, [{ type: "hello", token: "current", since: 57 }]);
  client.close();
});

test("the server's hint is followed, and the same token is not sent again", async () => {
  let token = tokenUntil(Date.UTC(2020, 0, 1, 13), "first");
  const { client } = await connected({ getToken: () => token });
  await later(5_000);
  Wire.last.says({ type: "token_expiring", expiresAt: "2020-01-01T12:01:05Z" });
  await later(0);
  assert.equal(Wire.last.sent.length, 1);
  token = tokenUntil(Date.UTC(2020, 0, 1, 14), "second");
  await later(5_000);
  assert.deepEqual(Wire.last.sent.slice(1), [{ type: "refresh", token }]);
  Wire.last.says({ type: "refreshed", expiresAt: "2020-01-01T14:00:00Z" });
  await later(20_000);
  assert.equal(Wire.last.sent.length, 2);
  assert.equal(client.status, "online");
});

test("a welcome on an open socket means other rights: everything is asked anew", async () => {
  const { client, told } = await connected();
  Wire.last.says(balance(58));
  Wire.last.says(welcome(4));
  assert.deepEqual(names(told), [
    "connecting",
    "online",
    "welcome",
    "balance_updated",
    "welcome",
    "resync",
  ]);
  assert.equal(client.seq, 4);
});

test("so it is also without `since`, and without a frame between the two", async () => {
  const { told } = await connected();
  assert.equal(Wire.last.sent[0].since, undefined);
  Wire.last.says(welcome(57));
  assert.deepEqual(names(told).slice(-3), ["welcome", "welcome", "resync"]);
});

test("messages that nobody knows are left alone", async () => {
  const { client, told } = await connected();
  const before = told.length;
  for (const data of [
    "",
    "{",
    "null",
    "1",
    '"x"',
    "[]",
    '{"type":1}',
    '{"type":"later"}',
    new ArrayBuffer(3),
  ]) {
    Wire.last.onmessage({ data });
  }
  assert.equal(told.length, before);
  assert.equal(client.status, "online");
});
