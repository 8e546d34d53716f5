/** The ledger: where every amount came from and went to. */

import { change, exactMoment, moment, money } from "../format.js";
import { html } from "../html.js";
import { named, t } from "../i18n.js";
import { ledger } from "../state/ledger.js";
import { wallet } from "../state/wallet.js";
import { useEffect } from "../vendor/hooks.mjs";
import { List } from "./list.js";

const COLUMNS = ["moment", "kind", "amount", "after"];

function Row({ row, isFresh }) {
  const currency = wallet.value.currency;
  const sign = row.amount.startsWith("-") ? "out" : "in";
  return html`
    <tr role="row" tabindex="-1" class=${isFresh ? "fresh" : null} data-id=${row.id}>
      <td role="cell" class="moment">
        <time datetime=${row.createdAt} title=${exactMoment(row.createdAt)}>${moment(row.createdAt)}</time>
      </td>
      <th role="rowheader" scope="row" class="kind">${named("transaction", row.type)}</th>
      <td role="cell" class=${`amount ${sign}`}>${change(row.amount, currency)}</td>
      <td role="cell" class="after">
        <span class="caption">${t("column.after")} </span>${money(row.balanceAfter, currency)}
      </td>
    </tr>
  `;
}

export function Ledger() {
  useEffect(() => void ledger.reload(), []);
  const row = (one) => html`<${Row} key=${one.id} row=${one} isFresh=${ledger.fresh.value.has(one.id)} />`;
  return html`
    <section aria-label=${t("view.ledger")}>
      <${List} feed=${ledger} name="ledger" columns=${COLUMNS} empty=${t("ledger.none")} row=${row} />
    </section>
  `;
}
