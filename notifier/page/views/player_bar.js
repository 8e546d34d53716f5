/** What is being heard, with the browser's own controls. */

import { html } from "../html.js";
import { t } from "../i18n.js";
import { audio, player, stopPlaying } from "../state/player.js";
import { useLayoutEffect, useRef } from "../vendor/hooks.mjs";
import { otherSide } from "./call_row.js";
import { Icon } from "./icons.js";
import { problemWords } from "./problem.js";

/** The element plays on whatever is drawn anew around it. */
function Sound({ number }) {
  const place = useRef(null);
  useLayoutEffect(() => {
    audio.controls = true;
    place.current.append(audio);
  }, []);
  useLayoutEffect(() => audio.setAttribute("aria-label", t("player.controls", { number })));
  return html`<div class="sound" ref=${place}></div>`;
}

export function PlayerBar() {
  if (player.value === undefined) return null;
  const { call, phase, problem } = player.value;
  const number = otherSide(call);
  return html`
    <section class="player" aria-label=${t("player.title")}>
      <p>${t("player.of", { number })}</p>
      ${phase === "failed" && html`<p class="bad" role="alert">${problemWords(problem)}</p>`}
      ${phase === "loading" && html`<p class="small">${t("play.loading")}</p>`}
      ${phase !== "failed" && phase !== "loading" && html`<${Sound} number=${number} />`}
      <button type="button" class="quiet icon-only" aria-label=${t("player.close")} onClick=${stopPlaying}>
        <${Icon} name="close" />
      </button>
    </section>
  `;
}
