/** Requests to the REST interface. */
import { CurbeError, NETWORK } from "./errors.js";
/** The resources of one user. */
export class Rest {
    #base;
    #getToken;
    #fetch;
    constructor(base, getToken, fetcher) {
        this.#base = base;
        this.#getToken = getToken;
        this.#fetch = fetcher;
    }
    balance(options) {
        return this.#json("api/wallet/balance", { ...options });
    }
    calls(query, options) {
        return this.#json("api/logs", { ...options, query });
    }
    call(id, options) {
        return this.#json(`api/logs/${encodeURIComponent(id)}`, { ...options });
    }
    runningCalls(options) {
        return this.#json("api/calls/running", { ...options });
    }
    transactions(query, options) {
        return this.#json("api/wallet/transactions", { ...options, query });
    }
    checkCall(to, options) {
        return this.#json("api/calls/check", { ...options, method: "POST", body: { to } });
    }
    recording(id, options) {
        const headers = options?.range === undefined ? {} : { range: options.range };
        return this.#send(`api/logs/${encodeURIComponent(id)}/recording`, {
            signal: options?.signal,
            headers,
        });
    }
    async #json(path, request) {
        const response = await this.#send(path, {
            ...request,
            headers: { accept: "application/json" },
        });
        try {
            return (await response.json());
        }
        catch (cause) {
            request.signal?.throwIfAborted();
            throw lost(cause);
        }
    }
    /** The answer, if it is a good one. */
    async #send(path, request) {
        const token = await this.#getToken();
        const init = {
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
        let response;
        try {
            response = await fetcher(this.#address(path, request.query), init);
        }
        catch (cause) {
            request.signal?.throwIfAborted();
            throw lost(cause);
        }
        if (!response.ok)
            throw await refusal(response);
        return response;
    }
    #address(path, query = {}) {
        const address = new URL(path, this.#base);
        for (const [name, value] of Object.entries(query)) {
            if (value !== undefined)
                address.searchParams.set(name, String(value));
        }
        return address.href;
    }
}
function lost(cause) {
    return new CurbeError("The notifier could not be reached.", { status: 0, code: NETWORK, cause });
}
/** Whatever stands between us and the notifier may answer with anything. */
async function refusal(response) {
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
async function readProblem(response) {
    try {
        const body = (await response.json());
        return typeof body?.code === "string" ? body : undefined;
    }
    catch {
        return undefined;
    }
}
