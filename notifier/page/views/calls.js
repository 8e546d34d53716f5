/** The call log. It fills by itself. */

import { html } from "../html.js";
import { t } from "../i18n.js";
import { calls, isFiltered } from "../state/calls.js";
import { CallRow } from "./call_row.js";
import { Filters } from "./filters.js";
import { List } from "./list.js";

const COLUMNS = ["when", "number", "duration", "status", "price", "recording", "receipt"];

export function Calls() {
  const row = (call) => html`<${CallRow} key=${call.id} call=${call} isFresh=${calls.fresh.value.has(call.id)} />`;
  return html`
    <section aria-label=${t("view.calls")}>
      <${Filters} />
      <${List}
        feed=${calls}
        name="calls"
        columns=${COLUMNS}
        empty=${t(isFiltered() ? "calls.noneFound" : "calls.none")}
        row=${row}
      />
    </section>
  `;
}
