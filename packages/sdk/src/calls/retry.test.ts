import { Code } from "@connectrpc/connect";
import {
  ChatService,
  ConfigurationService,
  Health,
  JwtService,
  KeyService,
  LlmProxyService,
} from "@llmproxy/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LlmProxyError } from "../error.ts";
import { proxyError } from "../testing/error-details.ts";
import { type Failure, type FailureKind, readFailure } from "./failure.ts";
import { type RetryOptions, RetryPolicy } from "./retry.ts";

const { complete, streamComplete } = ChatService.method;
const failureOf = (kind: FailureKind, retryAfterMs?: number): Failure => ({
  error: new LlmProxyError("unavailable", "x", { retryAfterMs }),
  kind,
  isOfServer: false,
});

/** How long a policy waits after a first failure. */
function delayMs(failure: Failure, options: RetryOptions = {}, random = 0.999, tries = 1) {
  const policy = new RetryPolicy(options, () => random);
  return policy.delayMs({ method: complete, failure, tries, changesServer: false }, 1);
}

describe("RetryPolicy", () => {
  it.each([
    [LlmProxyService.method.execute, "lost", true],
    [LlmProxyService.method.streamExecute, "lost", true],
    [LlmProxyService.method.getServerInfo, "lost", true],
    [complete, "lost", true],
    [streamComplete, "lost", true],
    [Health.method.check, "lost", true],
    [KeyService.method.listKeys, "lost", true],
    [ConfigurationService.method.setOverride, "lost", true],
    [KeyService.method.createKey, "lost", false],
    [KeyService.method.updateKey, "lost", false],
    [JwtService.method.issueJwt, "lost", false],
    [KeyService.method.createKey, "refused", true],
    [KeyService.method.createKey, "unreachable", true],
    [complete, "answered", false],
    [KeyService.method.listKeys, "answered", false],
  ] as const)("%o after a try that was %s: %s", (method, kind, isRepeated) => {
    const policy = new RetryPolicy({}, () => 0);
    const situation = { method, failure: failureOf(kind), tries: 1, changesServer: false };
    expect(policy.delayMs(situation, 1) !== undefined).toBe(isRepeated);
  });

  it("waits anything up to a bound that doubles, and no longer than the longest wait", () => {
    const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(share, fc.integer({ min: 1, max: 99 }), (random, tries) => {
        const delay = delayMs(failureOf("lost"), { attempts: 100 }, random, tries);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.min(10_000, 250 * 2 ** (tries - 1)));
      }),
    );
  });

  it("waits no shorter than the server asks", () => {
    fc.assert(
      fc.property(fc.nat(60_000), (asked) => {
        const delay = delayMs(failureOf("refused", asked), {}, 0);
        expect(delay).toBeGreaterThanOrEqual(asked);
      }),
    );
  });

  it("does not wait for another server", () => {
    const policy = new RetryPolicy({}, () => 0.5);
    const situation = {
      method: complete,
      failure: failureOf("refused", 9_000),
      tries: 1,
      changesServer: true,
    };
    expect(policy.delayMs(situation, 2)).toBe(0);
  });

  it.each<[number, number, number, boolean]>([
    [3, 1, 2, true],
    [3, 1, 3, false],
    [3, 5, 4, true],
    [3, 5, 5, false],
    [1, 5, 1, false],
  ])("with %i attempts and %i servers, after %i tries: %s", (attempts, servers, tries, isRepeated) => {
    const policy = new RetryPolicy({ attempts }, () => 0);
    const failure = readFailure(proxyError(Code.Unavailable, "unavailable"), "id");
    const delay = policy.delayMs({ method: complete, failure, tries, changesServer: false }, servers);
    expect(delay !== undefined).toBe(isRepeated);
  });
});
