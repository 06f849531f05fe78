export { describeEventBus } from "./describe-event-bus.ts";
export { describeStore } from "./describe-store.ts";
export type { OpenedStore, OpenStore } from "./store-samples.ts";
