/** What can be said of the page's files without a browser. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PAGE = new URL("../../notifier/page/", import.meta.url);
const LANGUAGES = ["es", "en"];

const words = Object.fromEntries(
  LANGUAGES.map((language) => [language, JSON.parse(readFileSync(new URL(`i18n/${language}.json`, PAGE), "utf8"))]),
);
const names = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

function scripts() {
  const all = readdirSync(PAGE, { recursive: true }).filter((path) => path.endsWith(".js"));
  return all.map((path) => readFileSync(new URL(path, PAGE), "utf8")).join("\n");
}

test("each language has the same words, with the same places to fill in", () => {
  const [one, other] = LANGUAGES.map((language) => words[language]);
  assert.deepEqual(Object.keys(one).sort(), Object.keys(other).sort());
  for (const key of Object.keys(one)) assert.deepEqual(names(one[key]), names(other[key]), key);
});

test("every word that the page asks for is there, and none that it does not ask for", () => {
  const text = scripts();
  const asked = [...text.matchAll(/\b(?:t|fact)\("([\w.]+)"/g)].map((match) => match[1]);
  const known = (key) => key in words.es || `receipt.${key}` in words.es;
  assert.deepEqual(asked.filter((key) => !known(key)), []);
  const built = [...text.matchAll(/[`"]([\w.]+)\.?\$\{/g), ...text.matchAll(/(?:named|count)\("([\w.]+)"/g)];
  const groups = built.map((match) => match[1]);
  const isUsed = (key) =>
    text.includes(`"${key}"`) ||
    text.includes(`"${key.split(".").at(-1)}"`) ||
    groups.some((group) => key.startsWith(group.endsWith(".") ? group : `${group}.`));
  assert.deepEqual(Object.keys(words.es).filter((key) => !isUsed(key)), []);
});

test("every problem that the notifier may answer with has its own words", () => {
  const described = JSON.parse(readFileSync(new URL("../openapi.json", PAGE), "utf8"));
  const codes = described.components.schemas.ProblemCode.enum;
  const seen = codes.filter((code) => !UNSEEN.includes(code));
  assert.deepEqual(seen.filter((code) => !(`problem.${code}` in words.es)), []);
});

/** What the page never causes: it neither sends such requests nor checks calls. */
const UNSEEN = [
  "malformed_body", "subprotocol_required", "origin_not_allowed", "method_not_allowed", "body_timeout",
  "body_too_large", "unsupported_media_type", "range_not_satisfiable", "invalid_body", "invalid_number",
  "insufficient_funds", "no_rate", "upgrade_required",
];

test("what is from others is as they have it", () => {
  execFileSync(process.execPath, [fileURLToPath(new URL("vendor.js", import.meta.url))], { stdio: "inherit" });
});
