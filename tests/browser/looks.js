/** What somebody sees. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { complaints, page, picture, until } from "./browser.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Waits until these words are to be seen. */
export async function sees({ words }) {
  const look = (wanted) => document.body.innerText.replaceAll("\u00a0", " ").includes(wanted);
  await until(`"${words}"`, look, words);
}

/** Waits until the balance is written like this. */
export async function balance({ amount }) {
  const look = (wanted) => document.querySelector(".balance .amount")?.textContent.replaceAll("\u00a0", " ") === wanted;
  await until(`the balance ${amount}`, look, amount);
}

/** Waits until the list has so many rows, each of them once, and gives their texts. */
export async function rows({ count }) {
  const look = (wanted) => document.querySelectorAll("tbody tr").length === wanted;
  await until(`${count} rows`, look, count);
  const ids = await page.locator("tbody tr").evaluateAll((all) => all.map((row) => row.dataset.id));
  if (new Set(ids).size !== ids.length) throw new Error(`a row is there twice: ${ids}`);
  const texts = (all) => all.map((row) => row.innerText.replaceAll(/\s+/g, " "));
  return page.locator("tbody tr").evaluateAll(texts);
}

/** Waits until so many calls are under way, with nothing where there are none, and gives their texts. */
export async function running({ count }) {
  const look = (wanted) =>
    document.querySelectorAll(".running li").length === wanted &&
    (wanted > 0) === (document.querySelector(".running") !== null);
  await until(`${count} calls under way`, look, count);
  const texts = (all) => all.map((call) => call.innerText.replaceAll(/\s+/g, " "));
  return page.locator(".running li").evaluateAll(texts);
}

/** Waits until what is available, what is held and the minimum are written like this. */
export async function facts({ are }) {
  const look = (wanted) => {
    const all = [...document.querySelectorAll(".balance dd")].map((one) => one.textContent.replaceAll("\u00a0", " "));
    return JSON.stringify(all) === JSON.stringify(wanted);
  };
  await until(`the amounts ${are}`, look, are);
}

/** Waits until the time of the first call has run down by so many seconds, and tells what was said meanwhile. */
export async function isSilentWhileItTicks({ seconds }) {
  await page.evaluate(() => {
    const regions = document.querySelectorAll("[role=status], [role=alert], [aria-live]:not([aria-live=off])");
    globalThis.said = [];
    globalThis.begun = document.querySelector("[role=timer]").textContent;
    const observer = new MutationObserver((all) => all.forEach((one) => globalThis.said.push(one.target.textContent)));
    for (const region of regions) observer.observe(region, { childList: true, characterData: true, subtree: true });
  });
  const look = (wanted) => {
    const inSeconds = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    const left = document.querySelector("[role=timer]").textContent;
    return inSeconds(globalThis.begun) - inSeconds(left) >= wanted;
  };
  await until(`${seconds} s to pass`, look, seconds);
  return page.evaluate(() => globalThis.said);
}

/** Waits until the live region has said this. */
export async function isTold({ words }) {
  const look = (wanted) => {
    const said = [...document.querySelectorAll("[role=status]")].map((region) => region.textContent);
    return said.some((text) => text.replaceAll("\u00a0", " ").includes(wanted));
  };
  await until(`"${words}" to be said`, look, words);
}

/** Waits until the page was answered what it asked for at this path. */
export async function isAnswered({ path }) {
  const look = (wanted) => performance.getEntriesByType("resource").some(({ name }) => new URL(name).pathname === wanted);
  await until(`an answer of ${path}`, look, path);
}

/** Waits until a row is marked as new. */
export async function seesANewRow() {
  await page.locator("tbody tr.fresh").first().waitFor();
}

/** Whether the page is still the one that was marked. */
export async function isMarked() {
  return page.evaluate(() => globalThis.marked === true);
}

/** The role and name of what has the focus. */
export async function focus() {
  return page.evaluate(() => {
    const { tagName, textContent, dataset } = document.activeElement;
    const name = document.activeElement.getAttribute("aria-label") ?? textContent.trim();
    return { tag: tagName.toLowerCase(), name, id: dataset.id };
  });
}

/** Where a token may have been left. */
export async function leftovers() {
  const { cookie, address, local, session } = await page.evaluate(() => ({
    cookie: document.cookie,
    address: location.href,
    local: JSON.stringify(localStorage),
    session: JSON.stringify(sessionStorage),
  }));
  return { cookie, address, local, session };
}

/** The language that the page says it is in. */
export async function language() {
  return page.evaluate(() => document.documentElement.lang);
}

/** Judges what is on the screen by the rules of accessibility, and keeps a picture of it. */
export async function judge({ name }) {
  await settle();
  await picture({ name });
  const result = await page.evaluate(`${AXE}; axe.run()`);
  if (result.violations.length === 0) return;
  const places = (nodes) => nodes.map((node) => `${node.html}\n  ${node.failureSummary}`).join("\n");
  const told = result.violations.map(({ id, nodes }) => `${id}: ${places(nodes)}`);
  throw new Error(`${name}: ${told.join("\n")}`);
}

/** Colours on their way from one to another are neither. */
async function settle() {
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {}))));
}

/** Whether everything that can be pressed is large enough for a finger, and nothing is wider than the screen. */
export async function fits() {
  const small = await page.locator("button, select, input, nav a").evaluateAll((all) =>
    all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML),
  );
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (small.length > 0 || overflow > 0) throw new Error(`${overflow} px too wide; too small: ${small}`);
}

/** What the browser complained of, but for what `expected` says that it must. */
export async function hasNoComplaints({ expected = [] }) {
  const others = complaints.filter((text) => !expected.some((begin) => text.startsWith(begin)));
  if (others.length > 0) throw new Error(others.join("\n"));
}
