/** `@curbe/client`: balances, calls and live events of Curbe's notifier. */

export { createClient, type ClientEvents, type ClientOptions, type CurbeClient } from "./client.js";
export type { CloseReason } from "./closing.js";
export type { Status, StatusChange } from "./connection.js";
export type { Listener } from "./emitter.js";
export { CurbeError } from "./errors.js";
export type {
  BalanceUpdated,
  Frame,
  HeldUpdated,
  NewCallLog,
  RecordingReady,
  Resync,
  Welcome,
} from "./frames.js";
export type {
  Balance,
  CallAllowed,
  CallDetail,
  CallLog,
  CallLogPage,
  CallsQuery,
  Problem,
  RunningCall,
  RunningCalls,
  Transaction,
  TransactionPage,
  TransactionsQuery,
} from "./resources.js";
export type { RecordingOptions, RequestOptions } from "./rest.js";
export type { WebSocketConstructor, WebSocketLike } from "./socket.js";
