import type { ProxyEvent } from "@llmproxy/spec";
import { describeEventBus } from "@llmproxy/testing/conformance";
import { describe, expect, it } from "vitest";
import { createMemoryEventBus } from "./memory-event-bus.ts";

describeEventBus("createMemoryEventBus", createMemoryEventBus);

describe("createMemoryEventBus", () => {
  it("tells subscribers before publish returns", () => {
    const bus = createMemoryEventBus();
    const seen: ProxyEvent[] = [];
    bus.subscribe((event) => seen.push(event));
    void bus.publish({ type: "key-changed", keyId: "4fZk0wQ9aBcD" });
    expect(seen).toEqual([{ type: "key-changed", keyId: "4fZk0wQ9aBcD" }]);
  });

  it("hands over the event itself, not a copy", () => {
    const bus = createMemoryEventBus();
    const event: ProxyEvent = { type: "project-changed", projectId: "default" };
    const seen: ProxyEvent[] = [];
    bus.subscribe((told) => seen.push(told));
    void bus.publish(event);
    expect(seen[0]).toBe(event);
  });

  it("goes on delivering after a listener has thrown in the middle of several events", async () => {
    const bus = createMemoryEventBus();
    const seen: string[] = [];
    bus.subscribe((event) => {
      seen.push(event.type);
      if (event.type !== "key-changed") return;
      void bus.publish({ type: "project-changed", projectId: "default" });
      throw new Error("broken listener");
    });
    await bus.publish({ type: "key-changed", keyId: "4fZk0wQ9aBcD" });
    expect(seen).toEqual(["key-changed", "project-changed"]);
  });
});
