/** The client: one connection and the REST interface behind one face. */
import { type Status, type StatusChange } from "./connection.js";
import { type Listener } from "./emitter.js";
import type { BalanceUpdated, Frame, HeldUpdated, NewCallLog, RecordingReady, Resync, Welcome } from "./frames.js";
import type { Balance, CallAllowed, CallDetail, CallLogPage, CallsQuery, RunningCalls, TransactionPage, TransactionsQuery } from "./resources.js";
import { type RecordingOptions, type RequestOptions } from "./rest.js";
import type { WebSocketConstructor } from "./socket.js";
/** What a client needs. */
export interface ClientOptions {
    /** Where the notifier is: `https://...`. */
    readonly url: string;
    /** Asked for each connection, each refresh and each request. */
    readonly getToken: () => string | Promise<string>;
    /** The `seq` of an earlier client: its first connection goes on from there. */
    readonly since?: number | null | undefined;
    /** For Node.js before 22: the one of the package `ws`. */
    readonly WebSocket?: WebSocketConstructor | undefined;
    /** In place of the global one. */
    readonly fetch?: typeof fetch | undefined;
}
/** What a client tells of, by name. */
export interface ClientEvents {
    status: StatusChange;
    welcome: Welcome;
    balance_updated: BalanceUpdated;
    new_call_log: NewCallLog;
    recording_ready: RecordingReady;
    held_updated: HeldUpdated;
    resync: Resync;
}
/** Live events and requests of one user. */
export interface CurbeClient {
    /** Connects, and from then on comes back by itself until `close` or a final refusal. */
    connect(): void;
    /** Ends the connection and every loop over `events`. */
    close(): void;
    readonly status: Status;
    /** "Everything up to here has been seen." */
    readonly seq: number | undefined;
    /** Adds a listener; the answer takes it away. One that throws disturbs neither others nor the connection. */
    on<Name extends keyof ClientEvents>(name: Name, listener: Listener<ClientEvents[Name]>): () => void;
    /**
     * The frames from now on. The loop ends with `signal` or `close`, and throws a `CurbeError` after a final refusal. One
     * that falls far behind finds a `resync` in place of what it missed.
     */
    events(options?: RequestOptions): AsyncIterable<Frame>;
    balance(options?: RequestOptions): Promise<Balance>;
    /** Calls, newest first. */
    calls(query?: CallsQuery, options?: RequestOptions): Promise<CallLogPage>;
    /** One call and how its price came about. */
    call(id: string, options?: RequestOptions): Promise<CallDetail>;
    /** The calls under way, each with the time that its money pays for. */
    runningCalls(options?: RequestOptions): Promise<RunningCalls>;
    /** The ledger, newest first. */
    transactions(query?: TransactionsQuery, options?: RequestOptions): Promise<TransactionPage>;
    /** Whether a call can be paid; if not, a `CurbeError` with the code `insufficient_funds`. */
    checkCall(to: string, options?: RequestOptions): Promise<CallAllowed>;
    /** The audio of a call. */
    recording(id: string, options?: RecordingOptions): Promise<Response>;
}
/** Makes a client; it does nothing until it is asked to. */
export declare function createClient(options: ClientOptions): CurbeClient;
