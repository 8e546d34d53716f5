/** A page that comes back: the network is there again, or somebody looks at it. In Node.js there is neither. */
/** Calls `woken` whenever it is worth a look at the connection; the answer ends that. */
export function onWaking(woken) {
    const page = globalThis;
    const { document } = page;
    if (!document)
        return () => { };
    const shown = () => {
        if (document.visibilityState === "visible")
            woken();
    };
    page.addEventListener("online", woken);
    document.addEventListener("visibilitychange", shown);
    return () => {
        page.removeEventListener("online", woken);
        document.removeEventListener("visibilitychange", shown);
    };
}
