/**
 * Holds `notifier/page/vendor` against the packages it is taken from. With `--write` it takes them anew.
 *
 * The page has no build step and, under its content security policy, no import map: the only change to a package's file
 * is that it imports its neighbours by their place.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const FOLDER = new URL("../../notifier/page/vendor/", import.meta.url);
const PACKAGES = new URL("node_modules/", import.meta.url);

const FILES = {
  "preact.mjs": "preact/dist/preact.mjs",
  "hooks.mjs": "preact/hooks/dist/hooks.mjs",
  "signals.mjs": "@preact/signals/dist/signals.mjs",
  "signals-core.mjs": "@preact/signals-core/dist/signals-core.mjs",
  "htm.mjs": "htm/dist/htm.mjs",
};
const LICENSES = ["preact", "@preact/signals", "@preact/signals-core", "htm"];
const PLACES = {
  preact: "./preact.mjs",
  "preact/hooks": "./hooks.mjs",
  "@preact/signals-core": "./signals-core.mjs",
};

function read(path) {
  return readFileSync(new URL(path, PACKAGES), "utf8");
}

/** The file as the page has it: other imports, and no pointer to a source map that is not there. */
function placed(path) {
  const text = read(path).replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
  return text.replace(/(from|import)\s*"([^".][^"]*)"/g, (whole, word, name) => {
    const place = PLACES[name];
    if (place === undefined) throw new Error(`${path} imports ${name}`);
    return `${word}"${place}"`;
  });
}

function licenses() {
  const parts = LICENSES.map((name) => {
    const { version } = JSON.parse(read(`${name}/package.json`));
    return `${name} ${version}\n\n${read(`${name}/LICENSE`).trim()}\n`;
  });
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

const wanted = Object.entries(FILES).map(([name, path]) => [name, placed(path)]);
wanted.push(["LICENSES", licenses()]);

if (process.argv.includes("--write")) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of wanted) writeFileSync(new URL(name, FOLDER), text);
} else {
  for (const [name, text] of wanted) {
    const there = readFileSync(new URL(name, FOLDER), "utf8");
    if (there !== text) throw new Error(`vendor/${name} is not the package's file`);
  }
}
