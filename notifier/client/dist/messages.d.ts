/** Written by `npm run types` from notifier/frames.schema.json; held equal by a test. */
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The balance after one row of the ledger. */
        BalanceUpdated: {
            /** @description The balance now. */
            newBalance: components["schemas"]["Money"];
            lastCallCost: components["schemas"]["Money"] | null;
            /** @description ISO 4217. */
            currency: string;
        };
        /** @description One call as `GET /api/logs` and `new_call_log` give it. The provider's cost is not in it: it never leaves the worker. */
        CallLog: {
            /**
             * Format: uuid
             * @description Our id of the call.
             */
            id: string;
            /** @description The provider's id of the leg. */
            externalCallId: string;
            /** @description `twilio`, `telnyx`, `signalwire`. */
            provider: components["schemas"]["Provider"];
            /**
             * Format: uuid
             * @description Whose call it was.
             */
            userId: string;
            /** @description `inbound` or `outbound`, as the customer sees it. */
            direction: components["schemas"]["Direction"];
            /** @description `From`. */
            fromNumber: string;
            /** @description `To`. */
            toNumber: string;
            /**
             * Format: date-time
             * @description When it was answered: the end less the duration.
             */
            startTime: string;
            /**
             * Format: date-time
             * @description When it ended.
             */
            endTime: string;
            /**
             * Format: int32
             * @description The real duration.
             */
            durationSeconds: number;
            /** @example 2.00 */
            billableMinutes: string;
            /** @description What it cost the customer. */
            customerPrice: components["schemas"]["Money"];
            /** @description ISO 4217. */
            currency: string;
            /** @description Where the recording is, once there is one. */
            recordingUrl: string | null;
            /** @description `processing`, `completed`, `failed`, `none`. */
            recordingStatus: components["schemas"]["RecordingStatus"];
            /** @description `completed`, `busy`, `no_answer`, `failed`, `canceled`, `rejected`. */
            status: components["schemas"]["CallStatus"];
        };
        /**
         * @description How the call ended; `rejected`: it was refused before it began.
         * @enum {string}
         */
        CallStatus: "completed" | "busy" | "no_answer" | "failed" | "canceled" | "rejected";
        /**
         * @description Which way the call went, as the customer sees it.
         * @enum {string}
         */
        Direction: "inbound" | "outbound";
        /**
         * @description The recording can be played, or there will be none.
         * @enum {string}
         */
        FinalRecordingStatus: "completed" | "failed";
        /** @description A numbered frame: one number of the wallet's counter, one row, one frame. */
        Frame: {
            /**
             * Format: int64
             * @description Its number.
             */
            seq: number;
            /** @description What it says. */
            data: components["schemas"]["BalanceUpdated"];
            /** @enum {string} */
            type: "balance_updated";
        } | {
            /**
             * Format: int64
             * @description Its number.
             */
            seq: number;
            /** @description What it says. */
            data: components["schemas"]["NewCallLog"];
            /** @enum {string} */
            type: "new_call_log";
        } | {
            /**
             * Format: int64
             * @description Its number.
             */
            seq: number;
            /** @description What it says. */
            data: components["schemas"]["RecordingReady"];
            /** @enum {string} */
            type: "recording_ready";
        };
        /** @description What a browser says. */
        FromBrowser: {
            /** @description A token as the API takes it. Never in the address: addresses are logged. */
            token: string;
            /**
             * Format: int64
             * @description The number that it has come to before; what was missed since follows.
             */
            since?: number | null;
            /** @enum {string} */
            type: "hello";
        } | {
            /** @description The token. */
            token: string;
            /** @enum {string} */
            type: "refresh";
        };
        /** @description What is set aside has changed. */
        HeldNotice: {
            /** @description What it says. */
            data: components["schemas"]["HeldUpdated"];
            /** @enum {string} */
            type: "held_updated";
        };
        /** @description What is set aside of a wallet. */
        HeldUpdated: {
            /** @description What open calls and purchases take of the balance. */
            held: components["schemas"]["Money"];
            /** @description What is left for new ones. */
            available: components["schemas"]["Money"];
            /** @description ISO 4217. */
            currency: string;
        };
        /**
         * @description An amount: a decimal with four places, as a string, so that no program reads it as a floating-point number.
         * @example 12.3400
         */
        Money: string;
        /** @description A call was logged. */
        NewCallLog: {
            /** @description The call. */
            logData: components["schemas"]["CallLog"];
        };
        /**
         * @description Who carried the call.
         * @enum {string}
         */
        Provider: "twilio" | "telnyx" | "signalwire";
        /** @description A recording's state is final. */
        RecordingReady: {
            /**
             * Format: uuid
             * @description Our id of the call.
             */
            callLogId: string;
            /** @description Where it is. */
            recordingUrl: string | null;
            /** @description `completed` or `failed`. */
            recordingStatus: components["schemas"]["FinalRecordingStatus"];
        };
        /**
         * @description How far the recording of a call has come.
         * @enum {string}
         */
        RecordingStatus: "processing" | "completed" | "failed" | "none";
        /** @description How a wallet stands. */
        Standing: {
            /** @description What the ledger adds up to. */
            balance: components["schemas"]["Money"];
            /** @description What open calls and purchases take of it. */
            held: components["schemas"]["Money"];
            /** @description What is left for new calls. */
            available: components["schemas"]["Money"];
            /**
             * @description ISO 4217.
             * @example USD
             */
            currency: string;
            /**
             * @description A suspended wallet pays for no new call.
             * @enum {string}
             */
            status: "active" | "suspended";
        };
        /** @description What a browser is told beside the frames. */
        ToBrowser: {
            /**
             * Format: int64
             * @description With `resumed`: the number up to which what was missed follows. Else: the number that everything up to is
             *     contained in `data` and in what the API answers from now on.
             */
            seq: number;
            /** @description Whether what was missed since `since` follows. If not, the API is to be asked anew. */
            resumed: boolean;
            /**
             * Format: int64
             * @description How often a heartbeat comes.
             */
            heartbeatSeconds: number;
            /** @description The wallet as it stands at `seq`. */
            data: components["schemas"]["Standing"];
            /** @enum {string} */
            type: "welcome";
        } | {
            /**
             * Format: int64
             * @description The number.
             */
            seq: number;
            /** @enum {string} */
            type: "heartbeat";
        } | {
            /** @enum {string} */
            type: "resync";
        } | {
            /**
             * Format: date-time
             * @description When.
             */
            expiresAt: string;
            /** @enum {string} */
            type: "token_expiring";
        } | {
            /**
             * Format: date-time
             * @description When that one ends.
             */
            expiresAt: string;
            /** @enum {string} */
            type: "refreshed";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
