/**
 * What the REST interface takes and answers, under names of its own. Amounts are decimal strings: to calculate with, never
 * make numbers of them.
 */
import type { components, operations } from "./openapi.js";
type Schemas = components["schemas"];
type Query<Operation extends keyof operations> = NonNullable<operations[Operation]["parameters"]["query"]>;
/** How a wallet stands. */
export type Balance = Schemas["Balance"];
/** A call, as lists and events give it. */
export type CallLog = Schemas["CallLog"];
/** A part of the calls; ask with its `nextCursor` for the next one. */
export type CallLogPage = Schemas["CallLogPage"];
/** A call and how its price came about. */
export type CallDetail = Schemas["CallDetail"];
/** A call under way: it rings, or is talked on. */
export type RunningCall = Schemas["RunningCall"];
/** The calls under way, the newest first. */
export type RunningCalls = Schemas["RunningCalls"];
/** A call that may be made. */
export type CallAllowed = Schemas["CallAllowed"];
/** A row of the ledger. */
export type Transaction = Schemas["Transaction"];
/** A part of the ledger; ask with its `nextCursor` for the next one. */
export type TransactionPage = Schemas["TransactionPage"];
/** Why a request was not answered as asked (RFC 9457). */
export type Problem = Schemas["Problem"];
/** Which calls, newest first. */
export type CallsQuery = Query<"listCalls">;
/** Which rows of the ledger, newest first. */
export type TransactionsQuery = Query<"listTransactions">;
export {};
