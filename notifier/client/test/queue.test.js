import assert from "node:assert/strict";
import { test } from "node:test";

import { FRAMES_MAX, FrameQueue } from "../dist/queue.js";
import { balance } from "./support/wire.js";

const value = (frame) => ({ done: false, value: frame });
const over = { done: true, value: undefined };

test("frames come in order, before and after somebody waits for them", async () => {
  const queue = new FrameQueue(() => {});
  queue.push(balance(1));
  queue.push(balance(2));
  assert.deepEqual(
    [await queue.next(), await queue.next()],
    [value(balance(1)), value(balance(2))],
  );
  const waiting = [queue.next(), queue.next()];
  queue.push(balance(3));
  queue.push(balance(4));
  assert.deepEqual(await Promise.all(waiting), [value(balance(3)), value(balance(4))]);
});

test("a loop that is too far behind is told to ask anew, and goes on from there", async () => {
  const queue = new FrameQueue(() => {});
  for (let seq = 1; seq <= FRAMES_MAX + 1; seq += 1) queue.push(balance(seq));
  queue.push(balance(FRAMES_MAX + 2));
  assert.deepEqual(await queue.next(), value({ type: "resync" }));
  assert.deepEqual(await queue.next(), value(balance(FRAMES_MAX + 2)));
});

test("as much as there is room for is kept", async () => {
  const queue = new FrameQueue(() => {});
  for (let seq = 1; seq <= FRAMES_MAX; seq += 1) queue.push(balance(seq));
  for (let seq = 1; seq <= FRAMES_MAX; seq += 1) assert.equal((await queue.next()).value.seq, seq);
});

test("what waits is read before the end, and a failure is thrown once", async () => {
  let ends = 0;
  const queue = new FrameQueue(() => (ends += 1));
  queue.push(balance(1));
  queue.end({ error: new Error("refused") });
  queue.push(balance(2));
  queue.end();
  assert.deepEqual(await queue.next(), value(balance(1)));
  await assert.rejects(queue.next(), /refused/);
  assert.deepEqual(await queue.next(), over);
  assert.equal(ends, 1);
});

test("a loop that is left gets nothing more", async () => {
  let ends = 0;
  const queue = new FrameQueue(() => (ends += 1));
  queue.push(balance(1));
  assert.deepEqual(await queue.return(), over);
  assert.deepEqual(await queue.next(), over);
  assert.equal(ends, 1);
});

test("those who wait hear of the end", async () => {
  const queue = new FrameQueue(() => {});
  const waiting = [queue.next(), queue.next()];
  queue.end({ error: new Error("refused") });
  await assert.rejects(waiting[0], /refused/);
  assert.deepEqual(await waiting[1], over);
});
