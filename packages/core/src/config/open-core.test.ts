import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, type LiveConfig, watchConfig } from "@llmproxy/config";
import { Secret, silentLogger, systemClock } from "@llmproxy/spec";
import { createFakeClock } from "@llmproxy/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openCore } from "./open-core.ts";

let directory: string;
let live: LiveConfig;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "core-"));
  live = await watchConfig({ directory, environment: {} });
});
afterEach(async () => {
  await live.close();
  await rm(directory, { recursive: true });
});

/** The same, but what `current` gives is said here; `subscribed` runs before somebody is added. */
function saying(current: () => Config, subscribed: () => void = () => {}): LiveConfig {
  return {
    ...{ current, loaded: () => live.loaded(), settings: () => live.settings() },
    ...{ pending: () => live.pending(), refused: () => live.refused(), overrides: () => live.overrides() },
    reload: () => live.reload(),
    set: (path, value) => live.set(path, value),
    unset: (path) => live.unset(path),
    withOverrides: (partial, fn) => live.withOverrides(partial, fn),
    close: () => live.close(),
    onChange(applier) {
      subscribed();
      return live.onChange(applier);
    },
  };
}

const options = { version: "1.0.0", logger: silentLogger };

it("leaves nothing running when the configuration cannot be used", async () => {
  const clock = createFakeClock();
  const config = live.current();
  const server = { ...config.server, trustedProxies: ["nowhere"] };
  const unusable = saying(() => ({ ...config, server }));
  const opening = openCore({ ...options, live: unusable, dataDirectory: join(directory, "data"), clock });
  await expect(opening).rejects.toMatchObject({ code: "invalid_request" });
  expect(clock.pending).toBe(0);
});

it("leaves nothing running after it was closed", async () => {
  const clock = createFakeClock();
  const core = await openCore({ ...options, live, dataDirectory: join(directory, "data"), clock });
  await core.close();
  expect(clock.pending).toBe(0);
});

it("follows a change that came while it was opened", async () => {
  const before = live.current();
  const token = "a-new-management-token-of-more-than-32-bytes";
  const after = { ...before, auth: { ...before.auth, managementToken: new Secret(token) } };
  let now = before;
  const moving = saying(
    () => now,
    () => {
      now = after;
    },
  );
  const dataDirectory = join(directory, "data");
  const core = await openCore({ ...options, live: moving, dataDirectory, clock: systemClock });
  const credentials = core.readCredentials({ authorization: `Bearer ${token}` });
  const principal = await core.authenticator.authenticate(credentials, new AbortController().signal);
  await core.close();
  expect(principal.kind).toBe("management");
});
