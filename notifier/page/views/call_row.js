/** One call of the log. */

import { duration, exactMoment, isZero, moment, money } from "../format.js";
import { html } from "../html.js";
import { named, t } from "../i18n.js";
import { openReceipt } from "../state/receipt.js";
import { Icon } from "./icons.js";
import { PlayButton } from "./play_button.js";

/** Whom the customer talked with. */
export function otherSide(call) {
  return call.direction === "outbound" ? call.toNumber : call.fromNumber;
}

export function CallRow({ call, isFresh }) {
  const other = otherSide(call);
  const own = call.direction === "outbound" ? call.fromNumber : call.toNumber;
  return html`
    <tr role="row" tabindex="-1" class=${isFresh ? "fresh" : null} data-id=${call.id}>
      <td role="cell" class="when">
        <time datetime=${call.startTime} title=${exactMoment(call.startTime)}>${moment(call.startTime)}</time>
      </td>
      <th role="rowheader" scope="row" class="number">
        <div class="party">
          <span class="direction">
            <${Icon} name=${call.direction} /><span class="unseen">${named("direction", call.direction)} </span>
          </span>
          <span class="other">${other}</span>
          <span class="own">${t(`call.own.${call.direction}`, { number: own })}</span>
        </div>
      </th>
      <td role="cell" class="duration">${duration(call.durationSeconds)}</td>
      <td role="cell" class="status" data-status=${call.status}>${named("status", call.status)}</td>
      <td role="cell" class=${isZero(call.customerPrice) ? "price zero" : "price"}>
        ${money(call.customerPrice, call.currency)}
      </td>
      <td role="cell" class="recording"><${PlayButton} call=${call} /></td>
      <td role="cell" class="receipt">
        <button
          type="button"
          class="link"
          aria-label=${t("receipt.open", { number: other, when: moment(call.startTime) })}
          onClick=${() => openReceipt(call)}
        >
          ${t("receipt.short")}
        </button>
      </td>
    </tr>
  `;
}
