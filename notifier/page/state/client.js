/** The one client of the page, which lives as long as somebody is signed in. */

import { createClient } from "../../client/index.js";

let current;
let leave;

/** The client; there is one while somebody is signed in. */
export function api() {
  return current;
}

/** A client for this token, not connected. */
export function clientOf(token) {
  return createClient({ url: new URL(".", document.baseURI).href, getToken: () => token });
}

/** Makes it the one; `onRefused` is told why when the notifier no longer takes the token. */
export function use(client, onRefused) {
  current = client;
  leave = onRefused;
}

/** Ends it. */
export function disconnect() {
  current?.close();
  current = undefined;
  leave = undefined;
}

/** A request was refused: a token that is no longer good ends the session. */
export function refused(code) {
  if (code === "unauthorized") leave?.("session_ended");
}

/** The connection ended, for this reason. Whatever is final ends the session too, unless a reload is what helps. */
export function ended({ code, name }) {
  refused(name);
  if (code >= 4500 && name !== "protocol_error") leave?.(name);
}
