/** When a token ends, and when to ask for the next one. */
/** `exp` of a JSON Web Token in milliseconds; undefined if it cannot be read. Nothing is verified: that is the server's. */
export declare function expiryOf(token: string): number | undefined;
/** How long to keep a token: until a minute before its end, or half of what is left of a short one. */
export declare function renewIn(expiresAt: number, now: number): number;
/** Says when it is time for a new token. */
export declare class Renewal {
    #private;
    /** `renew` is called when it is time; whoever does so calls `use` or `retry` afterwards. */
    constructor(renew: () => void);
    /** This token is in use from now on. */
    use(token: string): void;
    /** There was no new token: this one stays in use. In its last minute ask again soon, before that when it is time. */
    retry(token: string): void;
    /** The server says that it is time. Our clock may be wrong, or the token not ours to read. */
    hurry(): void;
    /** Nothing is in use any more. */
    stop(): void;
}
