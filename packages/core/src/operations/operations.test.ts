import { createPeppers, parseApiKey } from "@llmproxy/auth";
import { createMemoryEventBus } from "@llmproxy/events";
import { type Principal, ProxyError, type ProxyEvent, Secret } from "@llmproxy/spec";
import { createMemoryStore } from "@llmproxy/store";
import { createFakeClock } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { createManagementOperations } from "./operations.ts";
import { createServerOperations } from "./server.ts";

const root: Principal = { kind: "management", id: "management", roles: ["root"] };
const dayMs = 86_400_000;
const never = new AbortController().signal;

function memberOf(projectId: string): Principal {
  return { kind: "key", id: "somebody", roles: ["admin"], projectId };
}

function setUp() {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const store = createMemoryStore();
  const bus = createMemoryEventBus();
  const events: ProxyEvent[] = [];
  bus.subscribe((event) => events.push(event));
  const peppers = createPeppers([{ id: "p1", secret: new Secret("0123456789abcdef0123456789abcdef") }]);
  return { clock, store, events, operations: createManagementOperations({ store, bus, peppers, clock }) };
}

describe("projects", () => {
  it("are created active, with an id of our making, and announced", async () => {
    const { operations, events } = setUp();
    const project = await operations.projects.create(root, { name: "  team a  " }, never);
    expect(project).toMatchObject({
      name: "team a",
      isActive: true,
      createdAt: new Date(Date.UTC(2026, 0, 1)),
    });
    expect(project.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(events).toEqual([{ type: "project-changed", projectId: project.id }]);
  });

  it.each(["", "   ", "x".repeat(129), "line\nbreak", "nul\0"])("refuse the name %j", async (name) => {
    const { operations } = setUp();
    await expect(operations.projects.create(root, { name }, never)).rejects.toMatchObject({
      code: "invalid_request",
      field: "name",
    });
  });

  it("refuse a name that is taken", async () => {
    const { operations } = setUp();
    await operations.projects.create(root, { name: "a" }, never);
    await expect(operations.projects.create(root, { name: "a" }, never)).rejects.toMatchObject({
      code: "conflict",
    });
  });

  it("cannot be created by who is confined to one", async () => {
    const { operations } = setUp();
    await expect(operations.projects.create(memberOf("x"), { name: "a" }, never)).rejects.toMatchObject({
      code: "permission_denied",
    });
  });

  it("of others look like those that do not exist", async () => {
    const { operations } = setUp();
    const foreign = await operations.projects.create(root, { name: "foreign" }, never);
    const caught = async (id: string) =>
      operations.projects.get(memberOf("own"), { id }, never).catch((error: Error) => error);
    expect(await caught(foreign.id)).toEqual(await caught("does-not-exist"));
    await expect(
      operations.projects.update(memberOf("own"), { id: foreign.id, name: "mine" }, never),
    ).rejects.toMatchObject({ code: "not_found" });
  });

  it("are listed as far as they may be seen", async () => {
    const { operations, clock } = setUp();
    const first = await operations.projects.create(root, { name: "a" }, never);
    await clock.advance(1);
    await operations.projects.create(root, { name: "b" }, never);
    expect((await operations.projects.list(root, {}, never)).items.map((project) => project.name)).toEqual([
      "a",
      "b",
    ]);
    expect((await operations.projects.list(memberOf(first.id), {}, never)).items).toEqual([first]);
    expect((await operations.projects.list(memberOf("none"), {}, never)).items).toEqual([]);
  });

  it("are listed in pages, whatever the size asked for", async () => {
    const { operations, clock } = setUp();
    for (const name of ["a", "b", "c"]) {
      await operations.projects.create(root, { name }, never);
      await clock.advance(1);
    }
    const first = await operations.projects.list(root, { pageSize: 2 }, never);
    const second = await operations.projects.list(
      root,
      { pageSize: 1e9, pageToken: first.nextPageToken ?? "" },
      never,
    );
    expect([...first.items, ...second.items].map((project) => project.name)).toEqual(["a", "b", "c"]);
    await expect(operations.projects.list(root, { pageSize: -1 }, never)).rejects.toMatchObject({
      field: "page_size",
    });
  });

  it("are deactivated and announced; an empty change is refused", async () => {
    const { operations, events } = setUp();
    const { id } = await operations.projects.create(root, { name: "a" }, never);
    const changed = await operations.projects.update(root, { id, isActive: false }, never);
    expect(changed).toMatchObject({ isActive: false, deactivatedAt: changed.updatedAt });
    expect(events.length).toBe(2);
    await expect(operations.projects.update(root, { id }, never)).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});

describe("keys", () => {
  async function withProject() {
    const parts = setUp();
    const project = await parts.operations.projects.create(root, { name: "a" }, never);
    const create = (input = {}) =>
      parts.operations.keys.create(root, { projectId: project.id, name: "ci", ...input }, never);
    return { ...parts, project, create };
  }

  it("are shown once and stored as a hash", async () => {
    const { create, store } = await withProject();
    const { record, key } = await create();
    expect(parseApiKey(key.reveal())).toEqual({ kind: "v", id: record.id });
    expect(JSON.stringify(await store.keys.get(record.id))).not.toContain(key.reveal().slice(-20));
  });

  it("end after 90 days unless told otherwise, and after 365 at the latest", async () => {
    const { create, clock } = await withProject();
    expect((await create()).record.expiresAt).toEqual(new Date(clock.now() + 90 * dayMs));
    const year = new Date(clock.now() + 365 * dayMs);
    expect((await create({ expiresAt: year })).record.expiresAt).toEqual(year);
    for (const expiresAt of [new Date(year.getTime() + 1), new Date(clock.now()), new Date(Number.NaN)])
      await expect(create({ expiresAt })).rejects.toMatchObject({
        code: "invalid_request",
        field: "expires_at",
      });
  });

  it.each([
    [{ name: "" }, "name"],
    [{ projectId: "" }, "project_id"],
    [{ allowedModels: [] }, "allowed_models"],
    [{ allowedModels: ["ok", ""] }, "allowed_models[1]"],
    [{ allowedModels: ["has space"] }, "allowed_models[0]"],
    [{ allowedModels: Array.from({ length: 101 }, () => "x") }, "allowed_models"],
    [
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "v"])) },
      "metadata",
    ],
    [{ metadata: { ok: "x".repeat(513) } }, "metadata.ok"],
    [{ metadata: { "": "x" } }, "metadata"],
    [{ metadata: { "a\0b": "x" } }, "metadata"],
    [{ metadata: { ok: "\u001b[31m" } }, "metadata.ok"],
  ])("refuse %j naming %s", async (input, field) => {
    const { create } = await withProject();
    await expect(create(input)).rejects.toMatchObject({ code: "invalid_request", field });
  });

  it("need a project that is there and active", async () => {
    const { create, operations, project } = await withProject();
    await expect(create({ projectId: "nowhere" })).rejects.toMatchObject({
      code: "not_found",
      field: "project_id",
    });
    await operations.projects.update(root, { id: project.id, isActive: false }, never);
    await expect(create()).rejects.toMatchObject({ code: "project_inactive" });
  });

  it("of other projects cannot be seen, changed, revoked or made", async () => {
    const { create, operations, project } = await withProject();
    const { id } = (await create()).record;
    const stranger = memberOf("another");
    const attempts = [
      operations.keys.get(stranger, { id }, never),
      operations.keys.update(stranger, { id, name: "mine" }, never),
      operations.keys.revoke(stranger, { id }, never),
      operations.keys.create(stranger, { projectId: project.id, name: "x" }, never),
      operations.keys.list(stranger, { projectId: project.id }, never),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: "not_found" });
    expect((await operations.keys.list(stranger, {}, never)).items).toEqual([]);
    expect((await operations.keys.get(root, { id }, never)).revokedAt).toBeUndefined();
  });

  it("are revoked once; revoking again changes nothing", async () => {
    const { create, operations, clock, events } = await withProject();
    const { id } = (await create()).record;
    const first = await operations.keys.revoke(root, { id }, never);
    await clock.advance(1000);
    expect(await operations.keys.revoke(root, { id }, never)).toEqual(first);
    expect(events.filter((event) => event.type === "key-changed").length).toBe(2);
    await expect(operations.keys.update(root, { id, name: "again" }, never)).rejects.toMatchObject({
      code: "conflict",
    });
  });

  it("are changed field by field", async () => {
    const { create, operations } = await withProject();
    const { id } = (await create({ allowedModels: ["gpt-*"], metadata: { team: "a" } })).record;
    await operations.keys.update(root, { id, name: "renamed" }, never);
    expect(await operations.keys.get(root, { id }, never)).toMatchObject({
      name: "renamed",
      allowedModels: ["gpt-*"],
      metadata: { team: "a" },
    });
    expect(
      (await operations.keys.update(root, { id, allowedModels: null }, never)).allowedModels,
    ).toBeUndefined();
    await expect(operations.keys.update(root, { id }, never)).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it("keep a metadata name that looks like a prototype harmless", async () => {
    const { create } = await withProject();
    const metadata = JSON.parse('{"__proto__":"polluted","constructor":"x"}') as Record<string, string>;
    await create({ metadata });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("models", () => {
  const facts = {
    version: "1",
    defaultModel: () => undefined,
    models: () => [{ id: "fast", provider: "up", aliases: ["default", "quick"] }],
    resolve: (name: string) => {
      if (name.startsWith("up/")) return { name, targets: [{ provider: "up", model: name.slice(3) }] };
      throw new ProxyError("model_not_found", "no");
    },
  };
  const server = createServerOperations(facts);
  const only = (...allowedModels: string[]): Principal => ({
    kind: "key",
    id: "k",
    roles: ["key"],
    projectId: "p",
    allowedModels,
  });

  it.each([
    [root, [{ id: "fast", provider: "up", aliases: ["default", "quick"] }]],
    [only("fast"), [{ id: "fast", provider: "up", aliases: [] }]],
    [only("default"), [{ id: "default", provider: "up", aliases: [] }]],
    [only("other"), []],
  ])("are listed under the names a principal may use", (principal, models) => {
    expect(server.info(principal).models).toEqual(models);
  });

  it("are found by the name that was asked for, listed or not", () => {
    expect(server.model(root, "default")).toMatchObject({ id: "default", provider: "up" });
    expect(server.model(root, "up/anything")).toEqual({ id: "up/anything", provider: "up", aliases: [] });
  });

  it("that a principal may not use look like those that do not exist", () => {
    for (const [principal, name] of [
      [only("other"), "fast"],
      [root, "nothing"],
    ] as const)
      expect(() => server.model(principal, name)).toThrowError(
        expect.objectContaining({ code: "model_not_found" }),
      );
  });
});
