import { describe, expect, it } from "vitest";
import { configSchema } from "../schema/config.ts";
import { readEnvironment } from "./environment.ts";
import { parseJson } from "./parse-yaml.ts";

function read(environment: Readonly<Record<string, string | undefined>>) {
  const { layer, violations } = readEnvironment(environment, configSchema, parseJson);
  return { tree: layer.tree, problems: violations.map(({ path, message }) => `${path}: ${message}`), layer };
}

describe("readEnvironment", () => {
  it("nests names and converts values by the type of the setting", () => {
    const { tree, problems } = read({
      LLMPROXY_SERVER__PORT: "9000",
      LLMPROXY_SERVER__HOST: "0.0.0.0",
      LLMPROXY_SERVER__DRAIN_TIMEOUT: "5s",
      LLMPROXY_SERVER__TRUSTED_PROXIES: '["10.0.0.0/8"]',
      LLMPROXY_AUTH__ENABLED: "false",
      LLMPROXY_AUTH__MANAGEMENT_TOKEN: "12345678901234567890",
      LLMPROXY_TELEMETRY__LOG__LEVEL: "debug",
      LLMPROXY_LIMITS__GLOBAL__RPM: "100",
      LLMPROXY_LIMITS__SUBJECTS: '{"Some Subject": {"rpm": 5}}',
      LLMPROXY_REDIS__URL: "null",
    });
    expect(problems).toEqual([]);
    expect(tree).toEqual({
      server: { port: 9000, host: "0.0.0.0", drain_timeout: "5s", trusted_proxies: ["10.0.0.0/8"] },
      auth: { enabled: false, management_token: "12345678901234567890" },
      telemetry: { log: { level: "debug" } },
      limits: { global: { rpm: 100 }, subjects: { "Some Subject": { rpm: 5 } } },
      redis: { url: null },
    });
  });

  it("takes lists, maps and plain values at the top level by their name alone", () => {
    expect(
      read({
        LLMPROXY_PROVIDERS: '[{"name": "a", "kind": "echo"}]',
        LLMPROXY_MODELS: "[]",
        LLMPROXY_DEFAULT_MODEL: "fast",
        LLMPROXY_DIRECT_MODELS: "true",
        LLMPROXY_FEATURES: '{"x": true}',
      }),
    ).toMatchObject({
      problems: [],
      tree: {
        providers: [{ name: "a", kind: "echo" }],
        models: [],
        default_model: "fast",
        direct_models: true,
        features: { x: true },
      },
    });
  });

  it("leaves alone what is not configuration", () => {
    const { tree, problems } = read({
      PATH: "/bin",
      OPENAI_API_KEY: "k",
      LLMPROXY: "x",
      LLMPROXY_: "x",
      LLMPROXY_CONFIG: "a.yaml",
      LLMPROXY_DATA_DIR: "data",
      LLMPROXY_TEST_POSTGRES_URL: "postgres://x",
      LLMPROXY_TEST_ODD__NAME: "x",
      LLMPROXY_SERVER: "http://127.0.0.1:8080",
      LLMPROXY_SERVICE_HOST: "10.0.0.1",
      LLMPROXY_PORT: "tcp://10.0.0.1:8080",
      LLMPROXY_PORT_8080_TCP_ADDR: "10.0.0.1",
      LLMPROXY_SERVER_PORT: "9000",
      MY_LLMPROXY_SERVER__PORT: "1",
      LLMPROXY_SERVER__PORT: undefined,
    });
    expect({ tree, problems }).toEqual({ tree: {}, problems: [] });
  });

  it.each([
    ["LLMPROXY_SERVER__PROT", "is not a setting, the nearest is LLMPROXY_SERVER__PORT"],
    ["LLMPROXY_SERVR__PORT", "is not a setting, the nearest is LLMPROXY_SERVER__PORT"],
    ["LLMPROXY_SERVER__PORT__X", "is not a setting, the nearest is LLMPROXY_SERVER__PORT"],
    ["LLMPROXY_SERVER__", "is not a setting, the nearest is LLMPROXY_SERVER__HOST"],
    ["LLMPROXY_TELEMETRY__LOGLEVEL", "is not a setting, the nearest is LLMPROXY_TELEMETRY__LOG__LEVEL"],
    ["LLMPROXY_DEFAULT__MODEL", "is not a setting, the nearest is LLMPROXY_DEFAULT_MODEL"],
    ["LLMPROXY_PROVIDERS__0__API_KEY", "is not a setting, should be part of the JSON in LLMPROXY_PROVIDERS"],
    [
      "LLMPROXY_LIMITS__SUBJECTS__BOB__RPM",
      "is not a setting, should be part of the JSON in LLMPROXY_LIMITS__SUBJECTS",
    ],
    ["LLMPROXY_server__port", "is not a setting, should be in upper case: LLMPROXY_SERVER__PORT"],
    ["LLMPROXY___PROTO____X", "is not a setting, the nearest is LLMPROXY_"],
    ["LLMPROXY_CONSTRUCTOR__X", "is not a setting, the nearest is LLMPROXY_"],
    ["LLMPROXY_SERVER__CONSTRUCTOR", "is not a setting, the nearest is LLMPROXY_"],
  ])("refuses %s", (name, message) => {
    const { tree, problems } = read({ [name]: "1" });
    expect(tree).toEqual({});
    expect(problems).toEqual([expect.stringContaining(`${name}: ${message}`)]);
  });

  it.each([
    [
      "LLMPROXY_SERVER__TRUSTED_PROXIES",
      "10.0.0.0/8",
      "is not valid JSON at line 1, column 5, should be a list or map as JSON",
    ],
    [
      "LLMPROXY_SERVER__TRUSTED_PROXIES",
      '["10.0.0.0/8"',
      "is not valid JSON at line 1, column 14, should be a list or map as JSON",
    ],
    [
      "LLMPROXY_MODELS",
      "[{'name': 'a'}]",
      "is not valid JSON at line 1, column 3, should be a list or map as JSON",
    ],
    [
      "LLMPROXY_MODELS",
      '[{"name": "a", "name": "b"}]',
      "[0].name is given twice, should be given once, should be a list or map as JSON",
    ],
    [
      "LLMPROXY_FEATURES",
      '{"__proto__": {"polluted": 1}}',
      "__proto__ is not allowed as a key, choose another name, should be a list or map as JSON",
    ],
    ["LLMPROXY_SERVER__PORT", "", "is empty, should be set to a value or unset"],
  ])("refuses %s=%s", (name, text, message) => {
    const { tree, problems } = read({ [name]: text });
    expect({ tree, problems }).toEqual({ tree: {}, problems: [`${name}: ${message}`] });
    expect("polluted" in {}).toBe(false);
  });

  it("shows nothing of a value that cannot be read", () => {
    expect(read({ LLMPROXY_PROVIDERS: '[{"api_key": "hunter2" oops}]' }).problems.join()).not.toContain(
      "hunter2",
    );
  });

  it("lets a longer name refine a shorter one, in whatever order they come", () => {
    const short = ["LLMPROXY_SERVER__CORS", '{"origins": ["https://a.example"], "max_age": "1h"}'];
    const long = ["LLMPROXY_SERVER__CORS__MAX_AGE", "2h"];
    const expected = { server: { cors: { origins: ["https://a.example"], max_age: "2h" } } };
    expect(read(Object.fromEntries([short, long])).tree).toEqual(expected);
    expect(read(Object.fromEntries([long, short])).tree).toEqual(expected);
  });

  it("keeps two spellings of a secret, for the reader of secrets to refuse", () => {
    const environment = { LLMPROXY_AUTH__MANAGEMENT_TOKEN: "a", LLMPROXY_AUTH__MANAGEMENT_TOKEN_FILE: "b" };
    expect(read(environment).tree).toEqual({ auth: { management_token: "a", management_token_file: "b" } });
  });

  it("knows the variable of a setting, also of one within JSON", () => {
    const { layer } = read({ LLMPROXY_SERVER__PORT: "1", LLMPROXY_PROVIDERS: '[{"name": "a"}]' });
    expect(layer.variableOf?.(["server", "port"])).toBe("LLMPROXY_SERVER__PORT");
    expect(layer.variableOf?.(["providers", 0, "name"])).toBe("LLMPROXY_PROVIDERS");
    expect(layer.variableOf?.(["server", "host"])).toBeUndefined();
  });
});
