/**
 * The service as an existing client knows it: own package, own names, same numbers.
 *
 * @module
 */

/** proto3 source of `vibectl.llm_proxy.VibectlLLMProxy`. */
export const seedProto = `
syntax = "proto3";
package vibectl.llm_proxy;

service VibectlLLMProxy {
  rpc Execute(ExecuteRequest) returns (ExecuteResponse);
  rpc StreamExecute(ExecuteRequest) returns (stream StreamChunk);
  rpc GetServerInfo(GetServerInfoRequest) returns (GetServerInfoResponse);
}
message ExecuteRequest {
  repeated string system_fragments = 1;
  repeated string user_fragments = 2;
  optional string model_name = 3;
  optional string response_model_schema = 4;
  string request_id = 5;
}
message ExecuteResponse {
  string request_id = 1;
  oneof result { ExecuteSuccess success = 2; ExecuteError error = 3; }
}
message ExecuteSuccess { string response_text = 1; ExecutionMetrics metrics = 2; string actual_model_used = 3; }
message ExecuteError { string error_code = 1; string error_message = 2; optional string error_details = 3; }
message StreamChunk {
  string request_id = 1;
  oneof chunk_type {
    string text_chunk = 2; ExecutionMetrics final_metrics = 3; ExecuteError error = 4; StreamComplete complete = 5;
  }
}
message StreamComplete { string actual_model_used = 1; }
message ExecutionMetrics {
  int64 duration_ms = 1; optional int32 input_tokens = 2; optional int32 output_tokens = 3; optional int32 total_tokens = 4;
  optional double cost_usd = 5; int32 retry_count = 6; int64 timestamp = 7;
}
message GetServerInfoRequest {}
message GetServerInfoResponse {
  repeated ModelInfo available_models = 1; string default_model = 2; ServerLimits limits = 3; string server_version = 4;
  map<string, string> model_aliases = 5; string server_name = 6;
}
message ModelInfo {
  string model_id = 1; string display_name = 2; string provider = 3; bool supports_streaming = 4;
  optional int32 max_context_length = 5; repeated string aliases = 6;
}
message ServerLimits {
  optional int32 max_requests_per_minute = 1; optional int32 max_concurrent_requests = 2;
  optional int32 max_input_length = 3; optional int32 request_timeout_seconds = 4;
}
`;
