/** What the log is narrowed to. */

import { html } from "../html.js";
import { named, t } from "../i18n.js";
import { filterBy, filters, isFiltered, showAll } from "../state/calls.js";

const DIRECTIONS = ["outbound", "inbound"];
const STATUSES = ["completed", "no_answer", "busy", "failed", "canceled", "rejected"];

function Choice({ name, group, options }) {
  const option = (value) => html`<option key=${value} value=${value}>${named(group, value)}</option>`;
  return html`
    <div>
      <label for=${`filter-${name}`}>${t(`filter.${name}`)}</label>
      <select
        id=${`filter-${name}`}
        value=${filters.value[name]}
        onChange=${(event) => filterBy(name, event.target.value)}
      >
        <option value="">${t("filter.all")}</option>
        ${options.map(option)}
      </select>
    </div>
  `;
}

function Day({ name, min, max }) {
  return html`
    <div>
      <label for=${`filter-${name}`}>${t(`filter.${name}`)}</label>
      <input
        id=${`filter-${name}`}
        type="date"
        min=${min || null}
        max=${max || null}
        value=${filters.value[name]}
        onChange=${(event) => filterBy(name, event.target.value)}
      />
    </div>
  `;
}

export function Filters() {
  const { from, to } = filters.value;
  return html`
    <form class="filters" role="search" aria-label=${t("filter.label")} onSubmit=${(event) => event.preventDefault()}>
      <${Choice} name="direction" group="direction" options=${DIRECTIONS} />
      <${Choice} name="status" group="status" options=${STATUSES} />
      <${Day} name="from" max=${to} />
      <${Day} name="to" min=${from} />
      <button type="button" class="quiet" disabled=${!isFiltered()} onClick=${showAll}>${t("filter.clear")}</button>
    </form>
  `;
}
