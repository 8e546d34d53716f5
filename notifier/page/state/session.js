/** Who is signed in. The token stays in this tab and goes with it. */

import { keep, recall } from "../storage.js";
import { batch, signal } from "../vendor/signals.mjs";
import { closeAccount, openAccount, tryToken } from "./account.js";

const STORED = "curbe.token";
/** What else people copy together with a token. */
const SCHEME = /^(?:authorization:\s*)?bearer\s+/i;

/** `phase` is `out`, `checking` or `in`; `problem` the code of what stands in the way. */
export const session = signal({ phase: "out" });

/** The token in the address, `#token=...`, which is taken out of it at once. */
export function takeTokenFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** The token of this tab. */
export function storedToken() {
  return recall("sessionStorage", STORED);
}

/** Enters with a token if it is good for something. */
export async function signIn(text) {
  const token = text.trim().replace(SCHEME, "");
  if (token === "") {
    session.value = { phase: "out", problem: "token_missing" };
    return;
  }
  session.value = { phase: "checking" };
  try {
    const balance = await tryToken(token);
    keep("sessionStorage", STORED, token);
    batch(() => {
      openAccount(token, balance, signOut);
      session.value = { phase: "in" };
    });
  } catch (error) {
    // A server that is away says nothing about the token.
    if (!error.retryable) keep("sessionStorage", STORED, null);
    batch(() => {
      closeAccount();
      session.value = { phase: "out", problem: error.code };
    });
  }
}

/** Leaves; `problem` says why, where it was not the user's own wish. */
export function signOut(problem) {
  keep("sessionStorage", STORED, null);
  batch(() => {
    closeAccount();
    session.value = { phase: "out", problem };
  });
}
