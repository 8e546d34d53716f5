/** Amounts, times and durations as people of the page's language write them. */

import { locale } from "./i18n.js";

const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;

const made = new Map();

/** Formats are slow to make and always the same. */
function once(key, make) {
  const name = `${locale()} ${key}`;
  if (!made.has(name)) made.set(name, make(locale()));
  return made.get(name);
}

function currencyFormat(currency, places, signDisplay) {
  return once(`${currency} ${places} ${signDisplay}`, (tag) =>
    new Intl.NumberFormat(tag, {
      style: "currency",
      currency,
      minimumFractionDigits: places,
      maximumFractionDigits: 4,
      signDisplay,
    }),
  );
}

/** An amount with its four places. It is a decimal text and stays one: no number could hold every amount exactly. */
export function money(amount, currency) {
  return currencyFormat(currency, 4, "auto").format(amount);
}

/** The same with its sign: money that came or went. */
export function change(amount, currency) {
  return currencyFormat(currency, 4, "exceptZero").format(amount);
}

/** Cents are enough where nothing is less than one. */
function placesOf(amount) {
  return /\.\d\d0*$/.test(amount) ? 2 : 4;
}

/** An amount with two places, or four where it needs them. */
export function shortMoney(amount, currency) {
  return currencyFormat(currency, placesOf(amount), "auto").format(amount);
}

/** A short amount in three parts, so that what is less than a cent can be written smaller. */
export function moneyParts(amount, currency) {
  const parts = currencyFormat(currency, placesOf(amount), "auto").formatToParts(amount);
  const at = parts.findIndex((part) => part.type === "fraction");
  const text = (some) => some.map((part) => part.value).join("");
  const fraction = parts[at]?.value ?? "";
  return {
    whole: text(parts.slice(0, at)) + fraction.slice(0, 2),
    belowCent: fraction.slice(2),
    rest: text(parts.slice(at + 1)),
  };
}

/** Whether an amount is nothing. */
export function isZero(amount) {
  return !/[1-9]/.test(amount);
}

/** A decimal text as a number of this language, without needless zeros. */
export function decimal(text) {
  return once("decimal", (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 4 })).format(text);
}

/** Date and time of day. */
export function moment(instant) {
  const options = { day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" };
  return once("moment", (tag) => new Intl.DateTimeFormat(tag, options)).format(new Date(instant));
}

/** To the second, with the zone. */
export function exactMoment(instant) {
  const options = { dateStyle: "long", timeStyle: "long" };
  return once("exact", (tag) => new Intl.DateTimeFormat(tag, options)).format(new Date(instant));
}

/** `1:05` or `1:02:05`. */
export function duration(seconds) {
  const pad = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / SECONDS_PER_HOUR);
  const minutes = Math.floor((seconds % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE);
  const rest = pad(seconds % SECONDS_PER_MINUTE);
  return hours > 0 ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}
