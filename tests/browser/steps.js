/** What somebody does: by role and name, as people and screen readers find things. */

import { page, until } from "./browser.js";

/** Types a token and presses Enter. */
export async function signIn({ token }) {
  await page.getByLabel(/token/i).fill(token);
  await page.keyboard.press("Enter");
}

/** Presses a button or follows a link with that name, the first of several. */
export async function press({ name, role = "button" }) {
  await page.getByRole(role, { name }).first().click();
}

/** Chooses in a field with that label. */
export async function choose({ label, value }) {
  const field = page.getByLabel(label, { exact: true });
  if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption({ label: value });
  else await field.fill(value);
}

/** Presses keys, one after the other. */
export async function keys({ keys }) {
  for (const key of keys) await page.keyboard.press(key);
}

/** Types text into the field that has the focus, once there is one. */
export async function type({ text }) {
  await until("a field with the focus", () => document.activeElement?.tagName === "INPUT");
  await page.keyboard.type(text);
}

/** Goes on with Tab until something with that role and name has the focus; tells how many steps it took. */
export async function tabTo({ role, name }) {
  const wanted = page.getByRole(role, { name }).first();
  await wanted.waitFor();
  for (let step = 1; step <= 60; step += 1) {
    await page.keyboard.press("Tab");
    if (await wanted.evaluate((element) => element === document.activeElement)) return step;
  }
  throw new Error(`no way to ${role} ${name} by keyboard`);
}

/** Loads the page anew. */
export async function reload() {
  await page.reload();
}

/** Goes to another address in the same tab. */
export async function goTo({ url }) {
  await page.goto(url);
}

/** Marks the page as it is: a reload would lose the mark. */
export async function mark() {
  await page.evaluate(() => (globalThis.marked = true));
}

/** Waits until the recording that was asked for has been heard to its end, and its button says so. */
export async function hears() {
  await until("the recording to be heard", () => {
    const audio = document.querySelector("audio");
    const busy = document.querySelector(".play:not([data-phase=ready])");
    return audio?.ended && audio.played.length > 0 && audio.currentTime > 0.9 && busy === null;
  });
}
