/** The connection in words: what it does, and for how long yet. */

import { signal } from "../vendor/signals.mjs";

const TICK_MS = 250;

/** `status` as the client tells it, `reason` of an end, `seconds` until the next attempt. */
export const connection = signal({ status: "idle" });

let ticking;

/** The client has told a new status. */
export function connectionChanged({ status, reason, retryInMs }) {
  clearInterval(ticking);
  if (status !== "reconnecting" || retryInMs === undefined) {
    connection.value = { status, reason };
    return;
  }
  const at = performance.now() + retryInMs;
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((at - performance.now()) / 1000));
    if (connection.value.seconds !== seconds || connection.value.status !== status) {
      connection.value = { status, reason, seconds };
    }
  };
  tick();
  ticking = setInterval(tick, TICK_MS);
}
