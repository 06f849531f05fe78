/*
 * undici's main module loads fetch, WebSocket, caches and proxies, for 9 MB; this module of it is all that is needed.
 */

declare module "undici/lib/dispatcher/client.js" {
  export { Client as default } from "undici";
}
