/** A table that is filled from a feed, with the way to what lies below it. */

import { html } from "../html.js";
import { count, t } from "../i18n.js";
import { announce } from "../state/announcements.js";
import { useRef } from "../vendor/hooks.mjs";
import { Problem } from "./problem.js";

/** The button that was pressed may be gone when the last rows have come: the focus goes to the first of them. */
async function showMore(feed, body) {
  const before = feed.rows.value.length;
  await feed.more();
  const added = feed.rows.value.length - before;
  if (added === 0) return;
  announce(count("list.added", added));
  body.children[before]?.focus();
}

export function List({ feed, name, columns, empty, row }) {
  const body = useRef(null);
  const rows = feed.rows.value;
  const phase = feed.phase.value;
  const isEmpty = rows.length === 0;
  const header = (column) => html`<th key=${column} scope="col" role="columnheader" class=${column}>
    ${t(`column.${column}`)}
  </th>`;
  return html`
    <div class="card" aria-busy=${phase === "loading" || phase === "more"}>
      ${feed.problem.value &&
      html`<${Problem} error=${feed.problem.value} onRetry=${() => feed.retry()} />`}
      <table class=${name} role="table" hidden=${isEmpty}>
        <caption class="unseen">${t(`view.${name}`)}</caption>
        <thead role="rowgroup"><tr role="row">${columns.map(header)}</tr></thead>
        <tbody role="rowgroup" ref=${body}>${rows.map(row)}</tbody>
      </table>
      ${isEmpty && phase === "ready" && html`<p class="empty">${empty}</p>`}
      ${isEmpty && (phase === "loading" || phase === "idle") && html`<p class="empty">${t("list.loading")}</p>`}
      ${feed.cursor.value !== null &&
      html`<button type="button" class="more" onClick=${() => showMore(feed, body.current)}>
        ${t(phase === "more" ? "list.loading" : `${name}.more`)}
      </button>`}
    </div>
  `;
}
