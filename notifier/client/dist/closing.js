/** Why a connection ended, and whether to come back. The notifier's codes say it by their range. */
const NAMES = new Map([
    [1000, "normal"],
    [1001, "going_away"],
    [1006, "connection_lost"],
    [1009, "too_large"],
    [1011, "server_error"],
    [1012, "restarting"],
    [1013, "try_again_later"],
    [4001, "hello_timeout"],
    [4002, "token_expired"],
    [4008, "too_slow"],
    [4009, "silent_client"],
    [4010, "unavailable"],
    [4012, "draining"],
    [4013, "too_many_connections"],
    [4501, "unauthorized"],
    [4503, "forbidden"],
    [4505, "protocol_error"],
]);
/** Nothing came for longer than two heartbeats. */
export const SILENT = { code: 0, terminal: false, name: "silent" };
/** No welcome in time. */
export const TIMEOUT = { code: 0, terminal: false, name: "timeout" };
/** `getToken` failed. */
export const NO_TOKEN = { code: 0, terminal: false, name: "no_token" };
/** `close()` was called. */
export const CLOSED = { code: 0, terminal: true, name: "closed" };
/** What a close code means. Only the last 500 are final: a proxy's codes say nothing about tomorrow. */
export function closeReason(code) {
    return { code, terminal: code >= 4500, name: NAMES.get(code) ?? "unknown" };
}
