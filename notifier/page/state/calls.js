/** The calls on the screen and what they are filtered by. */

import { signal } from "../vendor/signals.mjs";
import { Feed, newestFirst } from "./feed.js";

const PAGE = 25;
const NONE = { direction: "", status: "", from: "", to: "" };

/** `direction` and `status` as the API names them, `from` and `to` days of this time zone; empty: all. */
export const filters = signal(NONE);

/** The calls that pass the filters. */
export const calls = new Feed({ ask, compare: newestFirst("startTime"), accepts: passes });

/** Filters by one thing more, or another value of it. */
export function filterBy(name, value) {
  filters.value = { ...filters.value, [name]: value };
  return calls.replace();
}

/** Shows all calls again. */
export function showAll() {
  clearFilters();
  return calls.replace();
}

/** Forgets the filters, and asks for nothing. */
export function clearFilters() {
  filters.value = NONE;
}

/** Whether anything is left out. */
export function isFiltered() {
  return Object.values(filters.value).some((value) => value !== "");
}

/** Midnight at which a day of this time zone begins, or the one after `days` more. */
function midnight(day, days = 0) {
  if (day === "") return undefined;
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + days);
}

function range() {
  return { from: midnight(filters.value.from), to: midnight(filters.value.to, 1) };
}

function ask(client, cursor, options) {
  const { direction, status } = filters.value;
  const { from, to } = range();
  const query = {
    limit: PAGE,
    cursor,
    direction: direction || undefined,
    status: status || undefined,
    from: from?.toISOString(),
    to: to?.toISOString(),
  };
  return client.calls(query, options);
}

function passes(call) {
  const { direction, status } = filters.value;
  const { from, to } = range();
  const start = new Date(call.startTime);
  const isWanted = (value, wanted) => wanted === "" || value === wanted;
  return (
    isWanted(call.direction, direction) &&
    isWanted(call.status, status) &&
    !(start < from) &&
    !(start >= to)
  );
}
