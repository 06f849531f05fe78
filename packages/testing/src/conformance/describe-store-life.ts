/**
 * How every store lives and ends.
 *
 * @module
 */

import type { Store } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import {
  fullCall,
  later,
  type OpenStore,
  readPages,
  sampleCall,
  sampleKey,
  sampleProject,
} from "./store-samples.ts";
import { withStore } from "./with-store.ts";

/** Defines the tests of what holds for a `Store` as a whole. */
export function describeStoreLife(open: OpenStore): void {
  const given = (test: (store: Store) => Promise<void>) => withStore(open, test);

  it(
    "takes 100 writes at once, of every kind",
    given(async (store) => {
      await store.projects.insert(sampleProject({ id: "default" }));
      const writes = Array.from({ length: 100 }, async (_, index) => {
        if (index % 4 === 0) await store.projects.insert(sampleProject({ id: `p${index}` }));
        if (index % 4 === 1) await store.keys.insert(sampleKey({ id: `k${index}` }));
        if (index % 4 === 2)
          await store.projects.update("default", { isActive: true, updatedAt: later(index) });
        if (index % 4 === 3) store.journal.append(sampleCall({ recordId: `r${index}` }));
      });
      await Promise.all(writes);
      await store.journal.flush();
      const counts = [
        await readPages((page) => store.projects.list(page), 10),
        await readPages((page) => store.keys.list({}, page), 10),
        await readPages((page) => store.usage.list({}, page), 10),
      ].map((pages) => pages.flat().length);
      expect(counts).toEqual([26, 25, 25]);
    }),
  );

  it(
    "answers a check while it is open",
    given(async (store) => {
      await expect(store.check()).resolves.toBeUndefined();
    }),
  );

  describe("close", () => {
    it(
      "makes every method throw unavailable",
      given(async (store) => {
        await store.close();
        const patch = { updatedAt: later(1) };
        const page = { pageSize: 1 };
        const answers: Record<string, () => Promise<unknown>> = {
          "projects.insert": () => store.projects.insert(sampleProject({ id: "a" })),
          "projects.get": () => store.projects.get("a"),
          "projects.list": () => store.projects.list(page),
          "projects.update": () => store.projects.update("a", patch),
          "keys.insert": () => store.keys.insert(sampleKey({ id: "k" })),
          "keys.get": () => store.keys.get("k"),
          "keys.list": () => store.keys.list({}, page),
          "keys.update": () => store.keys.update("k", {}),
          "usage.list": () => store.usage.list({}, page),
          "journal.flush": () => store.journal.flush(),
          check: () => store.check(),
        };
        for (const [method, call] of Object.entries(answers))
          await expect(call(), method).rejects.toMatchObject({ name: "ProxyError", code: "unavailable" });
      }),
    );

    it(
      "leaves an append that drops its record without throwing",
      given(async (store) => {
        await store.close();
        expect(() => store.journal.append(fullCall)).not.toThrow();
      }),
    );

    it(
      "lets what is under way end, one way or the other",
      given(async (store) => {
        const inserts = Array.from({ length: 20 }, (_, index) =>
          store.projects.insert(sampleProject({ id: `p${index}` })),
        );
        const settled = Promise.allSettled(inserts);
        await store.close();
        for (const result of await settled)
          if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "unavailable" });
      }),
    );

    it(
      "may be called again",
      given(async (store) => {
        await Promise.all([store.close(), store.close()]);
        await expect(store.close()).resolves.toBeUndefined();
      }),
    );
  });
}
