/** How the wallet stands. */

import { signal } from "../vendor/signals.mjs";
import { api, refused } from "./client.js";
import { Latest } from "./latest.js";

/** As `GET /api/wallet/balance` gives it; undefined while nobody is signed in. */
export const wallet = signal(undefined);
/** `active` or `suspended`. */
export const status = signal("active");

/** Before each repeat of an answer that is behind the frames. */
const PAUSES_MS = [250, 500, 1000];

const answer = new Latest(() => ask(api()));

/** Shows an answer of the API. */
export function walletIs(balance) {
  wallet.value = balance;
}

/** Shows what a new connection begins with. */
export function welcomed(data) {
  status.value = data.status;
  const { balance, held, available, currency } = data;
  wallet.value = { ...wallet.value, balance, held, available, currency };
}

/** Shows a new balance at once, and asks for what the frame does not say: what is free, whether calls are allowed. */
export function balanceMoved(data) {
  wallet.value = { ...wallet.value, balance: data.newBalance, currency: data.currency };
  refreshWallet();
}

/** Shows what is set aside now, and what that leaves. */
export function heldMoved({ held, available, currency }) {
  wallet.value = { ...wallet.value, held, available, currency };
  answer.outdated();
}

/** Asks anew. */
export function refreshWallet() {
  return answer.refresh();
}

/** Forgets it. */
export function forgetWallet() {
  wallet.value = undefined;
  status.value = "active";
}

/** An answer that stays behind, as of a database that lags, is shown in the end: later is no better. */
async function ask(client) {
  try {
    for (let repeat = 0; client !== undefined && client === api(); repeat += 1) {
      const balance = await client.balance();
      // Somebody else may be signed in by now.
      if (client !== api()) return;
      // A frame may have told of something later meanwhile.
      const isBehind = balance.seq < (client.seq ?? 0);
      if (!isBehind || repeat === PAUSES_MS.length) return walletIs(balance);
      await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[repeat]));
    }
  } catch (error) {
    if (client === api()) refused(error.code);
  }
}
