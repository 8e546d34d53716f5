/** One WebSocket, from its opening to its end, as a connection needs it. */
const SUBPROTOCOL = "curbe.v1.json";
/** An open socket, or one that is about to be. */
export class Socket {
    #socket;
    constructor(constructor, url, handlers) {
        this.#socket = new constructor(url, [SUBPROTOCOL]);
        this.#socket.onopen = () => handlers.opened();
        this.#socket.onmessage = (event) => handlers.received(event.data);
        this.#socket.onclose = (event) => handlers.closed(event.code);
        // An error says nothing; the end that follows it has a code. Without a listener, `ws` would throw.
        this.#socket.onerror = () => { };
    }
    send(message) {
        this.#socket.send(JSON.stringify(message));
    }
    /** Ends it without waiting for the other side, which may be gone: nothing is heard of it any more. */
    abandon() {
        this.#socket.onopen = null;
        this.#socket.onmessage = null;
        this.#socket.onclose = null;
        this.#socket.close(1000);
    }
}
