/** A page that comes back: the network is there again, or somebody looks at it. In Node.js there is neither. */
/** Calls `woken` whenever it is worth a look at the connection; the answer ends that. */
export declare function onWaking(woken: () => void): () => void;
