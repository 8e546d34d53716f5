import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { CurbeError, createClient } from "../dist/index.js";

/** What was asked, and how it is answered. */
let asked;
let answer;
const server = createServer(async (request, response) => {
  const chunks = await request.toArray();
  asked = {
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  };
  answer(response);
});
let client;

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  let tokens = 0;
  const url = `http://127.0.0.1:${server.address().port}/curbe`;
  client = createClient({ url, getToken: async () => `token-${(tokens += 1)}` });
});
after(() => server.close());

function answers(status, body, headers = {}) {
  answer = (response) =>
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
}

async function failure(promise) {
  const error = await promise.then(
    () => assert.fail("it was answered"),
    (error) => error,
  );
  assert.ok(error instanceof CurbeError, error);
  return error;
}

test("every resource has its address, every request a token of its own", async () => {
  answers(200, { data: [], nextCursor: null });
  const requests = [
    [() => client.balance(), "GET /curbe/api/wallet/balance"],
    [() => client.calls(), "GET /curbe/api/logs"],
    [
      () => client.calls({ limit: 2, from: "2026-03-01T00:00:00+02:00", status: undefined }),
      "GET /curbe/api/logs?limit=2&from=2026-03-01T00%3A00%3A00%2B02%3A00",
    ],
    [() => client.call("a/../b"), "GET /curbe/api/logs/a%2F..%2Fb"],
    [() => client.transactions({ cursor: "x" }), "GET /curbe/api/wallet/transactions?cursor=x"],
    [() => client.runningCalls(), "GET /curbe/api/calls/running"],
    [() => client.checkCall("+15550100"), "POST /curbe/api/calls/check"],
    [() => client.recording("a"), "GET /curbe/api/logs/a/recording"],
  ];
  const tokens = new Set();
  for (const [request, expected] of requests) {
    await request();
    assert.equal(`${asked.method} ${asked.url}`, expected);
    tokens.add(asked.headers.authorization);
  }
  assert.equal(tokens.size, requests.length);
  assert.match([...tokens][0], /^Bearer token-\d+$/);
});

test("a call is asked about as JSON, a recording by its range", async () => {
  answers(200, { allowed: true, ratePerMinute: "0.0100", maxSeconds: 600 });
  assert.deepEqual(await client.checkCall("+15550100"), {
    allowed: true,
    ratePerMinute: "0.0100",
    maxSeconds: 600,
  });
  assert.deepEqual(JSON.parse(asked.body), { to: "+15550100" });
  assert.equal(asked.headers["content-type"], "application/json");
  answers(206, "audio", { "content-range": "bytes 0-4/9" });
  const recording = await client.recording("a", { range: "bytes=0-4" });
  assert.equal(asked.headers.range, "bytes=0-4");
  assert.deepEqual([recording.status, await recording.text()], [206, "audio"]);
});

test("a problem keeps all that the notifier said", async () => {
  const problem = {
    status: 402,
    title: "Insufficient Funds",
    detail: "Not enough.",
    code: "insufficient_funds",
    requestId: "r-1",
    required: "1.0000",
    available: "0.5000",
  };
  answers(402, problem, { "content-type": "application/problem+json" });
  const error = await failure(client.checkCall("+15550100"));
  assert.deepEqual(
    [error.status, error.code, error.retryable, error.requestId],
    [402, "insufficient_funds", false, "r-1"],
  );
  assert.deepEqual([error.message, error.name], ["Not enough.", "CurbeError"]);
  assert.equal(error.problem.available, "0.5000");
});

test("what is not ours is an error too", async () => {
  answers(502, "<html>", { "x-request-id": "r-2" });
  const gateway = await failure(client.balance());
  assert.deepEqual(
    [gateway.code, gateway.status, gateway.retryable, gateway.requestId],
    ["http_502", 502, true, "r-2"],
  );
  answers(404, "null");
  assert.equal((await failure(client.balance())).code, "http_404");
  answers(200, "<html>");
  assert.equal((await failure(client.balance())).code, "network");
});

test("a fetch of one's own is a function, as the browser's is", async () => {
  const fetcher = async function (address) {
    assert.equal(this, undefined);
    return Response.json({ address });
  };
  const other = createClient({ url: "http://x", getToken: () => "t", fetch: fetcher });
  assert.deepEqual(await other.balance(), { address: "http://x/api/wallet/balance" });
});

test("which errors may pass", async () => {
  for (const [status, retryable] of [
    [401, false],
    [404, false],
    [429, true],
    [500, false],
    [503, true],
    [504, true],
  ]) {
    answers(status, {});
    const error = await failure(client.balance());
    assert.deepEqual([error.retryable, error.problem], [retryable, undefined], status);
  }
  const nowhere = createClient({ url: "http://127.0.0.1:1", getToken: () => "t" });
  const error = await failure(nowhere.balance());
  assert.deepEqual([error.code, error.status, error.retryable], ["network", 0, true]);
});

test("an ended request fails with the signal's reason, a failed token with its own", async () => {
  const controller = new AbortController();
  answer = () => controller.abort(new Error("enough"));
  await assert.rejects(client.balance({ signal: controller.signal }), /enough/);
  const half = new AbortController();
  answer = (response) => {
    response.writeHead(200).write("{");
    setImmediate(() => half.abort(new Error("enough of it")));
  };
  await assert.rejects(client.balance({ signal: half.signal }), /enough of it/);
  const broken = createClient({
    url: "http://127.0.0.1:1",
    getToken: () => Promise.reject(new Error("logged out")),
  });
  await assert.rejects(broken.balance(), /logged out/);
});
