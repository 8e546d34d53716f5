/**
 * Somebody before the page: told what to do on standard input, line by line, and answering each line with what came of
 * it. `{"do":"open",...}` is answered by `{"answer":...}` or `{"error":"..."}`.
 */

import { createInterface } from "node:readline";

import { close, open } from "./browser.js";
import * as looks from "./looks.js";
import * as steps from "./steps.js";

const known = { open, close, ...steps, ...looks };

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...values } = JSON.parse(line);
  const told = await known[name](values).then(
    (answer) => ({ answer: answer ?? null }),
    (error) => ({ error: `${name}: ${error.stack}` }),
  );
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
await close();
