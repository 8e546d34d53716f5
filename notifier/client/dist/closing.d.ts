/** Why a connection ended, and whether to come back. The notifier's codes say it by their range. */
/** Why a connection ended. */
export interface CloseReason {
    /** The WebSocket's close code; 0 where this side ended it. */
    readonly code: number;
    /** Whether the answer would be the same again, so that the client stays away. */
    readonly terminal: boolean;
    /** The code as a word, for programs. */
    readonly name: string;
}
/** Nothing came for longer than two heartbeats. */
export declare const SILENT: CloseReason;
/** No welcome in time. */
export declare const TIMEOUT: CloseReason;
/** `getToken` failed. */
export declare const NO_TOKEN: CloseReason;
/** `close()` was called. */
export declare const CLOSED: CloseReason;
/** What a close code means. Only the last 500 are final: a proxy's codes say nothing about tomorrow. */
export declare function closeReason(code: number): CloseReason;
