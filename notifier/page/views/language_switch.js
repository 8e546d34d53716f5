/** To the other language, named in that language. */

import { html } from "../html.js";
import { LANGUAGES, language, switchLanguage } from "../i18n.js";

const NAMES = { es: "Español", en: "English" };

export function LanguageSwitch() {
  const other = LANGUAGES.find((one) => one !== language.value);
  return html`<button type="button" class="quiet" lang=${other} onClick=${() => switchLanguage(other)}>
    ${NAMES[other]}
  </button>`;
}
