/** What a screen reader says of news: politely, and once for many that come together. */

import { shortMoney } from "../format.js";
import { count, named, t } from "../i18n.js";
import { signal } from "../vendor/signals.mjs";
import { wallet } from "./wallet.js";

/** Long enough for all frames of a call, and not to talk without end on a busy day. */
const TOGETHER_MS = 1000;

/** The words of the live region. */
export const announcement = signal("");

let newCalls = 0;
let newRecordings = 0;
let begun = 0;
let ended = 0;
let hasBalance = false;
let timer;
let said;

/** A call was logged. */
export function announceCall() {
  newCalls += 1;
  soon();
}

/** A recording can be played. */
export function announceRecording() {
  newRecordings += 1;
  soon();
}

/** So many calls began, and so many ended. Their time runs down in silence. */
export function announceRunning(began, over) {
  if (began === 0 && over === 0) return;
  begun += began;
  ended += over;
  soon();
}

/** The balance moved. */
export function announceBalance() {
  hasBalance = true;
  soon();
}

/** The connection is in another state. Not each second of a countdown is said, nor that all began well. */
export function announceConnection(status) {
  if (status === said) return;
  const isBeginning = said === undefined && status !== "closed";
  if (!isBeginning || status === "reconnecting") announce(named("connection", status));
  if (status !== "connecting") said = status;
}

/** Says something now. */
export function announce(words) {
  announcement.value = words;
}

function soon() {
  timer ??= setTimeout(say, TOGETHER_MS);
}

function say() {
  const words = [];
  if (begun > 0) words.push(count("announce.begun", begun));
  if (ended > 0) words.push(count("announce.ended", ended));
  if (newCalls > 0) words.push(count("announce.calls", newCalls));
  if (newRecordings > 0) words.push(count("announce.recordings", newRecordings));
  if (hasBalance && wallet.value !== undefined) {
    const { balance, currency } = wallet.value;
    words.push(t("announce.balance", { amount: shortMoney(balance, currency) }));
  }
  [newCalls, newRecordings, begun, ended, hasBalance, timer] = [0, 0, 0, 0, false, undefined];
  announce(words.join(" "));
}
