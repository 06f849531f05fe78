export { createMemoryEventBus, type MemoryEventBusOptions } from "./memory-event-bus.ts";
