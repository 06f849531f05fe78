import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { VerificationKey } from "./algorithms.ts";
import { chooseKey } from "./key-set.ts";

const key = generateKeyPairSync("ed25519").publicKey;
const a: VerificationKey = { id: "a", algorithm: "EdDSA", key };
const b: VerificationKey = { id: "b", algorithm: "EdDSA", key };
const nameless: VerificationKey = { algorithm: "EdDSA", key };
const otherKind: VerificationKey = { id: "a", algorithm: "ES256", key };

describe("chooseKey", () => {
  it.each([
    ["the key with the id", [a, b], "b", b],
    ["the one for the algorithm where two kinds share an id", [otherKind, a], "a", a],
    ["the only key where no id is given", [a], undefined, a],
    ["the only key where none has an id", [nameless], undefined, nameless],
    ["none where no id is given and there are several", [a, b], undefined, "kid_missing"],
    [
      "none where no id is given and the others are of another kind",
      [a, otherKind],
      undefined,
      "kid_missing",
    ],
    ["none with another id", [a, b], "c", "key_unknown"],
    ["none where the only key has no id and one is given", [nameless], "a", "key_unknown"],
    ["none where the only key is for something else", [otherKind], undefined, "key_unknown"],
    ["none where two fit, because that would be a guess", [a, { ...b, id: "a" }], "a", "key_unknown"],
    ["none of none", [], "a", "key_unknown"],
  ])("chooses %s", (_, keys, kid, expected) => {
    expect(chooseKey(keys, { kid, algorithm: "EdDSA" })).toBe(expected);
  });
});
