/** The state of the connection in words; the dot beside them only repeats it. */

import { html } from "../html.js";
import { named } from "../i18n.js";
import { connection } from "../state/connection.js";

function words({ status, reason, seconds }) {
  if (status === "closed" && reason !== undefined) return named("closed", reason.name);
  if (status === "reconnecting" && seconds > 0) return named("waiting", reason?.name, { seconds });
  return named("connection", status);
}

export function Connection() {
  return html`
    <p class="connection" data-status=${connection.value.status}>
      <span class="dot" aria-hidden="true"></span>
      <span>${words(connection.value)}</span>
    </p>
  `;
}
