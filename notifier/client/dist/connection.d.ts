/** Keeps one socket to the notifier open: hello, welcome, frames, and back again after each loss. */
import { Backoff } from "./backoff.js";
import { type CloseReason } from "./closing.js";
import { type Frame } from "./frames.js";
import { type WebSocketConstructor } from "./socket.js";
/** Where a connection stands. */
export type Status = "idle" | "connecting" | "online" | "reconnecting" | "closed";
/** A change of status. */
export interface StatusChange {
    readonly status: Status;
    /** Why the last connection ended. */
    readonly reason?: CloseReason;
    /** When the next attempt is made. */
    readonly retryInMs?: number;
}
/** What a connection needs. */
export interface ConnectionOptions {
    readonly url: string;
    /** Throws where there is none. */
    readonly findWebSocket: () => WebSocketConstructor;
    readonly getToken: () => string | Promise<string>;
    readonly since: number | null | undefined;
    readonly backoff: Backoff;
    readonly onStatus: (change: StatusChange) => void;
    readonly onFrame: (frame: Frame) => void;
}
/** A connection that comes back by itself. */
export declare class Connection {
    #private;
    constructor(options: ConnectionOptions);
    get status(): Status;
    /** Everything up to here has been seen. */
    get seq(): number | undefined;
    /** Opens it, unless it is open or about to be. */
    open(): void;
    /** Ends it for good, or until somebody opens it again. */
    close(reason?: CloseReason): void;
}
