import { format, inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Secret } from "./secret.ts";

const canary = "sk-canary-0123456789";

describe("Secret", () => {
  it("gives its value only when asked to", () => {
    expect(new Secret(canary).reveal()).toBe(canary);
  });

  it.each([
    ["string interpolation", (secret: Secret) => `${secret}`],
    ["concatenation", (secret: Secret) => `key ${String(secret)}`],
    ["JSON", (secret: Secret) => JSON.stringify({ secret, nested: [secret] })],
    ["util.inspect", (secret: Secret) => inspect({ secret }, { depth: 9, showHidden: true })],
    ["util.format", (secret: Secret) => format("%s %o %O %j", secret, secret, secret, secret)],
    [
      "its keys",
      (secret: Secret) => JSON.stringify([Object.keys(secret), Object.getOwnPropertyNames(secret)]),
    ],
    ["spreading", (secret: Secret) => JSON.stringify({ ...secret })],
    ["an error message", (secret: Secret) => String(new Error(`cannot use ${secret}`).stack)],
  ])("does not show in %s", (_where, print) => {
    expect(print(new Secret(canary))).not.toContain(canary);
  });

  it("cannot be cloned out of the process by accident", () => {
    expect(inspect(structuredClone({ ...new Secret(canary) }))).not.toContain(canary);
  });
});
