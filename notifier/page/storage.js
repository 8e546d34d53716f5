/** The browser's storage, which it may refuse to give. Then nothing is remembered, and nothing breaks. */

/** What was kept under a name; null where nothing was. */
export function recall(area, name) {
  try {
    return globalThis[area].getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a text under a name; null forgets it. */
export function keep(area, name, text) {
  try {
    if (text === null) globalThis[area].removeItem(name);
    else globalThis[area].setItem(name, text);
  } catch {
    // The page works without.
  }
}
