import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Renewal, expiryOf, renewIn } from "../dist/token.js";
import { tokenUntil } from "./support/wire.js";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 }));
afterEach(() => mock.timers.reset());

test("the end is read out of a token, whatever else is in it", () => {
  assert.equal(expiryOf(tokenUntil(1_234_000, "é ÿ? 👍")), 1_234_000);
  const payload = (text) => `e30.${Buffer.from(text).toString("base64url")}.x`;
  const unreadable = [
    "",
    "x",
    "a.b.c",
    "..",
    payload("{}"),
    payload("null"),
    payload('{"exp":"1"}'),
    payload("{"),
    payload('{"exp":1e999}'),
  ];
  for (const token of unreadable) assert.equal(expiryOf(token), undefined, token);
});

test("a token is kept until a minute before its end, a short one for half its life", () => {
  const minutes = 60_000;
  assert.equal(renewIn(60 * minutes, 0), 59 * minutes);
  assert.equal(renewIn(2 * minutes, 0), minutes);
  assert.equal(renewIn(minutes, 0), minutes / 2);
  assert.equal(renewIn(10_000, 0), 5_000);
  assert.equal(renewIn(365 * 24 * 60 * minutes, 0), 24 * 60 * minutes);
});

function renewal() {
  const at = [];
  const begin = Date.now();
  return { at, renewal: new Renewal(() => at.push(Date.now() - begin)), begin };
}

test("it is renewed in time, once for each token", () => {
  const { at, renewal: one, begin } = renewal();
  one.use(tokenUntil(begin + 600_000));
  mock.timers.tick(539_999);
  assert.deepEqual(at, []);
  mock.timers.tick(1);
  mock.timers.tick(1_000_000);
  assert.deepEqual(at, [540_000]);
});

test("without a new token it asks again, after pauses that grow up to a minute", () => {
  const { at, renewal: one, begin } = renewal();
  const token = tokenUntil(begin + 600_000);
  one.use(token);
  mock.timers.tick(540_000);
  for (const pause of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    one.retry(token);
    mock.timers.tick(pause - 1);
    const before = at.length;
    mock.timers.tick(1);
    assert.equal(at.length, before + 1, `${pause}`);
  }
  assert.equal(at[0], 540_000);
  const next = tokenUntil(Date.now() + 120_000);
  one.use(next);
  mock.timers.tick(60_000);
  one.retry(next);
  mock.timers.tick(5_000);
  assert.equal(at.at(-1) - at.at(-2), 5_000);
});

test("the same token is left alone until its last minute", () => {
  const day = 24 * 60 * 60 * 1000;
  const begin = Date.now();
  const token = tokenUntil(begin + 2.5 * day);
  const at = [];
  const one = new Renewal(() => {
    at.push(Date.now() - begin);
    one.retry(token);
  });
  one.use(token);
  for (let time = 0; time < 2.5 * day; time += 5_000) mock.timers.tick(5_000);
  const last = 2.5 * day - 60_000;
  assert.deepEqual(at, [day, 2 * day, last, last + 5_000, last + 15_000, last + 35_000]);
});

test("a token that the server calls over is not left alone, whatever our clock says", () => {
  const { at, renewal: one, begin } = renewal();
  const token = tokenUntil(begin + 3_600_000);
  one.use(token);
  mock.timers.tick(10_000);
  one.hurry();
  mock.timers.tick(0);
  one.retry(token);
  mock.timers.tick(5_000);
  one.retry(token);
  mock.timers.tick(10_000);
  assert.deepEqual(at, [10_000, 15_000, 25_000]);
});

test("the server's word comes first, but never makes a storm", () => {
  const { at, renewal: one } = renewal();
  one.use("not ours to read");
  one.hurry();
  one.hurry();
  mock.timers.tick(4_999);
  assert.deepEqual(at, []);
  mock.timers.tick(1);
  assert.deepEqual(at, [5_000]);
  mock.timers.tick(60_000);
  one.hurry();
  mock.timers.tick(0);
  assert.deepEqual(at, [5_000, 65_000]);
});

test("the earlier one of its own time and the server's holds", () => {
  const { at, renewal: one, begin } = renewal();
  one.use(tokenUntil(begin + 6_000));
  one.hurry();
  mock.timers.tick(3_000);
  assert.deepEqual(at, [3_000]);
});

test("a token that seems to be over is left to the server", () => {
  const { at, renewal: one, begin } = renewal();
  one.use(tokenUntil(begin - 3_600_000));
  mock.timers.tick(100_000_000);
  assert.deepEqual(at, []);
});

test("stopped, it is silent", () => {
  const { at, renewal: one, begin } = renewal();
  one.use(tokenUntil(begin + 600_000));
  one.stop();
  mock.timers.tick(1_000_000);
  assert.deepEqual(at, []);
});
