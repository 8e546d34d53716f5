/** As much of a browser as the page's modules touch, for tests without one. To be imported before them. */

import { register } from "node:module";

import { Wire } from "../../notifier/client/test/support/wire.js";

const DIST = new URL("../../notifier/client/dist/index.js", import.meta.url).href;

// The notifier serves the client beside the page.
const resolve = `export const resolve = (name, context, next) =>
  next(name.endsWith("/client/index.js") ? ${JSON.stringify(DIST)} : name, context);`;
register(`data:text/javascript,${encodeURIComponent(resolve)}`);

class Audio extends EventTarget {
  pause() {}
  load() {}
  hasAttribute() {}
  removeAttribute() {}
}
const members = {
  Audio,
  navigator: { languages: [] },
  WebSocket: Wire,
  document: Object.assign(new EventTarget(), { baseURI: "http://notifier.test/" }),
  addEventListener: () => {},
  removeEventListener: () => {},
};
for (const [name, value] of Object.entries(members)) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}
