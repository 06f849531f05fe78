import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { connectionError, timeoutError } from "./upstream-error.ts";
import { defaultTimeouts } from "./watchdog.ts";

const systemError = (code: string) => Object.assign(new Error(`connect ${code} 10.1.2.3:443`), { code });

describe("connectionError", () => {
  it.each([
    ["ENOTFOUND", "its host name does not resolve"],
    ["EAI_AGAIN", "its host name cannot be resolved at the moment"],
    ["ECONNREFUSED", "the connection was refused"],
    ["ECONNRESET", "the connection was closed"],
    ["EHOSTUNREACH", "its network is unreachable"],
    ["CERT_HAS_EXPIRED", "its TLS certificate has expired"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "its TLS certificate is not trusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its TLS certificate is not trusted"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "its TLS certificate is for another name"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "the TLS handshake failed"],
    ["EWHATEVER", "the connection failed"],
    ["toString", "the connection failed"],
  ])("says for %s: %s", (code, message) => {
    const cause = systemError(code);
    const error = connectionError("openai", "connecting", cause);
    expect(error).toMatchObject({ code: "upstream_failed", cause, vendor: undefined });
    expect(error.message).toBe(`provider "openai" could not be reached: ${message}`);
  });

  it.each([
    ["HPE_INVALID_CONSTANT", 'provider "openai" answered with what is not valid HTTP'],
    ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", 'provider "openai" answered with what is not valid HTTP'],
    ["UND_ERR_HEADERS_OVERFLOW", 'provider "openai" answered with headers larger than 64 KiB'],
  ])("says for %s: %s", (code, message) => {
    expect(connectionError("openai", "connected", systemError(code))).toMatchObject({
      code: "upstream_failed",
      message,
    });
  });

  it("knows an error of undici's parser, which has no code", () => {
    const cause = Object.assign(new Error("Response does not match the HTTP/1.1 protocol"), {
      name: "HTTPParserError",
      code: undefined,
    });
    expect(connectionError("openai", "connected", cause).message).toBe(
      'provider "openai" answered with what is not valid HTTP',
    );
  });

  it("tells no address, also when several were tried", () => {
    const cause = new AggregateError([systemError("ECONNREFUSED"), systemError("ETIMEDOUT")]);
    expect(connectionError("openai", "connecting", cause).message).toBe(
      'provider "openai" could not be reached: the connection was refused',
    );
  });

  it.each(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"])(
    "takes %s on a connection that was made for a cut",
    (code) => {
      expect(connectionError("openai", "connected", systemError(code)).code).toBe("upstream_cut");
      expect(connectionError("openai", "connecting", systemError(code)).code).toBe("upstream_failed");
    },
  );

  it("takes an end without any error for a cut", () => {
    expect(connectionError("openai", "connected", undefined).code).toBe("upstream_cut");
  });

  it("keeps the code of a refusal of our own", () => {
    const cause = new ProxyError("upstream_failed", "its address is private");
    expect(connectionError("openai", "connecting", cause)).toMatchObject({
      code: "upstream_failed",
      message: 'provider "openai" was not connected to: its address is private',
    });
  });
});

describe("timeoutError", () => {
  it.each([
    ["connectMs", 'provider "p" did not accept a connection within 5 s (providers[].timeout.connect)'],
    ["firstByteMs", 'provider "p" did not begin to answer within 120 s (providers[].timeout.first_byte)'],
    ["idleMs", 'provider "p" sent nothing more within 60 s (providers[].timeout.idle)'],
    ["totalMs", 'provider "p" did not finish its answer within 600 s (providers[].timeout.total)'],
  ] as const)("names the configuration key of %s", (limit, message) => {
    expect(timeoutError("p", limit, defaultTimeouts)).toMatchObject({ code: "deadline_exceeded", message });
  });
});
