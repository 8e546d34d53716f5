/** The call whose receipt is open. */

import { signal } from "../vendor/signals.mjs";
import { api, refused } from "./client.js";

/** `call` is the row it was opened from, `detail` the API's answer, `problem` why there is none. */
export const receipt = signal(undefined);

/** Opens a call's receipt. */
export async function openReceipt(call) {
  const opened = { call };
  receipt.value = opened;
  const show = (more) => {
    // It may have been closed, and another one opened, meanwhile.
    if (receipt.value === opened) receipt.value = { call, ...more };
  };
  try {
    show({ detail: await api().call(call.id) });
  } catch (error) {
    show({ problem: error });
    refused(error.code);
  }
}

/** Closes it. */
export function closeReceipt() {
  receipt.value = undefined;
}
