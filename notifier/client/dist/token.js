/** When a token ends, and when to ask for the next one. */
/** How long before its end a token is replaced. */
const BEFORE_END_MS = 60_000;
/** Between two questions for a token, if there was no new one or the server is in a hurry. Doubled each time. */
const SHORTEST_MS = 5_000;
/** What it is doubled up to: where our clock is ahead, the server may need a new one much later. */
const LONGEST_RETRY_MS = 60_000;
/** Timers reach no further than 2^31 - 1 milliseconds. */
const LONGEST_MS = 24 * 60 * 60 * 1000;
/** `exp` of a JSON Web Token in milliseconds; undefined if it cannot be read. Nothing is verified: that is the server's. */
export function expiryOf(token) {
    try {
        const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
        const { exp } = JSON.parse(atob(payload));
        return typeof exp === "number" && Number.isFinite(exp) ? exp * 1000 : undefined;
    }
    catch {
        return undefined;
    }
}
/** How long to keep a token: until a minute before its end, or half of what is left of a short one. */
export function renewIn(expiresAt, now) {
    const left = expiresAt - now;
    return Math.min(Math.max(left - BEFORE_END_MS, left / 2), LONGEST_MS);
}
/** Says when it is time for a new token. */
export class Renewal {
    #renew;
    #timer;
    #due = Infinity;
    #asked = 0;
    /** How often there was no new token. */
    #retries = 0;
    /** Whether the server has said that the token in use ends. */
    #isHurried = false;
    /** `renew` is called when it is time; whoever does so calls `use` or `retry` afterwards. */
    constructor(renew) {
        this.#renew = renew;
    }
    /** This token is in use from now on. */
    use(token) {
        this.stop();
        this.#retries = 0;
        this.#isHurried = false;
        const now = Date.now();
        this.#asked = now;
        const expiresAt = expiryOf(token);
        // One that seems to have ended shows that our clock is wrong: then the server says when.
        if (expiresAt !== undefined && expiresAt > now)
            this.#at(now + renewIn(expiresAt, now));
    }
    /** There was no new token: this one stays in use. In its last minute ask again soon, before that when it is time. */
    retry(token) {
        const now = Date.now();
        const isGood = (expiryOf(token) ?? now) - now > BEFORE_END_MS;
        if (isGood && !this.#isHurried)
            return this.use(token);
        this.#asked = now;
        this.#at(now + Math.min(SHORTEST_MS * 2 ** this.#retries, LONGEST_RETRY_MS));
        this.#retries += 1;
    }
    /** The server says that it is time. Our clock may be wrong, or the token not ours to read. */
    hurry() {
        this.#isHurried = true;
        this.#at(Math.max(Date.now(), this.#asked + SHORTEST_MS));
    }
    /** Nothing is in use any more. */
    stop() {
        clearTimeout(this.#timer);
        this.#due = Infinity;
    }
    /** The earlier one of two times holds. */
    #at(due) {
        if (due >= this.#due)
            return;
        clearTimeout(this.#timer);
        this.#due = due;
        this.#timer = setTimeout(() => {
            this.#due = Infinity;
            this.#renew();
        }, due - Date.now());
    }
}
