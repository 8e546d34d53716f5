import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../dist/backoff.js";

test("the longest pause doubles from half a second to thirty", () => {
  const backoff = new Backoff(() => 1);
  const pauses = Array.from({ length: 9 }, () => backoff.next());
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test("a pause may be anything below it", () => {
  for (const [random, first, second] of [
    [0, 0, 0],
    [0.5, 250, 500],
    [0.999, 500, 999],
  ]) {
    const backoff = new Backoff(() => random);
    assert.deepEqual([backoff.next(), backoff.next()], [first, second]);
  }
});

test("by chance they differ, and stay within their bounds", () => {
  const seen = new Set();
  for (let round = 0; round < 200; round += 1) {
    const backoff = new Backoff();
    for (const longest of [500, 1000, 2000, 4000]) {
      const pause = backoff.next();
      assert.ok(pause >= 0 && pause <= longest, `${pause} of ${longest}`);
      seen.add(pause);
    }
  }
  assert.ok(seen.size > 100);
});

test("after a good connection it begins anew", () => {
  const backoff = new Backoff(() => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  assert.equal(backoff.next(), 500);
});
