/** The one error that this package throws. */
import type { Problem } from "./resources.js";
/** The code of a request that got no answer. */
export declare const NETWORK = "network";
/** A request that was not answered as asked, or a stream of events that was refused. */
export declare class CurbeError extends Error {
    readonly name: string;
    /** The HTTP status; 0 where there was no answer. */
    readonly status: number;
    /** A stable word, such as `insufficient_funds`, `not_found`, `network`. */
    readonly code: string;
    /** Whether the same request may succeed a little later. */
    readonly retryable: boolean;
    /** The request's id in the server's log. */
    readonly requestId?: string;
    /** The server's own words (RFC 9457), with all that it added. */
    readonly problem?: Problem;
    constructor(message: string, details: {
        status: number;
        code: string;
        requestId?: string | undefined;
        problem?: Problem | undefined;
        cause?: unknown;
    });
}
