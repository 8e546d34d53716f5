/** Pauses between attempts: full jitter, so that a thousand clients do not come back at one instant. */

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** How long to wait, attempt after attempt. */
export class Backoff {
  readonly #random: () => number;
  #longest: number = FIRST_MS;

  /** `random` gives numbers from 0 up to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next pause in milliseconds: anything up to a bound that doubles each time. */
  next(): number {
    const pause = Math.round(this.#random() * this.#longest);
    this.#longest = Math.min(this.#longest * 2, LONGEST_MS);
    return pause;
  }

  /** A connection was stable: the next failure is a new one. */
  reset(): void {
    this.#longest = FIRST_MS;
  }
}
