/** What went wrong, in words, and a way to try again. */

import { html } from "../html.js";
import { named, t } from "../i18n.js";

/** The words for the code of a problem. */
export function problemWords(code) {
  return named("problem", code);
}

export function Problem({ error, onRetry }) {
  return html`
    <div class="problem" role="alert">
      <p>${problemWords(error.code)}</p>
      ${error.requestId && html`<p class="small">${t("problem.reference", { id: error.requestId })}</p>`}
      ${onRetry && html`<button type="button" onClick=${onRetry}>${t("retry")}</button>`}
    </div>
  `;
}
