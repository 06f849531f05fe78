import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { acquireOwnerLock } from "@llmproxy/store";
import { temporaryDirectory } from "@llmproxy/testing";
import { describe, expect, it } from "vitest";
import { runCommand } from "../test-support/run-command.ts";

/** Runs a command in a directory whose data a REST-only gateway owns. */
async function besideGateway(given: readonly string[], status?: number) {
  await using directory = await temporaryDirectory();
  const server = createServer((request, response) => {
    if (request.url !== "/health") response.writeHead(404).end();
    else if (status === undefined) request.destroy();
    else response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const lock = await acquireOwnerLock(directory.path);
  try {
    await lock.update({ url, surface: "rest" });
    return { url, ...(await runCommand(directory.path, ["--data-dir", ".", ...given])) };
  } finally {
    await lock.release();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("commands beside a gateway", () => {
  it.each([[["project", "list"]], [["key", "list"]], [["config", "show"]]])(
    "%j says that it answers REST only, and what to do instead",
    async (given) => {
      const { code, stderr, url } = await besideGateway(given);
      expect(code).toBe(1);
      expect(stderr).toContain(`a gateway at ${url}, which answers REST only`);
      expect(stderr).toContain(`call ${url}/manage/… instead (see ${url}/docs), or stop the gateway first\n`);
    },
  );

  it.each([
    [200, "ok", /^a gateway at http.* is ready; it answers REST only$/],
    [503, "fail", /^the gateway at http.* is not ready$/],
    [undefined, "fail", /^the gateway at http.* does not answer$/],
  ])("doctor asks its /health, which answers %s", async (answer, status, message) => {
    const { stdout } = await besideGateway(["doctor", "--offline", "--json"], answer);
    const { checks } = JSON.parse(stdout) as { checks: { name: string }[] };
    expect(checks.find(({ name }) => name === "running server")).toMatchObject({
      status,
      message: expect.stringMatching(message),
    });
  });
});
