import { fromJson } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate, ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { ConfigurationService, JwtService, KeyService, ProjectService } from "@llmproxy/proto";
import { ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createRpcRoutes } from "../driver/routes.ts";
import type { FakeCoreOptions } from "../testing/fake-core.ts";
import { as, testServices } from "../testing/test-services.ts";

function setup(options: FakeCoreOptions = {}) {
  const services = testServices(options);
  const transport = createRouterTransport(createRpcRoutes(services.options));
  return {
    ...services,
    projects: createClient(ProjectService, transport),
    keys: createClient(KeyService, transport),
    configuration: createClient(ConfigurationService, transport),
    jwt: createClient(JwtService, transport),
  };
}

type Setup = ReturnType<typeof setup>;
const manager = as("manager");

const projectMessage = {
  id: "default",
  name: "Default",
  isActive: false,
  createdAt: timestampFromDate(new Date("2026-01-01T00:00:00Z")),
  updatedAt: timestampFromDate(new Date("2026-01-02T00:00:00Z")),
  deactivatedAt: timestampFromDate(new Date("2026-01-02T00:00:00Z")),
};
const settingMessage = {
  path: "server.port",
  value: { kind: { case: "numberValue", value: 8080 } },
  source: "file",
  live: false,
  pending: { kind: { case: "numberValue", value: 9000 } },
};
const keyMessage = { id: "abcdefghijkl", projectId: "default", name: "laptop", allowedModels: ["gpt-*"] };

describe("management", () => {
  it.each<[string, (it: Setup) => Promise<unknown>, unknown, unknown]>([
    [
      "projects.create",
      ({ projects }) => projects.createProject({ name: "Default" }, manager),
      { name: "Default" },
      { project: projectMessage },
    ],
    [
      "projects.get",
      ({ projects }) => projects.getProject({ id: "default" }, manager),
      { id: "default" },
      { project: projectMessage },
    ],
    [
      "projects.list",
      ({ projects }) => projects.listProjects({ pageSize: -1, pageToken: "t" }, manager),
      { pageSize: -1, pageToken: "t" },
      { projects: [projectMessage], nextPageToken: "page-2" },
    ],
    [
      "projects.update",
      ({ projects }) => projects.updateProject({ id: "default", isActive: false }, manager),
      { id: "default", isActive: false },
      { project: projectMessage },
    ],
    [
      "projects.update",
      ({ projects }) => projects.updateProject({ id: "default", name: "" }, manager),
      { id: "default", name: "" },
      { project: projectMessage },
    ],
    [
      "keys.create",
      ({ keys }) => keys.createKey({ projectId: "default", name: "laptop" }, manager),
      { projectId: "default", name: "laptop", metadata: {} },
      { key: keyMessage, secret: "sk-llp-v1-the-key" },
    ],
    ["keys.get", ({ keys }) => keys.getKey({ id: "k" }, manager), { id: "k" }, { key: keyMessage }],
    [
      "keys.list",
      ({ keys }) => keys.listKeys({}, manager),
      { pageSize: 0, pageToken: "" },
      { keys: [keyMessage], nextPageToken: "" },
    ],
    [
      "keys.list",
      ({ keys }) => keys.listKeys({ projectId: "p", pageSize: 5, pageToken: "t" }, manager),
      { projectId: "p", pageSize: 5, pageToken: "t" },
      { keys: [keyMessage] },
    ],
    [
      "keys.update",
      ({ keys }) => keys.updateKey({ id: "k", name: "desk" }, manager),
      { id: "k", name: "desk" },
      { key: keyMessage },
    ],
    [
      "keys.revoke",
      ({ keys }) => keys.revokeKey({ id: "k" }, manager),
      { id: "k" },
      { key: { ...keyMessage, revokedAt: timestampFromDate(new Date("2026-02-01T00:00:00Z")) } },
    ],
    [
      "configuration.get",
      ({ configuration }) => configuration.getConfiguration({ path: "server" }, manager),
      { path: "server" },
      {
        settings: [
          settingMessage,
          { path: "default_model", value: { kind: { case: "nullValue" } }, source: "default", live: true },
        ],
        file: "llmproxy.yaml",
        refused: [{ path: "server.port", message: "expected a number" }],
        loadedAt: timestampFromDate(new Date("2026-01-01T00:00:00Z")),
      },
    ],
    [
      "configuration.setOverride",
      ({ configuration }) =>
        configuration.setOverride(
          { path: "server.port", value: fromJson(ValueSchema, { nested: [1, null, "x"] }) },
          manager,
        ),
      { path: "server.port", value: { nested: [1, null, "x"] } },
      { setting: settingMessage },
    ],
    [
      "configuration.setOverride",
      ({ configuration }) =>
        configuration.setOverride({ path: "default_model", value: fromJson(ValueSchema, null) }, manager),
      { path: "default_model", value: null },
      { setting: settingMessage },
    ],
    [
      "configuration.deleteOverride",
      ({ configuration }) => configuration.deleteOverride({ path: "server.port" }, manager),
      { path: "server.port" },
      {},
    ],
    [
      "jwt.issue",
      ({ jwt }) => jwt.issueJwt({ subject: "ci", roles: ["auditor"], projectId: "p" }, manager),
      { subject: "ci", roles: ["auditor"], projectId: "p" },
      {
        jwt: "header.payload.signature",
        id: "token-1",
        expiresAt: timestampFromDate(new Date("2026-01-01T01:00:00Z")),
      },
    ],
    [
      "jwt.issue",
      ({ jwt }) => jwt.issueJwt({ subject: "ci", ttl: durationFromMs(90_500) }, manager),
      { subject: "ci", roles: [], ttlMs: 90_500 },
      { id: "token-1" },
    ],
  ])("%s translates there and back", async (operation, call, input, response) => {
    const test = setup();
    expect(await call(test)).toMatchObject(response as object);
    expect(test.core.asked).toMatchObject([{ operation, principal: { id: "management" } }]);
    expect(test.core.asked[0]?.input).toEqual(input);
  });

  it("never sends the hash of a key", async () => {
    const { keys } = setup();
    const response = await keys.getKey({ id: "k" }, manager);
    expect(Object.keys(response.key ?? {})).not.toContain("hash");
  });

  it("refuses an override without a value", async () => {
    const { configuration, core } = setup();
    const error = await configuration.setOverride({ path: "x" }, manager).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: "value: expected a JSON value" });
    expect(core.asked).toEqual([]);
  });

  it("answers with the core's refusals, field included", async () => {
    const { projects } = setup({
      before() {
        throw new ProxyError("conflict", "the name is taken", { field: "name" });
      },
    });
    const error = await projects.createProject({ name: "x" }, manager).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.AlreadyExists, rawMessage: "the name is taken" });
  });
});
