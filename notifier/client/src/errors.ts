/** The one error that this package throws. */

import type { Problem } from "./resources.js";

/** The code of a request that got no answer. */
export const NETWORK = "network";
/** Statuses that another attempt may change. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** A request that was not answered as asked, or a stream of events that was refused. */
export class CurbeError extends Error {
  override readonly name: string = "CurbeError";
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

  constructor(
    message: string,
    details: {
      status: number;
      code: string;
      requestId?: string | undefined;
      problem?: Problem | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
    this.retryable = details.code === NETWORK || RETRYABLE.has(details.status);
    if (details.requestId !== undefined) this.requestId = details.requestId;
    if (details.problem !== undefined) this.problem = details.problem;
  }
}
