/** How much there is, how much of it is free, and whether that is enough to call. */

import { money, moneyParts, shortMoney } from "../format.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { status, wallet } from "../state/wallet.js";
import { Icon } from "./icons.js";

/** The state in words, and whether it is a good one. */
function standing({ canCall, minimumThreshold, currency }) {
  if (status.value === "suspended") return { isGood: false, words: t("standing.suspended") };
  const minimum = shortMoney(minimumThreshold, currency);
  const key = canCall ? "standing.enough" : "standing.below";
  return { isGood: canCall, words: t(key, { minimum }) };
}

export function Balance() {
  if (wallet.value === undefined) return null;
  const { balance, available, held, minimumThreshold, currency } = wallet.value;
  const parts = moneyParts(balance, currency);
  const { isGood, words } = standing(wallet.value);
  const fact = (key, amount) => html`<div>
    <dt>${t(key)}</dt>
    <dd>${money(amount, currency)}</dd>
  </div>`;
  return html`
    <section class="balance" aria-labelledby="balance">
      <div>
        <h2 id="balance">${t("balance.title")}</h2>
        <p class="amount">${parts.whole}<span class="below-cent">${parts.belowCent}</span>${parts.rest}</p>
        <p class=${isGood ? "standing good" : "standing bad"}>
          <${Icon} name=${isGood ? "check" : "warning"} />
          <span>${words}</span>
        </p>
      </div>
      <dl>
        ${fact("balance.available", available)} ${fact("balance.held", held)}
        ${fact("balance.minimum", minimumThreshold)}
      </dl>
    </section>
  `;
}
