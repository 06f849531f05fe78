import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { ErrorInfoSchema, Health, KeyService, LlmProxyService } from "@llmproxy/proto";
import { type Authenticator, ProxyError } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import type { FakeCoreOptions } from "../testing/fake-core.ts";
import { as, testServices } from "../testing/test-services.ts";
import type { RpcRoutesOptions, RpcShield } from "./options.ts";
import { createRpcRoutes } from "./routes.ts";

/** A shield that keeps count. */
function countingShield(refusal?: ProxyError) {
  const counts = { entered: 0, inside: 0, failedLogins: 0 };
  const shield: RpcShield = {
    enter() {
      if (refusal) return { admitted: false, error: refusal };
      counts.entered++;
      counts.inside++;
      return { admitted: true, leave: () => void counts.inside-- };
    },
    recordRefusal: () => void counts.failedLogins++,
  };
  return { shield, counts };
}

function setup(overrides: Partial<RpcRoutesOptions> = {}, core: FakeCoreOptions = {}) {
  const services = testServices(core, overrides);
  const transport = createRouterTransport(createRpcRoutes(services.options));
  return {
    ...services,
    keys: createClient(KeyService, transport),
    llm: createClient(LlmProxyService, transport),
    health: createClient(Health, transport),
  };
}

const failureOf = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(() => expect.unreachable("it ended well"), ConnectError.from);

const hello = { userFragments: ["Hi"], modelName: "m" };
const stranger = { headers: {} };
const guesser = { headers: { authorization: "Bearer guess" } };

describe("the gate", () => {
  it("asks who it is once, and tells the operation", async () => {
    const { keys, core, logins } = setup();
    await keys.getKey({ id: "k" }, as("auditor"));
    expect(logins()).toBe(1);
    expect(core.asked[0]?.principal).toMatchObject({ id: "auditor" });
  });

  it("passes on what is wrong with the credentials' form", async () => {
    const { keys, logins } = setup({
      readCredentials() {
        throw new ProxyError("invalid_request", "two different api keys were sent");
      },
    });
    const error = await failureOf(keys.getKey({}, as("manager")));
    expect([error.code, logins()]).toEqual([Code.InvalidArgument, 0]);
  });

  it("never calls somebody unknown because a store is down", async () => {
    const authenticator: Authenticator = {
      async authenticate() {
        throw new ProxyError("unavailable", "the store cannot answer", { retryAfterMs: 1000 });
      },
    };
    const { keys, llm } = setup({ authenticator });
    for (const call of [keys.getKey({}, as("manager")), llm.execute(hello, as("key"))])
      expect((await failureOf(call)).code).toBe(Code.Unavailable);
  });

  it("hides and logs a mistake of the authenticator", async () => {
    const authenticator: Authenticator = {
      async authenticate() {
        throw new TypeError("hunter2");
      },
    };
    const { llm, core, logger } = setup({ authenticator });
    const error = await failureOf(llm.execute(hello, as("key")));
    expect([error.code, error.rawMessage, core.calls]).toEqual([Code.Internal, "internal error", []]);
    expect(logger.entries).toMatchObject([{ level: "error", fields: { error: { message: "hunter2" } } }]);
  });

  it("names permission_denied in the details", async () => {
    const { keys } = setup();
    const error = await failureOf(keys.createKey({}, as("auditor")));
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([{ reason: "PERMISSION_DENIED" }]);
  });
});

describe("the gate with a shield", () => {
  it("holds a place until the operation has ended, however it ends", async () => {
    const { shield, counts } = countingShield();
    let inside = 0;
    const before = () => {
      inside = counts.inside;
    };
    const { keys } = setup({ shield }, { before });
    await keys.getKey({ id: "k" }, as("manager"));
    expect(inside).toBe(1);
    await failureOf(keys.getKey({}, stranger));
    await failureOf(keys.createKey({}, as("auditor")));
    expect(counts).toMatchObject({ entered: 3, inside: 0 });
  });

  it("leaves the place of a call to the core, which has a shield of its own", async () => {
    const { shield, counts } = countingShield();
    let inside = -1;
    const answer = () => {
      inside = counts.inside;
      throw new ProxyError("limit_exceeded", "x");
    };
    const { llm } = setup({ shield }, { answer });
    await failureOf(llm.execute(hello, as("key")));
    expect([inside, counts.entered]).toEqual([0, 1]);
  });

  it("refuses before it asks who it is", async () => {
    const { shield } = countingShield(new ProxyError("overloaded", "too much to do", { retryAfterMs: 1000 }));
    const { keys, llm, core, logins } = setup({ shield });
    for (const call of [keys.getKey({}, as("manager")), llm.execute(hello, as("key"))])
      expect((await failureOf(call)).code).toBe(Code.Unavailable);
    expect([logins(), core.calls, core.asked]).toEqual([0, [], []]);
  });

  it("lets health through, whatever the load", async () => {
    const { shield } = countingShield(new ProxyError("overloaded", "too much to do"));
    const { health } = setup({ shield });
    expect((await health.check({})).status).toBe(1);
  });

  it("counts a guess as a failed login, and a mistake not", async () => {
    const { shield, counts } = countingShield();
    const { keys } = setup({ shield });
    await failureOf(keys.getKey({}, stranger));
    await failureOf(keys.createKey({}, as("auditor")));
    expect(counts.failedLogins).toBe(0);
    await failureOf(keys.getKey({}, guesser));
    expect(counts.failedLogins).toBe(1);
  });

  it("lets the core count the guesses of calls", async () => {
    const { shield, counts } = countingShield();
    const { llm, core } = setup({ shield });
    await failureOf(llm.execute(hello, guesser));
    expect(counts.failedLogins).toBe(0);
    expect(core.calls).toMatchObject([{ refusal: { code: "unauthenticated", reason: "token_not_found" } }]);
  });
});
