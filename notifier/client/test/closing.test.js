import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { closeReason } from "../dist/closing.js";

test("only 4500 to 4999 are final", () => {
  for (const code of [4500, 4501, 4503, 4505, 4999])
    assert.ok(closeReason(code).terminal, code);
  for (const code of [
    1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 3000, 4000, 4002, 4012, 4013, 4499,
  ]) {
    assert.ok(!closeReason(code).terminal, code);
  }
});

test("every code of the notifier has a name", async () => {
  const table = await readFile(new URL("../../src/websocket/close.rs", import.meta.url), "utf8");
  const codes = [...table.matchAll(/^\/\/! \| (\d{4}) \|/gm)].map(([, code]) => Number(code));
  assert.ok(codes.length >= 10, "the table of close codes was not found");
  for (const code of codes) assert.notEqual(closeReason(code).name, "unknown", code);
});

test("an unknown code is no reason to stay away", () => {
  assert.deepEqual(closeReason(4321), { code: 4321, terminal: false, name: "unknown" });
});
