/** Which of the two lists is shown; the address says it, so that it can be kept and gone back to. */

import { signal } from "../vendor/signals.mjs";

const VIEWS = ["calls", "ledger"];

/** `calls` or `ledger`. */
export const view = signal(VIEWS[0]);

/** Follows the address from now on. */
export function followAddress() {
  const follow = () => {
    const named = location.hash.slice(1);
    if (named === "" || VIEWS.includes(named)) view.value = named || VIEWS[0];
  };
  addEventListener("hashchange", follow);
  follow();
}
