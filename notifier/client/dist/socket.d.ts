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
export declare class Socket {
    #private;
    constructor(constructor: WebSocketConstructor, url: string, handlers: SocketHandlers);
    send(message: object): void;
    /** Ends it without waiting for the other side, which may be gone: nothing is heard of it any more. */
    abandon(): void;
}
