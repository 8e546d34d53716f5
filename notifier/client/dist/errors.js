/** The one error that this package throws. */
/** The code of a request that got no answer. */
export const NETWORK = "network";
/** Statuses that another attempt may change. */
const RETRYABLE = new Set([408, 425, 429, 502, 503, 504]);
/** A request that was not answered as asked, or a stream of events that was refused. */
export class CurbeError extends Error {
    name = "CurbeError";
    /** The HTTP status; 0 where there was no answer. */
    status;
    /** A stable word, such as `insufficient_funds`, `not_found`, `network`. */
    code;
    /** Whether the same request may succeed a little later. */
    retryable;
    /** The request's id in the server's log. */
    requestId;
    /** The server's own words (RFC 9457), with all that it added. */
    problem;
    constructor(message, details) {
        super(message, { cause: details.cause });
        this.status = details.status;
        this.code = details.code;
        this.retryable = details.code === NETWORK || RETRYABLE.has(details.status);
        if (details.requestId !== undefined)
            this.requestId = details.requestId;
        if (details.problem !== undefined)
            this.problem = details.problem;
    }
}
