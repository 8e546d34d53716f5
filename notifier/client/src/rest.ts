/** Requests to the REST interface. */

import { CurbeError, NETWORK } from "./errors.js";
import type {
  Balance,
  CallAllowed,
  CallDetail,
  CallLogPage,
  CallsQuery,
  Problem,
  RunningCalls,
  TransactionPage,
  TransactionsQuery,
} from "./resources.js";

/** What every request takes. */
export interface RequestOptions {
  /** Ends the request; it then fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a recording's request takes. */
export interface RecordingOptions extends RequestOptions {
  /** A part of it, as the header `Range` says it: `bytes=0-1023`. */
  readonly range?: string | undefined;
}

interface Request extends RequestOptions {
  readonly method?: "GET" | "POST";
  readonly query?: object | undefined;
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** The resources of one user. */
export class Rest {
  readonly #base: URL;
  readonly #getToken: () => string | Promise<string>;
  readonly #fetch: typeof fetch;

  constructor(base: URL, getToken: () => string | Promise<string>, fetcher: typeof fetch) {
    this.#base = base;
    this.#getToken = getToken;
    this.#fetch = fetcher;
  }

  balance(options?: RequestOptions): Promise<Balance> {
    return this.#json("api/wallet/balance", { ...options });
  }

  calls(query?: CallsQuery, options?: RequestOptions): Promise<CallLogPage> {
    return this.#json("api/logs", { ...options, query });
  }

  call(id: string, options?: RequestOptions): Promise<CallDetail> {
    return this.#json(`api/logs/${encodeURIComponent(id)}`, { ...options });
  }

  runningCalls(options?: RequestOptions): Promise<RunningCalls> {
    return this.#json("api/calls/running", { ...options });
  }

  transactions(query?: TransactionsQuery, options?: RequestOptions): Promise<TransactionPage> {
    return this.#json("api/wallet/transactions", { ...options, query });
  }

  checkCall(to: string, options?: RequestOptions): Promise<CallAllowed> {
    return this.#json("api/calls/check", { ...options, method: "POST", body: { to } });
  }

  recording(id: string, options?: RecordingOptions): Promise<Response> {
    const headers = options?.range === undefined ? {} : { range: options.range };
    return this.#send(`api/logs/${encodeURIComponent(id)}/recording`, {
      signal: options?.signal,
      headers,
    });
  }

  async #json<Answer>(path: string, request: Request): Promise<Answer> {
    const response = await this.#send(path, {
      ...request,
      headers: { accept: "application/json" },
    });
    try {
      return (await response.json()) as Answer;
    } catch (cause) {
      request.signal?.throwIfAborted();
      throw lost(cause);
    }
  }

  /** The answer, if it is a good one. */
  async #send(path: string, request: Request): Promise<Response> {
    const token = await this.#getToken();
    const init: RequestInit = {
      method: request.method ?? "GET",
      headers: {
        ...request.headers,
        authorization: `Bearer ${token}`,
        ...(request.body && { "content-type": "application/json" }),
      },
      ...(request.body && { body: JSON.stringify(request.body) }),
      ...(request.signal && { signal: request.signal }),
    };
    // Not as a method: browsers refuse to run their own `fetch` with another `this`.
    const fetcher = this.#fetch;
    let response: Response;
    try {
      response = await fetcher(this.#address(path, request.query), init);
    } catch (cause) {
      request.signal?.throwIfAborted();
      throw lost(cause);
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  #address(path: string, query: object = {}): string {
    const address = new URL(path, this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) address.searchParams.set(name, String(value));
    }
    return address.href;
  }
}

function lost(cause: unknown): CurbeError {
  return new CurbeError("The notifier could not be reached.", { status: 0, code: NETWORK, cause });
}

/** Whatever stands between us and the notifier may answer with anything. */
async function refusal(response: Response): Promise<CurbeError> {
  const { status } = response;
  const problem = await readProblem(response);
  const requestId = problem?.requestId ?? response.headers.get("x-request-id") ?? undefined;
  const message = problem?.detail ?? problem?.title ?? `HTTP ${status}`;
  return new CurbeError(message, {
    status,
    code: problem?.code ?? `http_${status}`,
    requestId,
    problem,
  });
}

async function readProblem(response: Response): Promise<Problem | undefined> {
  try {
    const body = (await response.json()) as Problem | null;
    return typeof body?.code === "string" ? body : undefined;
  } catch {
    return undefined;
  }
}
