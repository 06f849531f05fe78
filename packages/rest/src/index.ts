export {
  type ApiDocs,
  type ApiDocsOptions,
  createApiDocs,
  type DocsRequest,
  type DocsResponse,
} from "./docs/api-docs.ts";
export type { HttpHeaders, HttpRequest, HttpResponse } from "./http/exchange.ts";
export type { OpenApiOptions } from "./openapi/document.ts";
export type { OperationsPathsOptions } from "./openapi/operations-paths.ts";
export {
  createOperationsRoutes,
  type MetricsRoute,
  type MetricsSource,
  type OperationsOptions,
  type OperationsRequest,
  type OperationsResponse,
  type OperationsRoutes,
} from "./operations-routes.ts";
export {
  type AnyRequest,
  type AnyResponse,
  createRestSurface,
  type RestSettings,
  type RestSurfaceOptions,
  type Surface,
} from "./rest-surface.ts";
export type { TranscoderOptions } from "./transcoding/options.ts";
export { createTranscoder, type Transcoder } from "./transcoding/transcoder.ts";
