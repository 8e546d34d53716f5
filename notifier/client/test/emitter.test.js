import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { Emitter } from "../dist/emitter.js";
import { settled } from "./support/wire.js";

afterEach(() => mock.restoreAll());

test("a listener hears until it is taken away, the same function as often as it was added", () => {
  const emitter = new Emitter();
  const heard = [];
  const listener = (event) => heard.push(event);
  const [first, second] = [emitter.on("a", listener), emitter.on("a", listener)];
  emitter.on("b", () => assert.fail());
  emitter.emit("a", 1);
  first();
  first();
  emitter.emit("a", 2);
  second();
  emitter.emit("a", 3);
  assert.deepEqual(heard, [1, 1, 2]);
});

test("one that throws is reported, and the others hear all the same", async () => {
  const reported = mock.method(console, "error", () => {});
  const emitter = new Emitter();
  const heard = [];
  emitter.on("a", () => {
    throw new Error("at once");
  });
  emitter.on("a", async () => {
    throw new Error("later");
  });
  emitter.on("a", (event) => heard.push(event));
  emitter.emit("a", 1);
  await settled();
  assert.deepEqual(heard, [1]);
  const messages = reported.mock.calls.map(({ arguments: [error] }) => error.message);
  assert.deepEqual(messages, ["at once", "later"]);
});

test("who is added or taken away while others hear changes nothing for this event", () => {
  const emitter = new Emitter();
  const heard = [];
  const first = emitter.on("a", () => {
    first();
    emitter.on("a", () => heard.push("new"));
  });
  emitter.on("a", () => heard.push("old"));
  emitter.emit("a", 1);
  assert.deepEqual(heard, ["old"]);
});
