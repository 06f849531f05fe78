import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { messageOf, namingServer } from "./connect-error.ts";

const url = "http://127.0.0.1:8080";
const named = (error: ConnectError) => namingServer(error, url);

describe("messageOf", () => {
  it("says the code in words where there is no message", () => {
    expect(messageOf(new ConnectError("", Code.PermissionDenied))).toBe("the call failed: permission denied");
    expect(messageOf(new ConnectError("no such key", Code.NotFound))).toBe("no such key");
  });
});

describe("namingServer", () => {
  it("names the server where the network or something else answered", () => {
    expect(named(new ConnectError("", Code.Unimplemented))).toMatchObject({
      code: Code.Unimplemented,
      rawMessage: `${url}: the call failed: unimplemented`,
    });
    const broken = new ConnectError("write EPIPE", Code.Aborted, undefined, undefined, new Error("EPIPE"));
    expect(named(broken)).toMatchObject({ code: Code.Aborted, rawMessage: `${url}: write EPIPE` });
  });

  it("leaves alone what a service says, and what is no error of a call", () => {
    const said = new ConnectError("no such key", Code.NotFound);
    expect(named(said)).toBe(said);
    const other = new TypeError("mistake");
    expect(namingServer(other, url)).toBe(other);
  });
});
