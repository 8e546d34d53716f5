/** The client: one connection and the REST interface behind one face. */

import { Backoff } from "./backoff.js";
import { CLOSED, type CloseReason } from "./closing.js";
import { Connection, type Status, type StatusChange } from "./connection.js";
import { Emitter, type Listener } from "./emitter.js";
import { CurbeError } from "./errors.js";
import type {
  BalanceUpdated,
  Frame,
  HeldUpdated,
  NewCallLog,
  RecordingReady,
  Resync,
  Welcome,
} from "./frames.js";
import { FrameQueue } from "./queue.js";
import type {
  Balance,
  CallAllowed,
  CallDetail,
  CallLogPage,
  CallsQuery,
  RunningCalls,
  TransactionPage,
  TransactionsQuery,
} from "./resources.js";
import { Rest, type RecordingOptions, type RequestOptions } from "./rest.js";
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
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: Listener<ClientEvents[Name]>,
  ): () => void;
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
export function createClient(options: ClientOptions): CurbeClient {
  return new Client(options);
}

class Client extends Rest implements CurbeClient {
  readonly #events: Emitter<ClientEvents> = new Emitter();
  readonly #queues: Set<FrameQueue> = new Set();
  readonly #connection: Connection;

  constructor(options: ClientOptions) {
    const base = baseOf(options.url);
    super(base, options.getToken, options.fetch ?? fetch);
    this.#connection = new Connection({
      url: socketAddress(base),
      findWebSocket: () => options.WebSocket ?? globalWebSocket(),
      getToken: options.getToken,
      since: options.since,
      backoff: new Backoff(),
      onStatus: (change) => this.#onStatus(change),
      onFrame: (frame) => this.#onFrame(frame),
    });
  }

  connect(): void {
    this.#connection.open();
  }

  close(): void {
    this.#connection.close();
  }

  get status(): Status {
    return this.#connection.status;
  }

  get seq(): number | undefined {
    return this.#connection.seq;
  }

  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: Listener<ClientEvents[Name]>,
  ): () => void {
    return this.#events.on(name, listener);
  }

  events(options?: RequestOptions): AsyncIterable<Frame> {
    return { [Symbol.asyncIterator]: () => this.#queue(options?.signal) };
  }

  #queue(signal: AbortSignal | undefined): FrameQueue {
    const abort = (): void => void queue.return();
    const queue = new FrameQueue(() => {
      this.#queues.delete(queue);
      signal?.removeEventListener("abort", abort);
    });
    this.#queues.add(queue);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    return queue;
  }

  #onFrame(frame: Frame): void {
    for (const queue of [...this.#queues]) queue.push(frame);
    this.#emit(frame);
  }

  /** The compiler does not see by itself that a frame fits its own name. */
  #emit<Name extends Frame["type"]>(frame: ClientEvents[Name] & { type: Name }): void {
    this.#events.emit(frame.type, frame);
  }

  #onStatus(change: StatusChange): void {
    this.#events.emit("status", change);
    const { status, reason = CLOSED } = change;
    if (status !== "closed") return;
    const failure = reason === CLOSED ? undefined : { error: refusal(reason) };
    for (const queue of [...this.#queues]) queue.end(failure);
  }
}

function refusal({ name }: CloseReason): CurbeError {
  return new CurbeError(`The notifier closed the connection: ${name}.`, { status: 0, code: name });
}

function globalWebSocket(): WebSocketConstructor {
  const { WebSocket } = globalThis as { WebSocket?: WebSocketConstructor };
  if (WebSocket) return WebSocket;
  throw new TypeError("There is no WebSocket here: give one as options.WebSocket.");
}

function baseOf(text: string): URL {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError("options.url is no http(s) address");
  // Addresses are read relative to it: without the slash the last part of its path would be lost.
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

function socketAddress(base: URL): string {
  const address = new URL("api/ws", base);
  address.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
