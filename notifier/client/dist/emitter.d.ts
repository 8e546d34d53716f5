/** Listeners by name. One that throws is reported and disturbs nobody. */
/** A function that is told. */
export type Listener<Event> = (event: Event) => void;
/** Names in `Events`, each with what its listeners are told. */
export declare class Emitter<Events> {
    #private;
    /** Adds a listener; the answer takes it away again. */
    on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void;
    /** Tells those who listen at this moment. */
    emit<Name extends keyof Events>(name: Name, event: Events[Name]): void;
}
