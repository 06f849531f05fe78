export {
  createOperationsRoutes,
  type MetricsRoute,
  type MetricsSource,
  type OperationsOptions,
  type OperationsRequest,
  type OperationsResponse,
  type OperationsRoutes,
} from "./operations-routes.ts";
