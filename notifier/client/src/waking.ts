/** A page that comes back: the network is there again, or somebody looks at it. In Node.js there is neither. */

/** The part of a browser's `window` that is used here. */
interface Page extends EventTarget {
  readonly document?: EventTarget & { readonly visibilityState: string };
}

/** Calls `woken` whenever it is worth a look at the connection; the answer ends that. */
export function onWaking(woken: () => void): () => void {
  const page = globalThis as unknown as Page;
  const { document } = page;
  if (!document) return () => {};
  const shown = (): void => {
    if (document.visibilityState === "visible") woken();
  };
  page.addEventListener("online", woken);
  document.addEventListener("visibilitychange", shown);
  return () => {
    page.removeEventListener("online", woken);
    document.removeEventListener("visibilitychange", shown);
  };
}
