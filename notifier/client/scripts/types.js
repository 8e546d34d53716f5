/** Writes the types of what the notifier answers and says: `npm run types`. */

import { writeFile } from "node:fs/promises";

import { generated } from "./generated.js";

const sources = new URL("../src/", import.meta.url);

for (const [name, text] of await generated()) await writeFile(new URL(name, sources), text);
