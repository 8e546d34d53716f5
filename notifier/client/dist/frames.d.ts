/** What is said on the socket. */
import type { components } from "./messages.js";
type Schemas = components["schemas"];
type OfType<Message, Type> = Extract<Message, {
    type: Type;
}>;
/**
 * The first frame of each connection: how the wallet stands at `seq`. If `resumed`, the frames that were missed follow, up
 * to `seq`; else a `resync` does, unless this is the beginning.
 */
export type Welcome = OfType<Schemas["ToBrowser"], "welcome">;
/** The balance moved. `lastCallCost` is null when it was no call, or somebody else's. */
export type BalanceUpdated = OfType<Schemas["Frame"], "balance_updated">;
/** A call was logged. */
export type NewCallLog = OfType<Schemas["Frame"], "new_call_log">;
/** A recording can be played, or never will be. */
export type RecordingReady = OfType<Schemas["Frame"], "recording_ready">;
/** What is set aside has changed. It has no number: whoever misses one is told by the next, or asks for the balance. */
export type HeldUpdated = Schemas["HeldNotice"];
/** Something was missed that is not sent again: ask the API anew. */
export type Resync = OfType<Schemas["ToBrowser"], "resync">;
/** What a program hears of. */
export type Frame = Welcome | BalanceUpdated | NewCallLog | RecordingReady | HeldUpdated | Resync;
/** Everything that the notifier says. */
export type Incoming = Schemas["ToBrowser"] | Schemas["Frame"] | HeldUpdated;
/** What the client says. */
export type Outgoing = Schemas["FromBrowser"];
/** Reads a message; undefined for what a later version of the protocol may say. */
export declare function readFrame(message: unknown): Incoming | undefined;
export {};
