/** The client: one connection and the REST interface behind one face. */
import { Backoff } from "./backoff.js";
import { CLOSED } from "./closing.js";
import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { CurbeError } from "./errors.js";
import { FrameQueue } from "./queue.js";
import { Rest } from "./rest.js";
/** Makes a client; it does nothing until it is asked to. */
export function createClient(options) {
    return new Client(options);
}
class Client extends Rest {
    #events = new Emitter();
    #queues = new Set();
    #connection;
    constructor(options) {
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
    connect() {
        this.#connection.open();
    }
    close() {
        this.#connection.close();
    }
    get status() {
        return this.#connection.status;
    }
    get seq() {
        return this.#connection.seq;
    }
    on(name, listener) {
        return this.#events.on(name, listener);
    }
    events(options) {
        return { [Symbol.asyncIterator]: () => this.#queue(options?.signal) };
    }
    #queue(signal) {
        const abort = () => void queue.return();
        const queue = new FrameQueue(() => {
            this.#queues.delete(queue);
            signal?.removeEventListener("abort", abort);
        });
        this.#queues.add(queue);
        signal?.addEventListener("abort", abort);
        if (signal?.aborted)
            abort();
        return queue;
    }
    #onFrame(frame) {
        for (const queue of [...this.#queues])
            queue.push(frame);
        this.#emit(frame);
    }
    /** The compiler does not see by itself that a frame fits its own name. */
    #emit(frame) {
        this.#events.emit(frame.type, frame);
    }
    #onStatus(change) {
        this.#events.emit("status", change);
        const { status, reason = CLOSED } = change;
        if (status !== "closed")
            return;
        const failure = reason === CLOSED ? undefined : { error: refusal(reason) };
        for (const queue of [...this.#queues])
            queue.end(failure);
    }
}
function refusal({ name }) {
    return new CurbeError(`The notifier closed the connection: ${name}.`, { status: 0, code: name });
}
function globalWebSocket() {
    const { WebSocket } = globalThis;
    if (WebSocket)
        return WebSocket;
    throw new TypeError("There is no WebSocket here: give one as options.WebSocket.");
}
function baseOf(text) {
    const url = new URL(text);
    if (!/^https?:$/.test(url.protocol))
        throw new TypeError("options.url is no http(s) address");
    // Addresses are read relative to it: without the slash the last part of its path would be lost.
    if (!url.pathname.endsWith("/"))
        url.pathname += "/";
    return url;
}
function socketAddress(base) {
    const address = new URL("api/ws", base);
    address.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    return address.href;
}
