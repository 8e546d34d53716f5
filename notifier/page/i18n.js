/** The page's languages: which one is shown, and its words. */

import { keep, recall } from "./storage.js";
import { signal } from "./vendor/signals.mjs";

/** Spanish first: it is what most customers speak. */
export const LANGUAGES = ["es", "en"];
/** How numbers and dates are written where the browser does not name a region of the language. */
const REGIONS = { es: "es-MX", en: "en-US" };
const STORED = "curbe.language";

const words = signal({});
const plurals = { es: new Intl.PluralRules("es"), en: new Intl.PluralRules("en") };

/** The language on the screen. */
export const language = signal(LANGUAGES[0]);

/** What the address says, else what was chosen before, else what the browser asks for. */
export function preferredLanguage() {
  const asked = [new URLSearchParams(location.search).get("lang"), recall("localStorage", STORED)];
  const wanted = [...asked, ...navigator.languages].map((tag) => tag?.split("-")[0].toLowerCase());
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? LANGUAGES[0];
}

/** Shows the page in this language. */
export async function chooseLanguage(chosen) {
  const response = await fetch(new URL(`i18n/${chosen}.json`, import.meta.url));
  words.value = await response.json();
  language.value = chosen;
  document.documentElement.lang = chosen;
}

/** The same, and again the next time. */
export function switchLanguage(chosen) {
  keep("localStorage", STORED, chosen);
  return chooseLanguage(chosen);
}

/** The language with a region, for `Intl`. */
export function locale() {
  const regional = navigator.languages.find((tag) => tag.startsWith(`${language.value}-`));
  return regional ?? REGIONS[language.value];
}

/** The words for something, with `{names}` filled in. */
export function t(key, values = {}) {
  const text = words.value[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The words for so many of something. */
export function count(key, number, values = {}) {
  const form = plurals[language.value].select(number);
  return t(`${key}.${form === "one" ? "one" : "other"}`, { count: number, ...values });
}

/** The words for one of several known names; `other` stands for those that a later version may bring. */
export function named(group, name, values = {}) {
  const key = `${group}.${name}`;
  return t(key in words.value ? key : `${group}.other`, { name, ...values });
}
