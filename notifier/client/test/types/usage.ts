/** Compiles, or fails to where it says so: what TypeScript tells those who use the client. */

import { WebSocket as NodeWebSocket } from "ws";

import {
  CurbeError,
  createClient,
  type Balance,
  type CallLog,
  type CurbeClient,
  type Frame,
} from "@curbe/client";

export const inBrowser: CurbeClient = createClient({
  url: "https://x",
  getToken: () => "t",
  WebSocket,
  fetch,
});
export const inNode: CurbeClient = createClient({
  url: "https://x",
  getToken: async () => "t",
  WebSocket: NodeWebSocket,
  since: 5,
});

// @ts-expect-error A token is needed.
createClient({ url: "https://x" });

const stop: () => void = inNode.on("balance_updated", ({ seq, data }) => {
  const amounts: [number, string, string | null] = [seq, data.newBalance, data.lastCallCost];
  return void amounts;
});
stop();
inNode.on("held_updated", ({ data }) => void [data.held, data.available, data.currency]);
// @ts-expect-error It has no number.
inNode.on("held_updated", ({ seq }) => void seq);
inNode.on(
  "status",
  ({ status, reason, retryInMs }) => void [status === "online", reason?.terminal, retryInMs],
);
// @ts-expect-error There is no such event.
inNode.on("balance_update", () => {});
// @ts-expect-error It is not ours to change.
inNode.status = "online";

/** Every frame is told apart by its type. */
export function told(frame: Frame): CallLog | string | number | null {
  switch (frame.type) {
    case "welcome":
      return frame.data.balance;
    case "balance_updated":
      return frame.data.lastCallCost;
    case "new_call_log":
      return frame.data.logData;
    case "recording_ready":
      return frame.data.callLogId;
    case "held_updated":
      return frame.data.held;
    case "resync":
      return null;
  }
}

export async function asked(): Promise<Balance> {
  for await (const frame of inNode.events({ signal: AbortSignal.timeout(1) })) told(frame);
  const { data, nextCursor } = await inNode.calls({ direction: "inbound", limit: 5 });
  const more: string | null = nextCursor;
  void [data[0]?.customerPrice, more];
  // @ts-expect-error No such direction.
  await inNode.calls({ direction: "sideways" });
  const detail = await inNode.call("id");
  void [detail.receipt.rate?.prefix, detail.durationSeconds];
  const running = await inNode.runningCalls();
  void running.data.map(({ startedAt, maxSeconds, held }) => [startedAt, maxSeconds + 1, held]);
  const { allowed, maxSeconds } = await inNode.checkCall("+15550100");
  const yes: true = allowed;
  void [yes, maxSeconds];
  const audio: Response = await inNode.recording("id", { range: "bytes=0-1" });
  void audio;
  try {
    return await inNode.balance();
  } catch (error) {
    if (error instanceof CurbeError && error.retryable) return inNode.balance();
    throw error;
  }
}
