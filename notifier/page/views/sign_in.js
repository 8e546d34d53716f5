/** The way in. */

import { html } from "../html.js";
import { t } from "../i18n.js";
import { session, signIn } from "../state/session.js";
import { useEffect, useLayoutEffect, useRef } from "../vendor/hooks.mjs";
import { Mark } from "./icons.js";
import { LanguageSwitch } from "./language_switch.js";
import { problemWords } from "./problem.js";

export function SignIn() {
  const field = useRef(null);
  const { phase, problem } = session.value;
  useEffect(() => {
    document.title = `${t("session.title")} · Curbe`;
  });
  useLayoutEffect(() => field.current.focus(), [problem]);
  // The field goes, and with it the focus, which belongs to what comes in its place.
  useEffect(() => () => setTimeout(() => document.getElementById("content")?.focus({ preventScroll: true })), []);
  const submit = (event) => {
    event.preventDefault();
    signIn(field.current.value);
  };
  return html`
    <main class="way-in">
      <div class="card">
        <p class="brand"><${Mark} />Curbe</p>
        <h1>${t("session.title")}</h1>
        <p>${t("session.explanation")}</p>
        <form onSubmit=${submit} aria-busy=${phase === "checking"}>
          <label for="token">${t("session.token")}</label>
          <input
            id="token"
            ref=${field}
            type="password"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            aria-invalid=${problem !== undefined && "true"}
            aria-describedby="token-problem token-hint"
          />
          <p id="token-problem" class="bad" role="alert">${problem && problemWords(problem)}</p>
          <p id="token-hint" class="small">${t("session.hint")}</p>
          <button type="submit" class="primary">
            ${t(phase === "checking" ? "session.checking" : "session.signIn")}
          </button>
        </form>
      </div>
      <${LanguageSwitch} />
    </main>
  `;
}
