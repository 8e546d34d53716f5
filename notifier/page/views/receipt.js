/** How the price of a call came about, over the page. */

import { change, decimal, duration, exactMoment, money } from "../format.js";
import { html } from "../html.js";
import { named, t } from "../i18n.js";
import { closeReceipt, receipt } from "../state/receipt.js";
import { useLayoutEffect, useRef } from "../vendor/hooks.mjs";
import { otherSide } from "./call_row.js";
import { Icon } from "./icons.js";
import { Problem } from "./problem.js";

const fact = (key, value) =>
  value !== null && value !== undefined && html`<div><dt>${t(`receipt.${key}`)}</dt><dd>${value}</dd></div>`;

function Facts({ call }) {
  return html`
    <dl>
      ${fact("status", named("status", call.status))} ${fact("from", call.fromNumber)} ${fact("to", call.toNumber)}
      ${fact("start", exactMoment(call.startTime))} ${fact("duration", duration(call.durationSeconds))}
    </dl>
  `;
}

function increments({ initialIncrementSeconds, incrementSeconds }) {
  if (initialIncrementSeconds === null || incrementSeconds === null) return null;
  return t("receipt.incrementSeconds", { first: initialIncrementSeconds, then: incrementSeconds });
}

function Price({ call, receipt: { rate, ratedLate } }) {
  const amount = (value) => (value === null ? null : money(value, call.currency));
  return html`
    <h3>${t("receipt.price")}</h3>
    ${rate === null && html`<p>${t("receipt.free")}</p>`}
    ${rate !== null &&
    html`<dl>
      ${fact("prefix", rate.prefix === null ? null : `+${rate.prefix}`)} ${fact("rate", amount(rate.ratePerMinute))}
      ${fact("minutes", decimal(call.billableMinutes))} ${fact("increments", increments(rate))}
      ${fact("fee", amount(rate.connectionFee))} ${fact("rounding", t("receipt.roundingOnce"))}
    </dl>`}
    ${ratedLate && html`<p class="small">${t("receipt.ratedLate")}</p>`}
    <p class="total"><span>${t("receipt.total")}</span> <strong>${amount(call.customerPrice)}</strong></p>
  `;
}

function Entries({ call, rows }) {
  const entry = (row) => html`<div key=${row.id}>
    <dt>${named("transaction", row.type)}</dt>
    <dd>${change(row.amount, call.currency)}</dd>
    <dd class="small">${t("receipt.after", { amount: money(row.balanceAfter, call.currency) })}</dd>
  </div>`;
  return html`
    <h3>${t("view.ledger")}</h3>
    ${rows.length > 0 ? html`<dl>${rows.map(entry)}</dl>` : html`<p class="small">${t("receipt.noEntries")}</p>`}
    <p class="small reference">
      ${t("receipt.reference", { provider: named("provider", call.provider), id: call.externalCallId })}
    </p>
  `;
}

/** The browser brings the focus in, keeps it, and gives it back to the button that opened it. */
export function Receipt() {
  const dialog = useRef(null);
  const isOpen = receipt.value !== undefined;
  useLayoutEffect(() => {
    if (isOpen) dialog.current.showModal();
    else dialog.current.close();
  }, [isOpen]);
  const outside = (event) => event.target === dialog.current && closeReceipt();
  return html`
    <dialog ref=${dialog} aria-labelledby="receipt" onClose=${closeReceipt} onClick=${outside}>
      ${isOpen && html`<${Content} ...${receipt.value} />`}
    </dialog>
  `;
}

function Content({ call, detail, problem }) {
  return html`
    <div class="receipt-inner">
      <header>
        <h2 id="receipt">${t(`receipt.title.${call.direction}`, { number: otherSide(call) })}</h2>
        <button type="button" class="quiet icon-only" aria-label=${t("receipt.close")} onClick=${closeReceipt}>
          <${Icon} name="close" />
        </button>
      </header>
      <${Facts} call=${call} />
      ${problem && html`<${Problem} error=${problem} />`}
      ${detail && html`<${Price} call=${detail} receipt=${detail.receipt} />`}
      ${detail && html`<${Entries} call=${detail} rows=${detail.receipt.transactions} />`}
      ${!detail && !problem && html`<p class="small">${t("list.loading")}</p>`}
    </div>
  `;
}
