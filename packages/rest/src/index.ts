export type { HttpHeaders, HttpRequest, HttpResponse } from "./http/exchange.ts";
export {
  createOperationsRoutes,
  type MetricsRoute,
  type MetricsSource,
  type OperationsOptions,
  type OperationsRequest,
  type OperationsResponse,
  type OperationsRoutes,
} from "./operations-routes.ts";
export type { TranscoderOptions } from "./transcoding/options.ts";
export { createTranscoder, type Transcoder } from "./transcoding/transcoder.ts";
