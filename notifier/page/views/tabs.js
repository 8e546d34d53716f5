/** The way between the two lists. */

import { html } from "../html.js";
import { t } from "../i18n.js";
import { view } from "../state/view.js";
import { Pause } from "./pause.js";

export function Tabs() {
  const link = (name) => html`<a href=${`#${name}`} aria-current=${view.value === name ? "page" : null}>
    ${t(`view.${name}`)}
  </a>`;
  return html`
    <div class="tabs">
      <nav aria-label=${t("view.label")}>${link("calls")} ${link("ledger")}</nav>
      <${Pause} />
    </div>
  `;
}
