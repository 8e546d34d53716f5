/** A list, newest first, that is asked for page by page and grows at its top while it is shown. */

import { batch, signal } from "../vendor/signals.mjs";
import { api, refused } from "./client.js";

/** How long a row counts as new. */
const FRESH_MS = 6000;

export class Feed {
  /** What is shown. */
  rows = signal([]);
  /** Ids of the rows that came while somebody was looking. */
  fresh = signal(new Set());
  /** `idle`, `loading` (the newest page), `more` (the next one), `ready` or `failed`. */
  phase = signal("idle");
  /** Why it failed, as the client tells it. */
  problem = signal(undefined);
  /** Where it goes on; null at the end. */
  cursor = signal(null);

  #ask;
  #compare;
  #accepts;
  #request;
  /** Requests go one after the other, so that each knows what the one before has brought. */
  #queue = Promise.resolve();
  #reloading;
  #failed;
  /** What came to be while a page was under way, which may lack it. */
  #arrived = [];
  #changes = new Map();

  /** `ask(client, cursor, options)` gets a page, `compare` orders rows, `accepts` knows which belong here. */
  constructor({ ask, compare, accepts = () => true }) {
    this.#ask = ask;
    this.#compare = compare;
    this.#accepts = accepts;
  }

  /** Brings the top up to date; once for all who ask before it has begun. */
  reload() {
    this.#reloading ??= this.#next(() => {
      this.#reloading = undefined;
      return this.#load("loading", undefined, (page) => this.#renew(page));
    });
    return this.#reloading;
  }

  /** Asks for another list; the old one is shown until then. */
  replace() {
    this.#request?.abort();
    const show = (page) => this.#show(page.data, page.nextCursor);
    return this.#next(() => this.#load("loading", undefined, show));
  }

  /** Adds the page below the last row. */
  more() {
    const append = (page) => this.#show([...this.rows.value, ...page.data], page.nextCursor);
    return this.#next(() => this.#load("more", this.cursor.value, append));
  }

  /** Asks once more for what failed last. */
  retry() {
    return this.#next(this.#failed);
  }

  /** Forgets everything. */
  clear() {
    this.#request?.abort();
    this.#arrived = [];
    this.#changes.clear();
    batch(() => {
      this.phase.value = "idle";
      this.problem.value = undefined;
      this.#show([], null);
    });
  }

  /** Adds a row that has just come to be; tells whether it belongs here. */
  take(row) {
    if (!this.#accepts(row)) return false;
    const last = this.rows.value.at(-1);
    const isBelow = this.cursor.value !== null && last !== undefined && this.#compare(row, last) > 0;
    if (isBelow) return true;
    this.#arrived.push(row);
    this.#highlight([row]);
    this.#show([row, ...this.rows.value], this.cursor.value);
    return true;
  }

  /** Changes a row that may be here; the row as it is then. */
  change(id, news) {
    this.#changes.set(id, news);
    this.#show(this.rows.value, this.cursor.value);
    return this.rows.value.find((row) => row.id === id);
  }

  #next(task) {
    this.#queue = this.#queue.then(task);
    return this.#queue;
  }

  /** Fails into `problem` alone: nobody waits for a list but those who look at it. */
  async #load(phase, cursor, use) {
    const client = api();
    if (client === undefined) return;
    const request = new AbortController();
    this.#request = request;
    this.#arrived = [];
    this.#changes.clear();
    this.phase.value = phase;
    this.problem.value = undefined;
    try {
      const page = await this.#ask(client, cursor, { signal: request.signal });
      batch(() => {
        use(page);
        this.phase.value = "ready";
      });
    } catch (error) {
      if (request.signal.aborted) return;
      batch(() => {
        this.#failed = () => this.#load(phase, cursor, use);
        this.problem.value = error;
        this.phase.value = "failed";
      });
      refused(error.code);
    }
  }

  /** Where the newest page meets the rows that are there, those below it stay; else there is a hole, and they go. */
  #renew(page) {
    const known = new Set(this.rows.value.map((row) => row.id));
    const meets = page.nextCursor !== null && page.data.some((row) => known.has(row.id));
    if (known.size > 0) this.#highlight(page.data.filter((row) => !known.has(row.id)));
    if (meets) this.#show([...page.data, ...this.rows.value], this.cursor.value);
    else this.#show(page.data, page.nextCursor);
  }

  #show(rows, cursor) {
    const unique = new Map();
    for (const row of [...rows, ...this.#arrived]) {
      if (!unique.has(row.id)) unique.set(row.id, { ...row, ...this.#changes.get(row.id) });
    }
    batch(() => {
      this.rows.value = [...unique.values()].sort(this.#compare);
      this.cursor.value = cursor;
    });
  }

  #highlight(rows) {
    const ids = rows.map((row) => row.id);
    this.fresh.value = new Set([...this.fresh.value, ...ids]);
    setTimeout(() => {
      const others = [...this.fresh.value].filter((id) => !ids.includes(id));
      this.fresh.value = new Set(others);
    }, FRESH_MS);
  }
}

/** Newest first, by the instant that `name` holds; instants of one moment by their ids. */
export function newestFirst(name) {
  return (one, other) => Date.parse(other[name]) - Date.parse(one[name]) || (one.id < other.id ? 1 : -1);
}
