import { describe, expect, it } from "vitest";
import { startError } from "./start-error.ts";

describe("startError", () => {
  it.each([
    ["EADDRINUSE", "conflict", "port", "port 8080 on 127.0.0.1 is already in use; choose another"],
    ["EACCES", "permission_denied", "port", "this user may not listen on port 8080 of 127.0.0.1"],
    ["EADDRNOTAVAIL", "invalid_request", "host", "127.0.0.1 is not an address of this machine"],
    ["ENOTFOUND", "invalid_request", "host", "the host 127.0.0.1 is not known"],
    ["EAI_AGAIN", "invalid_request", "host", "the host 127.0.0.1 is not known"],
    ["ERR_SOCKET_BAD_PORT", "invalid_request", "port", "8080 is not a port"],
    ["EWHATEVER", "unavailable", undefined, "cannot listen on port 8080 of 127.0.0.1"],
  ])("explains %s", (code, expected, field, message) => {
    const cause = Object.assign(new Error("listen failed"), { code });
    const error = startError(cause, { host: "127.0.0.1", port: 8080 });
    expect(error).toMatchObject({ code: expected, field, cause, message: expect.stringContaining(message) });
  });

  it("explains what is no error of the system", () => {
    expect(startError("odd", { host: "h", port: 1 })).toMatchObject({ code: "unavailable", cause: "odd" });
  });
});
