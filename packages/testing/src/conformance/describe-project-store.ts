/**
 * What every store of projects does.
 *
 * @module
 */

import type { ProjectStore } from "@llmproxy/spec";
import { describe, expect, it } from "vitest";
import {
  awkwardStrings,
  later,
  type OpenStore,
  readPages,
  sampleProject,
  sampleTime,
} from "./store-samples.ts";
import { withStore } from "./with-store.ts";

/** Defines the tests of a `ProjectStore`. */
export function describeProjectStore(open: OpenStore): void {
  /** A test that is given an empty store of projects. */
  const given = (test: (projects: ProjectStore) => Promise<void>) =>
    withStore(open, ({ projects }) => test(projects));

  describe("projects.insert", () => {
    it(
      "keeps a project as it was given",
      given(async (projects) => {
        const active = sampleProject({ id: "a" });
        const inactive = sampleProject({
          id: "b",
          isActive: false,
          updatedAt: later(5),
          deactivatedAt: later(4),
        });
        await projects.insert(active);
        await projects.insert(inactive);
        expect(await projects.get("a")).toStrictEqual(active);
        expect(await projects.get("b")).toStrictEqual(inactive);
      }),
    );

    it(
      "keeps awkward names and ids",
      given(async (projects) => {
        for (const text of awkwardStrings) {
          const project = sampleProject({ id: text, name: `${text}.` });
          await projects.insert(project);
          expect(await projects.get(text)).toStrictEqual(project);
        }
      }),
    );

    it(
      "refuses an id that is taken and keeps what is there",
      given(async (projects) => {
        const project = sampleProject({ id: "a" });
        await projects.insert(project);
        await expect(projects.insert(sampleProject({ id: "a", name: "other" }))).rejects.toMatchObject({
          code: "conflict",
          field: "id",
        });
        expect(await projects.get("a")).toStrictEqual(project);
      }),
    );

    it(
      "refuses a name that is taken, by case and all",
      given(async (projects) => {
        await projects.insert(sampleProject({ id: "a", name: "Team" }));
        await expect(projects.insert(sampleProject({ id: "b", name: "Team" }))).rejects.toMatchObject({
          code: "conflict",
          field: "name",
        });
        expect(await projects.get("b")).toBeUndefined();
        await projects.insert(sampleProject({ id: "c", name: "team" }));
      }),
    );

    it(
      "lets exactly one of many take a name",
      given(async (projects) => {
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, (_, index) =>
            projects.insert(sampleProject({ id: `p${index}`, name: "one" })),
          ),
        );
        expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        expect((await projects.list({ pageSize: 100 })).items).toHaveLength(1);
      }),
    );

    it(
      "is not moved by what the caller does to its record afterwards",
      given(async (projects) => {
        const createdAt = new Date(sampleTime);
        await projects.insert(sampleProject({ id: "a", createdAt }));
        createdAt.setTime(0);
        expect((await projects.get("a"))?.createdAt).toEqual(sampleTime);
        (await projects.get("a"))?.createdAt.setTime(0);
        expect((await projects.get("a"))?.createdAt).toEqual(sampleTime);
      }),
    );
  });

  describe("projects.get", () => {
    it(
      "knows nothing of an id that is not there",
      given(async (projects) => {
        await projects.insert(sampleProject({ id: "a" }));
        for (const id of ["", "A", "a ", "%", "' OR 1=1 --"]) expect(await projects.get(id)).toBeUndefined();
      }),
    );
  });

  describe("projects.update", () => {
    it(
      "changes the name and nothing else",
      given(async (projects) => {
        const project = sampleProject({ id: "a" });
        await projects.insert(project);
        const expected = { ...project, name: "new", updatedAt: later(10) };
        expect(await projects.update("a", { name: "new", updatedAt: later(10) })).toStrictEqual(expected);
        expect(await projects.get("a")).toStrictEqual(expected);
      }),
    );

    it(
      "sets deactivatedAt when it is switched off and clears it when it is switched on",
      given(async (projects) => {
        const project = sampleProject({ id: "a" });
        await projects.insert(project);
        expect(await projects.update("a", { isActive: false, updatedAt: later(10) })).toStrictEqual({
          ...project,
          isActive: false,
          updatedAt: later(10),
          deactivatedAt: later(10),
        });
        expect(await projects.update("a", { isActive: true, updatedAt: later(20) })).toStrictEqual({
          ...project,
          updatedAt: later(20),
        });
      }),
    );

    it(
      "leaves deactivatedAt alone when isActive is not in the patch",
      given(async (projects) => {
        await projects.insert(sampleProject({ id: "a", isActive: false, deactivatedAt: later(1) }));
        const updated = await projects.update("a", { name: "new", updatedAt: later(10) });
        expect(updated).toMatchObject({ isActive: false, deactivatedAt: later(1) });
      }),
    );

    it(
      "refuses a name that another project has and changes nothing",
      given(async (projects) => {
        await projects.insert(sampleProject({ id: "a", name: "first" }));
        const second = sampleProject({ id: "b", name: "second" });
        await projects.insert(second);
        await expect(
          projects.update("b", { name: "first", isActive: false, updatedAt: later(1) }),
        ).rejects.toMatchObject({ code: "conflict", field: "name" });
        expect(await projects.get("b")).toStrictEqual(second);
      }),
    );

    it(
      "lets a project keep its own name",
      given(async (projects) => {
        await projects.insert(sampleProject({ id: "a", name: "same" }));
        expect(await projects.update("a", { name: "same", updatedAt: later(1) })).toMatchObject({
          name: "same",
        });
      }),
    );

    it(
      "answers undefined when there is no such project",
      given(async (projects) => {
        expect(await projects.update("a", { name: "new", updatedAt: later(1) })).toBeUndefined();
        expect((await projects.list({ pageSize: 10 })).items).toEqual([]);
      }),
    );
  });

  describe("projects.list", () => {
    it(
      "is empty at first",
      given(async (projects) => {
        expect(await projects.list({ pageSize: 10 })).toStrictEqual({ items: [] });
      }),
    );

    it(
      "gives every project once, oldest first and by id within one moment",
      given(async (projects) => {
        const moments = [30, 10, 20, 10, 10, 40, 0];
        for (const [index, ms] of moments.entries())
          await projects.insert(sampleProject({ id: `p${index}`, createdAt: later(ms) }));
        const pages = await readPages((page) => projects.list(page), 2);
        expect(pages.map((page) => page.map(({ id }) => id))).toEqual([
          ["p6", "p1"],
          ["p3", "p4"],
          ["p2", "p0"],
          ["p5"],
        ]);
      }),
    );

    it(
      "gives no token when the last page is full",
      given(async (projects) => {
        for (const id of ["a", "b", "c", "d"]) await projects.insert(sampleProject({ id }));
        const pages = await readPages((page) => projects.list(page), 2);
        expect(pages.map((page) => page.length)).toEqual([2, 2]);
      }),
    );

    it(
      "neither repeats nor misses when projects come between two pages",
      given(async (projects) => {
        for (const id of ["b", "d", "f"]) await projects.insert(sampleProject({ id }));
        const first = await projects.list({ pageSize: 2 });
        await projects.insert(sampleProject({ id: "a" }));
        await projects.insert(sampleProject({ id: "e" }));
        const second = await projects.list({ pageSize: 9, pageToken: first.nextPageToken ?? "" });
        expect([first, second].map(({ items }) => items.map(({ id }) => id))).toEqual([
          ["b", "d"],
          ["e", "f"],
        ]);
      }),
    );

    it(
      "goes on behind awkward ids",
      given(async (projects) => {
        for (const [index, id] of awkwardStrings.entries())
          await projects.insert(sampleProject({ id, name: `${index}`, createdAt: later(index) }));
        const pages = await readPages((page) => projects.list(page), 1);
        expect(pages.flat().map(({ id }) => id)).toEqual(awkwardStrings);
      }),
    );

    it.each([0, -1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY])(
      "takes a page size of %d as 1",
      async (pageSize) => {
        await given(async (projects) => {
          for (const id of ["a", "b"]) await projects.insert(sampleProject({ id }));
          expect((await projects.list({ pageSize })).items.map(({ id }) => id)).toEqual(["a"]);
        })();
      },
    );

    it(
      "refuses tokens that are not its own, naming the field",
      given(async (projects) => {
        for (const id of ["a", "b", "c"]) await projects.insert(sampleProject({ id }));
        const { nextPageToken = "" } = await projects.list({ pageSize: 1 });
        const last = nextPageToken.at(-2) === "A" ? "B" : "A";
        const foreign = {
          empty: "",
          "a word": "next",
          SQL: "' OR 1=1 --",
          "another script": "世界",
          "one letter changed": `${nextPageToken.slice(0, -2)}${last}${nextPageToken.slice(-1)}`,
          "cut short": nextPageToken.slice(0, -4),
          "too long": `${nextPageToken}AAAA`,
          repeated: nextPageToken.repeat(2),
        };
        for (const [what, pageToken] of Object.entries(foreign))
          await expect(projects.list({ pageSize: 1, pageToken }), what).rejects.toMatchObject({
            code: "invalid_request",
            field: "page_token",
          });
      }),
    );
  });
}
