/**
 * What the REST interface takes and answers, under names of its own. Amounts are decimal strings: to calculate with, never
 * make numbers of them.
 */
export {};
