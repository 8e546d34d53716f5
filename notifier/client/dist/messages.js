/** Written by `npm run types` from notifier/frames.schema.json; held equal by a test. */
export {};
