/**
 * What every event bus does.
 *
 * @module
 */

import type { EventBus, Logger, ProxyEvent } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createMemoryLogger } from "../memory-logger.ts";

const first: ProxyEvent = { type: "key-changed", keyId: "4fZk0wQ9aBcD" };
const second: ProxyEvent = { type: "project-changed", projectId: "default" };
const third: ProxyEvent = { type: "key-changed", keyId: "zYx987654321" };

/**
 * Defines the tests of an `EventBus`.
 *
 * @param name - the implementation, for the report
 * @param make - makes an empty bus that logs to `logger`
 */
export function describeEventBus(
  name: string,
  make: (options: { readonly logger: Logger }) => EventBus,
): void {
  /** A bus and the log it writes. */
  const open = () => {
    const logger = createMemoryLogger();
    return { bus: make({ logger }), logger };
  };
  /** What one new subscriber is told. */
  const record = (bus: EventBus) => {
    const seen: ProxyEvent[] = [];
    return { seen, unsubscribe: bus.subscribe((event) => seen.push(event)) };
  };

  describe(`${name} as an EventBus`, () => {
    it("has told every subscriber when publish resolves", async () => {
      const { bus } = open();
      const subscribers = [record(bus), record(bus), record(bus)];
      await bus.publish(first);
      expect(subscribers.map(({ seen }) => seen)).toEqual([[first], [first], [first]]);
    });

    it("resolves when nobody listens", async () => {
      await expect(open().bus.publish(first)).resolves.toBeUndefined();
    });

    it("tells events in the order they are published", async () => {
      const { bus } = open();
      const { seen } = record(bus);
      await Promise.all([bus.publish(first), bus.publish(second), bus.publish(third)]);
      expect(seen).toEqual([first, second, third]);
    });

    it("tells a subscriber nothing from before it subscribed", async () => {
      const { bus } = open();
      await bus.publish(first);
      const { seen } = record(bus);
      await bus.publish(second);
      expect(seen).toEqual([second]);
    });

    it("tells nothing after the subscription ended, and ends it only once", async () => {
      const { bus } = open();
      const gone = record(bus);
      const stays = record(bus);
      gone.unsubscribe();
      gone.unsubscribe();
      await bus.publish(first);
      expect({ gone: gone.seen, stays: stays.seen }).toEqual({ gone: [], stays: [first] });
    });

    it("counts one function subscribed twice as two subscriptions", async () => {
      const { bus } = open();
      const seen: ProxyEvent[] = [];
      const listener = (event: ProxyEvent): void => {
        seen.push(event);
      };
      const unsubscribe = bus.subscribe(listener);
      bus.subscribe(listener);
      await bus.publish(first);
      unsubscribe();
      await bus.publish(second);
      expect(seen).toEqual([first, first, second]);
    });

    it("logs a listener that throws, keeps it subscribed and still tells the others", async () => {
      const { bus, logger } = open();
      const error = new Error("broken listener");
      let told = 0;
      bus.subscribe(() => {
        told++;
        throw error;
      });
      const { seen } = record(bus);
      await bus.publish(first);
      await bus.publish(second);
      expect({ told, seen }).toEqual({ told: 2, seen: [first, second] });
      expect(logger.entries.map(({ fields }) => fields.error)).toEqual([error, error]);
    });

    it("logs an async listener that rejects", async () => {
      const { bus, logger } = open();
      const error = new Error("broken async listener");
      bus.subscribe(async () => {
        throw error;
      });
      await bus.publish(first);
      await new Promise((resolve) => setImmediate(resolve));
      expect(logger.entries.map(({ fields }) => fields.error)).toEqual([error]);
    });

    it("lets a listener end its own subscription while it is told", async () => {
      const { bus } = open();
      const seen: ProxyEvent[] = [];
      const unsubscribe = bus.subscribe((event) => {
        seen.push(event);
        unsubscribe();
      });
      const after = record(bus);
      await bus.publish(first);
      await bus.publish(second);
      expect({ seen, after: after.seen }).toEqual({ seen: [first], after: [first, second] });
    });

    it("does not tell a subscriber that another listener has just ended", async () => {
      const { bus } = open();
      let end = (): void => {};
      bus.subscribe(() => end());
      const ended = record(bus);
      end = ended.unsubscribe;
      await bus.publish(first);
      expect(ended.seen).toEqual([]);
    });

    it("tells a subscriber that came during an event only the events after it", async () => {
      const { bus } = open();
      const late: ReturnType<typeof record>[] = [];
      bus.subscribe(() => {
        if (late.length === 0) late.push(record(bus));
      });
      await bus.publish(first);
      await bus.publish(second);
      expect(late.map(({ seen }) => seen)).toEqual([[second]]);
    });

    it("tells every subscriber the same order when a listener publishes", async () => {
      const { bus } = open();
      const published: Promise<void>[] = [];
      bus.subscribe((event) => {
        if (event === first) published.push(bus.publish(second));
      });
      const { seen } = record(bus);
      await bus.publish(first);
      await Promise.all(published);
      expect(seen).toEqual([first, second]);
    });
  });
}
