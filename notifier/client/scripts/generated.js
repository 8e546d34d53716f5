/** The types of what the notifier answers and says, made from its own descriptions. */

import { readFile } from "node:fs/promises";

import openapiTS, { astToString } from "openapi-typescript";

const notifier = new URL("../../", import.meta.url);

/** Each file with what belongs into it. */
export async function generated() {
  const api = await description("openapi.json");
  const frames = await description("frames.schema.json");
  return [
    ["openapi.ts", await typesOf(api, "openapi.json")],
    ["messages.ts", await typesOf(asApi(frames), "frames.schema.json")],
  ];
}

async function description(name) {
  return JSON.parse(await readFile(new URL(name, notifier), "utf8"));
}

async function typesOf(document, name) {
  const header = `/** Written by \`npm run types\` from notifier/${name}; held equal by a test. */\n\n`;
  return header + astToString(await openapiTS(document));
}

/** A JSON schema's types, as if they were those of an API that has no paths. */
function asApi({ $defs }) {
  const schemas = JSON.parse(JSON.stringify($defs).replaceAll("#/$defs/", "#/components/schemas/"));
  return { openapi: "3.1.0", info: { title: "", version: "" }, paths: {}, components: { schemas } };
}
