/** Listeners by name. One that throws is reported and disturbs nobody. */
/** Names in `Events`, each with what its listeners are told. */
export class Emitter {
    #listeners = {};
    /** Adds a listener; the answer takes it away again. */
    on(name, listener) {
        // One function may listen twice: each has an entry, and an end, of its own.
        const entry = (event) => listener(event);
        (this.#listeners[name] ??= new Set()).add(entry);
        return () => void this.#listeners[name]?.delete(entry);
    }
    /** Tells those who listen at this moment. */
    emit(name, event) {
        for (const listener of [...(this.#listeners[name] ?? [])]) {
            try {
                // A listener may be an async function, which TypeScript lets pass.
                const done = listener(event);
                if (done instanceof Promise)
                    done.catch(report);
            }
            catch (error) {
                report(error);
            }
        }
    }
}
/** As an error that nobody caught: visible, and without an end to the program. */
function report(error) {
    if (typeof globalThis.reportError === "function")
        globalThis.reportError(error);
    else
        console.error(error);
}
