/** Frames on their way to a loop that reads them at its own speed. */
import type { Frame } from "./frames.js";
/** Frames that wait at most; a loop that is further behind is better off asking the API anew. */
export declare const FRAMES_MAX = 1000;
type Result = IteratorResult<Frame, undefined>;
/** A bounded queue that is read with `for await`. */
export declare class FrameQueue implements AsyncIterator<Frame, undefined> {
    #private;
    /** `onEnd` is called once, when no more frames are wanted. */
    constructor(onEnd: () => void);
    /** Adds a frame. With no more room, all that waits gives way to a single `resync`. */
    push(frame: Frame): void;
    /** No more frames come; those that wait are still read, then the error is thrown, if there is one. */
    end(failure?: {
        error: unknown;
    }): void;
    next(): Promise<Result>;
    /** The loop was left. */
    return(): Promise<Result>;
}
export {};
