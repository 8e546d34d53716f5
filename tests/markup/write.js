// Reads verbs as JSON and writes the documents that the providers' own libraries make of them, as JSON.

import { stdin, stdout } from "node:process";
import { text } from "node:stream/consumers";

import { RestClient } from "@signalwire/compatibility-api";
import twilio from "twilio";

const LIBRARIES = {
  twilio: twilio.twiml.VoiceResponse,
  signalwire: RestClient.LaML.VoiceResponse,
};

/** `{library, verbs: [{verb, attributes?, text?, noun?}]}`: a noun stands inside its verb. */
function write({ library, verbs }) {
  const response = new LIBRARIES[library]();
  for (const { verb, attributes, text, noun } of verbs) {
    const inside = text === undefined ? response[verb](attributes ?? {}) : response[verb](attributes ?? {}, text);
    if (noun) inside[noun.name](noun.text);
  }
  return response.toString();
}

stdout.write(JSON.stringify(JSON.parse(await text(stdin)).map(write)));
