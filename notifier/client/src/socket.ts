/** One WebSocket, from its opening to its end, as a connection needs it. */

/** The part of a WebSocket that is used here: browsers' own has it, and that of the package `ws`. */
export interface WebSocketLike {
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

/** Makes one. */
export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

const SUBPROTOCOL = "curbe.v1.json";

/** What becomes of a socket. */
export interface SocketHandlers {
  /** It can be written to. */
  opened(): void;
  /** A message came. */
  received(message: unknown): void;
  /** It ended by itself, with this code. */
  closed(code: number): void;
}

/** An open socket, or one that is about to be. */
export class Socket {
  readonly #socket: WebSocketLike;

  constructor(constructor: WebSocketConstructor, url: string, handlers: SocketHandlers) {
    this.#socket = new constructor(url, [SUBPROTOCOL]);
    this.#socket.onopen = () => handlers.opened();
    this.#socket.onmessage = (event: { data: unknown }) => handlers.received(event.data);
    this.#socket.onclose = (event: { code: number }) => handlers.closed(event.code);
    // An error says nothing; the end that follows it has a code. Without a listener, `ws` would throw.
    this.#socket.onerror = () => {};
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  /** Ends it without waiting for the other side, which may be gone: nothing is heard of it any more. */
  abandon(): void {
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close(1000);
  }
}
