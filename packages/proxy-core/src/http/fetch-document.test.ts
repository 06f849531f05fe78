import { createFakeUpstream, type FakeUpstream, jsonAnswer } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { fetchDocument } from "./fetch-document.ts";

const { signal } = new AbortController();

function fetchFrom(upstream: FakeUpstream, more: object = {}) {
  const url = `${upstream.url}/keys?v=1`;
  const options = { url, name: "idp", accept: "application/json", maxBytes: 64, allowPrivate: true, signal };
  return fetchDocument({ ...options, ...more });
}

describe("fetchDocument", () => {
  it("gives the document", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond(jsonAnswer({ keys: [] }));
    expect((await fetchFrom(upstream)).toString()).toBe('{"keys":[]}');
    expect(upstream.requests[0]).toMatchObject({ method: "GET", path: "/keys?v=1" });
  });

  it("refuses what is larger than allowed", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "x".repeat(65) });
    await expect(fetchFrom(upstream)).rejects.toMatchObject({ code: "upstream_failed" });
  });

  it.each([204, 302, 404, 500])("refuses status %i", async (status) => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "", status, headers: { location: `${upstream.url}/elsewhere` } });
    await expect(fetchFrom(upstream)).rejects.toMatchObject({ code: "upstream_failed" });
    expect(upstream.requests).toHaveLength(1);
  });

  it("reaches no private address without leave", async () => {
    await using upstream = await createFakeUpstream();
    await expect(fetchFrom(upstream, { allowPrivate: false })).rejects.toMatchObject({
      code: "invalid_request",
    });
    expect(upstream.connections).toBe(0);
  });

  it("gives up when it is told to", async () => {
    await using upstream = await createFakeUpstream();
    upstream.respond({ body: "", fault: { kind: "stall" } });
    const leaving = new AbortController();
    const fetched = fetchFrom(upstream, { signal: leaving.signal });
    await upstream.waitForRequest();
    leaving.abort(new Error("enough"));
    await expect(fetched).rejects.toThrow();
    await upstream.waitForClose();
  });
});
