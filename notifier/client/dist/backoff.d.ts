/** Pauses between attempts: full jitter, so that a thousand clients do not come back at one instant. */
/** How long to wait, attempt after attempt. */
export declare class Backoff {
    #private;
    /** `random` gives numbers from 0 up to 1. */
    constructor(random?: () => number);
    /** The next pause in milliseconds: anything up to a bound that doubles each time. */
    next(): number;
    /** A connection was stable: the next failure is a new one. */
    reset(): void;
}
