/** Notices when nothing is heard any more: a connection that broke silently looks like one that is quiet. */
/** Calls back once, a given time after the last sign of life. */
export class Watchdog {
    #bark;
    #timer;
    #patience = 0;
    #heard = 0;
    constructor(bark) {
        this.#bark = bark;
    }
    /** Waits so long from now on, in milliseconds. */
    watch(patience) {
        this.#patience = patience;
        this.heard();
        clearTimeout(this.#timer);
        this.#wait(patience);
    }
    /** A sign of life. */
    heard() {
        this.#heard = Date.now();
    }
    /** Whether it is over already: timers of a page that sleeps come late. */
    get overdue() {
        return Date.now() - this.#heard >= this.#patience;
    }
    stop() {
        clearTimeout(this.#timer);
    }
    /** One timer for many frames: it looks when they came only once it fires. */
    #wait(time) {
        this.#timer = setTimeout(() => {
            if (this.overdue)
                this.#bark();
            else
                this.#wait(this.#heard + this.#patience - Date.now());
        }, time);
    }
}
