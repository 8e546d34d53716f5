import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { connected, later, tidy } from "./support/connected.js";
import { asPage } from "./support/page.js";
import { Wire, settled, welcome } from "./support/wire.js";

let page;
beforeEach(() => (page = asPage()));
afterEach(() => {
  tidy();
  page.leave();
});

test("with the network, or with somebody who looks, it comes back at once", async () => {
  for (const back of [() => page.online(), () => page.shows("visible")]) {
    const { client } = await connected();
    Wire.last.ends(1006);
    page.shows("hidden");
    await settled();
    assert.equal(Wire.made.length, 1);
    back();
    await settled();
    assert.equal(Wire.made.length, 2);
    Wire.last.onopen();
    Wire.last.says(welcome(57, true));
    await later(20_000);
    assert.equal(Wire.made.length, 2);
    client.close();
    tidy();
  }
});

test("many signs at once are one attempt", async () => {
  const { client } = await connected();
  Wire.last.ends(1006);
  page.online();
  page.shows("visible");
  page.online();
  await settled();
  page.online();
  await settled();
  assert.equal(Wire.made.length, 2);
  client.close();
});

test("a page that slept does not believe its socket", async () => {
  const { client, told } = await connected();
  page.shows("visible");
  assert.equal(client.status, "online");
  // The clock went on, the timers did not.
  mock.timers.setTime(Date.now() + 3_600_000);
  page.shows("visible");
  assert.deepEqual(told.at(-1)[1].reason.name, "silent");
  client.close();
});

test("closed, it does not wake up", async () => {
  const { client } = await connected();
  assert.equal(page.listeners.size, 2);
  client.close();
  assert.equal(page.listeners.size, 0);
  page.online();
  page.shows("visible");
  await settled();
  assert.equal(Wire.made.length, 1);
});
