import { describe, expect, it } from "vitest";
import { readCommandLine, readyText } from "./command-line.ts";

const read = (args: string[], environment = {}) => readCommandLine(args, environment, "/srv/gateway");

describe("readCommandLine", () => {
  it("keeps data beside the working directory where nothing is said", () => {
    expect(read([])).toEqual({ help: false, dataDirectory: "/srv/gateway/data", flags: { server: {} } });
  });

  it("reads every flag", () => {
    const args = ["--config", "a.yaml", "--data-dir", "/d", "--host", "::1", "--port", "9000", "--no-auth"];
    expect(read([...args, "--log-level", "debug"])).toEqual({
      help: false,
      config: "/srv/gateway/a.yaml",
      dataDirectory: "/d",
      flags: {
        server: { host: "::1", port: 9000 },
        telemetry: { log: { level: "debug" } },
        auth: { enabled: false },
      },
    });
  });

  it("reads the environment, which flags go before", () => {
    const environment = { LLMPROXY_CONFIG: "env.yaml", LLMPROXY_DATA_DIR: "/env" };
    expect(read([], environment)).toMatchObject({
      config: "/srv/gateway/env.yaml",
      dataDirectory: "/env",
    });
    expect(read(["--data-dir", "/flag"], environment).dataDirectory).toBe("/flag");
  });

  it("leaves a port that is no number to the schema", () => {
    expect(read(["--port", "http"]).flags).toMatchObject({ server: { port: "http" } });
  });

  it.each([["--prot"], ["serve"], ["--port"]])("refuses %s, saying where help is", (...args) => {
    expect(() => read(args)).toThrow(
      expect.objectContaining({ code: "invalid_request", message: expect.stringContaining("--help") }),
    );
  });
});

describe("readyText", () => {
  it("says where keys and documentation are", () => {
    expect(readyText("http://127.0.0.1:1", "/d/bootstrap.json")).toContain("Keys are in /d/bootstrap.json");
    expect(readyText("http://127.0.0.1:1", undefined)).toContain("http://127.0.0.1:1/docs");
  });
});
