/** Chromium, and the one page that is looked at. */

import { mkdirSync } from "node:fs";

import { chromium } from "playwright-core";

/** Two cores may be busy with other tests. */
const PATIENCE_MS = 60_000;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--mute-audio",
];
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

let browser;
let folder;
/** What is looked at. */
export let page;
/** What the browser complained of: on its console, of an error in a script, of a broken policy. */
export let complaints = [];

/**
 * Opens an address as a new visitor: with a `language` and `theme` of the browser, on a `size` of screen. The browser
 * is started by the first of them.
 */
export async function open({ url, chromium: program, screenshots, language, theme, size }) {
  folder = screenshots;
  browser ??= await chromium.launch({
    executablePath: program.path,
    args: FLAGS,
    env: { ...process.env, ...program.environment },
    timeout: PATIENCE_MS,
  });
  await page?.context().close();
  const context = await browser.newContext({
    locale: language,
    timezoneId: "America/Mexico_City",
    colorScheme: theme,
    viewport: SIZES[size],
    deviceScaleFactor: size === "phone" ? 2 : 1,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  page = await context.newPage();
  complaints = [];
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  await page.goto(url);
}

/** Ends the browser. */
export async function close() {
  await browser?.close();
  browser = undefined;
}

/** Keeps what is on the screen, for whoever wants to look. */
export async function picture({ name, all = false }) {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: all, animations: "disabled" });
}

/** Waits until `look`, which runs in the page, says yes; if it never does, says what was on the screen. */
export async function until(what, look, argument) {
  try {
    await page.waitForFunction(look, argument, { polling: 50, timeout: PATIENCE_MS });
  } catch (error) {
    const shown = await page.locator("body").innerText();
    throw new Error(`waited for ${what}: ${error.message}\non the screen:\n${shown}`);
  }
}
