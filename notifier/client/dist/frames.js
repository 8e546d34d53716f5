/** What is said on the socket. */
/** The keys are checked to be all of them. */
const KNOWN = {
    welcome: true,
    balance_updated: true,
    new_call_log: true,
    recording_ready: true,
    held_updated: true,
    resync: true,
    heartbeat: true,
    token_expiring: true,
    refreshed: true,
};
/** Reads a message; undefined for what a later version of the protocol may say. */
export function readFrame(message) {
    if (typeof message !== "string")
        return undefined;
    try {
        const frame = JSON.parse(message);
        const isKnown = typeof frame?.type === "string" && Object.hasOwn(KNOWN, frame.type);
        return isKnown ? frame : undefined;
    }
    catch {
        return undefined;
    }
}
