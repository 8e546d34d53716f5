/** What is known of whoever is signed in: loaded once, then carried forward by the frames. */

import { batch } from "../vendor/signals.mjs";
import { announceBalance, announceCall, announceConnection, announceRecording } from "./announcements.js";
import { calls, clearFilters } from "./calls.js";
import { clientOf, disconnect, ended, use } from "./client.js";
import { connectionChanged } from "./connection.js";
import { ledger } from "./ledger.js";
import { callCame, callChanged, ledgerGrew, liveAgain } from "./live.js";
import { stopPlaying } from "./player.js";
import { closeReceipt } from "./receipt.js";
import { callEnded, forgetRunning, refreshRunning } from "./running.js";
import { balanceMoved, forgetWallet, heldMoved, refreshWallet, walletIs, welcomed } from "./wallet.js";

/** Whether the lists hold what there was at some moment; from then on frames carry them forward. */
let isLoaded = false;

/** The balance that this token may see; throws what the notifier says against it. */
export function tryToken(token) {
  return clientOf(token).balance();
}

/** Starts to show an account. `onRefused` is told why when it ends for good. */
export function openAccount(token, balance, onRefused) {
  closeAccount();
  const client = clientOf(token);
  use(client, onRefused);
  walletIs(balance);
  client.on("status", onStatus);
  client.on("welcome", onWelcome);
  client.on("resync", loadAnew);
  client.on("balance_updated", onBalance);
  client.on("new_call_log", onCall);
  client.on("recording_ready", onRecording);
  client.on("held_updated", onHeld);
  client.connect();
}

/** Forgets everything that was shown. */
export function closeAccount() {
  disconnect();
  isLoaded = false;
  batch(() => {
    stopPlaying();
    closeReceipt();
    forgetWallet();
    forgetRunning();
    clearFilters();
    liveAgain();
    calls.clear();
    ledger.clear();
  });
}

function onStatus(change) {
  connectionChanged(change);
  announceConnection(change.status);
  if (change.status === "closed") ended(change.reason);
  // Without live events the lists are still worth showing.
  if (change.status === "reconnecting" && !isLoaded) loadAnew();
}

function onWelcome(frame) {
  welcomed(frame.data);
  if (!isLoaded) return loadAnew();
  refreshWallet();
  // What has no number is not told again.
  refreshRunning();
}

function loadAnew() {
  isLoaded = true;
  refreshWallet();
  refreshRunning();
  calls.reload();
  ledgerGrew();
}

function onBalance(frame) {
  balanceMoved(frame.data);
  announceBalance();
  ledgerGrew();
}

function onCall(frame) {
  callEnded(frame.data.logData);
  if (callCame(frame.data.logData)) announceCall();
}

function onHeld(frame) {
  heldMoved(frame.data);
  refreshRunning();
}

function onRecording(frame) {
  const { callLogId, recordingUrl, recordingStatus } = frame.data;
  const call = callChanged(callLogId, { recordingUrl, recordingStatus });
  if (call !== undefined && recordingStatus === "completed") announceRecording();
}
