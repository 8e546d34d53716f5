/** Notices when nothing is heard any more: a connection that broke silently looks like one that is quiet. */
/** Calls back once, a given time after the last sign of life. */
export declare class Watchdog {
    #private;
    constructor(bark: () => void);
    /** Waits so long from now on, in milliseconds. */
    watch(patience: number): void;
    /** A sign of life. */
    heard(): void;
    /** Whether it is over already: timers of a page that sleeps come late. */
    get overdue(): boolean;
    stop(): void;
}
