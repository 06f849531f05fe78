/**
 * What happened, told to whoever in the process needs to know.
 *
 * @module
 */

/** A key was created, changed or revoked. */
export interface KeyChanged {
  readonly type: "key-changed";
  readonly keyId: string;
}

/** A project was created, changed, activated or deactivated. */
export interface ProjectChanged {
  readonly type: "project-changed";
  readonly projectId: string;
}

/** Anything published on the bus. */
export type ProxyEvent = KeyChanged | ProjectChanged;

/** Carries events from publisher to subscribers. */
export interface EventBus {
  /** Resolves when the event has been handed to the bus; subscribers of this process have then been told. */
  publish(event: ProxyEvent): Promise<void>;
  /**
   * Tells `listener` every event published from now on. A listener that throws is logged and stays subscribed.
   *
   * @returns a function that ends the subscription
   */
  subscribe(listener: (event: ProxyEvent) => void): () => void;
}
