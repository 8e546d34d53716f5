/** Holds the lists still for whoever reads them. */

import { html } from "../html.js";
import { count, t } from "../i18n.js";
import { isLive, toggleLive, waiting } from "../state/live.js";

export function Pause() {
  const came = waiting.value.length;
  return html`
    <button type="button" class="quiet" onClick=${toggleLive}>
      <span>${t(isLive.value ? "live.pause" : "live.resume")}<span class="unseen"> ${t("live.what")}</span></span>
      ${came > 0 &&
      html`<span class="came">
        <span aria-hidden="true">+${came}</span>
        <span class="unseen">${count("live.waiting", came)}</span>
      </span>`}
    </button>
  `;
}
