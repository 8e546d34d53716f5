/** The ledger on the screen: every amount that came or went. */

import { Feed, newestFirst } from "./feed.js";

const PAGE = 25;

/** Its rows. */
export const ledger = new Feed({
  ask: (client, cursor, options) => client.transactions({ limit: PAGE, cursor }, options),
  compare: (one, other) => other.seq - one.seq || newestFirst("createdAt")(one, other),
});
