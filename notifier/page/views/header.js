/** The bar at the top: the house, the connection, the language, the way out. */

import { html } from "../html.js";
import { t } from "../i18n.js";
import { signOut } from "../state/session.js";
import { Connection } from "./connection.js";
import { Mark } from "./icons.js";
import { LanguageSwitch } from "./language_switch.js";

export function Header() {
  return html`
    <header class="bar">
      <div class="bar-inner">
        <span class="brand"><${Mark} />Curbe</span>
        <${Connection} />
        <${LanguageSwitch} />
        <button type="button" class="quiet" onClick=${() => signOut()}>${t("session.signOut")}</button>
      </div>
    </header>
  `;
}
