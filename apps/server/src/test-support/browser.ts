/**
 * A real Chromium, where the machine has one.
 *
 * @module
 */

import { findComponent } from "@llmproxy/testing";
import { type Browser, chromium, type Page } from "playwright-core";

/** The program; without it, tests that need it are skipped. */
export const chromiumPath = findComponent("chromium", process.env);

/** Starts Chromium without a window, with a profile of its own; `close()` ends its processes and deletes the profile. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("there is no Chromium here");
  // Its sandbox needs rights that a container's root does not have; it meets no page but ours.
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"], headless: true });
}

/** What a page did beside what it was asked to. */
export interface PageObservations {
  /** What it wrote to its console as an error, what it threw, and what its content security policy refused it. */
  readonly errors: string[];
  /** Everything it asked for, by URL. */
  readonly requests: string[];
}

const reportViolations = `document.addEventListener("securitypolicyviolation", (event) =>
  console.error("refused by " + event.effectiveDirective + ": " + event.blockedURI));`;

/** Opens a tab of its own profile and notes what its page does from the first moment. */
export async function observedPage(browser: Browser): Promise<{ page: Page; seen: PageObservations }> {
  const page = await browser.newPage();
  const seen: PageObservations = { errors: [], requests: [] };
  await page.addInitScript({ content: reportViolations });
  page.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("request", (request) => seen.requests.push(request.url()));
  return { page, seen };
}
