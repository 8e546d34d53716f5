/** Calls under way, each with the time that its money still pays for. Nothing is there when nobody talks. */

import { duration, money } from "../format.js";
import { html } from "../html.js";
import { named, t } from "../i18n.js";
import { isLive } from "../state/live.js";
import { keyOf, now, running, secondsLeft } from "../state/running.js";
import { Icon } from "./icons.js";

/** More of them are scrolled through, which somebody without a mouse must be able to reach. */
const CALLS_IN_SIGHT = 4;

/** A screen reader says the time when it is asked, not each second. */
function Call({ call }) {
  return html`
    <li>
      <div class="party">
        <span class="direction">
          <${Icon} name=${call.direction} /><span class="unseen">${named("direction", call.direction)} </span>
        </span>
        <span class="other">${call.number}</span>
        <span class="own">${t("running.held", { amount: money(call.held, call.currency) })}</span>
      </div>
      <p class="left">
        <span class="small">${t("running.left")} </span>
        <span class="time" role="timer" aria-live="off">${duration(secondsLeft(call, now.value))}</span>
      </p>
    </li>
  `;
}

export function Running() {
  if (running.value.length === 0) return null;
  const call = (one) => html`<${Call} key=${keyOf(one)} call=${one} />`;
  return html`
    <section class="card running" aria-labelledby="running">
      <h2 id="running">
        ${t("running.title")}${!isLive.value && html`<span class="small"> · ${t("running.paused")}</span>`}
      </h2>
      <ul role="list" aria-labelledby="running" tabindex=${running.value.length > CALLS_IN_SIGHT ? 0 : null}>
        ${running.value.map(call)}
      </ul>
    </section>
  `;
}
