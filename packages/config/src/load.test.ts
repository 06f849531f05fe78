import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { JsonObject } from "@llmproxy/spec";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LoadConfigOptions, type LoadedConfig, loadConfig } from "./load.ts";
import type { FileContent } from "./sources/read-file.ts";
import { ConfigError } from "./violation.ts";

/** What a test loads from; files by their name in `/srv`. */
interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: LoadConfigOptions["environment"];
  readonly flags?: JsonObject;
  readonly file?: string;
}

function load({ files = {}, environment = {}, ...rest }: Given = {}): Promise<LoadedConfig> {
  const readFile = async (path: string, maxBytes: number): Promise<FileContent> => {
    const text = files[path.replace("/srv/", "")];
    if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    const bytes = new TextEncoder().encode(text);
    return { bytes: bytes.subarray(0, maxBytes), isTruncated: bytes.length > maxBytes, mode: 0o600 };
  };
  return loadConfig({ directory: "/srv", environment, readFile, ...rest });
}

/** Loads `llmproxy.yaml` with this text. */
function loadYaml(text: string, given: Given = {}): Promise<LoadedConfig> {
  return load({ ...given, files: { ...given.files, "llmproxy.yaml": text } });
}

/** The error of a configuration that is refused. */
async function refusal(loading: Promise<LoadedConfig>): Promise<ConfigError> {
  const outcome = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${inspect(outcome)}`);
  return outcome;
}

/** The lines of the message with which a configuration is refused. */
async function refusals(loading: Promise<LoadedConfig>): Promise<readonly string[]> {
  return (await refusal(loading)).message.split("\n");
}

describe("loadConfig without anything", () => {
  it("gives the defaults", async () => {
    const { config, file } = await load();
    expect(file).toBeUndefined();
    expect(config).toEqual({
      server: {
        host: "127.0.0.1",
        port: 8080,
        maxBodyBytes: 33_554_432,
        drainDelayMs: 0,
        drainTimeoutMs: 25_000,
        trustedProxies: [],
        cors: { origins: [], maxAgeMs: 86_400_000 },
      },
      store: { kind: "sqlite", file: "llmproxy.db" },
      auth: {
        enabled: true,
        managementToken: undefined,
        maxStaleMs: 600_000,
        issuer: {
          issuer: "llmproxy",
          audience: "llmproxy",
          algorithm: "EdDSA",
          keyFile: undefined,
          ttlMs: 3_600_000,
        },
        jwt: [],
      },
      providers: [{ name: "echo", kind: "echo", delayMs: 0, chunkDelayMs: 0, tokens: undefined }],
      directModels: true,
      models: [],
      defaultModel: undefined,
      telemetry: {
        log: { level: "info", format: "auto" },
        metrics: { enabled: true, path: "/metrics", auth: false },
      },
    });
  });

  it("says that every value is a default", async () => {
    const { sources } = await load();
    expect(new Set(sources.values())).toEqual(new Set(["default"]));
    expect(sources.get("server.port")).toBe("default");
    expect(sources.get("providers[0].kind")).toBe("default");
    expect(sources.get("direct_models")).toBe("default");
  });
});

describe("loadConfig", () => {
  it("turns the user's spelling into names and numbers with units", async () => {
    const { config } = await loadYaml(
      `
server: { host: "::", port: 0, max_body_bytes: 64KiB, drain_delay: 5s, drain_timeout: 1m, trusted_proxies: [10.0.0.0/8] }
store: { url: "sqlite:/var/lib/llmproxy.db" }
auth: { enabled: false, management_token: 0123456789abcdef!, max_stale: 0s }
providers:
  - { name: slow, kind: echo, delay_ms: 5, chunk_delay_ms: 10, tokens: 3 }
  - name: local
    kind: openai-compatible
    base_url: http://127.1:8000/v1/
    allow_private: true
    headers: { X-Team: blue }
    timeout: { connect: 1s, total: 1h }
  - { name: openai, kind: openai, api_keys: [{ api_key_env: OPENAI_API_KEY }] }
models:
  - { name: fast, aliases: [default, quick], targets: [{ provider: local, model: a/b }, { provider: slow, model: echo }] }
direct_models: true
default_model: quick
telemetry: { log: { level: debug, format: json }, metrics: { enabled: false, path: /m, auth: true } }
`,
      { environment: { OPENAI_API_KEY: "sk-1" } },
    );
    expect(config).toMatchObject({
      server: {
        host: "::",
        port: 0,
        maxBodyBytes: 65_536,
        drainDelayMs: 5_000,
        drainTimeoutMs: 60_000,
        trustedProxies: ["10.0.0.0/8"],
      },
      store: { kind: "sqlite", file: "/var/lib/llmproxy.db" },
      auth: { enabled: false, maxStaleMs: 0 },
      providers: [
        { name: "slow", kind: "echo", delayMs: 5, chunkDelayMs: 10, tokens: 3 },
        {
          name: "local",
          kind: "openai-compatible",
          baseUrl: "http://127.0.0.1:8000/v1",
          apiKey: undefined,
          allowPrivate: true,
          timeouts: { connectMs: 1_000, firstByteMs: 120_000, idleMs: 60_000, totalMs: 3_600_000 },
        },
        {
          name: "openai",
          kind: "openai",
          baseUrl: "https://api.openai.com/v1",
          allowPrivate: false,
          headers: {},
        },
      ],
      directModels: true,
      models: [
        {
          name: "fast",
          aliases: ["default", "quick"],
          policy: "priority",
          targets: [
            { provider: "local", model: "a/b" },
            { provider: "slow", model: "echo" },
          ],
        },
      ],
      defaultModel: "quick",
      telemetry: {
        log: { level: "debug", format: "json" },
        metrics: { enabled: false, path: "/m", auth: true },
      },
    });
    const [, local, openai] = config.providers;
    expect(config.auth.managementToken?.reveal()).toBe("0123456789abcdef!");
    expect(local?.kind !== "echo" && local?.headers["X-Team"]?.reveal()).toBe("blue");
    expect(openai?.kind !== "echo" && openai?.apiKey?.reveal()).toBe("sk-1");
  });

  it("lets flags win over the environment, the environment over the file, the file over defaults", async () => {
    const { config, sources, file } = await loadYaml(
      "server: { host: 0.0.0.0, port: 1, drain_delay: 1s }\n",
      {
        environment: { LLMPROXY_SERVER__PORT: "2", LLMPROXY_SERVER__DRAIN_DELAY: "2s" },
        flags: { server: { port: "3", host: undefined } },
      },
    );
    expect(config.server).toMatchObject({
      host: "0.0.0.0",
      port: 3,
      drainDelayMs: 2_000,
      drainTimeoutMs: 25_000,
    });
    expect(file).toBe("/srv/llmproxy.yaml");
    expect(
      ["host", "port", "drain_delay", "drain_timeout"].map((key) => sources.get(`server.${key}`)),
    ).toEqual(["file", "flag", "environment", "default"]);
  });

  it("tells of entries of lists which values they were given and which are defaults", async () => {
    const { sources } = await loadYaml(
      "providers: [{ name: a, kind: openai, api_key: k, timeout: { idle: 5s } }]\n",
    );
    expect(sources.get("providers[0].name")).toBe("file");
    expect(sources.get("providers[0].api_key")).toBe("file");
    expect(sources.get("providers[0].timeout.idle")).toBe("file");
    expect(sources.get("providers[0].timeout.total")).toBe("default");
    expect(sources.get("providers[0].base_url")).toBe("default");
  });

  it("has a source for exactly what it shows", async () => {
    const loaded = await loadYaml("auth: { management_token_env: T }\n", {
      environment: { T: "0123456789abcdef" },
    });
    expect(loaded.sources.get("auth.management_token")).toBe("file");
    expect(loaded.sources.has("auth.management_token_env")).toBe(false);
    expect(loaded.sources.get("cache.enabled")).toBe("default");
    expect(loaded.sources.get("engines")).toBe("default");
  });

  it.each([
    "server:\n",
    "server: ~\n",
    "server: { port: null }\n",
    "providers:\nmodels:\ndefault_model:\nauth: { management_token: }\n",
  ])("takes null for not set: %j", async (text) => {
    const [{ config }, defaults] = await Promise.all([loadYaml(text), load()]);
    expect(config).toEqual(defaults.config);
  });

  it("lets null in the environment take back what the file says", async () => {
    const { config } = await loadYaml("default_model: echo\n", {
      environment: { LLMPROXY_DEFAULT_MODEL: "null" },
    });
    expect(config.defaultModel).toBeUndefined();
  });

  it("lets a token in the environment win over a token file in the file, without reading it", async () => {
    const { config } = await loadYaml("auth: { management_token_file: /nowhere }\n", {
      environment: { LLMPROXY_AUTH__MANAGEMENT_TOKEN: "from-the-environment" },
    });
    expect(config.auth.managementToken?.reveal()).toBe("from-the-environment");
  });

  it("finds secret files beside the configuration file that names them, others in the directory", async () => {
    const files = {
      "etc/llmproxy.yaml": "providers: [{ name: a, kind: openai, api_key_file: key }]\n",
      "etc/key": "beside",
      token: "in-the-directory",
    };
    const { config } = await load({
      files,
      file: "etc/llmproxy.yaml",
      environment: { LLMPROXY_AUTH__MANAGEMENT_TOKEN_FILE: "token" },
    });
    const [provider] = config.providers;
    expect(provider?.kind === "openai" && provider.apiKey?.reveal()).toBe("beside");
    expect(config.auth.managementToken?.reveal()).toBe("in-the-directory");
  });

  it("leaves the echo provider out where others are configured", async () => {
    const { config } = await loadYaml("providers: [{ name: a, kind: openai }]\n");
    expect(config.providers.map(({ name }) => name)).toEqual(["a"]);
    expect((await loadYaml("providers: []\n")).config.providers).toEqual([]);
  });

  it("takes direct models for wanted exactly while there are no others", async () => {
    const models = "models: [{ name: a, targets: [{ provider: echo, model: echo }] }]\n";
    expect((await loadYaml(models)).config.directModels).toBe(false);
    expect((await loadYaml(`${models}direct_models: true\n`)).config.directModels).toBe(true);
  });

  it("takes authentication switched off on a public address when that is said explicitly", async () => {
    const { config } = await loadYaml("server: { host: 0.0.0.0 }\nauth: { enabled: false }\n");
    expect(config.auth.enabled).toBe(false);
  });

  it("gives a configuration that cannot be changed", async () => {
    const { config } = await loadYaml("providers: [{ name: a, kind: openai, headers: { X-A: b } }]\n");
    const provider = config.providers[0];
    for (const value of [
      config,
      config.server,
      config.server.trustedProxies,
      config.providers,
      provider,
      config.telemetry.log,
    ])
      expect(Object.isFrozen(value)).toBe(true);
    expect(
      provider?.kind === "openai" && Object.isFrozen(provider.headers) && Object.isFrozen(provider.timeouts),
    ).toBe(true);
  });
});

describe("loadConfig of other pages and other issuers", () => {
  it("gives the origins of pages, and how long a browser may remember the answer", async () => {
    const { config } = await loadYaml(
      "server: { cors: { origins: ['*', 'http://localhost:3000'], max_age: 1h } }\n",
    );
    expect(config.server.cors).toEqual({ origins: ["*", "http://localhost:3000"], maxAgeMs: 3_600_000 });
  });

  it("gives how tokens are issued", async () => {
    const { config } = await loadYaml(
      "auth: { issuer: { issuer: me, audience: you, algorithm: ES256, key_file: k.pem, ttl: 5m } }\n",
    );
    expect(config.auth.issuer).toEqual({
      issuer: "me",
      audience: "you",
      algorithm: "ES256",
      keyFile: "k.pem",
      ttlMs: 300_000,
    });
  });

  it("refuses to sign tokens with a secret: whoever checks them could make them", async () => {
    await expect(loadYaml("auth: { issuer: { algorithm: HS256 } }\n")).rejects.toThrow(
      'auth.issuer.algorithm: is "HS256", should be EdDSA, ES256 or RS256: a key pair, of which the public half is published',
    );
  });

  it("gives whose tokens are accepted, with the algorithms that fit their keys", async () => {
    const { config } = await loadYaml(
      `
auth:
  jwt:
    - { issuer: a, audience: x, jwks_url: "https://id.example.com/keys?v=1" }
    - { issuer: b, audience: x, secret_env: SIGNING, roles_claim: groups, role_map: { staff: operator }, default_roles: [member], project_claim: team }
    - { issuer: c, audience: x, jwks_url: "http://10.0.0.1/keys", algorithms: [RS256], allow_private: true }
`,
      { environment: { SIGNING: "a secret of at least thirty-two bytes" } },
    );
    const [byUrl, bySecret, byPrivateUrl] = config.auth.jwt;
    expect(byUrl).toEqual({
      issuer: "a",
      audience: "x",
      algorithms: ["EdDSA", "ES256", "RS256"],
      jwksUrl: "https://id.example.com/keys?v=1",
      secret: undefined,
      rolesClaim: "roles",
      roleMap: { admin: "admin", write: "operator", read: "auditor", user: "member" },
      defaultRoles: [],
      projectClaim: "project",
      allowPrivate: false,
    });
    expect(bySecret).toMatchObject({
      algorithms: ["HS256"],
      roleMap: { staff: "operator" },
      defaultRoles: ["member"],
      jwksUrl: undefined,
    });
    expect(bySecret?.secret?.reveal()).toBe("a secret of at least thirty-two bytes");
    expect(byPrivateUrl).toMatchObject({ algorithms: ["RS256"], allowPrivate: true });
  });

  it.each([
    ["{ audience: x, jwks_url: 'https://a.example/k' }", "auth.jwt[0].issuer: is missing"],
    ["{ issuer: a, jwks_url: 'https://a.example/k' }", "auth.jwt[0].audience: is missing"],
    ["{ issuer: a, audience: x }", "auth.jwt[0]: has no keys"],
    [
      "{ issuer: a, audience: x, jwks_url: 'https://a.example/k', secret_env: SIGNING }",
      "auth.jwt[0].jwks_url: is given beside a secret",
    ],
    ["{ issuer: a, audience: x, secret: short }", "auth.jwt[0].secret: is too short"],
    [
      "{ issuer: a, audience: x, secret_env: SIGNING, algorithms: [HS256, RS256] }",
      "auth.jwt[0].algorithms: does not fit the keys, should be HS256",
    ],
    [
      "{ issuer: a, audience: x, jwks_url: 'https://a.example/k', algorithms: [RS256, HS256] }",
      "auth.jwt[0].algorithms: does not fit the keys, should be some of EdDSA, ES256 and RS256",
    ],
    [
      "{ issuer: a, audience: x, jwks_url: 'https://a.example/k', algorithms: [] }",
      "auth.jwt[0].algorithms: is empty",
    ],
    ["{ issuer: a, audience: x, jwks_url: 'http://a.example/k' }", "auth.jwt[0].jwks_url: is not encrypted"],
    [
      "{ issuer: a, audience: x, jwks_url: 'https://10.0.0.1/k' }",
      "auth.jwt[0].jwks_url: is a private address",
    ],
    [
      "{ issuer: a, audience: x, jwks_url: 'https://169.254.169.254/k', allow_private: true }",
      "auth.jwt[0].jwks_url: is a link-local",
    ],
    [
      "{ issuer: a, audience: x, jwks_url: 'https://u:hunter2@a.example/k' }",
      "auth.jwt[0].jwks_url: holds a user",
    ],
    ["{ issuer: a, audience: x, jwks_url: 'https://a.example/k#1' }", "auth.jwt[0].jwks_url: has a fragment"],
    ["{ issuer: a, audience: x, jwks_url: nonsense }", "auth.jwt[0].jwks_url: is not a URL"],
    [
      "{ issuer: a, audience: x, jwks_url: 'https://a.example/k', role_map: { x: root } }",
      'auth.jwt[0].role_map.x: is "root", should be owner, admin',
    ],
  ])("refuses the issuer %s", async (entry, expected) => {
    const lines = await refusals(
      loadYaml(`auth: { jwt: [${entry}] }\n`, { environment: { SIGNING: "x".repeat(32) } }),
    );
    expect(lines).toEqual([expect.stringContaining(expected)]);
    expect(lines.join()).not.toContain("hunter2");
  });

  it("refuses an issuer of the server's own name", async () => {
    const entry = (issuer: string) => `{ issuer: ${issuer}, audience: x, jwks_url: 'https://a.example/k' }`;
    expect(await refusals(loadYaml(`auth: { jwt: [${entry("llmproxy")}] }\n`))).toEqual([
      'auth.jwt[0].issuer: is "llmproxy" like auth.issuer.issuer, should be another issuer (line 1)',
    ]);
    const own = `auth: { issuer: { issuer: mine }, jwt: [${entry("llmproxy")}, ${entry("mine")}] }\n`;
    expect(await refusals(loadYaml(own))).toEqual([
      'auth.jwt[1].issuer: is "mine" like auth.issuer.issuer, should be another issuer (line 1)',
    ]);
  });

  it("refuses an issuer that is given twice", async () => {
    const entry = "{ issuer: a, audience: x, jwks_url: 'https://a.example/k' }";
    expect(await refusals(loadYaml(`auth: { jwt: [${entry}, ${entry}] }\n`))).toEqual([
      'auth.jwt[1].issuer: is "a" like auth.jwt[0].issuer, should be another issuer (line 1)',
    ]);
  });

  it.each([
    "https://app.example.com/",
    "app.example.com",
    "https://APP.example.com",
    "https://a:443",
    "null",
    "**",
  ])("refuses the origin %j", async (origin) => {
    expect(await refusals(loadYaml(`server: { cors: { origins: ["${origin}"] } }\n`))).toEqual([
      expect.stringMatching(/^server\.cors\.origins\[0\]: is .*, should be \* or an origin such as/),
    ]);
  });
});

describe("loadConfig finds providers by their usual variables", () => {
  const environment = { OPENAI_API_KEY: "sk-1", ANTHROPIC_API_KEY: "sk-2" };

  it("beside echo, with the vendor's address and the key", async () => {
    const { config, sources } = await load({ environment });
    expect(config.providers.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "echo echo",
      "openai openai",
      "anthropic anthropic",
    ]);
    const [, openai, anthropic] = config.providers;
    expect(openai?.kind === "openai" && openai.apiKey?.reveal()).toBe("sk-1");
    expect(anthropic).toMatchObject({ baseUrl: "https://api.anthropic.com/v1", allowPrivate: false });
    expect(anthropic?.kind === "anthropic" && anthropic.apiKey?.reveal()).toBe("sk-2");
    expect(sources.get("providers[1].name")).toBe("environment");
  });

  it("so that models can name them", async () => {
    const { config } = await loadYaml(
      "models: [{ name: a, targets: [{ provider: anthropic, model: m }] }]\n",
      {
        environment,
      },
    );
    expect(config.models[0]?.targets).toEqual([{ provider: "anthropic", model: "m" }]);
  });

  it("unless the configuration says who answers", async () => {
    const { config } = await loadYaml("providers: [{ name: a, kind: echo }]\n", { environment });
    expect(config.providers.map(({ name }) => name)).toEqual(["a"]);
  });

  it("unless a variable is empty", async () => {
    const { config } = await load({ environment: { OPENAI_API_KEY: "" } });
    expect(config.providers.map(({ name }) => name)).toEqual(["echo"]);
  });

  it("and says which variable holds no usable key", async () => {
    expect(await refusals(load({ environment: { OPENAI_API_KEY: "a b" } }))).toEqual([
      expect.stringMatching(/^providers\[1\]\.api_key_env: .*should be visible ASCII/),
    ]);
  });
});

describe("loadConfig keeps secrets", () => {
  const text = `
auth: { management_token: hunter2-hunter2-hunter2 }
providers:
  - { name: a, kind: openai, api_key_env: KEY, headers: { X-A: hunter2-header } }
  - { name: b, kind: openai, api_keys: [{ api_key: hunter2-key }] }
`;
  const given = { environment: { KEY: "hunter2-variable" } };

  it("out of what is printed, logged and serialised", async () => {
    const loaded = await loadYaml(text, given);
    for (const shown of [
      inspect(loaded, { depth: 20 }),
      JSON.stringify(loaded),
      JSON.stringify(loaded.redacted()),
    ])
      expect(shown).not.toContain("hunter2");
  });

  it("visible as present in the effective configuration", async () => {
    const { redacted } = await loadYaml(text, given);
    expect(redacted()).toMatchObject({
      auth: { management_token: "[secret]" },
      providers: [
        { api_key: "[secret]", headers: { "X-A": "[secret]" } },
        { api_keys: [{ api_key: "[secret]", weight: 1 }] },
      ],
    });
  });

  it("out of the messages of a configuration that is refused", async () => {
    const error = await refusal(
      loadYaml(
        `${text}redis: { url: "redis://:hunter2@h" }\nstore: { url: "postgres://u:hunter2@h/d" }\nserver: { prot: hunter2 }\n`,
        given,
      ),
    );
    expect(error.violations).toHaveLength(3);
    expect(inspect(error)).not.toContain("hunter2");
  });

  it("shows what one would write: it loads again, secrets aside", async () => {
    const { redacted, config } = await loadYaml(
      "providers: [{ name: a, kind: openai }]\nserver: { port: 1 }\n",
    );
    expect((await load({ flags: redacted() })).config).toEqual(config);
  });
});

describe("loadConfig refuses", () => {
  it("five mistakes with five lines", async () => {
    const error = await refusal(
      loadYaml(`server:
  prot: 9000
  drain_timeout: 25
redis:
  url: redis://localhost
models:
  - name: fast
    targets: [{ provider: opnai, model: gpt-4o-mini }]
providers:
  - name: openai
    kind: openai
    api_key_env: OPENAI_API_KEY
`),
    );
    expect(error.message.split("\n")).toEqual([
      'models[0].targets[0].provider: is "opnai", which is no configured provider, did you mean openai? (line 8)',
      "providers[0].api_key_env: names the environment variable OPENAI_API_KEY, which is not set (line 12)",
      "redis.url: not supported by this version, leave it out (line 5)",
      "server.drain_timeout: is 25, should be a duration from 0s to 24d, such as 250ms, 30s, 5m or 12h (line 3)",
      "server.prot: is not a known key, did you mean port? (line 2)",
    ]);
    expect(error.violations.map(({ path, line }) => [path, line])).toEqual([
      ["models[0].targets[0].provider", 8],
      ["providers[0].api_key_env", 12],
      ["redis.url", 5],
      ["server.drain_timeout", 3],
      ["server.prot", 2],
    ]);
  });

  it("mistakes of every source together", async () => {
    const lines = await refusals(
      loadYaml("server: { prot: 1 }\nserver: {}\n__proto__: { a: 1 }\n", {
        environment: {
          LLMPROXY_SERVER__WORKERS: "two",
          LLMPROXY_SERVER__PROT: "1",
          LLMPROXY_CACHE__ENABLED: "true",
        },
        flags: { limits: { global: { rpm: "100", concurrency: 5 } }, nonsense: true },
      }),
    );
    expect(lines).toEqual([
      "__proto__: is not allowed as a key, choose another name (line 3)",
      "cache.enabled: not supported by this version, leave it out or use false (LLMPROXY_CACHE__ENABLED)",
      "limits.global.concurrency: not supported by this version, leave it out",
      "limits.global.rpm: not supported by this version, leave it out",
      "LLMPROXY_SERVER__PROT: is not a setting, the nearest is LLMPROXY_SERVER__PORT",
      expect.stringMatching(/^nonsense: is not a known key, /),
      "server: is given twice, should be given once (line 2)",
      'server.workers: is "two", should be a whole number from 1 to 1024 (LLMPROXY_SERVER__WORKERS)',
    ]);
  });

  it.each([
    ["LLMPROXY_SERVER__PORT", "http", 'server.port: is "http", should be a whole number from 0 to 65535'],
    ["LLMPROXY_AUTH__ENABLED", "yes", 'auth.enabled: is "yes", should be true or false'],
    [
      "LLMPROXY_SERVER__DRAIN_DELAY",
      "5",
      'server.drain_delay: is "5", should be a duration from 0s to 24d, such as 250ms, 30s, 5m or 12h',
    ],
    ["LLMPROXY_MODELS", "{}", "models: is a map, should be a list"],
    [
      "LLMPROXY_PROVIDERS",
      '[{"name": "a"}]',
      "providers[0].kind: is missing, should be openai, anthropic, openai-compatible or echo",
    ],
    [
      "LLMPROXY_AUTH__MANAGEMENT_TOKEN",
      "short",
      "auth.management_token: is too short, should have at least 16 characters",
    ],
    ["LLMPROXY_REDIS__URL", "redis://x", "redis.url: not supported by this version, leave it out"],
  ])("the variable %s=%s by name", async (name, value, message) => {
    expect(await refusals(load({ environment: { [name]: value } }))).toEqual([`${message} (${name})`]);
  });

  it("a file it cannot parse, with line and column, and still the names of variables", async () => {
    const lines = await refusals(
      loadYaml("server:\n  port: [1\nmodels: 7\n", {
        environment: { LLMPROXY_SERVER__PROT: "1" },
        flags: { default_model: "x" },
      }),
    );
    expect(lines[0]).toMatch(/^\/srv\/llmproxy\.yaml: is not valid at line 3, column 1: .* \(line 3\)$/);
    expect(lines.at(-1)).toBe(
      "LLMPROXY_SERVER__PROT: is not a setting, the nearest is LLMPROXY_SERVER__PORT",
    );
  });

  it("a file that is named and not there", async () => {
    expect(await refusals(load({ file: "nope.yaml" }))).toEqual([
      "/srv/nope.yaml: does not exist, should be a configuration file",
    ]);
  });

  it("two files", async () => {
    const [line] = await refusals(load({ files: { "llmproxy.yml": "", "llmproxy.json": "{}" } }));
    expect(line).toContain("/srv/llmproxy.yml and /srv/llmproxy.json");
  });

  it("a file of ten megabytes", async () => {
    expect(await refusals(loadYaml(`# ${"x".repeat(10_485_760)}`))).toEqual([
      "/srv/llmproxy.yaml: is too large, should be at most 1048576 bytes",
    ]);
  });

  it("aliases that multiply", async () => {
    const bomb = Array.from({ length: 12 }, (_, level) =>
      level === 0 ? "a0: &a0 [x, x]" : `a${level}: &a${level} [${`*a${level - 1},`.repeat(10)}]`,
    ).join("\n");
    expect((await refusals(loadYaml(bomb))).join("\n")).toContain("holds more than 50000 values");
  });

  it.each([
    ["llmproxy.yaml", "server:\n  __proto__: { polluted: true }\n"],
    ["llmproxy.json", '{"server": {"__proto__": {"polluted": true}}}'],
    ["llmproxy.toml", "[server.__proto__]\npolluted = true\n"],
    ["llmproxy.yaml", "server: { constructor: { prototype: { polluted: true } } }\n"],
  ])("keys that could reach a prototype: %s %j", async (name, text) => {
    const error = await refusal(load({ files: { [name]: text } }));
    expect(error.violations).toEqual([
      expect.objectContaining({ path: expect.stringMatching(/^server\.(__proto__|constructor)$/) }),
    ]);
    expect("polluted" in {}).toBe(false);
  });

  it.each([
    [{ LLMPROXY_FEATURES: '{"__proto__": {"polluted": true}}' }],
    [{ LLMPROXY_SERVER____PROTO__: "x" }],
    [{ LLMPROXY___PROTO____POLLUTED: "true" }],
  ])("variables that could reach a prototype: %j", async (environment) => {
    expect(await refusals(load({ environment }))).toHaveLength(1);
    expect("polluted" in {}).toBe(false);
  });

  it("one setting once, however many checks it fails", async () => {
    expect(
      await refusals(loadYaml("cache: { enabled: maybe }\nlimits: { global: { rpm: x } }\n")),
    ).toHaveLength(2);
  });

  it("only the kind of a provider that is not built, not what it lacks besides", async () => {
    expect(await refusals(loadYaml("tls: { acme: { eab: { kid: k, hmac_key_env: NOPE } } }\n"))).toEqual([
      "tls.acme.eab: not supported by this version, leave it out (line 1)",
    ]);
  });

  it("a base URL without saying it again", async () => {
    expect(
      await refusals(
        loadYaml("providers: [{ name: a, kind: openai-compatible, base_url: 'http://10.0.0.1/v1' }]\n"),
      ),
    ).toEqual([
      "providers[0].base_url: is a private address, should be public, or set allow_private: true (line 1)",
    ]);
  });

  it("nothing but what is wrong: any text ends in a configuration or a ConfigError", async () => {
    const texts = [
      "[]",
      "7",
      "a",
      "server: [[[[]]]]",
      "? a\n",
      "- - -\n",
      "providers: [null, 1, [], {}]",
      "models: [{ targets: [null] }]",
      "limits: { subjects: { x: 1 } }",
      "auth: { jwt: [{}] }",
      "\u0000",
      "server: !!map []",
      "tls: { acme: { eab: 1 } }",
    ];
    for (const text of texts) expect(await refusal(loadYaml(text)), text).toBeInstanceOf(ConfigError);
  });
});

describe("loadConfig on this machine's file system", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "llmproxy-config-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("reads files, and secrets only from files of mode 0600", async () => {
    await mkdir(join(directory, "secrets"));
    const token = join(directory, "secrets", "token");
    await writeFile(join(directory, "llmproxy.toml"), '[auth]\nmanagement_token_file = "secrets/token"\n');
    await writeFile(token, "a-management-token\n");
    await chmod(token, 0o600);
    const { config, file } = await loadConfig({ directory, environment: {} });
    expect(file).toBe(join(directory, "llmproxy.toml"));
    expect(config.auth.managementToken?.reveal()).toBe("a-management-token");
    await chmod(token, 0o644);
    const [line] = await refusals(loadConfig({ directory, environment: {} }));
    expect(line).toContain("which others may read or write (mode 0644)");
  });
});
