/** Calls under way, and the second that it is: their time runs down while somebody looks. */

import { effect, signal } from "../vendor/signals.mjs";
import { announceRunning } from "./announcements.js";
import { api, refused } from "./client.js";
import { Latest } from "./latest.js";
import { isLive } from "./live.js";

/** More often than each second, so that none is left out. */
const TICK_MS = 250;

/** What is shown: held still with the lists. */
export const running = signal([]);
/** Seconds since 1970. */
export const now = signal(0);

const current = signal([]);
const answer = new Latest(() => ask(api()));
/** Keys of the calls that somebody was told of; undefined until the first answer, which is no news. */
let known;

/** Asks which calls there are. */
export function refreshRunning() {
  return answer.refresh();
}

/** A call was logged: its time is over before the next answer says so. */
export function callEnded(call) {
  if (known !== undefined) runningAre(current.value.filter((one) => keyOf(one) !== keyOf(call)));
  refreshRunning();
}

/** Forgets them. */
export function forgetRunning() {
  known = undefined;
  current.value = [];
}

/** Which call it is, among those under way and those that are logged. */
export function keyOf(call) {
  return `${call.provider} ${call.externalCallId}`;
}

/** Seconds that a call is still paid for at `second`. No clock that goes wrong makes more of it than there were. */
export function secondsLeft({ startedAt, maxSeconds }, second) {
  const passed = second - Math.floor(Date.parse(startedAt) / 1000);
  return Math.min(maxSeconds, Math.max(0, maxSeconds - passed));
}

async function ask(client) {
  if (client === undefined) return;
  try {
    const { data } = await client.runningCalls();
    // Somebody else may be signed in by now.
    if (client === api()) runningAre(data);
  } catch (error) {
    if (client === api()) refused(error.code);
  }
}

function runningAre(calls) {
  const keys = new Set(calls.map(keyOf));
  if (known !== undefined) {
    const began = [...keys].filter((key) => !known.has(key));
    const ended = [...known].filter((key) => !keys.has(key));
    announceRunning(began.length, ended.length);
  }
  known = keys;
  current.value = calls;
}

function tick() {
  now.value = Math.floor(Date.now() / 1000);
}

effect(() => {
  if (!isLive.value) return undefined;
  running.value = current.value;
  if (current.value.length === 0) return undefined;
  tick();
  const ticking = setInterval(tick, TICK_MS);
  return () => clearInterval(ticking);
});
