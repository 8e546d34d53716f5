/** `@curbe/client`: balances, calls and live events of Curbe's notifier. */
export { createClient } from "./client.js";
export { CurbeError } from "./errors.js";
