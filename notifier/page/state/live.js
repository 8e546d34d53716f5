/** Whether new rows come by themselves. Whoever reads a list may hold it still; the balance goes on. */

import { batch, signal } from "../vendor/signals.mjs";
import { calls } from "./calls.js";
import { ledger } from "./ledger.js";
import { view } from "./view.js";

/** Whether the lists move. */
export const isLive = signal(true);
/** The calls that wait until they do. */
export const waiting = signal([]);

/** A call was logged; tells whether it belongs to what is shown. */
export function callCame(call) {
  if (isLive.value) return calls.take(call);
  waiting.value = [...waiting.value, call];
  return true;
}

/** A call of either kind has changed; the call as it is then. */
export function callChanged(id, news) {
  waiting.value = waiting.value.map((call) => (call.id === id ? { ...call, ...news } : call));
  return calls.change(id, news);
}

/** The ledger has grown. It is asked for when somebody looks at it. */
export function ledgerGrew() {
  if (isLive.value && view.value === "ledger") ledger.reload();
}

/** Holds the lists still, or lets them go on with all that came meanwhile. */
export function toggleLive() {
  batch(() => {
    isLive.value = !isLive.value;
    const came = waiting.value;
    waiting.value = [];
    for (const call of came) calls.take(call);
  });
  ledgerGrew();
}

/** Forgets what waits. */
export function liveAgain() {
  isLive.value = true;
  waiting.value = [];
}
