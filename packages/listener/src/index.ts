export type { ListenerRequest, ListenerResponse, RequestHandler } from "./handler.ts";
export { defaultListenerLimits, type ListenerLimits } from "./limits.ts";
export { createListener, type Listener, type ListenerOptions } from "./listener.ts";
export type { DrainOptions } from "./shutdown.ts";
