/** Requests to the REST interface. */
import type { Balance, CallAllowed, CallDetail, CallLogPage, CallsQuery, RunningCalls, TransactionPage, TransactionsQuery } from "./resources.js";
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
/** The resources of one user. */
export declare class Rest {
    #private;
    constructor(base: URL, getToken: () => string | Promise<string>, fetcher: typeof fetch);
    balance(options?: RequestOptions): Promise<Balance>;
    calls(query?: CallsQuery, options?: RequestOptions): Promise<CallLogPage>;
    call(id: string, options?: RequestOptions): Promise<CallDetail>;
    runningCalls(options?: RequestOptions): Promise<RunningCalls>;
    transactions(query?: TransactionsQuery, options?: RequestOptions): Promise<TransactionPage>;
    checkCall(to: string, options?: RequestOptions): Promise<CallAllowed>;
    recording(id: string, options?: RecordingOptions): Promise<Response>;
}
