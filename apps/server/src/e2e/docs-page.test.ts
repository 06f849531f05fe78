import { until } from "@llmproxy/testing";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium, observedPage } from "../test-support/browser.ts";
import { startTestServer, type TestServer } from "../test-support/test-server.ts";

/** Where the page names operations. */
const operationLinks = "openapi-explorer .nav-bar-path:has(.method)";

describe.skipIf(chromiumPath === undefined)("/docs in a browser", () => {
  const things = new AsyncDisposableStack();
  let server: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    server = things.use(await startTestServer());
    browser = things.use(await launchChromium());
  });
  afterAll(() => things.disposeAsync());

  async function describedOperations(): Promise<string[]> {
    const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, object>;
    };
    return Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method}${path}`),
    );
  }

  it("shows the operations of /openapi.json, and asks nobody but the server", async () => {
    const { page, seen } = await observedPage(browser);
    await page.goto(`${server.url}/docs`);
    const links = page.locator(operationLinks);
    await links.first().waitFor({ state: "attached" });
    // The elements put spaces where a path may break.
    const shown = (await links.allTextContents()).map((text) => text.replace(/\s/g, ""));
    const described = await describedOperations();
    expect(described).toContain("post/v1/chat/completions");
    expect(shown.toSorted()).toEqual(described.toSorted());
    expect(seen.errors).toEqual([]);
    expect(new Set(seen.requests.map((url) => new URL(url).origin))).toEqual(new Set([server.url]));
  });

  it("tries an operation, and shows what the server answered", async () => {
    const { page, seen } = await observedPage(browser);
    await page.goto(`${server.url}/docs`);
    await page.locator(".nav-bar-tag", { hasText: "Operations" }).click();
    await page.locator("#tag--Operations").getByRole("link", { name: "get /health", exact: true }).click();
    await page.getByRole("button", { name: "Execute" }).click();
    await page.getByText("Response Status: OK (200)").waitFor();
    await page.getByText('"version"').first().waitFor();
    expect(seen.requests.at(-1)).toBe(`${server.url}/health`);
    expect(seen.errors).toEqual([]);
  });

  it("sends the credential it is given", async () => {
    const { page, seen } = await observedPage(browser);
    await page.goto(`${server.url}/docs`);
    await page.locator(".nav-bar-info", { hasText: "Authentication" }).click();
    await page.getByPlaceholder("api-token").first().fill(server.managementToken);
    await page.getByRole("button", { name: "Set" }).first().click();
    await page.locator(".nav-bar-tag", { hasText: "ProjectService" }).click();
    await page
      .locator("#tag--ProjectService")
      .getByRole("link", { name: "get /manage /projects", exact: true })
      .click();
    await page.getByRole("button", { name: "Execute" }).click();
    await page.getByText("Response Status: OK (200)").waitFor();
    expect(seen.errors).toEqual([]);
  });

  it("may ask nobody else", async () => {
    const { page, seen } = await observedPage(browser);
    await page.goto(`${server.url}/docs`);
    const asked = page.evaluate(() => fetch("http://127.0.0.1:1/").catch((error: Error) => error.name));
    expect(await asked).toBe("TypeError");
    await until(() => seen.errors.includes("refused by connect-src: http://127.0.0.1:1/"));
  });
});
