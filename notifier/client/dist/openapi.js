/** Written by `npm run types` from notifier/openapi.json; held equal by a test. */
export {};
