/** Asking for what may change while the answer is under way. */

export class Latest {
  #ask;
  #isAsking = false;
  #isStale = false;

  /** `ask()` asks, and shows what comes. */
  constructor(ask) {
    this.#ask = ask;
  }

  /** Asks anew; once for all who want it while an answer is under way. */
  async refresh() {
    this.#isStale = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#isStale) {
      this.#isStale = false;
      await this.#ask();
    }
    this.#isAsking = false;
  }

  /** An answer that is under way may be older than what is known by now: it is asked for once more. */
  outdated() {
    this.#isStale = this.#isAsking;
  }
}
