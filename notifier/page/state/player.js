/** The one recording that can be heard at a time. */

import { signal } from "../vendor/signals.mjs";
import { api, refused } from "./client.js";

/** `call` whose recording it is; `phase` is `loading`, `playing`, `paused`, `ready` (at its end) or `failed`; `problem`
 * says why. */
export const player = signal(undefined);

/** The element that plays, for whoever shows its controls. */
export const audio = new Audio();

let request;

audio.addEventListener("play", () => tell("playing"));
audio.addEventListener("pause", () => tell("paused"));
audio.addEventListener("ended", () => tell("ready"));
audio.addEventListener("error", () => fail("unplayable"));

/** Plays a call's recording, or pauses it if it plays. */
export function toggle(call) {
  const now = player.value?.call.id === call.id ? player.value.phase : undefined;
  if (now === "playing") audio.pause();
  else if (now === "paused" || now === "ready") resume();
  else if (now !== "loading") load(call);
}

/** Stops, and forgets the recording. */
export function stopPlaying() {
  request?.abort();
  release();
  player.value = undefined;
}

async function load(call) {
  stopPlaying();
  request = new AbortController();
  const { signal: ended } = request;
  player.value = { call, phase: "loading" };
  try {
    const response = await api().recording(call.id, { signal: ended });
    const recording = await response.blob();
    if (ended.aborted) return;
    audio.src = URL.createObjectURL(recording);
    resume();
  } catch (error) {
    if (ended.aborted) return;
    fail(error.code ?? "network");
    refused(error.code);
  }
}

/** A browser that will not play without another click leaves the controls to the user. */
function resume() {
  audio.play().catch(() => player.value?.phase === "loading" && tell("paused"));
}

function tell(phase) {
  if (player.value !== undefined && audio.hasAttribute("src")) player.value = { call: player.value.call, phase };
}

function fail(problem) {
  if (player.value === undefined) return;
  player.value = { call: player.value.call, phase: "failed", problem };
  release();
}

/** What was fetched stays in memory until its address is given back. */
function release() {
  if (!audio.hasAttribute("src")) return;
  const address = audio.src;
  audio.pause();
  audio.removeAttribute("src");
  audio.load();
  URL.revokeObjectURL(address);
}
