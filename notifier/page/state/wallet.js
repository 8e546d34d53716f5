/** How the wallet stands. */

import { signal } from "../vendor/signals.mjs";
import { api, refused } from "./client.js";

/** As `GET /api/wallet/balance` gives it; undefined while nobody is signed in. */
export const wallet = signal(undefined);
/** `active` or `suspended`. */
export const status = signal("active");

/** Before each repeat of an answer that is behind the frames. */
const PAUSES_MS = [250, 500, 1000];

let isAsking = false;
let isStale = false;

/** Shows an answer of the API. */
export function walletIs(balance) {
  wallet.value = balance;
}

/** Shows what a new connection begins with. */
export function welcomed(data) {
  status.value = data.status;
  wallet.value = { ...wallet.value, balance: data.balance, available: data.available, currency: data.currency };
}

/** Shows a new balance at once, and asks for what the frame does not say: what is held, whether calls are allowed. */
export function balanceMoved(data) {
  wallet.value = { ...wallet.value, balance: data.newBalance, currency: data.currency };
  refreshWallet();
}

/** Asks anew; once for all who ask while an answer is under way. */
export async function refreshWallet() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  while (isStale) {
    isStale = false;
    await ask(api());
  }
  isAsking = false;
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
