import { inspect } from "node:util";
import { crc32 } from "node:zlib";
import { Secret } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import { createApiKey, describeKey, parseApiKey } from "./api-key.ts";
import { toBase62 } from "./base62.ts";
import { createPeppers } from "./peppers.ts";

const peppers = createPeppers([{ id: "p1", secret: new Secret("a".repeat(32)) }]);

/** A key with a right checksum. */
function sealed(body: string): string {
  return body + toBase62(crc32(body), 6);
}

const body = `sk-llp-v-AbCdEfGh1234-${"x".repeat(43)}`;

describe("createApiKey", () => {
  it("makes a key of the documented form, whose id and hash are its own", () => {
    const { key, id, hash, pepperId } = createApiKey({ kind: "v", peppers });
    const text = key.reveal();
    expect(text).toMatch(/^sk-llp-v-[0-9A-Za-z]{12}-[0-9A-Za-z]{49}$/);
    expect(text).toHaveLength(71);
    expect(text.slice(9, 21)).toBe(id);
    expect(text).toBe(sealed(text.slice(0, -6)));
    expect(hash).toEqual(peppers.hash(text, "p1"));
    expect(hash).toHaveLength(32);
    expect(pepperId).toBe("p1");
  });

  it("gives nothing but what is to be stored and the key, which cannot be printed", () => {
    const made = createApiKey({ kind: "v", peppers });
    expect(Object.keys(made).sort()).toEqual(["hash", "id", "key", "pepperId"]);
    const secret = made.key.reveal().slice(22);
    expect(JSON.stringify(made) + inspect(made, { showHidden: true })).not.toContain(secret);
  });

  it("never makes the same key twice", () => {
    const texts = Array.from({ length: 200 }, () => createApiKey({ kind: "v", peppers }).key.reveal());
    expect(new Set(texts).size).toBe(200);
    expect(new Set(texts.map((text) => text.slice(22))).size).toBe(200);
  });

  it("makes keys that can be read again", () => {
    const { key, id } = createApiKey({ kind: "v", peppers });
    expect(parseApiKey(key.reveal())).toEqual({ kind: "v", id });
  });
});

describe("parseApiKey", () => {
  it("keeps to the checksum of the format: CRC-32 in base 62 over everything before it", () => {
    expect(sealed(body)).toBe(`${body}1uVBMn`);
    expect(parseApiKey(sealed(body))).toEqual({ kind: "v", id: "AbCdEfGh1234" });
  });

  it.each(["v", "a", "s"])("reads the kind %s", (kind) => {
    expect(parseApiKey(sealed(body.replace("-v-", `-${kind}-`)))?.kind).toBe(kind);
  });

  it("refuses a key with any one character changed", () => {
    const text = sealed(body);
    const changed = [...text].map(
      (character, at) => text.slice(0, at) + (character === "y" ? "z" : "y") + text.slice(at + 1),
    );
    expect(changed.filter((other) => parseApiKey(other))).toEqual([]);
  });

  it("refuses two characters swapped", () => {
    const text = sealed(`sk-llp-v-AbCdEfGh1234-${"xyz0".repeat(10)}abc`);
    expect(parseApiKey(text)).toBeDefined();
    expect(parseApiKey(text.replace("xyz0", "yxz0"))).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["a prefix alone", "sk-llp-"],
    ["another vendor's key", `sk-proj-${"a".repeat(48)}`],
    ["an unknown kind", sealed(body.replace("-v-", "-x-"))],
    ["a kind in upper case", sealed(body.replace("-v-", "-V-"))],
    ["a short id", sealed(body.replace("1234", "123"))],
    ["a long id", sealed(body.replace("1234", "12345"))],
    ["a short secret", sealed(body.slice(0, -1))],
    ["a long secret", sealed(`${body}x`)],
    ["a character outside base 62", sealed(`${body.slice(0, -1)}_`)],
    ["a line feed after", `${sealed(body)}\n`],
    ["a line before", `x\n${sealed(body)}`],
    ["padding", `${sealed(body)}==`],
    ["digits of another script", sealed(body.replace("1234", "١٢٣٤"))],
    ["SQL", "sk-llp-v-' OR '1'='1-"],
    ["10 KB", `sk-llp-v-${"a".repeat(10_240)}`],
  ])("refuses %s", (_, text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });
});

describe("describeKey", () => {
  it("shows the id and nothing else", () => {
    expect(describeKey("AbCdEfGh1234")).toBe("sk-llp-v-AbCdEfGh1234-…");
  });
});
