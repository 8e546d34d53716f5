/** Written by `npm run types` from notifier/openapi.json; held equal by a test. */

export interface paths {
    "/api/calls/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Whether a call could start now
         * @description A look only: nothing is set aside, and whether the call connects is decided when it starts.
         */
        post: operations["checkCall"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/calls/running": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The calls under way, newest first
         * @description At most 200. An admin sees the calls of the whole organization, a member his own. `held_updated` on the WebSocket
         *     says when it is worth asking again.
         */
        get: operations["listRunningCalls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Calls, newest first
         * @description An admin sees the calls of the whole organization, a member his own.
         */
        get: operations["listCalls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/logs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One call, and how its price came about
         * @description For those who may not see the call it does not exist.
         */
        get: operations["getCall"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/logs/{id}/recording": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The recording of a call
         * @description Audio as the provider has it, the whole or a range of it. For those who may not see the call it does not exist.
         */
        get: operations["getRecording"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/balance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the caller's wallet stands
         * @description Answers 304 to somebody whose `If-None-Match` has the current `ETag`.
         */
        get: operations["getBalance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/wallet/transactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The ledger, newest first
         * @description An admin sees every row; a member sees the rows of his own calls only, because what a colleague's call cost is not
         *     his to know.
         */
        get: operations["listTransactions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Frames as they happen
         * @description A WebSocket with the subprotocol `curbe.v1.json`; `frames.schema.json` describes its messages. The order of
         *     refusals: origin, protocol, drain, capacity; who it is comes with the first message.
         */
        get: operations["openSocket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A wallet at one instant. */
        Balance: {
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
            /** @description Below this balance no call starts. */
            minimumThreshold: components["schemas"]["Money"];
            /** @description Whether a call may start. */
            canCall: boolean;
            /**
             * Format: int64
             * @description The highest number that a frame of the wallet has.
             */
            seq: number;
            /**
             * Format: date-time
             * @description When it last changed.
             */
            updatedAt: string;
        };
        /** @description The call could start. */
        CallAllowed: {
            /**
             * @description Always: a call that could not start is a problem.
             * @enum {boolean}
             */
            allowed: true;
            /** @description Price of one minute. */
            ratePerMinute: components["schemas"]["Money"];
            /**
             * Format: int32
             * @description How long it would be funded for.
             */
            maxSeconds: number;
            /**
             * @description ISO 4217.
             * @example USD
             */
            currency: string;
        };
        /** @description Which call. */
        CallCheck: {
            /**
             * @description A telephone number, E.164.
             * @example +15551234567
             */
            to: string;
        };
        /** @description A call and how its price came about. */
        CallDetail: components["schemas"]["CallLog"] & {
            receipt: components["schemas"]["Receipt"];
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
        /** @description One page of a list, newest first. */
        CallLogPage: {
            data: components["schemas"]["CallLog"][];
            /** @description Leads to the next page; `null` on the last one. */
            nextCursor: string | null;
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
         * @description An amount: a decimal with four places, as a string, so that no program reads it as a floating-point number.
         * @example 12.3400
         */
        Money: string;
        /** @description What went wrong (RFC 9457). There is no `type`, which means that `title` says what `status` means. */
        Problem: {
            /** @description What went wrong, for people; the same words for every problem of this status. */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description What went wrong this time, for people. */
            detail: string;
            code: components["schemas"]["ProblemCode"];
            /** @description The request it happened to, as in the header `X-Request-Id`. */
            requestId: string;
            /** @description The parameter that cannot be used. */
            parameter?: string;
            /** @description Of `insufficient_funds`: what would be enough. */
            required?: components["schemas"]["Money"];
            /** @description Of `insufficient_funds`: what the wallet has for it. */
            available?: components["schemas"]["Money"];
            /** @description Of `insufficient_funds`: ISO 4217. */
            currency?: string;
        };
        /**
         * @description What went wrong, for programs. New words may be added.
         * @enum {string}
         */
        ProblemCode: "invalid_parameter" | "malformed_body" | "subprotocol_required" | "unauthorized" | "insufficient_funds" | "origin_not_allowed" | "suspended" | "not_found" | "no_wallet" | "recording_not_ready" | "recording_gone" | "method_not_allowed" | "body_timeout" | "body_too_large" | "unsupported_media_type" | "range_not_satisfiable" | "invalid_body" | "invalid_number" | "no_rate" | "upgrade_required" | "too_many_recordings" | "internal" | "provider_unavailable" | "unavailable" | "recordings_unavailable" | "too_many_sockets" | "draining";
        /**
         * @description Who carried the call.
         * @enum {string}
         */
        Provider: "twilio" | "telnyx" | "signalwire";
        /** @description A price by the minute. */
        Rate: {
            /**
             * Format: uuid
             * @description Which.
             */
            id: string;
            /** @description The digits that the number begins with. */
            prefix: string | null;
            ratePerMinute: components["schemas"]["Money"] | null;
            connectionFee: components["schemas"]["Money"] | null;
            /**
             * Format: int32
             * @description The first step of the duration.
             */
            initialIncrementSeconds: number | null;
            /**
             * Format: int32
             * @description Every further step.
             */
            incrementSeconds: number | null;
        };
        /** @description How a price came about. */
        Receipt: {
            rate: components["schemas"]["Rate"] | null;
            /** @description The number that the prefix was looked up for. */
            ratedNumber: string | null;
            /** @description Whether the price list in force at the call's start had no price, and a later one was taken. */
            ratedLate: boolean;
            /** @description Where it was rounded, in words. */
            rounding: string;
            /** @description What the ledger says of the call: the charge, and what corrected it later. */
            transactions: components["schemas"]["ReceiptTransaction"][];
        };
        /** @description A row of the ledger that belongs to the call. */
        ReceiptTransaction: {
            /**
             * Format: uuid
             * @description Which.
             */
            id: string;
            /**
             * @description Why the balance moved.
             * @enum {string}
             */
            type: "call_charge" | "refill" | "subscription" | "refund" | "sms_charge" | "number_purchase" | "setup_fee" | "adjustment";
            /** @description Negative: spent. */
            amount: components["schemas"]["Money"];
            /** @description The balance it led to. */
            balanceAfter: components["schemas"]["Money"];
            /**
             * Format: int64
             * @description Its number in the wallet.
             */
            seq: number;
            /**
             * Format: date-time
             * @description When.
             */
            createdAt: string;
        };
        /**
         * @description How far the recording of a call has come.
         * @enum {string}
         */
        RecordingStatus: "processing" | "completed" | "failed" | "none";
        /** @description A call under way: it rings, or is talked on. */
        RunningCall: {
            /** @description The provider's id of the leg. */
            externalCallId: string;
            /** @description Who carries it. */
            provider: components["schemas"]["Provider"];
            /**
             * Format: uuid
             * @description Whose call it is.
             */
            userId: string;
            /** @description As the customer sees it. */
            direction: components["schemas"]["Direction"];
            /** @description Who is called. */
            number: string;
            /**
             * Format: date-time
             * @description When its money was set aside.
             */
            startedAt: string;
            /**
             * Format: int32
             * @description How long that pays for. The provider counts from the answer on, a little later.
             */
            maxSeconds: number;
            /** @description What is set aside for it. */
            held: components["schemas"]["Money"];
            /**
             * @description ISO 4217.
             * @example USD
             */
            currency: string;
        };
        /** @description The calls under way. There are no pages of them. */
        RunningCalls: {
            /** @description The newest first. */
            data: components["schemas"]["RunningCall"][];
        };
        /** @description A row of the ledger: one movement of the balance. */
        Transaction: {
            /**
             * Format: uuid
             * @description Which.
             */
            id: string;
            /**
             * Format: int64
             * @description Its number in the wallet, as the frame that told of it has it.
             */
            seq: number;
            /**
             * @description Why the balance moved.
             * @enum {string}
             */
            type: "call_charge" | "refill" | "subscription" | "refund" | "sms_charge" | "number_purchase" | "setup_fee" | "adjustment";
            /** @description Negative: spent. */
            amount: components["schemas"]["Money"];
            /** @description The balance it led to. */
            balanceAfter: components["schemas"]["Money"];
            /**
             * @description ISO 4217.
             * @example USD
             */
            currency: string;
            /**
             * Format: date-time
             * @description When.
             */
            createdAt: string;
            /**
             * Format: uuid
             * @description The call that it was for; `null` when it was for none.
             */
            callLogId: string | null;
            /** @description What the caller of the refill, refund or adjustment named it. */
            externalReference: string | null;
        };
        /** @description One page of a list, newest first. */
        TransactionPage: {
            data: components["schemas"]["Transaction"][];
            /** @description Leads to the next page; `null` on the last one. */
            nextCursor: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    checkCall: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CallCheck"];
            };
        };
        responses: {
            /** @description The call could start. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallAllowed"];
                };
            };
            /** @description `malformed_body`: The body is no JSON. */
            400: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A token is needed: Authorization: Bearer <token>. */
            401: {
                headers: {
                    /** @description `Bearer`. */
                    "WWW-Authenticate"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `insufficient_funds`: The wallet has not enough for this. */
            402: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `suspended`: The wallet is suspended. */
            403: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `no_wallet`: Your organization has no wallet yet. */
            404: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body_timeout`: The body took too long to come. */
            408: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body_too_large`: The body is longer than 4096 bytes. */
            413: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body must be application/json. */
            415: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `invalid_body`: The body is JSON, but not what is expected here.
             *
             *     `invalid_number`: "to" is no telephone number in E.164 form such as +15551234567.
             *
             *     `no_rate`: There is no price for this destination.
             */
            422: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong on our side. */
            500: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: This cannot be answered at the moment; ask again shortly. */
            503: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRunningCalls: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The calls under way. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunningCalls"];
                };
            };
            /** @description `invalid_parameter`: A parameter cannot be used. */
            400: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A token is needed: Authorization: Bearer <token>. */
            401: {
                headers: {
                    /** @description `Bearer`. */
                    "WWW-Authenticate"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong on our side. */
            500: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: This cannot be answered at the moment; ask again shortly. */
            503: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listCalls: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: number;
                /** @description Rows to leave out. Not together with `cursor`. */
                offset?: number;
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                /**
                 * @description From then on: an RFC 3339 time, or a date, which means the start of that day in UTC.
                 * @example 2026-01-31
                 */
                from?: string;
                /**
                 * @description Before then: an RFC 3339 time, or a date, which means the start of that day in UTC.
                 * @example 2026-02-01T00:00:00Z
                 */
                to?: string;
                /** @description Only calls that went this way. */
                direction?: components["schemas"]["Direction"];
                /** @description Only calls that ended like this. */
                status?: components["schemas"]["CallStatus"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of calls. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallLogPage"];
                };
            };
            /** @description `invalid_parameter`: A parameter cannot be used. */
            400: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A token is needed: Authorization: Bearer <token>. */
            401: {
                headers: {
                    /** @description `Bearer`. */
                    "WWW-Authenticate"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong on our side. */
            500: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: This cannot be answered at the moment; ask again shortly. */
            503: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCall: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The call. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The call and its receipt. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            /** @description `unauthorized`: A token is needed: Authorization: Bearer <token>. */
            401: {
                headers: {
                    /** @description `Bearer`. */
                    "WWW-Authenticate"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is nothing here for you. */
            404: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong on our side. */
            500: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: This cannot be answered at the moment; ask again shortly. */
            503: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRecording: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The bytes that are wanted.
                 * @example bytes=0-1023
                 */
                Range?: string;
                /** @description The range only if the recording still has this `ETag`. */
                "If-Range"?: string;
            };
            path: {
                /** @description The call. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of it. */
            200: {
                headers: {
                    /** @description `bytes` where ranges can be had. */
                    "Accept-Ranges"?: string;
                    /** @description How many bytes there are, where that is known. */
                    "Content-Length"?: number;
                    /** @description Which recording it is, where the provider says so. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "audio/*": unknown;
                    "application/octet-stream": unknown;
                };
            };
            /** @description The range. */
            206: {
                headers: {
                    /** @description Which bytes of how many these are. */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "audio/*": unknown;
                    "application/octet-stream": unknown;
                };
            };
            /** @description `unauthorized`: A token is needed: Authorization: Bearer <token>. */
            401: {
                headers: {
                    /** @description `Bearer`. */
                    "WWW-Authenticate"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `not_found`: There is nothing here for you.
             *
             *     `recording_not_ready`: The call has no recording, or none yet.
             *
             *     `recording_gone`: The provider no longer has the recording.
             */
            404: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `range_not_satisfiable`: The recording has no such range. */
            416: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_recordings`: You listen to as many recordings as may be heard at once; end one of them. */
            429: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong on our side. */
            500: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `provider_unavailable`: The provider does not hand out the recording. */
            502: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `unavailable`: This cannot be answered at the moment; ask again shortly.
             *
             *     `recordings_unavailable`: Recordings are not offered here.
             */
            503: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBalance: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an earlier answer. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The wallet. */
            200: {
                headers: {
                    /** @description Changes whenever the answer does. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Balance"];
                };
            };
            /** @description Nothing has changed. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthorized`: A token is needed: Authorization: Bearer <token>. */
            401: {
                headers: {
                    /** @description `Bearer`. */
                    "WWW-Authenticate"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `no_wallet`: Your organization has no wallet yet. */
            404: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong on our side. */
            500: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: This cannot be answered at the moment; ask again shortly. */
            503: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTransactions: {
        parameters: {
            query?: {
                /** @description Rows on the page. */
                limit?: number;
                /** @description Rows to leave out. Not together with `cursor`. */
                offset?: number;
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
                /**
                 * @description From then on: an RFC 3339 time, or a date, which means the start of that day in UTC.
                 * @example 2026-01-31
                 */
                from?: string;
                /**
                 * @description Before then: an RFC 3339 time, or a date, which means the start of that day in UTC.
                 * @example 2026-02-01T00:00:00Z
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the ledger. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TransactionPage"];
                };
            };
            /** @description `invalid_parameter`: A parameter cannot be used. */
            400: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A token is needed: Authorization: Bearer <token>. */
            401: {
                headers: {
                    /** @description `Bearer`. */
                    "WWW-Authenticate"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong on our side. */
            500: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unavailable`: This cannot be answered at the moment; ask again shortly. */
            503: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openSocket: {
        parameters: {
            query?: never;
            header: {
                /** @description `websocket` */
                Upgrade: string;
                /** @description `curbe.v1.json` */
                "Sec-WebSocket-Protocol": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The socket is open; `hello` is awaited. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `subprotocol_required`: The subprotocol curbe.v1.json must be asked for in Sec-WebSocket-Protocol. */
            400: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not connect. */
            403: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `upgrade_required`: This address speaks WebSocket (RFC 6455, version 13) only. */
            426: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something went wrong on our side. */
            500: {
                headers: {
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `too_many_sockets`: There are as many sockets as there may be.
             *
             *     `draining`: This process is ending; another one takes over.
             */
            503: {
                headers: {
                    /** @description Seconds until it is worth asking again. */
                    "Retry-After"?: string;
                    /** @description The request it happened to. */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
}
