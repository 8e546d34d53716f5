/** What somebody who is signed in sees. */

import { html } from "../html.js";
import { t } from "../i18n.js";
import { announcement } from "../state/announcements.js";
import { view } from "../state/view.js";
import { useEffect } from "../vendor/hooks.mjs";
import { Balance } from "./balance.js";
import { Calls } from "./calls.js";
import { Header } from "./header.js";
import { Ledger } from "./ledger.js";
import { PlayerBar } from "./player_bar.js";
import { Receipt } from "./receipt.js";
import { Running } from "./running.js";
import { Tabs } from "./tabs.js";

/** To the content by a click, without a place in the address that a reload would come back to. */
function skip(event) {
  event.preventDefault();
  document.getElementById("content").focus();
}

export function Main() {
  useEffect(() => {
    document.title = `${t(`view.${view.value}`)} · Curbe`;
  });
  return html`
    <a class="skip" href="#content" onClick=${skip}>${t("skip")}</a>
    <${Header} />
    <main id="content" tabindex="-1">
      <h1 class="unseen">${t("title")}</h1>
      <${Balance} />
      <${Running} />
      <${Tabs} />
      ${view.value === "calls" ? html`<${Calls} />` : html`<${Ledger} />`}
    </main>
    <${PlayerBar} />
    <${Receipt} />
    <p class="unseen" role="status" aria-live="polite">${announcement.value}</p>
  `;
}
