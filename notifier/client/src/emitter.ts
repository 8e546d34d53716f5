/** Listeners by name. One that throws is reported and disturbs nobody. */

/** A function that is told. */
export type Listener<Event> = (event: Event) => void;

/** Names in `Events`, each with what its listeners are told. */
export class Emitter<Events> {
  readonly #listeners: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {};

  /** Adds a listener; the answer takes it away again. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    // One function may listen twice: each has an entry, and an end, of its own.
    const entry: Listener<Events[Name]> = (event) => listener(event);
    (this.#listeners[name] ??= new Set()).add(entry);
    return () => void this.#listeners[name]?.delete(entry);
  }

  /** Tells those who listen at this moment. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners[name] ?? [])]) {
      try {
        // A listener may be an async function, which TypeScript lets pass.
        const done: unknown = listener(event);
        if (done instanceof Promise) done.catch(report);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** As an error that nobody caught: visible, and without an end to the program. */
function report(error: unknown): void {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}
