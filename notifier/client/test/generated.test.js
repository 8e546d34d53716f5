import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { generated } from "../scripts/generated.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const tsc = (...options) =>
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options], { cwd: root });

/** Every file of a folder and what is in it. */
async function contents(folder) {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")]));
}

test("dist is what the sources compile to", async () => {
  const fresh = await mkdtemp(join(tmpdir(), "curbe-client-"));
  try {
    await tsc("--outDir", fresh);
    assert.deepEqual(
      await contents(join(root, "dist")),
      await contents(fresh),
      "run `npm run build`",
    );
  } finally {
    await rm(fresh, { recursive: true });
  }
});

test("types of the API and of the frames are those that the notifier describes", async () => {
  for (const [name, text] of await generated()) {
    const committed = await readFile(join(root, "src", name), "utf8");
    assert.ok(committed === text, `src/${name} is another one: run \`npm run types\``);
  }
});

test("the types serve those who use them", () => tsc("--project", "test/types"));

test("the lock file names packages, not the hosts they come from", async () => {
  const lock = await readFile(join(root, "package-lock.json"), "utf8");
  assert.ok(!lock.includes("://registry"), "install with --omit-lockfile-registry-resolved");
});
