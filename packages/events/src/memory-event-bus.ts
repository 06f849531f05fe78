/**
 * An event bus within one process.
 *
 * Delivery is synchronous, so that whoever changed something knows when `publish` resolves that no snapshot
 * of this process is older than the change. Nothing is kept: a subscriber hears what is published after it
 * subscribed.
 *
 * @module
 */

import { type EventBus, type Logger, type ProxyEvent, silentLogger } from "@llmproxy/spec";

/** What a memory event bus may be given. */
export interface MemoryEventBusOptions {
  /** Told when a listener fails. Default: nobody. */
  readonly logger?: Logger;
}

type Listener = (event: ProxyEvent) => void;

/** A listener of its own identity, so that one function may be subscribed twice. */
interface Subscription {
  readonly listener: Listener;
}

/**
 * Makes a bus that tells the subscribers of this process, in the order they subscribed and before `publish`
 * returns. Events published by a listener are delivered after the one it was told, so that all subscribers
 * see the same order.
 *
 * @example
 * ```ts
 * import { createMemoryEventBus } from "@llmproxy/events";
 *
 * const bus = createMemoryEventBus();
 * const unsubscribe = bus.subscribe((event) => console.log(event.type));
 * await bus.publish({ type: "key-changed", keyId: "4fZk0wQ9aBcD" });
 * unsubscribe();
 * ```
 */
export function createMemoryEventBus(options: MemoryEventBusOptions = {}): EventBus {
  const { logger = silentLogger } = options;
  const subscriptions = new Set<Subscription>();
  const waiting: { readonly event: ProxyEvent; readonly delivered: () => void }[] = [];
  let delivering = false;

  const deliver = (event: ProxyEvent): void => {
    // The copy leaves out who subscribes meanwhile; the look into the set leaves out who has gone meanwhile.
    for (const subscription of [...subscriptions])
      if (subscriptions.has(subscription)) tell(subscription.listener, event, logger);
  };
  const drain = (): void => {
    if (delivering) return;
    delivering = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      deliver(next.event);
      next.delivered();
    }
    delivering = false;
  };

  return {
    publish(event) {
      const published = new Promise<void>((resolve) => waiting.push({ event, delivered: resolve }));
      drain();
      return published;
    },
    subscribe(listener) {
      const subscription = { listener };
      subscriptions.add(subscription);
      return () => {
        subscriptions.delete(subscription);
      };
    },
  };
}

function tell(listener: Listener, event: ProxyEvent, logger: Logger): void {
  const failed = (error: unknown): void =>
    logger.error({ error, event: event.type }, "event listener failed");
  try {
    const result: unknown = listener(event);
    // The type allows an async function; its rejection would otherwise end the process.
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}
