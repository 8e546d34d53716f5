/** Frames on their way to a loop that reads them at its own speed. */
/** Frames that wait at most; a loop that is further behind is better off asking the API anew. */
export const FRAMES_MAX = 1000;
/** A bounded queue that is read with `for await`. */
export class FrameQueue {
    #onEnd;
    #frames = [];
    #waiting = [];
    #ended = false;
    #failure;
    /** `onEnd` is called once, when no more frames are wanted. */
    constructor(onEnd) {
        this.#onEnd = onEnd;
    }
    /** Adds a frame. With no more room, all that waits gives way to a single `resync`. */
    push(frame) {
        if (this.#ended)
            return;
        const reader = this.#waiting.shift();
        if (reader)
            reader.resolve({ done: false, value: frame });
        else if (this.#frames.length < FRAMES_MAX)
            this.#frames.push(frame);
        else
            this.#frames = [{ type: "resync" }];
    }
    /** No more frames come; those that wait are still read, then the error is thrown, if there is one. */
    end(failure) {
        if (this.#ended)
            return;
        this.#ended = true;
        this.#failure = failure;
        this.#onEnd();
        for (const reader of this.#waiting.splice(0))
            this.#finish().then(reader.resolve, reader.reject);
    }
    next() {
        const frame = this.#frames.shift();
        if (frame)
            return Promise.resolve({ done: false, value: frame });
        if (this.#ended)
            return this.#finish();
        return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
    /** The loop was left. */
    return() {
        this.#frames = [];
        this.end();
        return Promise.resolve({ done: true, value: undefined });
    }
    /** The error is told to one reader, once. */
    #finish() {
        const failure = this.#failure;
        this.#failure = undefined;
        return failure
            ? Promise.reject(failure.error)
            : Promise.resolve({ done: true, value: undefined });
    }
}
