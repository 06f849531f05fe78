import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { refuseRequest } from "./refuse.ts";

/** What a client of a content type is answered with. */
function answered(contentType: string | undefined, message: string) {
  const headers: Record<string, string> = {};
  const response = {
    statusCode: 0,
    body: "",
    setHeader(name: string, value: string) {
      headers[name] = value;
    },
    end(body: string) {
      response.body = body;
    },
  };
  refuseRequest(
    { headers: contentType === undefined ? {} : { "content-type": contentType } },
    response,
    new ProxyError("endpoint_not_found", message),
  );
  return { status: response.statusCode, headers, body: response.body };
}

describe("refuseRequest", () => {
  it.each([
    ["application/grpc", "application/grpc"],
    ["application/grpc+proto", "application/grpc"],
    ["application/grpc-web", "application/grpc-web"],
    ["application/grpc-web-text", "application/grpc-web"],
  ])("answers %s with trailers only", (contentType, answer) => {
    expect(answered(contentType, "no")).toEqual({
      status: 200,
      headers: { "content-type": answer, "grpc-status": "12", "grpc-message": "no" },
      body: "",
    });
  });

  it.each(["application/json", "text/html", undefined])("answers %s with JSON", (contentType) => {
    const { status, headers, body } = answered(contentType, "there is none");
    expect([status, headers["content-type"]]).toEqual([404, "application/json"]);
    expect(JSON.parse(body)).toEqual({ code: "unimplemented", message: "there is none" });
  });

  it("encodes what a header cannot hold", () => {
    const { headers } = answered("application/grpc", "100 % of\nGrößen 🙂");
    expect(headers["grpc-message"]).toBe("100 %25 of%0AGr%C3%B6%C3%9Fen %F0%9F%99%82");
    expect(decodeURIComponent(headers["grpc-message"] ?? "")).toBe("100 % of\nGrößen 🙂");
  });
});
