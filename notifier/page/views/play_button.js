/** Plays a call's recording as soon as there is one; until then it says how that stands. */

import { moment } from "../format.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { player, toggle } from "../state/player.js";
import { otherSide } from "./call_row.js";
import { Icon } from "./icons.js";

const ICONS = { ready: "play", paused: "play", playing: "pause", loading: "play", failed: "retry" };

export function PlayButton({ call }) {
  if (call.recordingStatus !== "completed") {
    return html`<span class="small">${t(`recording.${call.recordingStatus}`)}</span>`;
  }
  const phase = player.value?.call.id === call.id ? player.value.phase : "ready";
  const name = { number: otherSide(call), when: moment(call.startTime) };
  return html`
    <button
      type="button"
      class="play"
      data-phase=${phase}
      aria-label=${t(`play.${phase}.label`, name)}
      onClick=${() => toggle(call)}
    >
      <${Icon} name=${ICONS[phase]} />
      <span>${t(`play.${phase}`)}</span>
    </button>
  `;
}
