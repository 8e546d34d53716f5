/** Markup in JavaScript: htm's templates, bound to Preact. */

import htm from "./vendor/htm.mjs";
import { h } from "./vendor/preact.mjs";

export const html = htm.bind(h);
