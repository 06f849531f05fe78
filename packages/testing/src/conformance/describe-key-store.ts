/**
 * What every store of keys does.
 *
 * @module
 */

import type { KeyPatch, KeyRecord, KeyStore, Store } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import {
  awkwardStrings,
  later,
  type OpenStore,
  readPages,
  sampleKey,
  sampleProject,
  sampleTime,
} from "./store-samples.ts";
import { withStore } from "./with-store.ts";

/** Defines the tests of a `KeyStore`. */
export function describeKeyStore(open: OpenStore): void {
  /** A test that is given a store with the projects `default` and `other`. */
  const given = (test: (keys: KeyStore, store: Store) => Promise<void>) =>
    withStore(open, async (store) => {
      for (const id of ["default", "other"]) await store.projects.insert(sampleProject({ id }));
      await test(store.keys, store);
    });

  const full = sampleKey({
    id: "4fZk0wQ9aBcD",
    expiresAt: later(1_000),
    revokedAt: later(500),
    allowedModels: ["gpt-*", "claude-*", ""],
    metadata: { owner: "O'Brien", "": "empty name", __proto__2: "", naïve: "🦙" },
  });

  describe("keys.insert", () => {
    it(
      "keeps a key as it was given",
      given(async (keys) => {
        const bare = sampleKey({ id: "bare" });
        await keys.insert(bare);
        await keys.insert(full);
        expect(await keys.get("bare")).toStrictEqual(bare);
        expect(await keys.get(full.id)).toStrictEqual(full);
      }),
    );

    it(
      "keeps every byte of a hash",
      given(async (keys) => {
        const hashes = [
          new Uint8Array(32),
          new Uint8Array(32).fill(255),
          Uint8Array.from({ length: 256 }, (_, i) => i),
        ];
        for (const [index, hash] of hashes.entries()) {
          await keys.insert(sampleKey({ id: `k${index}`, hash }));
          const read = (await keys.get(`k${index}`))?.hash;
          expect(read).toBeInstanceOf(Uint8Array);
          expect([...(read ?? [])]).toEqual([...hash]);
        }
      }),
    );

    it(
      "takes a hash that is part of a larger buffer",
      given(async (keys) => {
        const hash = Uint8Array.from({ length: 96 }, (_, index) => index).subarray(32, 64);
        await keys.insert(sampleKey({ id: "k", hash: Buffer.from(hash.buffer, 32, 32) }));
        expect((await keys.get("k"))?.hash).toStrictEqual(Uint8Array.from(hash));
      }),
    );

    it(
      "tells no allowed models from an empty list of them",
      given(async (keys) => {
        await keys.insert(sampleKey({ id: "none", allowedModels: [] }));
        await keys.insert(sampleKey({ id: "all" }));
        expect(await keys.get("none")).toHaveProperty("allowedModels", []);
        expect(await keys.get("all")).not.toHaveProperty("allowedModels");
      }),
    );

    it(
      "keeps awkward names, models and metadata",
      given(async (keys) => {
        for (const [index, text] of awkwardStrings.entries()) {
          const key = sampleKey({
            id: `k${index}`,
            name: text,
            pepperId: text,
            allowedModels: [text],
            metadata: { [text]: text },
          });
          await keys.insert(key);
          expect(await keys.get(key.id)).toStrictEqual(key);
        }
      }),
    );

    it(
      "refuses an id that is taken and keeps what is there",
      given(async (keys) => {
        const key = sampleKey({ id: "k" });
        await keys.insert(key);
        await expect(keys.insert(sampleKey({ id: "k", projectId: "other" }))).rejects.toMatchObject({
          code: "conflict",
          field: "id",
        });
        expect(await keys.get("k")).toStrictEqual(key);
      }),
    );

    it(
      "refuses a project that is not there",
      given(async (keys) => {
        await expect(keys.insert(sampleKey({ id: "k", projectId: "nowhere" }))).rejects.toMatchObject({
          code: "not_found",
          field: "project_id",
        });
        expect(await keys.get("k")).toBeUndefined();
      }),
    );

    it(
      "lets two keys have one name",
      given(async (keys) => {
        await keys.insert(sampleKey({ id: "a", name: "same" }));
        await keys.insert(sampleKey({ id: "b", name: "same" }));
        expect((await keys.list({}, { pageSize: 10 })).items).toHaveLength(2);
      }),
    );

    it(
      "is not moved by what the caller does to its record afterwards",
      given(async (keys) => {
        const hash = new Uint8Array(32).fill(7);
        const metadata: Record<string, string> = { owner: "me" };
        const allowedModels = ["a"];
        await keys.insert(sampleKey({ id: "k", hash, metadata, allowedModels }));
        hash.fill(0);
        metadata.owner = "you";
        allowedModels.push("b");
        const expected = {
          hash: new Uint8Array(32).fill(7),
          metadata: { owner: "me" },
          allowedModels: ["a"],
        };
        const read = await keys.get("k");
        expect(read).toMatchObject(expected);
        read?.hash.fill(0);
        expect(await keys.get("k")).toMatchObject(expected);
      }),
    );
  });

  describe("keys.get", () => {
    it(
      "knows nothing of an id that is not there, whatever its case",
      given(async (keys) => {
        await keys.insert(sampleKey({ id: "abc" }));
        for (const id of ["", "ABC", "abc ", "ab%", "' OR 1=1 --"])
          expect(await keys.get(id)).toBeUndefined();
      }),
    );
  });

  describe("keys.update", () => {
    const bare = sampleKey({ id: "k" });
    const rich = { ...full, id: "k" };
    const cases: readonly (readonly [string, KeyRecord, KeyPatch, KeyRecord])[] = [
      ["an empty patch", rich, {}, rich],
      ["a name", bare, { name: "new" }, { ...bare, name: "new" }],
      ["an expiry", bare, { expiresAt: later(9) }, { ...bare, expiresAt: later(9) }],
      ["models", bare, { allowedModels: ["x", "y"] }, { ...bare, allowedModels: ["x", "y"] }],
      ["no models at all", bare, { allowedModels: [] }, { ...bare, allowedModels: [] }],
      ["metadata as a whole", rich, { metadata: { b: "2" } }, { ...rich, metadata: { b: "2" } }],
      ["a revocation", bare, { revokedAt: later(9) }, { ...bare, revokedAt: later(9) }],
      ["a second revocation", rich, { revokedAt: later(9) }, rich],
    ];
    it.each(cases)("applies %s", async (_what, before, patch, after) => {
      await given(async (keys) => {
        await keys.insert(before);
        expect(await keys.update("k", patch)).toStrictEqual(after);
        expect(await keys.get("k")).toStrictEqual(after);
      })();
    });

    it(
      "removes what a patch sets to null",
      given(async (keys) => {
        await keys.insert(rich);
        const { expiresAt: _expiresAt, allowedModels: _allowedModels, ...rest } = rich;
        expect(await keys.update("k", { expiresAt: null, allowedModels: null })).toStrictEqual(rest);
      }),
    );

    it(
      "keeps the first of many revocations",
      given(async (keys) => {
        await keys.insert(bare);
        const updates = Array.from({ length: 20 }, (_, index) =>
          keys.update("k", { revokedAt: later(index) }),
        );
        const seen = new Set((await Promise.all(updates)).map((key) => key?.revokedAt?.getTime()));
        expect(seen.size).toBe(1);
      }),
    );

    it(
      "changes no other key",
      given(async (keys) => {
        const other = sampleKey({ id: "other" });
        await keys.insert(bare);
        await keys.insert(other);
        await keys.update("k", { name: "new", revokedAt: later(1) });
        expect(await keys.get("other")).toStrictEqual(other);
      }),
    );

    it(
      "answers undefined when there is no such key, also for an empty patch",
      given(async (keys) => {
        expect(await keys.update("k", { name: "new" })).toBeUndefined();
        expect(await keys.update("k", {})).toBeUndefined();
      }),
    );
  });

  describe("keys.list", () => {
    it(
      "gives the keys of all projects, or of one, oldest first",
      given(async (keys) => {
        const inserted = ["default", "other", "default", "other", "default"];
        for (const [index, projectId] of inserted.entries())
          await keys.insert(sampleKey({ id: `k${index}`, projectId, createdAt: later(-index) }));
        const ids = async (filter: { projectId?: string }) =>
          (await readPages((page) => keys.list(filter, page), 2)).map((page) => page.map(({ id }) => id));
        expect(await ids({})).toEqual([["k4", "k3"], ["k2", "k1"], ["k0"]]);
        expect(await ids({ projectId: "default" })).toEqual([["k4", "k2"], ["k0"]]);
        expect(await ids({ projectId: "other" })).toEqual([["k3", "k1"]]);
        expect(await ids({ projectId: "nowhere" })).toEqual([[]]);
      }),
    );

    it(
      "refuses a token of another list",
      given(async (keys, { projects }) => {
        for (const id of ["a", "b"]) await keys.insert(sampleKey({ id }));
        const ofAll = await keys.list({}, { pageSize: 1 });
        const ofOne = await keys.list({ projectId: "default" }, { pageSize: 1 });
        const ofProjects = await projects.list({ pageSize: 1 });
        const refused = { code: "invalid_request", field: "page_token" };
        const list = (projectId: string | undefined, pageToken = "") =>
          keys.list(projectId === undefined ? {} : { projectId }, { pageSize: 1, pageToken });
        await expect(list("default", ofAll.nextPageToken)).rejects.toMatchObject(refused);
        await expect(list("other", ofOne.nextPageToken)).rejects.toMatchObject(refused);
        await expect(list(undefined, ofProjects.nextPageToken)).rejects.toMatchObject(refused);
      }),
    );
  });

  it(
    "reads dates before 1970 and far ahead",
    given(async (keys) => {
      const key = sampleKey({
        id: "k",
        createdAt: new Date(-1),
        expiresAt: new Date("9999-12-31T23:59:59.999Z"),
      });
      await keys.insert(key);
      await keys.insert(sampleKey({ id: "later", createdAt: sampleTime }));
      expect(await keys.get("k")).toStrictEqual(key);
      const pages = await readPages((page) => keys.list({}, page), 1);
      expect(pages.flat().map(({ id }) => id)).toEqual(["k", "later"]);
    }),
  );
}
