/** The part of a browser that says when somebody looks at the page again. */

/** Makes this program look like a page; the answer takes that back. */
export function asPage() {
  const document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  const window = new EventTarget();
  const listeners = new Set();
  for (const target of [document, window]) {
    const { addEventListener, removeEventListener } = target;
    target.addEventListener = (name, listener) => {
      listeners.add(listener);
      addEventListener.call(target, name, listener);
    };
    target.removeEventListener = (name, listener) => {
      listeners.delete(listener);
      removeEventListener.call(target, name, listener);
    };
  }
  const { addEventListener, removeEventListener } = window;
  const members = { document, addEventListener, removeEventListener };
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  return {
    /** Those who listen. */
    listeners,
    online: () => window.dispatchEvent(new Event("online")),
    shows: (visibilityState) => {
      document.visibilityState = visibilityState;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    leave: () => Object.keys(members).forEach((name) => delete globalThis[name]),
  };
}
