/** Keeps one socket to the notifier open: hello, welcome, frames, and back again after each loss. */

import { Backoff } from "./backoff.js";
import { CLOSED, NO_TOKEN, SILENT, TIMEOUT, closeReason, type CloseReason } from "./closing.js";
import { readFrame, type Frame, type Incoming, type Outgoing, type Welcome } from "./frames.js";
import { Socket, type WebSocketConstructor } from "./socket.js";
import { Renewal } from "./token.js";
import { onWaking } from "./waking.js";
import { Watchdog } from "./watchdog.js";

/** From the question for a token to the welcome. */
const WELCOME_MS = 30_000;
/** A connection that lasted so long was a good one. */
const STABLE_MS = 10_000;
/** Beyond two heartbeats. */
const GRACE_MS = 5_000;

/** Where a connection stands. */
export type Status = "idle" | "connecting" | "online" | "reconnecting" | "closed";

/** A change of status. */
export interface StatusChange {
  readonly status: Status;
  /** Why the last connection ended. */
  readonly reason?: CloseReason;
  /** When the next attempt is made. */
  readonly retryInMs?: number;
}

/** What a connection needs. */
export interface ConnectionOptions {
  readonly url: string;
  /** Throws where there is none. */
  readonly findWebSocket: () => WebSocketConstructor;
  readonly getToken: () => string | Promise<string>;
  readonly since: number | null | undefined;
  readonly backoff: Backoff;
  readonly onStatus: (change: StatusChange) => void;
  readonly onFrame: (frame: Frame) => void;
}

/** A connection that comes back by itself. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #watchdog: Watchdog = new Watchdog(() =>
    this.#lost(this.status === "online" ? SILENT : TIMEOUT),
  );
  readonly #renewal: Renewal = new Renewal(() => void this.#renew());
  #status: Status = "idle";
  #seq: number | undefined;
  #token = "";
  #socket: Socket | undefined;
  /** Counts attempts, so that an answer to an earlier one is known as such. */
  #attempt = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #stable: ReturnType<typeof setTimeout> | undefined;
  #forgetWaking: () => void = () => {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#seq = options.since ?? undefined;
  }

  get status(): Status {
    return this.#status;
  }

  /** Everything up to here has been seen. */
  get seq(): number | undefined {
    return this.#seq;
  }

  /** Opens it, unless it is open or about to be. */
  open(): void {
    if (this.#status !== "idle" && this.#status !== "closed") return;
    // Whoever asked is told at once that there is none.
    this.#options.findWebSocket();
    this.#options.backoff.reset();
    this.#forgetWaking = onWaking(() => this.#woken());
    const attempt = this.#attempt;
    this.#change({ status: "connecting" });
    // Whoever is told may have closed it.
    if (attempt === this.#attempt) void this.#try();
  }

  /** Ends it for good, or until somebody opens it again. */
  close(reason: CloseReason = CLOSED): void {
    if (this.#status === "closed") return;
    this.#drop();
    this.#forgetWaking();
    this.#change({ status: "closed", reason });
  }

  #change(change: StatusChange): void {
    this.#status = change.status;
    this.#options.onStatus(change);
  }

  /** Lets go of everything that belongs to this attempt. */
  #drop(): void {
    this.#attempt += 1;
    this.#watchdog.stop();
    this.#renewal.stop();
    clearTimeout(this.#pause);
    clearTimeout(this.#stable);
    this.#socket?.abandon();
    this.#socket = undefined;
  }

  async #try(): Promise<void> {
    const attempt = ++this.#attempt;
    this.#watchdog.watch(WELCOME_MS);
    const token = await this.#ask();
    if (attempt !== this.#attempt) return;
    if (token === undefined) return this.#lost(NO_TOKEN);
    this.#token = token;
    this.#socket = new Socket(this.#options.findWebSocket(), this.#options.url, {
      opened: () => this.#hello(token),
      received: (message) => this.#received(message),
      closed: (code) => this.#lost(closeReason(code)),
    });
  }

  async #ask(): Promise<string | undefined> {
    try {
      return await this.#options.getToken();
    } catch {
      // Whoever gives tokens knows why he had none.
      return undefined;
    }
  }

  #send(message: Outgoing): void {
    this.#socket?.send(message);
  }

  #hello(token: string): void {
    this.#send({ type: "hello", token, ...(this.#seq === undefined ? {} : { since: this.#seq }) });
  }

  #lost(reason: CloseReason): void {
    if (reason.terminal) return this.close(reason);
    this.#drop();
    const retryInMs = this.#options.backoff.next();
    this.#pause = setTimeout(() => void this.#try(), retryInMs);
    this.#change({ status: "reconnecting", reason, retryInMs });
  }

  #received(message: unknown): void {
    this.#watchdog.heard();
    const frame = readFrame(message);
    if (frame) this.#take(frame);
  }

  #take(frame: Incoming): void {
    switch (frame.type) {
      case "welcome":
        return this.#welcomed(frame);
      case "heartbeat":
        this.#seq = Math.max(frame.seq, this.#seq ?? 0);
        return;
      case "token_expiring":
        return this.#renewal.hurry();
      case "refreshed":
        return;
      case "held_updated":
      case "resync":
        return this.#options.onFrame(frame);
      default:
        if (this.#seq !== undefined && frame.seq <= this.#seq) return;
        this.#seq = frame.seq;
        return this.#options.onFrame(frame);
    }
  }

  /** The first frame of a socket; and once more on it when the user's rights have changed. */
  #welcomed(welcome: Welcome): void {
    const attempt = this.#attempt;
    const asked = this.#seq !== undefined;
    // What follows a resumed welcome has numbers between ours and the welcome's.
    if (!welcome.resumed) this.#seq = welcome.seq;
    this.#watchdog.watch(welcome.heartbeatSeconds * 2000 + GRACE_MS);
    if (this.#status !== "online") {
      this.#renewal.use(this.#token);
      this.#stable = setTimeout(() => this.#options.backoff.reset(), STABLE_MS);
      this.#change({ status: "online" });
    }
    // Whoever is told may have closed it.
    if (attempt === this.#attempt) this.#options.onFrame(welcome);
    if (attempt === this.#attempt && asked && !welcome.resumed) {
      this.#options.onFrame({ type: "resync" });
    }
  }

  /** Replaces the token while the socket goes on. */
  async #renew(): Promise<void> {
    const attempt = this.#attempt;
    const token = await this.#ask();
    if (attempt !== this.#attempt) return;
    if (token === undefined || token === this.#token) return this.#renewal.retry(this.#token);
    this.#token = token;
    this.#send({ type: "refresh", token });
    this.#renewal.use(token);
  }

  #woken(): void {
    if (this.#status === "reconnecting" && !this.#socket) {
      clearTimeout(this.#pause);
      void this.#try();
    } else if (this.#status === "online" && this.#watchdog.overdue) {
      this.#lost(SILENT);
    }
  }
}
